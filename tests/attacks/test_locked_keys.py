"""A key that was disabled as leaked, by security or in an incident comes back only with a second person, and aloud."""

from typing import Any

import pytest

from bot.approvals.models import Status
from bot.keys import locks
from bot.permissions import Lock
from bot.permissions.models import Actor, ActorKind
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import Record
from tests.scenarios.alerting import cards, learned, send
from tests.scenarios.conftest import OpenDesk, desk_with, http_desk
from tests.scenarios.desk import Desk, text_of, view_text
from tests.scenarios.operating import do, open_form, owned
from tests.scenarios.test_incident import confirm, preview, progress

__all__ = ["desk_with", "http_desk"]
ADA, BEN, SAM, MIRA = seed.ENGINEER, seed.SECOND_ENGINEER, seed.SECURITY, seed.MANAGER
ALEX = seed.ADMIN
CHANNEL = seed.SECURITY_CHANNEL
# Without a word about key.unlock: a second person of the rule that disabled the key.
BY_DEFAULT = seed.POLICY.partition("# A key that was disabled from an alert")[0]


def revived(desk: Desk) -> list[str]:
    """New messages of the security channel about locked keys that came back."""
    return [text_of(m) for m in desk.messages(CHANNEL) if "locked" in m.text and "back in use" in m.text]


async def locked(desk: Desk, record: Record) -> None:
    async def there() -> bool:
        return await desk.app.database.read(locks.lock_of, record.id) is not None

    await desk.until(there, otherwise=f"key {record.id} is never locked")
    assert desk.gateway.key(record.id).status == 2


async def indexed(desk: Desk) -> None:
    desk.app.alerts.changed()
    await learned(desk)


async def by_alert(desk: Desk, record: Record) -> None:
    await indexed(desk)
    await send(desk, "generic", desk.gateway.key_value(record.id))
    card = (await desk.eventually(lambda: cards(desk, record.name)))[0]
    await desk.slack.click(SAM, card, "disable")


async def by_policy(desk: Desk, record: Record) -> None:
    await indexed(desk)
    await send(desk, "generic", desk.gateway.key_value(record.id))


async def by_security(desk: Desk, record: Record) -> None:
    assert (await do(desk, SAM, "disable", record)).ok


async def by_batch(desk: Desk, record: Record) -> None:
    other = desk.gateway.add_key(name="beside", unlimited_quota=True)
    await preview(desk, f"disable {record.id} {other.id}")
    await confirm(desk, "DISABLE 2")


async def by_rotation(desk: Desk, record: Record) -> None:
    await indexed(desk)
    await send(desk, "generic", desk.gateway.key_value(record.id))
    card = (await desk.eventually(lambda: cards(desk, record.name)))[0]
    await desk.slack.click(SAM, card, "rotate")
    await desk.eventually(lambda: "Rotate" in view_text(desk.slack.top_view(SAM)))
    await desk.slack.click(SAM, desk.slack.top_view(SAM), "rotate")
    await desk.settled(1)
    await desk.pass_time(90_000)
    await desk.eventually(lambda: desk.gateway.key(record.id).status == 2)


KILLS = {
    "alert": by_alert,
    "auto_disable": by_policy,
    "security": by_security,
    "incident": by_batch,
    "rotation": by_rotation,
}


@pytest.mark.parametrize("way", KILLS)
async def test_a_killed_key_is_locked_whatever_way_it_was_killed(desk_with: OpenDesk, way: str) -> None:
    auto = '[alerts]\nauto_disable = ["generic"]\n' if way == "auto_disable" else ""
    async with desk_with(policy=BY_DEFAULT + auto) as desk:
        key = await owned(desk)
        await KILLS[way](desk, key)
        await locked(desk, key)
        if way == "rotation":
            return  # it was replaced, so nothing brings it back
        before = len(desk.gateway.requests)
        answer = await do(desk, ADA, "enable", key)
        assert answer.ok
        number = await _newest(desk)
        assert (await desk.request(number)).status is Status.PENDING
        assert not any(seen.method == "PUT" for seen in desk.gateway.requests[before:])
        card = await desk.eventually(lambda: desk.card(number))
        assert "The key is locked." in text_of(card)
        # Another engineer and a manager cannot agree; somebody of the rule that killed it can, and it is said aloud.
        for user in (BEN, MIRA):
            await desk.slack.click(user, card, "approve")
        assert desk.gateway.key(key.id).status == 2
        await desk.slack.click(SAM, card, "approve")
        await desk.settled(number)
        await desk.eventually(lambda: desk.gateway.key(key.id).status == 1)
        said = (await desk.eventually(lambda: revived(desk)))[0]
        assert f"<@{ADA}> asked" in said
        assert f"approved by <@{SAM}>" in said
        assert await desk.app.database.read(locks.lock_of, key.id) is None
        assert [line["key_id"] for line in await desk.audit("unlocked")] == [key.id]


