"""The errors of this Slack carry what its answers need."""

from keydesk_sandbox.fake_slack.errors import ApiError, InvalidArguments


def test_a_refusal_carries_its_code_and_what_is_merged_into_the_answer() -> None:
    error = ApiError("missing_scope", needed="chat:write")
    assert (error.code, error.extra) == ("missing_scope", {"needed": "chat:write"})


def test_invalid_arguments_are_told_in_slacks_brackets() -> None:
    error = InvalidArguments("no text", "no channel")
    assert error.code == "invalid_arguments"
    assert error.extra == {"response_metadata": {"messages": ["[ERROR] no text", "[ERROR] no channel"]}}
