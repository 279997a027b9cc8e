import logging
from typing import Any

import pytest
from sqlalchemy import exc

from bot.errors import ApprovalConflict, GatewayError, InputError
from bot.slack.delivery import Delivery, Ephemeral, FieldErrors, Kind, Options, Replace
from bot.slack.error_handler import answer_error
from tests.narrow import expect
from tests.slack import kit
from tests.slack.kit import NotingWeb, make_delivery, make_responder

SECRET = "sk-live-must-never-be-shown"


def submission(**view: Any) -> Delivery:
    return make_delivery(Kind.VIEW_SUBMISSION, payload={"view": kit.view(**view)})


async def test_a_command_is_answered_beside_it() -> None:
    assert await answer_error(ApprovalConflict("Bob was first."), make_delivery()) == Ephemeral("Bob was first.")


async def test_sentences_stand_under_their_fields() -> None:
    error = InputError({"name": "Taken.", "reason": "Missing."})
    assert await answer_error(error, submission()) == FieldErrors({"name": "Taken.", "reason": "Missing."})


async def test_a_sentence_without_a_field_in_the_view_moves_to_the_first() -> None:
    error = InputError({"reason": "Missing.", "gone": "No such group."})
    assert await answer_error(error, submission()) == FieldErrors({"reason": "Missing.", "name": "No such group."})
    error = InputError({"name": "Taken.", "gone": "No such group."})
    assert await answer_error(error, submission()) == FieldErrors({"name": "Taken. No such group."})


async def test_other_errors_in_a_submission_keep_what_was_typed() -> None:
    answer = await answer_error(GatewayError("The gateway is away."), submission())
    assert isinstance(answer, FieldErrors)
    assert answer.errors["name"].startswith("The gateway is away. Reference ")


async def test_a_modal_without_fields_is_replaced() -> None:
    answer = await answer_error(ApprovalConflict("Too late."), submission(blocks=[{"type": "section"}, "odd"]))
    assert isinstance(answer, Replace)
    assert answer.view["blocks"][0]["text"]["text"] == "Too late."


async def test_options_and_events_stay_silent() -> None:
    assert await answer_error(RuntimeError(), make_delivery(Kind.OPTIONS)) == Options(())
    assert await answer_error(RuntimeError(), make_delivery(Kind.EVENT)) is None
    assert await answer_error(RuntimeError(), make_delivery(Kind.VIEW_CLOSED)) is None


@pytest.mark.parametrize("kind", [Kind.ACTION, Kind.MESSAGE_SHORTCUT])
async def test_a_click_is_answered_at_its_response_url(kind: Kind) -> None:
    web = NotingWeb()
    responder = make_responder(web)
    delivery = make_delivery(kind, responder=responder, response_url="http://127.0.0.1/r")
    assert await answer_error(ApprovalConflict("Bob was first."), delivery) is None
    await responder.drain(grace=1)
    assert web.responded[0][1]["text"] == "Bob was first."
    assert web.responded[0][1]["replace_original"] is False


@pytest.mark.parametrize(
    "error",
    [
        exc.OperationalError("INSERT …", {}, OSError(SECRET)),
        exc.PendingRollbackError(SECRET),
        exc.TimeoutError(SECRET),
    ],
)
async def test_a_database_that_is_away_or_busy_is_told_from_a_mistake_of_ours(error: Exception) -> None:
    answer = await answer_error(error, make_delivery())
    assert isinstance(answer, Ephemeral)
    assert answer.text.startswith("Our database did not take that. Please try again in a minute; twice does no harm.")
    assert SECRET not in answer.text


async def test_an_unknown_error_shows_a_reference_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    answer = await answer_error(RuntimeError(f"cannot send {SECRET}"), make_delivery())
    assert SECRET not in expect(Ephemeral, answer).text
    words, _, reference = expect(Ephemeral, answer).text.rstrip(".").rpartition(" ")
    assert words == "Something went wrong on our side. Reference"
    record = caplog.records[-1]
    assert reference in record.getMessage()
    assert record.exc_info is not None


async def test_a_users_mistake_is_logged_without_a_trace(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        await answer_error(ApprovalConflict("Bob was first."), make_delivery())
    assert caplog.records[-1].levelno == logging.INFO
    assert caplog.records[-1].exc_info is None


async def test_the_gateways_trouble_is_logged_with_its_cause(caplog: pytest.LogCaptureFixture) -> None:
    await answer_error(GatewayError("The gateway is away."), make_delivery())
    assert caplog.records[-1].levelno == logging.WARNING
    assert caplog.records[-1].exc_info is not None
