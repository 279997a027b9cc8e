"""Arguments of a call, sent as JSON or as a form."""

import pytest

from keydesk_sandbox.fake_slack.errors import ApiError, InvalidArguments
from keydesk_sandbox.fake_slack.web_api.arguments import Arguments


def test_texts_flags_and_objects_of_a_form_and_of_json() -> None:
    form = Arguments({"text": "a", "flag": "true", "view": '{"a": 1}', "none": None})
    body = Arguments({"text": 7, "flag": True, "view": {"a": 1}})
    assert (form.text("text"), body.text("text"), form.text("gone", "x")) == ("a", "7", "x")
    assert form.flag("flag")
    assert body.flag("flag")
    assert not form.flag("text")
    assert form.object("view", "bad") == body.object("view", "bad") == {"a": 1}
    assert not form.given("none")


def test_what_must_be_there_is_named_or_told_by_its_code() -> None:
    with pytest.raises(ApiError, match="no_text"):
        Arguments({}).required("text", "no_text")
    with pytest.raises(InvalidArguments):
        Arguments({}).required("text")
    with pytest.raises(ApiError, match="invalid_blocks"):
        Arguments({"blocks": "[1"}).object("blocks", "invalid_blocks")
