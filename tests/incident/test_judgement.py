"""One key of a batch is judged by its own facts."""

from bot.incident.judgement import NEEDS_APPROVAL, changed_since, judge, why_not
from bot.permissions import parse_policy
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


async def test_the_channel_is_a_fact_of_each_key() -> None:
    fake = fake_gateway()
    key = await client_of(fake).get_key(fake.add_key(name="a", remain_quota=5).id)
    told = {"own": False, "reason": "r", "now": 1.0}
    policy = parse_policy(POLICY)
    here = judge(policy, ADA, "key.disable", key, channel="C0SEC", **told)
    elsewhere = judge(policy, ADA, "key.disable", key, channel="C0ELSE", **told)
    assert (here.outcome, here.rule) == ("allow", "here")
    assert (elsewhere.outcome, why_not(elsewhere, None)) == ("needs_approval", NEEDS_APPROVAL)
    denied = judge(policy, ADA, "key.delete", key, channel="C0SEC", **told)
    assert why_not(denied, None) == denied.sentence


async def test_what_changed_since_the_preview_is_said_but_not_what_was_spent() -> None:
    fake = fake_gateway()
    key = await client_of(fake).get_key(fake.add_key(name="a", remain_quota=5, group="default").id)
    before = key.settings()
    assert changed_since(None, before) == ""
    assert changed_since(before, before.model_copy(update={"remain_quota": 1})) == ""
    told = changed_since(before, before.model_copy(update={"group": "vip"}))
    assert told == "Changed since the preview: group 'default' → 'vip'."
