"""How security reads of an anomaly: whose key, how fast, with the button that stops it."""

import sqlalchemy as sa

from bot.care import told
from bot.care.anomaly.messages import SECURITY, drawers
from bot.care.messages import DISABLE_NOW, body_of
from bot.care.notice import CareOutcome, Crossing, Notice
from bot.db.engine import Database
from bot.gateway.dollars import Dollars
from bot.slack.blocks import Message
from tests.care.kit import NOON, Wanted
from tests.slack.outboxes import post_row

NOTICE = Notice(kind=Crossing.ANOMALY, key_id=7, name="<bot>", expires=-1, left=20_000_000, granted=500_000)


def drawn(database: Database, *, owner: str = "U0ADA", ts: str | None = "1.0") -> Message | None:
    row = post_row(SECURITY, "7", id="x", channel="C0SECURITY", ts=ts, body=body_of(1, [(NOTICE, owner)]))
    return database.run_here(drawers(dollars=Dollars())[SECURITY], row)


def test_security_reads_how_fast_and_whose_with_the_button(sqlite_database: Database) -> None:
    message = drawn(sqlite_database)
    assert message is not None
    assert "spends $40.00 an hour; an hour of use usually costs $1.00." in message.text
    assert "<@U0ADA>" in message.text
    [button] = message.blocks[-1]["elements"]
    assert (button["action_id"], button["value"]) == (DISABLE_NOW, "7")
    nobody = drawn(sqlite_database, owner="")
    assert nobody is not None
    assert "Nobody owns it" in nobody.text


def test_what_is_over_has_no_button_and_is_not_said_afterwards(sqlite_database: Database) -> None:
    def close(c: sa.Connection) -> None:
        told.note(c, "x", [(NOTICE, "U0ADA")], at=NOON)
        told.close(c, Wanted(), [(row, CareOutcome.MINE) for row in told.still_open(c, [7])])

    sqlite_database.run_here(close)
    message = drawn(sqlite_database)
    assert message is not None
    assert message.blocks[-1]["type"] == "context"
    assert drawn(sqlite_database, ts=None) is None
