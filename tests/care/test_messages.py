"""How care is said: to the owner with the button that mends it, in the channel with whose it is, many in one."""

from typing import Any

import pytest

from bot.care.judgement import Crossing, Notice
from bot.care.messages import CHANNEL, OWNER, drawers
from bot.slack.post_store import PostRow
from tests.care.kit import DAY, NOON
from tests.languages.conftest import speak  # noqa: F401  # a fixture

DRAW = drawers(units_per_usd=500_000)


def notice(kind: Crossing, key_id: int = 7, **facts: Any) -> Notice:
    return Notice(kind=kind, key_id=key_id, name="<bot>", expires=int(NOON), **facts)


def drawn(kind: str, notices: list[Notice], *, count: int | None = None) -> Any:
    body = {"count": count or len(notices), "notices": [one.stored() for one in notices], "owners": {"7": "U0ADA"}}
    row = PostRow(
        id="x",
        kind=kind,
        subject="7:1",
        target="dm:U0ADA",
        thread_of=None,
        channel=None,
        ts=None,
        wanted=1,
        drawn=0,
        intent_at=None,
        attempts=0,
        error=None,
        body=body,
        created_at=NOON,
    )
    return DRAW[kind](None, row)  # type: ignore[arg-type]  # it reads no table


@pytest.mark.parametrize(
    ("one", "words", "button"),
    [
        (notice(Crossing.EXPIRES, mark=int(7 * DAY)), "expires in 7 days or less", "key.extend"),
        (notice(Crossing.EXPIRES, mark=int(DAY)), "expires in 1 day or less", "key.extend"),
        (notice(Crossing.ENDED), "has expired and no longer works", "key.extend"),
        (notice(Crossing.LOW, left=500_000, granted=2_500_000), "has $1.00 left of $5.00.", "key.more"),
        (notice(Crossing.LOW, left=1, granted=2, dry_at=NOON), "At this pace it runs dry about", "key.more"),
        (notice(Crossing.DRY), "has used up its quota", "key.more"),
    ],
)
def test_the_owner_reads_what_it_is_with_the_button_that_mends_it(one: Notice, words: str, button: str) -> None:
    message = drawn(OWNER, [one])
    assert words in message.text
    assert "<bot>" not in message.text
    [element] = message.blocks[-1]["elements"]
    assert (element["action_id"], element["value"]) == (button, "7")


def test_three_and_more_are_one_list_with_what_does_not_fit() -> None:
    message = drawn(OWNER, [notice(Crossing.LOW)] * 20, count=25)
    assert message.text == "25 of your keys need care."
    assert [block["accessory"]["action_id"] for block in message.blocks[1:-1]] == ["key.more"] * 20
    assert "5 more" in str(message.blocks[-1])


def test_the_channel_reads_whose_key_is_dry() -> None:
    assert "of <@U0ADA> has used up its quota" in drawn(CHANNEL, [notice(Crossing.DRY)]).text
    message = drawn(CHANNEL, [notice(Crossing.DRY)] * 3)
    assert message.text == "3 keys have used up their quota and no longer work."
    assert str(message.blocks).count("<@U0ADA>") == 3
