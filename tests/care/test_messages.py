"""How care is said: to the owner with the button that mends it, in the channel with whose it is, many in one."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
import sqlalchemy as sa

from bot.care import told
from bot.care.messages import CHANNEL, ENABLE_AGAIN, KEEP, OWNER, UNREAD, body_of, drawers, say_unread
from bot.care.notice import CareOutcome, Crossing, Notice
from bot.db.engine import Database
from bot.gateway.dollars import Dollars
from bot.slack import post_store
from tests.care.kit import DAY, NOON, Wanted
from tests.languages.conftest import speak  # noqa: F401  # a fixture
from tests.slack.outboxes import post_row

DRAW = drawers(dollars=Dollars())


def notice(kind: Crossing, key_id: int = 7, **facts: Any) -> Notice:
    return Notice(kind=kind, key_id=key_id, name="<bot>", expires=int(NOON), **facts)


@dataclass(frozen=True)
class Drawn:
    """Draws messages whose crossings are as `over` says."""

    database: Database

    def message(self, kind: str, notices: list[Notice], *, count: int | None = None, **changes: Any) -> Any:
        body = body_of(count or len(notices), [(one, "U0ADA") for one in notices])
        row = post_row(kind, "7:1", body=body, **{"id": "x", "channel": "D1", "ts": "1.0", **changes})
        return self.database.run_here(DRAW[kind], row)

    def close(self, notices: list[Notice], outcome: CareOutcome) -> None:
        def write(c: sa.Connection) -> None:
            told.note(c, "x", [(one, "U0ADA") for one in notices], at=NOON)
            told.close(c, Wanted(), [(row, outcome) for row in told.still_open(c, [one.key_id for one in notices])])

        self.database.run_here(write)


@pytest.fixture
def draw(sqlite_database: Database) -> Drawn:
    return Drawn(sqlite_database)


@pytest.mark.parametrize(
    ("one", "words", "button"),
    [
        (notice(Crossing.EXPIRES, mark=int(7 * DAY)), "stops working <!date", "key.extend"),
        (notice(Crossing.ENDED), "has expired and no longer works", "key.extend"),
        (
            notice(Crossing.LOW, left=500_000, granted=2_500_000),
            "has $1.00 left of $5.00. Once the quota is used up, calls are refused.",
            "key.more",
        ),
        (notice(Crossing.LOW, left=1, granted=2, dry_at=NOON), "At this pace it runs dry about", "key.more"),
        (notice(Crossing.DRY), "has used up its quota. Its calls are refused.", "key.more"),
    ],
)
def test_the_owner_reads_what_it_is_with_the_button_that_mends_it(
    draw: Drawn, one: Notice, words: str, button: str
) -> None:
    message = draw.message(OWNER, [one])
    assert words in message.text
    assert "<bot>" not in message.text
    [element] = message.blocks[-1]["elements"]
    assert (element["action_id"], element["value"]) == (button, "7")


def test_three_and_more_are_one_list_with_what_does_not_fit(draw: Drawn) -> None:
    message = draw.message(OWNER, [notice(Crossing.LOW)] * 20, count=25)
    assert message.text == "25 of your keys need care."
    assert [block["accessory"]["action_id"] for block in message.blocks[1:-1]] == ["key.more"] * 20
    assert "5 more" in str(message.blocks[-1])


def test_the_channel_reads_whose_key_is_dry(draw: Drawn) -> None:
    assert "of <@U0ADA> has used up its quota" in draw.message(CHANNEL, [notice(Crossing.DRY)]).text
    message = draw.message(CHANNEL, [notice(Crossing.DRY)] * 3)
    assert message.text == "3 keys have used up their quota and no longer work."
    assert str(message.blocks).count("<@U0ADA>") == 3


def buttons(message: Any) -> list[str]:
    return [one["action_id"] for block in message.blocks if block["type"] == "actions" for one in block["elements"]]


def test_the_question_about_an_idle_key_has_three_answers_and_says_when_silence_ends_it(draw: Drawn) -> None:
    never, used = notice(Crossing.IDLE, due=NOON + 14 * DAY), notice(Crossing.IDLE, billed=NOON - 99 * DAY)
    message = draw.message(OWNER, [never])
    assert "was never billed" in message.text
    assert "Without an answer it is disabled about" in message.text
    assert buttons(message) == [KEEP, "key.disable", "key.delete"]
    assert "was billed last" in draw.message(OWNER, [used]).text
    assert "Without an answer" not in draw.message(OWNER, [used]).text
    # Three buttons do not fit beside a text, in a list either.
    assert buttons(draw.message(OWNER, [never] * 3)) == [KEEP, "key.disable", "key.delete"] * 3
    assert len(draw.message(OWNER, [never] * 20, count=30).blocks) <= 50
    assert buttons(draw.message(OWNER, [notice(Crossing.UNANSWERED, due=NOON)])) == [ENABLE_AGAIN]


@pytest.mark.parametrize("outcome", list(CareOutcome))
def test_what_is_over_says_so_and_has_no_button(draw: Drawn, outcome: CareOutcome) -> None:
    low, dry = notice(Crossing.LOW, granted=5), notice(Crossing.DRY, key_id=8)
    draw.close([low], outcome)
    message = draw.message(OWNER, [low, dry])
    assert buttons(message) == ["key.more"]
    assert message.blocks[1]["type"] == "context"
    assert message.blocks[-1]["elements"][0]["value"] == "8"


def test_what_was_mended_before_it_could_be_read_is_not_said(draw: Drawn) -> None:
    low, dry = notice(Crossing.LOW), notice(Crossing.DRY)
    assert draw.message(OWNER, [low], ts=None) is not None
    draw.close([low, dry], CareOutcome.HAS_MORE)
    assert draw.message(OWNER, [low], ts=None) is None
    assert draw.message(CHANNEL, [dry], ts=None) is None
    # Of more than are shown it is not known.
    assert draw.message(OWNER, [low], ts=None, count=40) is not None
    assert "has more quota" in str(draw.message(CHANNEL, [dry]).blocks)


def refuse(c: sa.Connection, number: int, notices: list[Notice], person: str = "U0ADA") -> str:
    post_id, body = f"{OWNER}:{number}", body_of(len(notices), [(one, person) for one in notices])
    wanted = {"kind": OWNER, "subject": str(number), "target": f"dm:{person}", "thread_of": None, "body": body}
    post_store.upsert(c, post_id=post_id, now=NOON, **wanted)  # type: ignore[arg-type]  # of several types
    post_store.failed(c, post_id, error="cannot_dm_bot", keep_intent=False)
    return str(number)


def test_what_nobody_can_be_told_in_person_stands_in_the_channel_once_a_day(draw: Drawn) -> None:
    wanted, database = Wanted(), draw.database
    subject = database.run_here(refuse, 1, [notice(Crossing.DRY), notice(Crossing.LOW, granted=9)])
    for _ in range(2):
        database.run_here(say_unread, wanted, subject, channel="C0KEYS", now=NOON)
    [(post_id, kind, target, body)] = wanted.posts
    assert (kind, target, body["count"]) == (UNREAD, "C0KEYS", 2)
    assert wanted.redrawn == []
    other = database.run_here(refuse, 2, [notice(Crossing.IDLE, key_id=9)], "U0BEN")
    database.run_here(say_unread, wanted, other, channel="C0KEYS", now=NOON + 60)
    assert wanted.redrawn == [post_id]
    row = database.run_here(post_store.load, post_id)
    assert row is not None
    message: Any = database.run_here(DRAW[UNREAD], row)
    assert message.text.count("<@U0") == 2
    assert {one["action_id"] for one in str_elements(message)} == {"key.more", KEEP, "key.disable", "key.delete"}
    # Once Slack has taken it, there is nothing to say elsewhere.
    database.run_here(post_store.change, f"{OWNER}:1", ts="1.0", error=None)
    database.run_here(say_unread, wanted, subject, channel="C0KEYS", now=NOON + 2 * DAY)
    database.run_here(say_unread, wanted, "nothing", channel="C0KEYS", now=NOON + 2 * DAY)
    assert len(wanted.posts) == 1


def str_elements(message: Any) -> list[Any]:
    found = [block["accessory"] for block in message.blocks if "accessory" in block]
    return found + [one for block in message.blocks if block["type"] == "actions" for one in block["elements"]]


def test_ten_thousand_closed_doors_are_one_message(draw: Drawn) -> None:
    wanted, database = Wanted(), draw.database

    def all_refused(c: sa.Connection) -> None:
        for number in range(500):
            one = replace(notice(Crossing.LOW), key_id=number)
            say_unread(c, wanted, refuse(c, number, [one], f"U{number}"), channel="C0KEYS", now=NOON)

    database.run_here(all_refused)
    row = database.run_here(post_store.load, wanted.posts[0][0])
    assert row is not None
    message: Any = database.run_here(DRAW[UNREAD], row)
    assert (len(wanted.posts), row.body["count"]) == (1, 500)
    assert len(message.blocks) <= 50
    assert "480 more" in str(message.blocks[-1])
