"""A key that was changed in the gateway's console is told once, and accepted or put back from its card."""

from dataclasses import replace
from typing import Any

from bot.approvals.models import Status
from bot.care.drift import rounds
from bot.permissions.care import USUAL
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import Record
from keydesk_sandbox.fake_slack.messages import SlackMessage
from tests.scenarios.conftest import OpenDesk
from tests.scenarios.desk import Desk, buttons_of, text_of, view_text
from tests.scenarios.policies import FREE

ADA, ALEX, SAM, MIRA = seed.ENGINEER, seed.ADMIN, seed.SECURITY, seed.MANAGER
ENABLED, DISABLED = 1, 2
# Security may change any key, so that it can be put back at once.
POLICY = (
    seed.POLICY
    + """
[[rules]]
name  = "security puts keys back"
who   = ["security"]
do    = ["key.update", "key.quota"]
on    = "any"
allow = true

[[rules]]
name     = "managers put keys back with security"
who      = ["manager"]
do       = ["key.update", "key.quota"]
on       = "any"
approval = { from = ["security"], expires = "1d" }
"""
)


OWN = (
    FREE
    + """
[[rules]]
name = "own keys"
who = ["engineer"]
do = ["key.quota", "key.update", "key.disable", "key.rotate"]
allow = true
"""
)


def cards(desk: Desk) -> list[SlackMessage]:
    return desk.said("changed outside Keydesk, and nobody", seed.SECURITY_CHANNEL)


async def look(desk: Desk) -> None:
    """All keys are listed and compared, when what was written here has settled."""

    async def ours() -> bool:
        return True

    await desk.pass_time(rounds.SETTLE_SECONDS + 1)
    await desk.app.resources.accounts.list_passes[0].run(known=(), turn=ours)
    await desk.app.care.schedule.run()


async def nothing_more(desk: Desk) -> None:
    await look(desk)
    await desk.app.responder.drain(grace=10)


async def key_of(desk: Desk, name: str = "search", **settings: Any) -> Record:
    """A key of Ada's that was compared once."""
    key = await desk.own(ADA, desk.gateway.add_key(name=name, remain_quota=1_000_000, **settings))
    await look(desk)
    return key


async def change(desk: Desk, key: Record, **changes: Any) -> None:
    desk.gateway.edit_behind(key.id, **changes)
    await look(desk)


async def test_quota_is_put_back_by_what_was_added_whatever_was_spent_meanwhile(both: OpenDesk) -> None:
    async with both(policy=POLICY) as desk:
        key = await key_of(desk)
        desk.gateway.charge(key.id, 40_000)
        await change(desk, key, remain_quota=desk.gateway.key(key.id).remain_quota + 5_000_000)
        [card] = await desk.eventually(lambda: cards(desk))
        assert "1M units ($2.00) → *6M units ($12.00)*" in text_of(card)
        assert f"· <@{ADA}>" in text_of(card)
        assert buttons_of(card) == ["drift.accept", "drift.put_back"]
        desk.gateway.charge(key.id, 300_000)
        await desk.slack.click(SAM, card, "drift.put_back")
        await desk.eventually(lambda: f"It was put back, as <@{SAM}> asked" in text_of(cards(desk)[0]))
        record = desk.gateway.key(key.id)
        assert record.remain_quota + record.used_quota == 1_000_000
        await nothing_more(desk)
        assert (len(cards(desk)), buttons_of(cards(desk)[0])) == (1, [])
        [asked] = [line for line in await desk.audit("asked") if line["details"]["operation"] == "key.quota"]
        assert asked["actor"] == SAM


