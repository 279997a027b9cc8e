"""A key like an old one: its settings, a name that is free most likely, an expiry that lies ahead."""

import pytest

from bot.features.forms.fields import CUSTOM, NAME_LIMIT, NEVER_CHOICE
from bot.features.key_create.replacement import prefill_of
from bot.gateway.models import KeyId
from tests.gateway.kit import client_of, fake_gateway

NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("expired_time", "choice"),
    [(-1, (NEVER_CHOICE, None)), (1_800_000_000, (CUSTOM, 1_800_000_000)), (1_700_000_000, ("30d", None))],
)
async def test_the_form_is_prefilled_from_the_old_key(expired_time: int, choice: tuple[str, int | None]) -> None:
    fake = fake_gateway()
    made = fake.add_key(name="search", remain_quota=100_000, expired_time=expired_time, group="vip")
    prefill = prefill_of(await client_of(fake).get_key(KeyId(made.id)), now=NOW)
    assert (prefill.name, prefill.quota, prefill.group) == ("search-2", "100k", "vip")
    assert (prefill.expiry, prefill.expiry_at) == choice
    assert f"Replaces key {made.id} (search)" in prefill.reason


async def test_a_long_name_keeps_to_the_limit_and_an_overdrawn_quota_starts_at_nothing() -> None:
    fake = fake_gateway()
    made = fake.add_key(name="ü" * 25, remain_quota=-5)
    prefill = prefill_of(await client_of(fake).get_key(KeyId(made.id)), now=NOW)
    assert len(prefill.name.encode()) <= NAME_LIMIT
    assert prefill.name.endswith("-2")
    assert prefill.quota == "0"