async def _newest(desk: Desk) -> int:
    lines = await desk.audit("asked")
    return max(int(line["request_id"]) for line in lines if line["request_id"])


async def test_an_owner_who_stopped_an_own_leaked_key_does_not_bring_it_back_with_a_colleague(
    desk_with: OpenDesk,
) -> None:
    async with desk_with(policy=BY_DEFAULT) as desk:
        key = await owned(desk)
        await indexed(desk)
        await send(desk, "generic", desk.gateway.key_value(key.id))
        card = (await desk.eventually(lambda: cards(desk, key.name)))[0]
        desk.slack.workspace.channels[CHANNEL].members.append(ADA)
        await desk.slack.click(ADA, card, "disable")
        await locked(desk, key)
        await do(desk, ADA, "enable", key)
        number = await _newest(desk)
        asked = await desk.eventually(lambda: desk.card(number))
        await desk.slack.click(BEN, asked, "approve")
        assert (await desk.request(number)).status is Status.PENDING
        await desk.slack.click(SAM, asked, "approve")
        assert (await desk.settled(number)).status is Status.SUCCEEDED
        assert await desk.eventually(lambda: revived(desk))


async def test_an_owner_who_disabled_an_own_key_enables_it_alone(http_desk: Desk) -> None:
    desk = http_desk
    key = await owned(desk)
    await do(desk, ADA, "disable", key)
    await desk.settled(1)
    await do(desk, ADA, "enable", key)
    assert (await desk.settled(2)).status is Status.SUCCEEDED
    assert not revived(desk)


async def test_two_own_keys_disabled_at_once_are_no_incident(http_desk: Desk) -> None:
    desk = http_desk
    one, two = await owned(desk), await owned(desk, name="other")
    desk.slack.workspace.channels[CHANNEL].members.append(ADA)
    await preview(desk, f"disable {one.id} {two.id}", ADA)
    await confirm(desk, "DISABLE 2", ADA)
    await desk.eventually(lambda: progress(desk, "2 of 2"))
    assert await desk.app.database.read(locks.all_locks) == {}


async def test_a_key_that_its_owner_disabled_before_the_incident_is_locked_too(http_desk: Desk) -> None:
    desk = http_desk
    one, two = await owned(desk), await owned(desk, name="other", status=2)
    await preview(desk, "disable all of @ada")
    await confirm(desk, "DISABLE 1")
    await locked(desk, one)
    await locked(desk, two)


REVIVALS: dict[str, dict[str, Any]] = {
    "quota": {"delta": "+50k"},
    "update": {"expired_time": "90d"},
    "rotate": {},
    "enable": {},
}


@pytest.mark.parametrize("word", REVIVALS)
async def test_no_other_change_brings_a_locked_key_back_alone(desk_with: OpenDesk, word: str) -> None:
    policy = BY_DEFAULT.replace('do    = ["key.quota"]', 'do    = ["key.quota", "key.update", "key.enable"]')
    policy = policy.replace("when  = { increase_at_most = 100_000, unlimited_quota = false }\n", "", 1)
    async with desk_with(policy=policy) as desk:
        key = await owned(desk)
        await by_security(desk, key)
        await locked(desk, key)
        command = {"update": "edit"}.get(word, word)
        view = await open_form(desk, ADA, f"/apikey {command} {key.id}", operation=f"key.{word}")
        await desk.fill(ADA, view, **REVIVALS[word])
        assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok
        request = await desk.request(2)
        assert (request.status, request.judgement.facts.lock is not None) == (Status.PENDING, True)
        records = desk.gateway.keys()
        assert not [record for record in records if record.name.startswith("search (")]


