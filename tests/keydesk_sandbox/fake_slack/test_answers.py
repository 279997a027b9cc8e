"""What an app's answer was."""

import pytest

from keydesk_sandbox.fake_slack.answers import AppAnswer, parse_body


@pytest.mark.parametrize(
    ("raw", "body"), [(b"", None), (b"  \n", None), (b'{"a": 1}', {"a": 1}), (b"ok", "ok"), (b"\xff", "\ufffd")]
)
def test_a_body_is_json_text_or_nothing(raw: bytes, body: object) -> None:
    assert parse_body(raw) == body


def test_an_answer_is_ok_unless_something_failed() -> None:
    assert AppAnswer(status=200).ok
    assert not AppAnswer(status=500, failure="http_error").ok
    assert not AppAnswer(status=None, failure="timeout").ok
