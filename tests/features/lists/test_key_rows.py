"""A key as a line of a list."""

from bot.features.lists.key_rows import SHOW, badge, row
from bot.gateway.models import EffectiveState, KeyId
from tests.gateway.kit import client_of, fake_gateway
from tests.languages.pseudo import english_in, pseudo


async def test_a_line_shows_name_number_state_and_owner_but_no_value() -> None:
    fake = fake_gateway()
    made = fake.add_key(name="search", remain_quota=500_000)
    key = await client_of(fake).get_key(KeyId(made.id))
    block = row(key, now=1_790_000_000.0, owner="U0ADA", units_per_usd=500_000, locked="Locked by an alert.")
    text = block["text"]["text"]
    assert "search" in text
    assert f"key {made.id}" in text
    assert badge(EffectiveState.ACTIVE) in text
    assert "<@U0ADA>" in text
    assert text.endswith("\nLocked by an alert.")
    assert fake.key_value(made.id).removeprefix("sk-") not in str(block)
    assert (block["accessory"]["action_id"], block["accessory"]["value"]) == (SHOW, str(made.id))


def test_every_state_has_a_badge_of_its_own_in_the_language_of_the_moment() -> None:
    badges = {badge(state) for state in EffectiveState}
    assert len(badges) == len(EffectiveState)
    with pseudo():
        assert not english_in([badge(state) for state in EffectiveState])
