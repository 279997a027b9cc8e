"""Changes that touch what they should and nothing else."""

from itertools import pairwise
from typing import Any

import pytest

from bot.gateway.errors import Refusal
from bot.gateway.models import KeyId
from bot.gateway.writes import KeyChanges, WriteStatus, change_quota, set_unlimited, update
from keydesk_sandbox.fake_gateway.gateway import FakeGateway
from tests.gateway.kit import PROFILES, MemoryJournal, client_of, fake_gateway, sent, to_the_end
from tests.narrow import present

pytestmark = pytest.mark.parametrize("profile", PROFILES)
GROUP = KeyChanges(allow_ips="192.0.2.1")


def a_key(fake: FakeGateway, **more: Any) -> KeyId:
    values: dict[str, Any] = {"name": "ci", "remain_quota": 50_000, "allow_ips": "203.0.113.7", "model_limits": "gpt-5",
              "model_limits_enabled": True, "expired_time": 1_900_000_000} | more  # fmt: skip
    return KeyId(fake.add_key(**values).id)


async def test_only_the_change_is_made(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id = a_key(fake)
    before = fake.key(key_id)
    result = await update(client_of(fake), key_id, GROUP, MemoryJournal())
    assert result.status is WriteStatus.DONE
    before.allow_ips = "192.0.2.1"
    assert fake.key(key_id) == before
    assert (present(result.before).allow_ips, present(result.key).allow_ips) == ("203.0.113.7", "192.0.2.1")
    assert sent(fake) == [f"GET /api/token/{key_id}", "PUT /api/token/", f"GET /api/token/{key_id}"]


async def test_what_is_so_already_is_not_sent(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id = a_key(fake, allow_ips="192.0.2.1", remain_quota=-3)
    result = await update(client_of(fake), key_id, GROUP, MemoryJournal())
    assert (result.status, sent(fake, "PUT")) == (WriteStatus.DONE, [])


async def test_null_and_empty_are_one_allowlist(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id = a_key(fake, allow_ips=None)
    result = await update(client_of(fake), key_id, KeyChanges(allow_ips="", name="other"), MemoryJournal())
    assert (result.status, result.differences) == (WriteStatus.DONE, ())


async def test_changed_since_is_refused_with_the_differences(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id = a_key(fake)
    client = client_of(fake)
    seen = await client.get_key(KeyId(key_id))
    fake.edit_behind(key_id, allow_ips="198.51.100.1", group="vip")
    result = await update(client, key_id, GROUP, MemoryJournal(), expected=seen.settings())
    assert (result.status, result.refusal) == (WriteStatus.REFUSED, Refusal.CHANGED_SINCE)
    assert [each.field for each in result.differences] == ["allow_ips", "group"]
    assert sent(fake, "PUT") == []


async def test_a_quota_that_moved_is_no_change_whoever_moved_it(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id = a_key(fake)
    client = client_of(fake)
    seen = await client.get_key(KeyId(key_id))
    fake.charge(key_id, 500)
    assert (await update(client, key_id, GROUP, MemoryJournal(), expected=seen)).status is WriteStatus.DONE
    seen = await client.get_key(KeyId(key_id))
    fake.charge(key_id, 500)
    result = await change_quota(client, key_id, 5, MemoryJournal(), expected=seen)
    assert (result.status, result.notes) == (WriteStatus.DONE, ())
    fake.edit_behind(key_id, remain_quota=9)
    result = await change_quota(client, key_id, 5, MemoryJournal(), expected=seen)
    assert (result.status, fake.key(key_id).remain_quota) == (WriteStatus.DONE, 14)
    assert "9 units were left, now it is 14" in result.notes[0]
    result = await set_unlimited(
        client, key_id, MemoryJournal(), unlimited=True, expected=seen.model_copy(update={"group": "x"})
    )
    assert result.refusal is Refusal.CHANGED_SINCE


@pytest.mark.parametrize("edit", [{"status": 2}, {"unlimited_quota": True}, {"allow_ips": ""}, {"expired_time": -1}])
async def test_what_matters_to_a_delta_stops_it(profile: str, edit: dict[str, Any]) -> None:
    fake = fake_gateway(profile)
    key_id, client = a_key(fake, expired_time=2_000_000_000), client_of(fake)
    seen = await client.get_key(KeyId(key_id))
    fake.edit_behind(key_id, **edit)
    result = await change_quota(client, key_id, 5, MemoryJournal(), expected=seen)
    assert (result.refusal, [each.field for each in result.differences]) == (Refusal.CHANGED_SINCE, list(edit))
    assert sent(fake, "PUT") == []


async def test_a_key_that_was_disabled_when_it_was_asked_may_get_more(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id, client = a_key(fake, status=2), client_of(fake)
    seen = await client.get_key(KeyId(key_id))
    result = await change_quota(client, key_id, 5, MemoryJournal(), expected=seen)
    assert (result.status, fake.key(key_id).status) == (WriteStatus.DONE, 2)


async def test_after_our_own_first_write_nothing_has_changed_since(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id, journal, client = a_key(fake), MemoryJournal(), client_of(fake)
    seen = await client.get_key(KeyId(key_id))
    journal.crash_at = {1: "before"}
    result = await to_the_end(fake, lambda: update(client, key_id, GROUP, journal, expected=seen))
    assert result.status is WriteStatus.DONE


async def test_a_name_in_use_and_junk_are_refused(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id, client = a_key(fake), client_of(fake)
    a_key(fake, name="taken")
    result = await update(client, key_id, KeyChanges(name="taken"), MemoryJournal())
    assert result.refusal is Refusal.NAME_IN_USE
    assert (await update(client, key_id, KeyChanges(name="ci"), MemoryJournal())).status is WriteStatus.DONE
    result = await update(client, key_id, KeyChanges(allow_ips="1.2.3.4,5.6.7.8"), MemoryJournal())
    assert (result.refusal, "1.2.3.4,5.6.7.8" in result.sentence) == (Refusal.INVALID, True)
    result = await update(client, KeyId(99_999), GROUP, MemoryJournal())
    assert (result.status, result.refusal) == (WriteStatus.REFUSED, Refusal.NOT_FOUND)


async def test_usage_between_read_and_write_is_given_back(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id = a_key(fake)
    fake.on("row_read", lambda _call: fake.charge(key_id, 700), method="PUT")
    result = await update(client_of(fake), key_id, GROUP, MemoryJournal())
    assert (fake.key(key_id).remain_quota, fake.key(key_id).used_quota) == (49_300, 700)
    assert any("raced" in note for note in result.notes)
    assert len(sent(fake, "PUT")) == 2


async def test_usage_that_races_the_correction_too_is_told(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id = a_key(fake)
    fake.on("row_read", lambda _call: fake.charge(key_id, 700), method="PUT", times=None)
    result = await change_quota(client_of(fake), key_id, 1000, MemoryJournal())
    assert result.status is WriteStatus.DONE
    assert result.notes == ("The quota is +700 units from what it should be: it was moved meanwhile.",)


async def test_a_correction_without_an_answer_is_settled_and_sent_again(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id, client, journal = a_key(fake), client_of(fake), MemoryJournal()
    fake.on("row_read", lambda _call: fake.charge(key_id, 700), method="PUT")
    fake.arm("lost_request", method="PUT", skip=1)
    first = await update(client, key_id, GROUP, journal)
    assert (first.status, first.again_after) == (WriteStatus.UNKNOWN, 2.0)
    result = await to_the_end(fake, lambda: update(client, key_id, GROUP, journal))
    assert (result.status, present(result.key).total_quota, len(sent(fake, "PUT"))) == (WriteStatus.DONE, 50_000, 3)


async def test_a_lost_restriction_is_never_green(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id = a_key(fake)
    fake.on("answer", lambda _call: fake.edit_behind(key_id, model_limits_enabled=False), method="PUT")
    result = await update(client_of(fake), key_id, GROUP, MemoryJournal())
    assert result.status is WriteStatus.FAILED
    assert [each.field for each in result.differences] == ["model_limits_enabled"]


async def test_a_yes_that_the_record_does_not_show_is_failed(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id = a_key(fake)
    fake.on("answer", lambda _call: fake.edit_behind(key_id, allow_ips="203.0.113.7"), method="PUT")
    result = await update(client_of(fake), key_id, GROUP, MemoryJournal())
    assert result.status is WriteStatus.FAILED
    assert [(each.wanted, each.found) for each in result.differences] == [("192.0.2.1", "203.0.113.7")]
    fake.on("answer", lambda _call: fake.edit_behind(key_id, remain_quota=50_000), method="PUT")
    result = await change_quota(client_of(fake), key_id, 5, MemoryJournal())
    assert [(each.wanted, each.found) for each in result.differences] == [(50_005, 50_000)]


async def test_an_expiry_of_zero_is_not_sent_back(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id = a_key(fake, expired_time=0)
    result = await update(client_of(fake), key_id, GROUP, MemoryJournal())
    assert (result.status, fake.key(key_id).expired_time) == (WriteStatus.DONE, 1)
    assert any("0 can be taken for never" in note for note in result.notes)


async def test_an_expired_key_with_a_new_expiry_is_in_use_again(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id = a_key(fake, expired_time=1_700_000_000, status=3)
    result = await update(client_of(fake), key_id, KeyChanges(expired_time=1_900_000_000), MemoryJournal())
    assert (result.status, fake.key(key_id).state(fake.clock.now())) == (WriteStatus.DONE, "active")
    assert any("marked the key expired" in note for note in result.notes)


async def test_another_past_expiry_revives_nothing(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id = a_key(fake, expired_time=1_700_000_000, status=3)
    result = await update(client_of(fake), key_id, KeyChanges(expired_time=1_600_000_000), MemoryJournal())
    assert (result.status, fake.key(key_id).status) == (WriteStatus.DONE, 3)


async def test_a_write_that_never_lands_is_repeated_only_when_settled(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id, client, journal = a_key(fake), client_of(fake), MemoryJournal()
    fake.arm("lost_request", method="PUT", times=None)
    first = await update(client, key_id, GROUP, journal)
    assert (first.status, first.again_after) == (WriteStatus.UNKNOWN, 2.0)
    result = await to_the_end(fake, lambda: update(client, key_id, GROUP, journal))
    assert (result.status, len(sent(fake, "PUT"))) == (WriteStatus.FAILED, 4)
    times = [seen.at for seen in fake.requests if seen.method == "PUT"]
    assert all(later - earlier >= 90 for earlier, later in pairwise(times))


async def test_a_key_deleted_meanwhile_is_failed_not_unknown(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id = a_key(fake)
    fake.on("answer", lambda _call: fake.edit_behind(key_id, deleted_at=1), method="PUT")
    result = await update(client_of(fake), key_id, GROUP, MemoryJournal())
    assert (result.status, result.refusal) == (WriteStatus.FAILED, Refusal.NOT_FOUND)


async def test_a_refusal_of_the_gateway_is_given_in_our_words(profile: str) -> None:
    fake = fake_gateway(profile, group_check_update=True)
    key_id = a_key(fake)
    result = await update(client_of(fake), key_id, KeyChanges(group="nobody"), MemoryJournal())
    assert (result.status, result.refusal) == (WriteStatus.REFUSED, Refusal.GROUP_DENIED)
    assert "group" in result.sentence


async def test_finished_stays_finished(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id, client, journal = a_key(fake), client_of(fake), MemoryJournal()
    await update(client, key_id, GROUP, journal)
    fake.edit_behind(key_id, allow_ips="198.51.100.9")
    result = await update(client, key_id, GROUP, journal)
    assert (result.status, fake.key(key_id).allow_ips) == (WriteStatus.DONE, "198.51.100.9")
    assert [each.field for each in result.differences] == ["allow_ips"]
