"""One key of a batch is judged by its own facts."""

from typing import Any

from bot.gateway.models import KeyId
from bot.incident.judgement import NEEDS_APPROVAL, agreement, ask_for, changed_since, waits_for_one, why_not
from bot.permissions import decide, parse_policy
from bot.permissions.models import Actor, Lock
from tests.features.kit import ADA
from tests.gateway.kit import client_of, fake_gateway

POLICY = """
[roles]
security = ["U0ADA"]

[[rules]]
name = "here"
who = ["security"]
do = ["key.disable"]
on = "any"
when = { channel_in = ["C0SEC"] }
allow = true

[[rules]]
name = "elsewhere"
who = ["security"]
do = ["key.disable"]
on = "any"
approval = { from = ["security"] }
"""

UNLOCK = """
[[rules]]
name = "unlocking"
who = ["security"]
do = ["key.unlock"]
on = "any"
approval = { from = ["U0SUE", "security"] }
"""


async def test_the_channel_is_a_fact_of_each_key() -> None:
    fake = fake_gateway()
    key = await client_of(fake).get_key(KeyId(fake.add_key(name="a", remain_quota=5).id))
    told: dict[str, Any] = {"key_id": 7, "account_groups": {}, "own": False, "reason": "r", "now": 1.0}
    policy = parse_policy(POLICY)
    here = decide(policy, ask_for(ADA, "key.disable", key.settings(), channel="C0SEC", **told))
    elsewhere = decide(policy, ask_for(ADA, "key.disable", key.settings(), channel="C0ELSE", **told))
    assert (here.outcome, here.rule) == ("allow", "here")
    assert (elsewhere.outcome, why_not(elsewhere, None)) == ("needs_approval", NEEDS_APPROVAL)
    denied = decide(policy, ask_for(ADA, "key.delete", key.settings(), channel="C0SEC", **told))
    assert why_not(denied, None) == denied.sentence


async def test_what_changed_since_the_preview_is_said_but_not_what_was_spent() -> None:
    fake = fake_gateway()
    key = await client_of(fake).get_key(KeyId(fake.add_key(name="a", remain_quota=5, group="default").id))
    before = key.settings()
    assert changed_since(None, before) == ""
    assert changed_since(before, before.model_copy(update={"remain_quota": 1})) == ""
    told = changed_since(before, before.model_copy(update={"group": "vip"}))
    assert told == "Changed since the preview: group 'default' → 'vip'."


async def test_one_other_person_agrees_to_a_locked_key_and_to_no_other() -> None:
    policy = parse_policy(POLICY.replace("key.disable", "key.enable") + UNLOCK)
    fake = fake_gateway()
    key = await client_of(fake).get_key(KeyId(fake.add_key(name="a", remain_quota=5).id))
    lock = Lock(cause="alert", by="U0SAM", at=1.0, number=3, rule="")
    told: dict[str, Any] = {
        "key_id": 7,
        "account_groups": {},
        "own": False,
        "reason": "r",
        "now": 1.0,
        "channel": "C0SEC",
    }
    ask = ask_for(ADA, "key.enable", key.settings(), lock=lock, **told)
    decision = decide(policy, ask)
    assert waits_for_one(decision, lock)
    assert not waits_for_one(decision, None)
    sue = Actor(slack_user_id="U0SUE")
    assert agreement(policy, ask, decision, sue, asked_at=1.0, now=2.0) == ""
    assert "own request" in agreement(policy, ask, decision, ADA, asked_at=1.0, now=2.0)
    assert "expired" in agreement(policy, ask, decision, sue, asked_at=1.0, now=1e9)
    plain = ask_for(ADA, "key.enable", key.settings(), **told | {"channel": "C0ELSE"})
    asking = decide(policy, plain)
    assert agreement(policy, plain, asking, sue, asked_at=1.0, now=2.0) == asking.sentence
