"""A key is deleted once; gone counts as done only for who saw it before."""

import pytest

from bot.gateway.errors import Refusal
from bot.gateway.models import KeyId
from bot.gateway.writes import WriteStatus
from bot.gateway.writes.delete import delete
from bot.gateway.writes.session import RETRY_AFTER
from keydesk_sandbox.fake_gateway import GatewayFault
from tests.gateway.kit import PROFILES, MemoryJournal, client_of, fake_gateway, to_the_end
from tests.gateway.writes.test_update import a_key
from tests.narrow import present


@pytest.mark.parametrize("profile", PROFILES)
async def test_it_is_gone_and_its_last_record_is_kept(profile: str) -> None:
    fake = fake_gateway(profile)
    key, journal = fake.add_key(name="search", remain_quota=5), MemoryJournal()
    for _ in range(2):
        result = await delete(client_of(fake), KeyId(key.id), journal)
        assert (result.status, result.key) == (WriteStatus.DONE, None)
        assert result.before is not None
        assert result.before.name == "search"
    assert sum(seen.method == "DELETE" for seen in fake.requests) == 1


async def test_a_key_that_this_request_never_saw_is_refused() -> None:
    result = await delete(client_of(fake_gateway()), KeyId(999), MemoryJournal())
    assert (result.status, result.refusal) == (WriteStatus.REFUSED, "not_found")


async def test_a_key_that_changed_is_left_alone() -> None:
    fake = fake_gateway()
    key, client = fake.add_key(name="search", remain_quota=5), client_of(fake)
    expected = (await client.get_key(KeyId(key.id))).settings()
    fake.edit_behind(key.id, name="production")
    result = await delete(client, KeyId(key.id), MemoryJournal(), expected=expected)
    assert (result.status, result.refusal) == (WriteStatus.REFUSED, "changed_since")
    assert [one.field for one in result.differences] == ["name"]
    assert fake.key(key.id).deleted_at is None


async def test_an_answer_that_was_lost_is_looked_up() -> None:
    fake = fake_gateway()
    key, client, journal = fake.add_key(name="search", remain_quota=5), client_of(fake), MemoryJournal()
    fake.arm(GatewayFault(kind="empty", method="DELETE", status=502, lands=True))
    result = await to_the_end(fake, lambda: delete(client, KeyId(key.id), journal))
    assert result.status is WriteStatus.DONE
    assert fake.key(key.id).deleted_at is not None


@pytest.mark.parametrize("profile", PROFILES)
async def test_deleting(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id, client, journal = a_key(fake), client_of(fake), MemoryJournal()
    result = await delete(client, key_id, journal)
    assert (result.status, result.key, present(result.before).id) == (WriteStatus.DONE, None, key_id)
    assert fake.key(key_id).deleted_at is not None
    assert (await delete(client, key_id, journal)).status is WriteStatus.DONE
    other = await delete(client, key_id, MemoryJournal())
    assert (other.status, other.refusal) == (WriteStatus.REFUSED, Refusal.NOT_FOUND)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("kind", ["lost_reply", "lost_request", "late", "duplicate", "empty_429", "html"])
async def test_a_delete_survives_the_wire(profile: str, kind: str) -> None:
    fake = fake_gateway(profile)
    key_id, client, journal = a_key(fake), client_of(fake), MemoryJournal()
    fake.arm(kind, method="DELETE", delay=5.0 if kind == "late" else 0.0, status=524 if kind == "html" else 0)
    result = await to_the_end(fake, lambda: delete(client, key_id, journal))
    assert (result.status, fake.key(key_id).deleted_at is not None) == (WriteStatus.DONE, True)


@pytest.mark.parametrize("profile", PROFILES)
async def test_a_delete_of_what_has_changed_or_does_not_go_away(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id, client = a_key(fake), client_of(fake)
    seen = await client.get_key(key_id)
    fake.edit_behind(key_id, name="prod")
    assert (await delete(client, key_id, MemoryJournal(), expected=seen)).refusal is Refusal.CHANGED_SINCE
    fake.on("answer", lambda _call: fake.edit_behind(key_id, deleted_at=None), method="DELETE")
    result = await delete(client, key_id, MemoryJournal())
    assert (result.status, result.again_after) == (WriteStatus.FAILED, None)


async def test_a_delete_that_never_got_there_is_tried_again_later() -> None:
    fake = fake_gateway()
    key, client = fake.add_key(name="search", remain_quota=5), client_of(fake)
    fake.arm("refused", method="DELETE")
    result = await delete(client, KeyId(key.id), MemoryJournal())
    assert (result.status, result.again_after) == (WriteStatus.FAILED, RETRY_AFTER)
    assert result.key is not None
    assert fake.key(key.id).deleted_at is None
