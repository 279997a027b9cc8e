"""The tree of errors: each is a sentence for people, and says what a listener needs."""

from bot.errors import (
    ApprovalConflict,
    BotError,
    CannotStart,
    ConfigurationError,
    GatewayError,
    InputError,
    PermissionDenied,
    UserError,
)


def test_what_a_person_can_mend_is_told_from_what_they_cannot() -> None:
    mend = {InputError, PermissionDenied, ApprovalConflict}
    assert all(issubclass(kind, UserError) for kind in mend)
    assert not any(issubclass(kind, UserError) for kind in (GatewayError, CannotStart, ConfigurationError))
    assert issubclass(UserError, BotError)


def test_errors_of_fields_and_of_settings_are_one_text_too() -> None:
    error = InputError({"name": "Too long.", "quota": "No number."})
    assert (error.sentence, error.fields) == ("Too long. No number.", {"name": "Too long.", "quota": "No number."})
    assert ConfigurationError(["one", "two"]).problems == ("one", "two")
    assert ConfigurationError(["one", "two"]).sentence == "one\ntwo"
    assert PermissionDenied("No.", rule="r").rule == "r"
