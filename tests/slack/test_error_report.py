"""What an error becomes: its own sentence or a fixed one for the person, one line with the reference for the log."""

import logging
import re

import pytest
from sqlalchemy.exc import OperationalError

from bot.errors import CannotStart, InputError
from bot.slack.error_report import reference, report


def test_a_reference_can_be_read_aloud() -> None:
    found = {reference() for _ in range(200)}
    assert len(found) > 190
    assert all(re.fullmatch(r"[2-9A-HJKMNP-TV-Z]{6}", one) for one in found)


def test_what_the_person_can_mend_is_told_without_a_reference(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert report(InputError({"name": "Too long."}), doing="submit 7") == "Too long."
    assert [record.levelname for record in caplog.records] == ["INFO"]


def test_our_own_errors_keep_their_sentence_and_get_a_reference(caplog: pytest.LogCaptureFixture) -> None:
    told = report(CannotStart("Slack is away."), doing="x")
    found = re.fullmatch(r"Slack is away\. Reference (\w{6})\.", told)
    assert found is not None
    assert found[1] in caplog.text


@pytest.mark.parametrize(
    ("error", "begins"),
    [
        (OperationalError("SELECT secret", {}, Exception("password=hunter2")), "Our database did not take that."),
        (ValueError("sk-hunter2"), "Something went wrong on our side."),
    ],
)
def test_the_text_of_an_unexpected_error_is_not_shown(error: Exception, begins: str) -> None:
    told = report(error, doing="x")
    assert told.startswith(begins)
    assert "hunter2" not in told
