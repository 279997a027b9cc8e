"""What the gateway tells of spending, on every generation, and what it does not."""

from typing import Any

import pytest

from bot.gateway.errors import GatewayProtocolError, GatewayRejected, Refusal
from bot.gateway.models import KeyId
from bot.gateway.usage import MOST_LOG_PAGES, AccountForecast, ModelShares, ModelSpending
from keydesk_sandbox.fake_gateway import FakeGateway
from keydesk_sandbox.fake_gateway.state import LogRow
from tests.gateway.kit import PROFILES, client_of, fake_gateway
from tests.keys.records import FACTS

DAY = 86_400


def row(fake: FakeGateway, name: str, key_id: int, model: str, units: int, *, ago: float = 60.0) -> None:
    made = LogRow(
        created_at=int(fake.clock.now() - ago),
        token_name=name,
        token_id=key_id,
        model_name=model,
        quota=units,
        group="default",
        request_id="",
        prompt_tokens=1,
        completion_tokens=1,
    )
    fake._state.log.append(made)


async def of_key(fake: FakeGateway, key_id: int) -> ModelShares:
    client = client_of(fake)
    now = fake.clock.now()
    try:
        key = await client.get_key(KeyId(key_id))
        return await client.usage.of_key(key, alone=True, start=now - 30 * DAY, end=now, deadline=20.0)
    finally:
        await client.aclose()


@pytest.mark.parametrize("profile", PROFILES)
async def test_a_key_s_models_come_from_its_log_and_rows_of_others_are_left_out(profile: str) -> None:
    fake = fake_gateway(profile)
    one, other = fake.add_key(name="ci"), fake.add_key(name="ci two")
    row(fake, "ci", one.id, "cheap", 10)
    row(fake, "ci", one.id, "dear", 500)
    row(fake, "ci", one.id, "dear", 700)
    row(fake, "ci two", other.id, "dear", 9_000)
    row(fake, "ci", one.id, "old", 4, ago=40 * DAY)
    found = await of_key(fake, one.id)
    assert found.models == (ModelSpending("dear", 1_200, 2), ModelSpending("cheap", 10, 1))
    assert (found.whole, [units for _, units in found.charged]) == (True, [700, 500, 10])


async def test_where_rows_carry_numbers_those_of_another_key_that_had_the_name_are_left_out() -> None:
    fake = fake_gateway("upstream-g2")
    key = fake.add_key(name="ci")
    row(fake, "ci", key.id, "mine", 5)
    row(fake, "ci", 9_999, "of a key that was renamed", 80)
    assert [one.model for one in (await of_key(fake, key.id)).models] == ["mine"]


async def test_a_long_log_is_read_for_its_newest_calls_only() -> None:
    fake = fake_gateway("cometapi")
    key = fake.add_key(name="busy")
    for _ in range(100 * MOST_LOG_PAGES + 50):
        row(fake, "busy", key.id, "m", 1)
    found = await of_key(fake, key.id)
    assert (found.models[0].calls, found.whole) == (100 * MOST_LOG_PAGES, False)


@pytest.mark.parametrize("profile", [name for name in PROFILES if name != "cometapi"])
async def test_the_account_s_models_are_summed_where_the_gateway_does_it(profile: str) -> None:
    fake = fake_gateway(profile)
    key = fake.add_key(name="ci")
    for _ in range(3):
        row(fake, "ci", key.id, "m", 7)
    client, now = client_of(fake), fake.clock.now()
    found = await client.usage.of_account(start=now - 30 * DAY, end=now, deadline=5.0)
    assert (found.models, found.whole) == ((ModelSpending("m", 21, 3),), True)
    with pytest.raises(GatewayRejected) as error:
        await client.usage.account_forecast(deadline=5.0)
    assert error.value.refusal is Refusal.NOT_OFFERED
    await client.aclose()


async def test_cometapi_has_no_sums_but_a_log_and_a_forecast() -> None:
    fake = fake_gateway("cometapi")
    fake.account.quota = 300
    key = fake.add_key(name="ci")
    row(fake, "ci", key.id, "m", 100)
    client, now = client_of(fake), fake.clock.now()
    found = await client.usage.of_account(start=now - 30 * DAY, end=now, deadline=5.0)
    assert (found.models, found.whole) == ((ModelSpending("m", 100, 1),), True)
    assert await client.usage.account_forecast(deadline=5.0) == AccountForecast(calls=1, success=100, days_left=90)
    await client.aclose()


@pytest.mark.parametrize("data", [None, [], "x", {"items": 5, "total": 1}, {"items": [5], "total": 1}])
async def test_a_log_of_another_shape_is_an_error_and_no_zero(data: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = fake_gateway("cometapi")
    key = fake.add_key(name="ci")
    client, now = client_of(fake), fake.clock.now()
    read = await client.get_key(KeyId(key.id))

    async def answer(*_args: Any, **_more: Any) -> Any:
        return {"success": True, "data": data}, FACTS

    monkeypatch.setattr(client.usage.wire, "ask", answer)
    with pytest.raises(GatewayProtocolError):
        await client.usage.of_key(read, alone=True, start=0, end=now, deadline=5.0)
    if not isinstance(data, dict) and data is not None:
        with pytest.raises(GatewayProtocolError):
            await client.usage.account_forecast(deadline=5.0)
    await client.aclose()


async def test_sums_that_are_refused_for_another_reason_are_no_zero_and_no_sums_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = client_of(fake_gateway("upstream-g2"))

    async def refuse(*_args: Any, **_more: Any) -> Any:
        raise GatewayRejected(Refusal.GROUP_DENIED, facts=FACTS)

    async def nothing(*_args: Any, **_more: Any) -> Any:
        return {"success": True, "data": None}, FACTS

    monkeypatch.setattr(client.usage.wire, "ask", refuse)
    with pytest.raises(GatewayRejected):
        await client.usage.of_account(start=0, end=1, deadline=5.0)
    monkeypatch.setattr(client.usage.wire, "ask", nothing)
    assert (await client.usage.of_account(start=0, end=1, deadline=5.0)).models == ()
    await client.aclose()
