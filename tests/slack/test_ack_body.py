"""What a handler returns, as the body that Slack takes for that kind of payload, or as a call in the background."""

import asyncio
from typing import Any

import pytest

from bot.slack.ack_body import body_of
from bot.slack.blocks import OPTIONS_LIMIT, option
from bot.slack.delivery import CloseAll, Ephemeral, FieldErrors, Kind, Options, Push, Replace
from tests.slack.kit import NotingWeb, make_delivery, make_responder

VIEW = {"type": "modal", "callback_id": "v"}


def test_a_command_takes_words() -> None:
    body = body_of(Ephemeral("hello"), make_delivery(Kind.COMMAND))
    assert body is not None
    assert (body["response_type"], body["text"]) == ("ephemeral", "hello")


@pytest.mark.parametrize(
    ("ack", "body"),
    [
        (FieldErrors({"name": "Too long."}), {"response_action": "errors", "errors": {"name": "Too long."}}),
        (Replace(VIEW), {"response_action": "update", "view": VIEW}),
        (Push(VIEW), {"response_action": "push", "view": VIEW}),
        (CloseAll(), {"response_action": "clear"}),
        (None, None),
    ],
)
def test_a_submission_takes_views_and_errors(ack: Any, body: Any) -> None:
    assert body_of(ack, make_delivery(Kind.VIEW_SUBMISSION)) == body


def test_choices_are_given_up_to_slacks_limit() -> None:
    many = Options([option(str(number), str(number)) for number in range(OPTIONS_LIMIT + 5)])
    body = body_of(many, make_delivery(Kind.OPTIONS))
    assert body is not None
    assert len(body["options"]) == OPTIONS_LIMIT
    assert body_of(None, make_delivery(Kind.OPTIONS)) == {"options": []}


async def test_a_view_after_a_command_is_opened_by_a_call() -> None:
    web = NotingWeb()
    responder = make_responder(web)
    assert body_of(Push(VIEW), make_delivery(Kind.COMMAND, trigger_id="t", responder=responder)) is None
    async with asyncio.timeout(60):
        await responder.drain(grace=60)
    assert web.methods == ["views.open"]


def test_what_slack_cannot_take_is_only_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert body_of(CloseAll(), make_delivery(Kind.COMMAND)) is None
    assert "Slack takes no CloseAll here" in caplog.text
