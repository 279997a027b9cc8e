"""Slack's words as our errors."""

import pytest

from bot.errors import BotError
from bot.slack.errors import (
    APP_CODES,
    CLOSED_CODES,
    FATAL_CODES,
    NOBODY_CODES,
    SlackRefused,
    SlackUnavailable,
    TriggerExpired,
    TriggerUsed,
    ViewChanged,
    ViewClosed,
    refused,
)


@pytest.mark.parametrize(
    ("method", "code", "kind"),
    [
        ("views.open", "expired_trigger_id", TriggerExpired),
        ("views.open", "trigger_exchanged", TriggerUsed),
        ("views.update", "hash_conflict", ViewChanged),
        ("views.update", "not_found", ViewClosed),
        ("chat.update", "not_found", SlackRefused),
        ("chat.postMessage", "is_archived", SlackRefused),
    ],
)
def test_the_most_precise_error(method: str, code: str, kind: type) -> None:
    error = refused(method, code, needed="chat:write")
    assert type(error) is kind
    assert (error.method, error.code) == (method, code)
    assert isinstance(error, BotError)


def test_the_needed_scope_is_kept() -> None:
    assert refused("chat.postMessage", "missing_scope", needed="chat:write").needed == "chat:write"


def test_an_answer_that_never_came_says_whether_it_may_have_worked() -> None:
    assert SlackUnavailable(retry_after=3.0, unsure=True).unsure
    assert not SlackUnavailable().unsure


def test_the_sets_of_codes_do_not_contradict_each_other() -> None:
    assert FATAL_CODES < APP_CODES < CLOSED_CODES
    assert not CLOSED_CODES & NOBODY_CODES
