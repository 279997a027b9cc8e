"""Quota, disable, enable, rotate, delete: each from the command to the gateway's record and the words in Slack."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.approvals.models import RevocationProgress, Status
from bot.keys import lineage, owners
from keydesk_sandbox import seed
from tests.narrow import present
from tests.scenarios.desk import PATIENCE, Desk, buttons_of, open_desk, text_of, view_text
from tests.scenarios.operating import do, key_id_of, open_form, owned

pytestmark = pytest.mark.thorough

ADA, BEN, MIRA, SAM = seed.ENGINEER, seed.SECOND_ENGINEER, seed.MANAGER, seed.SECURITY


@pytest.fixture(params=["cometapi", "upstream-g2"])
async def any_desk(request: pytest.FixtureRequest, tmp_path: Path, sqlite_url: str) -> AsyncIterator[Desk]:
    """A desk on a gateway as documented, and on one that masks keys and ignores `status` in a plain PUT."""
    async with open_desk(tmp_path, database_url=sqlite_url, profile=request.param) as opened:
        yield opened


async def _tried(desk: Desk, number: int, tries: int) -> None:
    """Until the key itself was tried so often."""
    end = time.monotonic() + PATIENCE
    while ((await desk.request(number)).progress.revocation or RevocationProgress()).tries < tries:
        assert time.monotonic() < end, f"never tried {tries} times"
        await asyncio.sleep(0.02)


async def test_a_small_raise_is_done_at_once_and_a_large_one_by_a_manager(any_desk: Desk) -> None:
    desk = any_desk
    key = await owned(desk)
    assert (await do(desk, ADA, "quota", key, "+100k")).ok
    assert (await desk.settled(1)).status is Status.SUCCEEDED
    assert desk.gateway.key(key.id).remain_quota == 400_000
    said = (await desk.eventually(lambda: desk.said("has a new quota")))[0]
    assert "300k units ($0.60) → *400k units ($0.80)*" in text_of(said)
    assert "+100k units ($0.20)" in text_of(said)

    assert (await do(desk, ADA, "quota", key, delta="+$2", reason="The launch")).ok
    card = await desk.eventually(lambda: desk.card(2))
    assert desk.gateway.key(key.id).remain_quota == 400_000
    await desk.slack.click(MIRA, card, "approve")
    assert (await desk.settled(2)).status is Status.SUCCEEDED
    assert desk.gateway.key(key.id).remain_quota == 1_400_000


async def test_an_exhausted_key_gets_more_and_works_again(any_desk: Desk) -> None:
    desk = any_desk
    key = await owned(desk, remain_quota=0, used_quota=500_000)
    value = desk.gateway.key_value(key.id)
    assert desk.gateway.call_model(value, model="gpt-4o-mini", units=10) is not None
    assert desk.gateway.key(key.id).status == 4

    await do(desk, ADA, "quota", key, "+100k")
    assert (await desk.settled(1)).status is Status.SUCCEEDED
    assert desk.gateway.call_model(value, model="gpt-4o-mini", units=10) is None
    assert desk.gateway.key(key.id).remain_quota == 99_990


async def test_usage_between_reading_and_writing_is_not_lost(http_desk: Desk) -> None:
    desk = http_desk
    key = await owned(desk)
    desk.gateway.on("row_read", lambda _call: desk.gateway.charge(key.id, 5_000), method="PUT")
    await do(desk, ADA, "quota", key, "+50k")
    assert (await desk.settled(1)).status is Status.SUCCEEDED
    record = desk.gateway.key(key.id)
    assert record.remain_quota + record.used_quota == 350_000


async def test_a_manager_offers_a_smaller_raise(http_desk: Desk) -> None:
    desk = http_desk
    key = await owned(desk)
    await do(desk, ADA, "quota", key, delta="+2M")
    card = await desk.eventually(lambda: desk.card(1))
    await desk.slack.click(MIRA, card, "approve_with_changes")
    await desk.fill(MIRA, desk.slack.top_view(MIRA), delta="+3M")
    answer = await desk.slack.submit(MIRA, desk.slack.top_view(MIRA))
    assert "more than was asked" in str(answer.body)
    await desk.fill(MIRA, desk.slack.top_view(MIRA), delta="+1M")
    assert (await desk.slack.submit(MIRA, desk.slack.top_view(MIRA))).ok
    notice = (await desk.eventually(lambda: desk.dm(ADA, "with changes")))[0]
    await desk.slack.click(ADA, notice, "accept_offer")
    assert (await desk.settled(1)).status is Status.SUCCEEDED
    assert desk.gateway.key(key.id).remain_quota == 1_300_000


async def test_no_limit_needs_a_manager_and_security_and_a_limit_comes_with_a_number(http_desk: Desk) -> None:
    desk = http_desk
    key = await owned(desk)
    view = await open_form(desk, ADA, f"/apikey quota {key.id}", operation="key.quota")
    await desk.fill(ADA, view, unlimited_quota=["on"])
    await desk.eventually(lambda: desk.slack.top_view(ADA).block("delta") is None)
    assert "Needs approval" in view_text(desk.slack.top_view(ADA))
    await desk.slack.submit(ADA, desk.slack.top_view(ADA))
    assert (await desk.request(1)).judgement.facts.unlimited_quota is True
    await desk.slack.click(MIRA, await desk.eventually(lambda: desk.card(1)), "approve")
    await desk.eventually(lambda: "Needs 1 more approval from *security*" in text_of(desk.card(1)))
    await desk.slack.click(SAM, present(desk.card(1)), "approve")
    assert (await desk.settled(1)).status is Status.SUCCEEDED
    assert desk.gateway.key(key.id).unlimited_quota is True

    view = await open_form(desk, ADA, f"/apikey quota {key.id}", operation="key.quota")
    assert view.block("remain_quota") is None
    await desk.fill(ADA, view, unlimited_quota=[], remain_quota="200k")
    await desk.slack.submit(ADA, desk.slack.top_view(ADA))
    assert (await desk.settled(2)).status is Status.SUCCEEDED
    record = desk.gateway.key(key.id)
    assert (record.unlimited_quota, record.remain_quota) == (False, 200_000)


async def test_wrong_amounts_are_said_under_the_field(http_desk: Desk) -> None:
    desk = http_desk
    key = await owned(desk)
    answer = await do(desk, ADA, "quota", key, delta="lots")
    assert "is not an amount" in answer.body["errors"]["delta"]
    await desk.fill(ADA, desk.slack.top_view(ADA), delta="-1M")
    answer = await desk.slack.submit(ADA, desk.slack.top_view(ADA))
    assert "cannot be taken away" in answer.body["errors"]["delta"]


async def test_a_disabled_key_is_read_back_and_refused(any_desk: Desk) -> None:
    desk = any_desk
    key = await owned(desk)
    value = desk.gateway.key_value(key.id)
    before = len(desk.gateway.requests)
    assert (await do(desk, ADA, "disable", key, reason="Old laptop")).ok
    assert (await desk.settled(1)).status is Status.SUCCEEDED
    assert desk.gateway.key(key.id).status == 2
    said = await desk.eventually(lambda: desk.said("Refused since"))
    assert len(desk.said("was disabled")) == len(said) == 1
    assert "time_secs" in text_of(said[0])
    await desk.eventually(lambda: desk.dm(ADA, "Refused since"))
    assert [line["details"]["outcome"] for line in await desk.audit("probe")] == ["refused"]
    everything = " ".join(text_of(m) for m in [*desk.messages(), *desk.dm(ADA)])
    assert value.removeprefix("sk-") not in everything
    writes = [seen for seen in desk.gateway.requests[before:] if seen.method == "PUT"]
    assert len(writes) == 1


async def test_a_key_that_lives_on_in_a_cache_is_watched_until_it_is_refused(any_desk: Desk) -> None:
    desk = any_desk
    desk.gateway.switch("cache_disable", 20.0)
    key = await owned(desk)
    await do(desk, ADA, "disable", key)
    await desk.eventually(lambda: desk.said("Disabled, still accepted, checking."))
    assert not desk.said("Refused since")
    desk.gateway.advance(20.0)
    await desk.app.engine.skip(20.0)
    await desk.eventually(lambda: desk.said("Refused since"))
    assert "It was still accepted at" in text_of(desk.said("Refused since")[0])
    assert not desk.said("checking")
    assert [line["details"]["outcome"] for line in await desk.audit("probe")] == ["accepted", "refused"]


async def test_a_key_that_is_never_refused_is_cried_out(http_desk: Desk) -> None:
    desk = http_desk
    desk.gateway.switch("cache_disable", 100_000.0)
    key = await owned(desk)
    await do(desk, ADA, "disable", key)
    for tries in range(1, 8):
        await _tried(desk, 1, tries)
        await desk.app.engine.skip(60.0)
    alarm = await desk.eventually(lambda: desk.said(f"Key {key.id} is disabled, but the gateway still accepts it."))
    assert len(alarm) == 1
    await desk.eventually(lambda: desk.said("Disabled, but still accepted at"))


@pytest.mark.thorough
async def test_a_key_that_was_accepted_is_cried_out_though_its_last_trial_told_nothing(http_desk: Desk) -> None:
    desk = http_desk
    desk.gateway.switch("cache_disable", 100_000.0)
    key = await owned(desk)
    await do(desk, ADA, "disable", key)
    for tries in range(1, 8):
        await _tried(desk, 1, tries)
        if tries == 7:
            desk.gateway.arm("html", method="GET", path="/v1/models", times=None)
        await desk.app.engine.skip(60.0)
    await _tried(desk, 1, 8)
    assert (await desk.audit("probe"))[-1]["details"]["outcome"] == "unclear"
    await desk.eventually(lambda: desk.said(f"Key {key.id} is disabled, but the gateway still accepts it."))
    await desk.eventually(lambda: desk.said("Disabled, but still accepted at"))


async def test_an_overdrawn_key_can_be_disabled_and_the_clamp_is_said(any_desk: Desk) -> None:
    desk = any_desk
    key = await owned(desk, remain_quota=-3, used_quota=500_003)
    await do(desk, ADA, "disable", key)
    assert (await desk.settled(1)).status is Status.SUCCEEDED
    assert desk.gateway.key(key.id).status == 2
    await desk.eventually(lambda: desk.said("overdrawn (-3 units)"))


async def test_where_no_value_is_shown_the_proof_is_not_claimed(tmp_path: Path, sqlite_url: str) -> None:
    async with open_desk(tmp_path, database_url=sqlite_url, profile="upstream-g2") as desk:
        desk.gateway.switch("reveal", False)
        key = await owned(desk)
        await do(desk, ADA, "disable", key)
        said = await desk.eventually(lambda: desk.said("the key itself could not be tried"))
        assert "The gateway does not show its value" in text_of(said[0])
        assert desk.gateway.key(key.id).status == 2


async def test_a_record_read_before_our_own_last_change_is_not_written_back(http_desk: Desk) -> None:
    desk = http_desk
    key = await owned(desk)
    await do(desk, ADA, "quota", key, "+50k")
    first = await desk.settled(1)
    assert await desk.app.approvals.execution._seen_at(first) == first.asked_at
    await do(desk, SAM, "disable", key)
    second = await desk.settled(2)
    # Settled a moment before the second one was asked: its look may have come before that.
    assert await desk.app.approvals.execution._seen_at(second) == 0.0
    assert (desk.gateway.key(key.id).status, desk.gateway.key(key.id).remain_quota) == (2, 350_000)


async def test_a_rotation_ends_though_its_requester_has_left_and_the_key_is_gone(http_desk: Desk) -> None:
    desk = http_desk
    key = await owned(desk)
    await do(desk, ADA, "rotate", key, overlap="1h")
    await desk.settled(1)
    desk.slack.workspace.groups["S0ENGINEERS"].users.remove(ADA)
    desk.gateway.edit_behind(key.id, deleted_at=1.0)
    await desk.app.engine.skip(3_600.0)
    await desk.eventually(lambda: desk.said("This ends the rotation in request #1."))
    row = await desk.settled(2)
    assert row.status is Status.SUCCEEDED
    assert "somebody deleted it" in present(row.outcome).notes[0]


async def test_engineers_cannot_disable_keys_of_others_and_security_can(http_desk: Desk) -> None:
    desk = http_desk
    key = await owned(desk, ADA)
    view = await open_form(desk, BEN, f"/apikey disable {key.id}", operation="key.disable")
    assert view.body["callback_id"] == "error"
    assert [line["details"]["operation"] for line in await desk.audit("refused")] == ["key.disable"]

    assert (await do(desk, SAM, "disable", key, reason="Found in a paste")).ok
    assert (await desk.settled(1)).status is Status.SUCCEEDED
    told = (await desk.eventually(lambda: desk.dm(ADA, "was disabled. It is your key")))[0]
    assert f"<@{SAM}>" in text_of(told)
    assert "Found in a paste" in text_of(told)


async def test_a_disabled_key_is_enabled_again(any_desk: Desk) -> None:
    desk = any_desk
    key = await owned(desk, status=2)
    assert (await do(desk, ADA, "enable", key)).ok
    assert (await desk.settled(1)).status is Status.SUCCEEDED
    assert desk.gateway.call_model(desk.gateway.key_value(key.id), model="gpt-4o-mini", units=1) is None


async def test_an_expired_and_empty_key_is_enabled_with_what_it_lacks(any_desk: Desk) -> None:
    desk = any_desk
    now = int(desk.gateway.clock.now())
    key = await owned(desk, remain_quota=0, used_quota=9, expired_time=now - 60)
    value = desk.gateway.key_value(key.id)
    assert desk.gateway.call_model(value, model="gpt-4o-mini", units=1) is not None
    assert desk.gateway.key(key.id).status == 3
    assert (await do(desk, ADA, "enable", key, expired_time="7d")).complaints["delta"]
    await desk.fill(ADA, desk.slack.top_view(ADA), delta="-5")
    answer = await desk.slack.submit(ADA, desk.slack.top_view(ADA))
    assert "add some quota to use it again" in answer.body["errors"]["delta"]
    await desk.fill(ADA, desk.slack.top_view(ADA), delta="50k")
    assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok
    row = await desk.settled(1)
    assert row.status is Status.SUCCEEDED, row.outcome
    assert row.judgement.facts.increase == 50_000
    assert desk.gateway.call_model(value, model="gpt-4o-mini", units=1) is None


@pytest.mark.parametrize(
    ("fields", "what"), [({"delta": "$500"}, "quota"), ({"delta": "50k", "expired_time": "never"}, "time")]
)
async def test_enabling_is_no_way_around_the_manager(http_desk: Desk, fields: dict[str, str], what: str) -> None:
    desk = http_desk
    past: dict[str, Any] = {"expired_time": int(desk.gateway.clock.now()) - 60} if "expired_time" in fields else {}
    key = await owned(desk, remain_quota=0, used_quota=9, **past)
    await do(desk, ADA, "enable", key, **fields)
    row = await desk.eventually(lambda: desk.card(1)) and await desk.request(1)
    assert row.status is Status.PENDING
    assert row.judgement.decision.sentence.startswith(f"Enabling it adds {what}: Rule “")
    await desk.slack.click(seed.MANAGER, desk.card(1), "approve")
    assert (await desk.settled(1)).status is Status.SUCCEEDED
    assert desk.gateway.key(key.id).status == 1


async def test_a_key_in_use_has_nothing_to_enable(http_desk: Desk) -> None:
    key = await owned(http_desk)
    view = await open_form(http_desk, ADA, f"/apikey enable {key.id}", operation="key.enable")
    assert "active already" in view_text(view)
    assert "submit" not in view.body


async def test_a_key_is_deleted_only_under_its_exact_name(any_desk: Desk) -> None:
    desk = any_desk
    key = await owned(desk)
    answer = await do(desk, ADA, "delete", key, confirm="serach")
    assert "not the key's name" in answer.body["errors"]["confirm"]
    await desk.fill(ADA, desk.slack.top_view(ADA), confirm="search")
    assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok
    assert (await desk.settled(1)).status is Status.SUCCEEDED
    assert desk.gateway.key(key.id).deleted_at is not None
    await desk.eventually(lambda: desk.said("was deleted"))
    assert not await desk.app.database.read(owners.owned_by, ADA)


async def test_a_key_that_somebody_else_deleted_meanwhile_counts_as_deleted(http_desk: Desk) -> None:
    desk = http_desk
    key = await owned(desk)
    view = await open_form(desk, ADA, f"/apikey delete {key.id}", operation="key.delete")
    await desk.fill(ADA, view, confirm="search")
    desk.gateway.on("answer", lambda _c: desk.gateway.edit_behind(key.id, deleted_at=1.0), path=f"/api/token/{key.id}")
    assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok
    row = await desk.settled(1)
    assert row.status is Status.SUCCEEDED, row.outcome
    assert "gone already" in present(row.outcome).notes[0]


async def test_a_rotated_key_has_a_successor_and_ends_after_the_overlap(any_desk: Desk) -> None:
    desk = any_desk
    key = await owned(desk, allow_ips="198.51.100.10", model_limits_enabled=True, model_limits="gpt-4o-mini")
    assert (await do(desk, ADA, "rotate", key, overlap="24h", reason="Yearly")).ok
    row = await desk.settled(1)
    assert row.status is Status.SUCCEEDED, row.outcome
    new = desk.key("search (2)")
    assert key_id_of(row) == new.id
    assert (new.remain_quota, desk.gateway.key(key.id).remain_quota) == (150_000, 150_000)
    same = ("allow_ips", "model_limits_enabled", "model_limits", "expired_time", "group")
    assert [getattr(new, name) for name in same] == [getattr(key, name) for name in same]
    owned_new = await desk.app.database.read(owners.find, new.id)
    assert present(owned_new).owner_id == ADA
    (older,) = await desk.app.database.read(lineage.predecessors_of, new.id)
    assert older.key_id == key.id
    assert await desk.app.database.read(lineage.successor_of, key.id) == new.id
    said = (await desk.eventually(lambda: desk.said("was rotated")))[0]
    assert f"The old key {key.id} works until" in text_of(said)
    notice = (await desk.eventually(lambda: desk.dm(ADA, "has a successor")))[0]
    assert "reveal" in buttons_of(notice)
    assert desk.gateway.key(key.id).status == 1

    await desk.slack.close_view(ADA, desk.slack.top_view(ADA))
    await desk.slack.click(ADA, notice, "reveal")
    await desk.eventually(lambda: desk.gateway.key_value(new.id) in view_text(desk.slack.top_view(ADA)))

    await desk.app.engine.skip(86_400.0)
    await desk.eventually(lambda: desk.said("was disabled"))
    assert desk.gateway.key(key.id).status == 2
    assert desk.gateway.key(new.id).status == 1
    await desk.eventually(lambda: desk.said("Refused since"))
    await desk.eventually(lambda: desk.said(f"The old key {key.id} ends with request #2"))


async def test_a_form_submitted_twice_has_one_effect(http_desk: Desk) -> None:
    desk = http_desk
    key = await owned(desk)
    view = await open_form(desk, ADA, f"/apikey quota {key.id} +50k", operation="key.quota")
    desk.slack.switches.duplicate = "at_once"
    await desk.slack.submit(ADA, view)
    await desk.settled(1)
    assert desk.gateway.key(key.id).remain_quota == 350_000


async def test_the_key_window_offers_what_may_be_done(http_desk: Desk) -> None:
    desk = http_desk
    key = await owned(desk)
    view = await open_form(desk, ADA, f"/apikey show {key.id}", operation="key.show")
    actions = {e["action_id"] for b in view.body["blocks"] if b["type"] == "actions" for e in b["elements"]}
    assert {"key.quota", "key.disable", "key.rotate", "key.delete", "key.update"} <= actions
    assert "key.enable" not in actions
    await desk.slack.click(ADA, view, "key.disable")
    await desk.eventually(lambda: desk.slack.top_view(ADA).body["callback_id"] == "key.disable")
    assert "Granted at once" in view_text(desk.slack.top_view(ADA))