async def test_several_changes_before_somebody_clicks_are_one_card_and_all_are_put_back(desk_with: OpenDesk) -> None:
    async with desk_with(policy=POLICY) as desk:
        key = await key_of(desk, allow_ips="198.51.100.7", model_limits_enabled=True, model_limits="gpt-4o")
        await change(desk, key, allow_ips="", name="hijacked")
        [card] = await desk.eventually(lambda: cards(desk))
        await change(desk, key, remain_quota=9_000_000, model_limits_enabled=False)
        await desk.eventually(lambda: "1M units ($2.00) → *9M units ($18.00)*" in text_of(cards(desk)[0]))
        await change(desk, key, status=DISABLED)
        await desk.eventually(lambda: "in use → *disabled*" in text_of(cards(desk)[0]))
        assert "search → *hijacked*" in text_of(cards(desk)[0]).replace("\u2068", "").replace("\u2069", "")
        await desk.slack.click(SAM, cards(desk)[0], "drift.put_back")
        await desk.eventually(lambda: "It was put back" in text_of(cards(desk)[0]))
        record = desk.gateway.key(key.id)
        assert (record.name, record.allow_ips, record.status) == ("search", "198.51.100.7", ENABLED)
        assert (record.model_limits_enabled, record.model_limits) == (True, "gpt-4o")
        assert record.remain_quota + record.used_quota == 1_000_000
        await nothing_more(desk)
        assert len(cards(desk)) == 1
        del card


async def test_accepted_it_is_as_it_should_be_and_a_new_change_is_another_card(desk_with: OpenDesk) -> None:
    async with desk_with(policy=POLICY) as desk:
        key = await key_of(desk)
        await change(desk, key, name="renamed")
        [card] = await desk.eventually(lambda: cards(desk))
        await desk.slack.click(MIRA, card, "drift.accept")
        assert [line["actor"] for line in await desk.audit("refused")] == [MIRA]
        await desk.slack.click(SAM, card, "drift.accept")
        await desk.eventually(lambda: f"<@{SAM}> accepts it" in text_of(cards(desk)[0]))
        await nothing_more(desk)
        assert len(cards(desk)) == 1
        await change(desk, key, name="renamed again")
        await desk.eventually(lambda: len(cards(desk)) == 2)
        assert "accepts it" in text_of(cards(desk)[0])
        facts = [(line["actor"], "accepted" in line["details"]) for line in await desk.audit("drifted")]
        assert facts == [(None, False), (SAM, True), (None, False)]


async def test_what_is_changed_back_in_the_console_is_said(desk_with: OpenDesk) -> None:
    async with desk_with(policy=POLICY) as desk:
        key = await key_of(desk)
        await change(desk, key, expired_time=int(desk.clock()) + 999_999)
        await desk.eventually(lambda: cards(desk))
        await change(desk, key, expired_time=-1)
        await desk.eventually(lambda: "By now it is again as it was before" in text_of(cards(desk)[0]))
        assert not buttons_of(cards(desk)[0])


async def test_what_needs_an_approval_waits_for_it_and_a_no_gives_the_buttons_back(desk_with: OpenDesk) -> None:
    async with desk_with(policy=POLICY) as desk:
        key = await key_of(desk)
        await change(desk, key, name="renamed")
        [card] = await desk.eventually(lambda: cards(desk))
        await desk.slack.click(MIRA, card, "drift.put_back")
        await desk.eventually(lambda: f"<@{MIRA}> wants it put back" in text_of(cards(desk)[0]))
        [request] = await desk.eventually(lambda: [m for m in desk.messages() if "deny" in buttons_of(m)])
        await desk.slack.click(SAM, request, "deny")
        await desk.eventually(lambda: "reason" in view_text(desk.slack.top_view(SAM)).lower())
        await desk.fill(SAM, desk.slack.top_view(SAM), reason="leave it")
        assert (await desk.slack.submit(SAM, desk.slack.top_view(SAM))).ok
        await desk.eventually(lambda: "drift.put_back" in buttons_of(cards(desk)[0]))
        await desk.slack.click(SAM, cards(desk)[0], "drift.put_back")
        await desk.eventually(lambda: desk.gateway.key(key.id).name == "search")