async def test_a_key_made_harmless_is_not_revived_by_quota_and_expiry(desk_with: OpenDesk) -> None:
    """The gateway ignores the status, so the key was emptied and expired: an edit and a raise would be its revival."""
    async with desk_with(policy=BY_DEFAULT) as desk:
        key = await owned(desk)
        desk.gateway.edit_behind(key.id, remain_quota=0, expired_time=1_000_000_000, status=1)
        await desk.app.database.run(_lock_by_sam, key.id)
        for word, fields in (("quota", {"delta": "+50k"}), ("edit", {"expired_time": "90d"})):
            operation = "key.quota" if word == "quota" else "key.update"
            view = await open_form(desk, ADA, f"/apikey {word} {key.id}", operation=operation)
            await desk.fill(ADA, view, **fields)
            assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok
        assert desk.gateway.key(key.id).remain_quota == 0
        await _agreed(desk, 1)
        await _agreed(desk, 2)
        assert desk.gateway.key(key.id).remain_quota == 50_000
        assert len(await desk.eventually(lambda: revived(desk))) == 1


async def _agreed(desk: Desk, number: int) -> None:
    card = await desk.eventually(lambda: desk.card(number))
    for user in (SAM, MIRA):
        await desk.slack.click(user, card, "approve")
    assert (await desk.settled(number)).status is Status.SUCCEEDED


def _lock_by_sam(c: Any, key_id: int) -> None:
    why = Lock(cause="alert", by=SAM, at=1_790_000_000.0, number=1, rule="security pulls the plug")
    locks.lock(c, key_id, why)


async def test_a_batch_with_locked_keys_waits_for_somebody_else(desk_with: OpenDesk) -> None:
    async with desk_with(policy=BY_DEFAULT) as desk:
        key, other = await owned(desk), await owned(desk, name="other", status=2)
        await by_security(desk, key)
        await locked(desk, key)
        shown = await preview(desk, f"enable {key.id} {other.id}")
        assert "2 keys will be enabled" in shown
        assert "1 of these is locked. Nothing is done before security or admin agrees, not you." in shown
        await confirm(desk, "ENABLE 2")
        card = (await desk.eventually(lambda: _asking(desk)))[0]
        assert desk.gateway.key(other.id).status == 2
        # Neither who asked nor the owner can agree.
        desk.slack.workspace.channels[CHANNEL].members.append(ADA)
        for user in (SAM, ADA):
            await desk.slack.click(user, card, "agree_batch")
        assert _asking(desk)
        assert {desk.gateway.key(one.id).status for one in (key, other)} == {2}
        await desk.slack.click(ALEX, card, "agree_batch")
        await desk.eventually(lambda: progress(desk, "> enabled "))
        assert {desk.gateway.key(one.id).status for one in (key, other)} == {1}
        said = (await desk.eventually(lambda: revived(desk)))[0]
        assert f"approved by <@{ALEX}>" in said
        assert key.name in said
        assert progress(desk, f"<@{ALEX}> agreed that its locked keys come back.")


async def test_a_batch_that_waits_is_withdrawn_and_one_that_agreed_too_late_brings_nothing_back(
    desk_with: OpenDesk,
) -> None:
    async with desk_with(policy=BY_DEFAULT) as desk:
        key, other = await owned(desk), await owned(desk, name="other", status=2)
        await by_security(desk, key)
        await locked(desk, key)
        for _ in range(2):
            await preview(desk, f"enable {key.id} {other.id}")
            await confirm(desk, "ENABLE 2")
        first, second = await desk.eventually(lambda: _asking(desk) if len(_asking(desk)) == 2 else None)
        await desk.slack.click(SAM, first, "stop_batch")
        await desk.slack.click(ALEX, first, "agree_batch")
        await desk.pass_time(86_401)
        await desk.slack.click(ALEX, second, "agree_batch")
        assert {desk.gateway.key(one.id).status for one in (key, other)} == {2}
        assert not revived(desk)


