"""Disabling: two round trips from a record just read, a fresh read otherwise; gone is done only for a key once known."""

import pytest

from bot.features.key_disable.operation import FRESH_SECONDS, OPERATION, DisableKey
from bot.gateway.models import Key, KeyId
from bot.gateway.writes import WriteStatus
from bot.operations import Effect, Offer
from tests.features.kit import ADA, look_on, work_on
from tests.gateway.kit import PROFILES, client_of, fake_gateway, sent


@pytest.mark.parametrize("profile", PROFILES)
async def test_from_a_record_just_read_it_takes_two_round_trips(profile: str) -> None:
    fake = fake_gateway(profile)
    key = fake.add_key(name="search", remain_quota=-3)
    client = client_of(fake)
    found = await OPERATION.inspect(look_on(client), ADA, DisableKey(key_id=key.id))
    assert [(line.before, line.after) for line in found.changes] == [("overdrawn", "disabled")]
    calls = len(sent(fake))
    result = await OPERATION.run(work_on(client, found.key), DisableKey(key_id=key.id))
    assert result.status is WriteStatus.DONE
    assert [call.split()[0] for call in sent(fake)[calls:]] == ["PUT", "GET"]
    assert "overdrawn" in " ".join(result.notes)


async def test_an_old_record_is_not_written_back() -> None:
    fake = fake_gateway(status_only=False, plain_status=True)
    key = fake.add_key(name="search", remain_quota=5)
    client = client_of(fake)
    before = await client.get_key(KeyId(key.id))
    fake.edit_behind(key.id, remain_quota=500)
    work = work_on(client, before, seen_at=client.now() - FRESH_SECONDS - 1)
    assert (await OPERATION.run(work, DisableKey(key_id=key.id))).status is WriteStatus.DONE
    assert (fake.key(key.id).status, fake.key(key.id).remain_quota) == (2, 500)


@pytest.mark.parametrize(
    ("seen", "known", "rotation", "status"),
    [
        (True, True, None, WriteStatus.DONE),
        (False, True, None, WriteStatus.DONE),
        (False, False, 5, WriteStatus.DONE),
        (False, False, None, WriteStatus.REFUSED),
    ],
)
async def test_a_key_that_is_gone_counts_only_if_it_was_known(
    seen: bool, known: bool, rotation: int | None, status: WriteStatus
) -> None:
    fake = fake_gateway()
    key = fake.add_key(name="search", remain_quota=5)
    client = client_of(fake)
    before: Key | None = await client.get_key(KeyId(key.id)) if seen else None
    fake.edit_behind(key.id, deleted_at=fake.clock.now())
    for at in (client.now(), 0.0):
        work = work_on(client, before, seen_at=at, known=known)
        result = await OPERATION.run(work, DisableKey(key_id=key.id, rotation=rotation))
        assert result.status is status


def test_there_is_nothing_to_offer_instead() -> None:
    wish = DisableKey(key_id=1)
    assert OPERATION.with_offer(wish, Offer(delta=5)) is wish
    assert OPERATION.effect is Effect.STOPS


@pytest.mark.parametrize(("leaked", "left"), [(False, 50_000), (True, 0)])
async def test_a_key_is_wiped_only_for_a_leak_where_the_gateway_disables_none(leaked: bool, left: int) -> None:
    fake = fake_gateway(status_only=False)
    key = fake.add_key(name="search", remain_quota=50_000)
    client = client_of(fake)
    before = await client.get_key(KeyId(key.id))
    result = await OPERATION.run(work_on(client, before, leaked=leaked), DisableKey(key_id=key.id))
    assert (result.status is WriteStatus.DONE, fake.key(key.id).remain_quota) == (leaked, left)
    assert result.alarm is not None
    assert ("It had 50,000 units" in result.alarm) is leaked
    assert ("`/apikey end`" in result.alarm) is not leaked
