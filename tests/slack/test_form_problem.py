"""A refusal without a field stands at the top of the form, as an alert where the workspace takes one."""

from dataclasses import replace
from typing import Any

import pytest

from bot.db.engine import Database
from bot.errors import ApprovalConflict, InputError
from bot.slack.delivery import Delivery, FieldErrors, Kind, Replace
from bot.slack.error_handler import answer_error
from bot.slack.errors import SlackRefused, ViewClosed
from bot.slack.form_problem import AFTER_SECONDS, with_problem
from bot.slack.new_blocks import NewBlocks
from tests.narrow import expect
from tests.slack import kit
from tests.slack.kit import NOW, NotingWeb, make_delivery, make_responder

BLOCKS = [
    {"type": "context", "block_id": "decision", "elements": []},
    {"type": "section", "block_id": "problem"},
    {"type": "input", "block_id": "name", "element": {"type": "plain_text_input"}},
]


@pytest.fixture
def web() -> NotingWeb:
    return NotingWeb()


def sent(web: NotingWeb, *, alerts: NewBlocks | None = None, written: bool = True, **view: Any) -> Delivery:
    responder = make_responder(web)
    responder.form_alerts = alerts
    shown = {"blocks": BLOCKS, "submit": {"type": "plain_text", "text": "Ask"}, **view}
    delivery = make_delivery(Kind.VIEW_SUBMISSION, payload={"view": kit.view(**shown)}, responder=responder)
    return replace(delivery, written_at=NOW if written else None)


def top(answer: Any) -> dict[str, Any]:
    blocks: list[dict[str, Any]] = expect(Replace, answer).view["blocks"]
    assert [block["block_id"] for block in blocks] == ["problem", "name"]
    return blocks[0]


async def test_the_form_stays_with_the_sentence_at_its_top_and_without_its_old_preview(web: NotingWeb) -> None:
    delivery = sent(web)
    answer = await answer_error(ApprovalConflict("Too *late* <!here>."), delivery)
    assert top(answer)["text"]["text"] == ":no_entry: Too *late* &lt;!here&gt;."
    view = expect(Replace, answer).view
    assert view["submit"]["text"] == "Ask"
    assert "id" not in view
    assert "state" not in view


async def test_a_field_that_the_form_does_not_have_is_told_there_too(web: NotingWeb) -> None:
    assert (
        "No such group." in top(await answer_error(InputError({"gone": "No such group."}), sent(web)))["text"]["text"]
    )


@pytest.mark.parametrize("view", [{"written": False}, {"blocks": [*BLOCKS, *([{"type": "divider"}] * 97)]}])
async def test_what_we_may_not_or_cannot_draw_anew_keeps_the_sentence_under_its_first_field(
    web: NotingWeb, view: dict[str, Any]
) -> None:
    assert await answer_error(ApprovalConflict("Too late."), sent(web, **view)) == FieldErrors({"name": "Too late."})


async def test_the_alert_follows_and_later_comes_at_once(web: NotingWeb, sqlite_database: Database) -> None:
    alerts = NewBlocks(kind="form alerts", database=sqlite_database, clock=lambda: NOW)
    delivery = sent(web, alerts=alerts)
    assert top(with_problem(delivery, "Too late."))["type"] == "section"
    await delivery.responder.drain(grace=10 * AFTER_SECONDS)
    [(method, arguments)] = web.calls
    assert (method, arguments["view"]["blocks"][0]["type"]) == ("views.update", "alert")
    assert top(with_problem(sent(web, alerts=alerts), "Too late."))["type"] == "alert"
    assert top(with_problem(sent(web, alerts=alerts), "Too late. " * 21))["type"] == "section"


async def test_a_workspace_that_takes_no_alerts_is_remembered(web: NotingWeb, sqlite_database: Database) -> None:
    alerts = NewBlocks(kind="form alerts", database=sqlite_database, clock=lambda: NOW)
    web.fail["views.update"] = SlackRefused(method="views.update", code="invalid_arguments")
    for _ in range(2):
        delivery = sent(web, alerts=alerts)
        assert top(with_problem(delivery, "Too late."))["type"] == "section"
        await delivery.responder.drain(grace=10 * AFTER_SECONDS)
    assert web.methods == ["views.update"]
    assert not await alerts.taken()


@pytest.mark.parametrize(
    "error",
    [
        ViewClosed(method="views.update", code="not_found", sentence="Closed."),
        SlackRefused(method="views.update", code="ratelimited"),
    ],
)
async def test_another_error_says_nothing_about_alerts(
    web: NotingWeb, sqlite_database: Database, error: SlackRefused
) -> None:
    alerts = NewBlocks(kind="form alerts", database=sqlite_database, clock=lambda: NOW)
    web.fail["views.update"] = error
    delivery = sent(web, alerts=alerts)
    with_problem(delivery, "Too late.")
    await delivery.responder.drain(grace=10 * AFTER_SECONDS)
    assert await alerts.taken()
    assert not alerts.seen