def _asking(desk: Desk) -> list[Any]:
    return [m for m in desk.messages(CHANNEL) if "asks to have locked keys enabled" in text_of(m)]


async def test_an_incident_is_taken_back_by_whom_the_policy_lets_and_said_once(desk_with: OpenDesk) -> None:
    async with desk_with() as desk:
        keys = [await owned(desk, name=f"svc-{number}") for number in range(3)]
        await preview(desk, "disable all of @ada")
        await confirm(desk, "DISABLE 3")
        for key in keys:
            await locked(desk, key)
        await desk.eventually(lambda: progress(desk, "> disabled "))
        await preview(desk, "enable batch 1")
        await confirm(desk, "ENABLE 3")
        await desk.eventually(lambda: progress(desk, "> enabled "))
        said = await desk.eventually(lambda: [text for text in revived(desk) if "3 keys" in text])
        assert len(said) == len(revived(desk)) == 1
        assert all(key.name in said[0] for key in keys)
        assert await desk.app.database.read(locks.all_locks) == {}


async def test_a_key_killed_between_the_yes_and_the_run_stays_dead(http_desk: Desk) -> None:
    """Ada's enable is granted while the gateway is away; by the time it can run, her key is locked."""
    desk = http_desk
    key = await owned(desk, status=2)
    await open_form(desk, ADA, f"/apikey enable {key.id}", operation="key.enable")
    # Slack does not say who she is, so that the run waits before it judges.
    execution = desk.app.approvals.execution
    real, execution._actor_of = execution._actor_of, _unknown
    assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok
    await desk.eventually(lambda: desk.dm(ADA, "not applied yet"))
    await desk.app.database.run(_lock_by_sam, key.id)
    execution._actor_of = real
    row = await desk.settled(1)
    assert row.status is Status.FAILED
    assert row.outcome is not None
    assert "The key was locked after this was asked." in row.outcome.sentence
    assert desk.gateway.key(key.id).status == 2


async def _unknown(user: str, team: str) -> Actor:
    return Actor(slack_user_id=user, team_id=team, kind=ActorKind.UNKNOWN)


async def test_a_locked_key_that_is_enabled_at_the_gateway_itself_is_said_aloud(http_desk: Desk) -> None:
    desk = http_desk
    key = await owned(desk)
    await by_security(desk, key)
    await locked(desk, key)
    desk.app.approvals.lock_watch.settle = 0.0
    desk.gateway.edit_behind(key.id, status=1)
    for _ in range(3):
        await desk.slack.command(SAM, CHANNEL, f"/apikey show {key.id}")
        await desk.eventually(lambda: "Quota left" in view_text(desk.slack.top_view(SAM)))
    said = await desk.eventually(
        lambda: [m for m in desk.messages(CHANNEL) if "enabled at the gateway itself" in m.text]
    )
    assert len(said) == 1
    assert f"/apikey disable {key.id}" in text_of(said[0])
    assert await desk.app.database.read(locks.lock_of, key.id) is not None
    assert [line["details"].get("elsewhere") for line in await desk.audit("unlocked")] == [True]


async def test_show_list_why_and_home_say_that_it_is_locked(http_desk: Desk) -> None:
    desk = http_desk
    key = await owned(desk)
    await by_alert(desk, key)
    await locked(desk, key)
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey show {key.id}")
    await desk.eventually(lambda: "Quota left" in view_text(desk.slack.top_view(ADA)))
    shown = view_text(desk.slack.top_view(ADA))
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey list")
    listed = await desk.eventually(
        lambda: [m for m in desk.slack.messages(seed.KEYS_CHANNEL, ADA) if "Your 1 key" in text_of(m)]
    )
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey why enable {key.id}")
    why = await desk.eventually(
        lambda: [m for m in desk.slack.messages(seed.KEYS_CHANNEL, ADA) if "key.enable" in text_of(m)]
    )
    for text in (shown, text_of(listed[-1]), text_of(why[-1])):
        assert f"<@{SAM}> disabled it" in text
        assert "alert 1" in text
        assert "security or admin" in text
