from typing import Any

from bot.approvals.cards.lock_notices import draw_unlocked, lock_text, locked_text, locked_texts
from bot.permissions.models import Lock
from bot.permissions.rules import parse_policy
from bot.slack.post_store import PostRow
from tests.slack.outboxes import post_row

LOCK = Lock(cause="alert", by="U0SAM", at=1_790_000_000.0, number=3, rule="r")
KEY = {"key_id": 12, "name": "prod* ok", "cause": "alert", "locked_by": "U0SAM", "locked_at": LOCK.at, "number": 3}


def post(**body: Any) -> PostRow:
    return post_row("key_unlocked", "12", body=body)


def test_it_says_who_when_and_why() -> None:
    assert lock_text(LOCK).startswith("<@U0SAM> disabled it <!date^1790000000")
    assert lock_text(LOCK).endswith("because of alert 3.")
    assert "Keydesk disabled it" in lock_text(Lock(cause="alert", by="", at=1.0, number=3, rule=""))
    assert "in an incident (batch 5)" in lock_text(Lock(cause="incident", by="U1", at=1.0, number=5, rule=""))
    assert "who does not own it" in lock_text(Lock(cause="person", by="U1", at=1.0, number=5, rule=""))
    assert "since its owner has left (request #5)" in lock_text(Lock(cause="leaver", by="", at=1.0, number=5, rule=""))


def test_one_key_many_keys_and_a_successor_are_told_apart() -> None:
    nobody: Any = None
    one = draw_unlocked(nobody, post(keys=[KEY], by="U0ADA", request=7, approved_by=["U0SAM"], rule="r"))
    assert one is not None
    assert one.text == "A key that was locked is back in use, as <@U0ADA> asked."
    assert "approved by <@U0SAM>" in str(one.blocks)
    many = draw_unlocked(nobody, post(keys=[KEY, KEY], more=3, by="U0SAM", batch=4))
    assert many is not None
    assert many.text.startswith("5 keys that were locked are back in use")
    assert "3 more are not named here" in str(many.blocks)
    successor = draw_unlocked(nobody, post(keys=[KEY], by="U0ADA", successor=13))
    assert successor is not None
    assert "has a successor, key 13" in successor.text
    assert draw_unlocked(nobody, post()) is None


def test_what_brings_a_locked_key_back_is_said_with_why_it_is_locked() -> None:
    rules = parse_policy("""
[roles]
security = ["S0SEC"]
[[rules]]
name = "plug"
who = ["security"]
do = ["key.disable"]
on = "any"
allow = true
""")
    text = locked_text(LOCK, policy=rules)
    assert "*Locked.* <@U0SAM> disabled it" in text
    assert "security agrees, not who asks." in text
    assert locked_texts({12: LOCK}, policy=rules) == {12: text}


def test_a_locked_key_that_came_back_elsewhere_is_an_alarm_with_the_way_out() -> None:
    nobody: Any = None
    message = draw_unlocked(nobody, post(keys=[KEY], elsewhere=True))
    assert message is not None
    assert "it was enabled at the gateway itself" in message.text
    assert "`/apikey disable 12`" in str(message.blocks)
