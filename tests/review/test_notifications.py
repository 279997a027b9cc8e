"""Which messages a review wants, and where."""

from dataclasses import replace
from typing import Any

from bot.db.engine import Database
from bot.review.models import ReviewCard, Verdict
from bot.review.notifications import ReviewNotifications
from tests.review.kit import Wanted
from tests.review.test_models import ROW

MANAGERS = ReviewCard(id=5, review_id=2, roles=("manager",), security=False)
SECURITY = ReviewCard(id=6, review_id=2, roles=(), security=True)


def notifications() -> tuple[ReviewNotifications, Wanted]:
    wanted = Wanted()
    outbox: Any = wanted
    return ReviewNotifications(outbox=outbox, channel="C0KEYS", security_channel="C0SECURITY"), wanted


def test_a_card_stands_where_those_are_who_decide(sqlite_database: Database) -> None:
    made, wanted = notifications()
    for card in (MANAGERS, SECURITY):
        sqlite_database.run_here(made.card, card)
        sqlite_database.run_here(made.remind, card, 1, nobody=False)
    assert [(post["id"], post["target"]) for post in wanted.posts] == [
        ("review:2:card:5", "C0KEYS"),
        ("review:2:remind:5:1", "C0KEYS"),
        ("review:2:card:6", "C0SECURITY"),
        ("review:2:remind:6:1", "C0SECURITY"),
    ]
    assert [post.get("thread_of") for post in wanted.posts] == [None, "review:2:card:5", None, "review:2:card:6"]


def test_ids_and_subjects_fit_their_columns(sqlite_database: Database) -> None:
    made, wanted = notifications()
    owner = "U" + "0" * 20
    sqlite_database.run_here(made.owner, 2**31, owner, "decided")
    [post] = wanted.posts
    assert len(post["id"]) <= 80
    assert len(post["subject"]) <= 40


def test_an_owner_hears_apart_of_decisions_and_of_silence(sqlite_database: Database) -> None:
    made, wanted = notifications()
    for verdict, owner in ((Verdict.DISABLE, "U0ADA"), (Verdict.SILENCE, "U0ADA"), (Verdict.SILENCE, None)):
        row = replace(ROW, verdict=verdict, owner_id=owner)
        sqlite_database.run_here(made.changed, row)
    assert [post["id"] for post in wanted.posts] == ["review:1:owner:U0ADA:decided", "review:1:owner:U0ADA:silence"]