async def test_who_may_not_change_the_key_does_not_put_it_back(http_desk: Desk) -> None:
    desk = http_desk
    key = await key_of(desk)
    await change(desk, key, name="renamed")
    [card] = await desk.eventually(lambda: cards(desk))
    await desk.slack.click(SAM, card, "drift.put_back")
    assert [line["actor"] for line in await desk.audit("refused")] == [SAM]
    assert desk.gateway.key(key.id).name == "renamed"
    assert buttons_of(cards(desk)[0]) == ["drift.accept", "drift.put_back"]


async def test_what_is_changed_here_is_no_drift(desk_with: OpenDesk) -> None:
    async with desk_with(policy=OWN) as desk:
        await desk.ask(name="ours", remain_quota="1M", expired_time="30d", reason="x")
        await desk.eventually(lambda: desk.key("ours"))
        key = desk.key("ours")
        await look(desk)
        desk.gateway.charge(key.id, 123_456)
        await look(desk)
        assert (await desk.edit(ADA, key.id, name="ours too")).ok
        await desk.eventually(lambda: desk.key("ours too"))
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey quota {key.id} +2M")
        await desk.eventually(lambda: desk.slack.top_view(ADA).body["callback_id"] == "key.quota")
        assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok
        await desk.eventually(lambda: desk.gateway.key(key.id).remain_quota > 2_000_000)
        await look(desk)
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey disable {key.id}")
        await desk.eventually(lambda: desk.slack.top_view(ADA).body["callback_id"] == "key.disable")
        assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok
        await desk.eventually(lambda: desk.gateway.key(key.id).status == DISABLED)
        await nothing_more(desk)
        await nothing_more(desk)
        assert not cards(desk)
        assert (await desk.settled()).status is Status.SUCCEEDED


async def test_a_batch_and_what_the_gateway_does_by_itself_are_no_drift(http_desk: Desk) -> None:
    desk = http_desk
    keys = [await key_of(desk, f"key {number}") for number in range(4)]
    await change(desk, keys[0], status=4, remain_quota=0, used_quota=1_000_000)
    await desk.slack.command(SAM, seed.KEYS_CHANNEL, f"/apikey disable all of <@{ADA}>")
    await desk.eventually(lambda: "DISABLE" in view_text(desk.slack.top_view(SAM)))
    view = desk.slack.top_view(SAM)
    words = {block["block_id"]: "the laptop is gone" for block in view.body["blocks"] if block["type"] == "input"}
    typed = {**words, **{name: "DISABLE 4" for name in words if name != "reason"}}
    await desk.fill(SAM, view, **typed)
    assert (await desk.slack.submit(SAM, desk.slack.top_view(SAM))).ok
    await desk.eventually(lambda: {desk.gateway.key(key.id).status for key in keys} == {DISABLED})
    await nothing_more(desk)
    await nothing_more(desk)
    assert not cards(desk)


async def test_many_at_once_are_one_message_and_what_does_not_fit_follows(http_desk: Desk) -> None:
    desk = http_desk
    keys = [await desk.own(ADA, desk.gateway.add_key(name=f"key {n}", remain_quota=10)) for n in range(20)]
    await look(desk)
    for key in keys:
        desk.gateway.edit_behind(key.id, group="vip")
    await look(desk)
    await look(desk)
    await desk.eventually(lambda: len(cards(desk)) == 2)
    counts = [buttons_of(card).count("drift.put_back") for card in cards(desk)]
    assert counts == [rounds.MOST_TOGETHER, 20 - rounds.MOST_TOGETHER]


async def test_switched_off_nothing_is_told_and_switching_it_on_is_no_flood(http_desk: Desk) -> None:
    desk = http_desk
    desk.app.care.parts.terms = lambda: replace(USUAL, drift=False)
    key = await key_of(desk)
    await change(desk, key, name="renamed")
    desk.app.care.parts.terms = lambda: USUAL
    await nothing_more(desk)
    assert not cards(desk)
    await change(desk, key, name="renamed again")
    await desk.eventually(lambda: cards(desk))
