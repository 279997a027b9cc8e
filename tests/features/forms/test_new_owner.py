"""`KEY @person reason`: what was typed, and what is no person."""

import pytest

from bot.errors import InputError
from bot.features.forms.new_owner import Typed, parse


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("12 <@U0BEN>", Typed("12", "U0BEN", "")),
        ("12 <@U0BEN|ben>", Typed("12", "U0BEN", "")),
        ("my key <@U0BEN|ben> on call now", Typed("my key", "U0BEN", "on call now")),
        ("<@U0BEN> 12", Typed("12", "U0BEN", "")),
        ("12 <@U0BEN> asks <@U0BEN>", Typed("12", "U0BEN", "asks")),
        ("12", Typed("12", "", "")),
        ('"ci @night"', Typed('"ci @night"', "", "")),
        ("ci@night", Typed("ci@night", "", "")),
        ("", Typed("", "", "")),
        ("<@U0BEN>", Typed("", "U0BEN", "")),
    ],
)
def test_the_key_ends_where_the_person_begins(text: str, found: Typed) -> None:
    assert parse(text) == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("12 <@U0BEN> <@U0ADA>", "several"),
        ("12 @ben", "needs a mention"),
        ("12 <!subteam^S0ADMINS|@admins>", "a group"),
        ("12 <!here>", "a group"),
        ("12 <!channel|channel> <@U0BEN>", "a group"),
    ],
)
def test_what_is_not_one_person_is_said(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse(text)
