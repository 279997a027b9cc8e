"""Two accounts in one Keydesk: neither an account that is away nor its clock keeps a leaked key of the other alive."""

import pytest

from bot.gateway.numbers import BLOCK
from tests.scenarios.alerting import SAM, cards, send
from tests.scenarios.desk import Desk, text_of
from tests.scenarios.test_alert_calls import calls
from tests.scenarios.test_two_gateways import DISABLED
from tests.scenarios.two_gateways import House, house, sqlite_house

__all__ = ["house", "sqlite_house"]

AUTO = '\n[alerts]\nauto_disable = ["generic"]\n'
STRANGE = "sk-" + "Q7" * 24


async def known(desk: Desk) -> None:
    await desk.eventually(lambda: desk.app.alerts.index.complete)


@pytest.mark.parametrize("beside", ["", STRANGE], ids=["known keys", "and a value that is looked for"])
async def test_a_leak_at_one_account_calls_while_the_other_is_away(house: House, beside: str) -> None:
    here, there = house.world.gateway.add_key(name="leaked-here"), house.prod.add_key(name="leaked-there")
    async with house.running() as desk:
        await known(desk)
        house.prod.arm("refused", times=None)
        values = [house.prod.key_value(there.id), house.world.gateway.key_value(here.id), beside]
        await send(desk, "generic", " ".join(values))
        await desk.eventually(lambda: cards(desk, "leaked-here"))
        await desk.eventually(lambda: calls(desk))
        # The other one is called as people type it, though its name could not be read.
        (card,) = cards(desk)
        assert f"prod/{there.id}" in text_of(card)
        assert str(BLOCK + there.id) not in text_of(card)


async def test_the_policy_disables_a_key_of_one_account_while_the_other_is_away(house: House) -> None:
    here, there = house.world.gateway.add_key(name="leaked-here"), house.prod.add_key(name="leaked-there")
    house.write(rules=AUTO)
    async with house.running() as desk:
        await known(desk)
        house.prod.arm("refused", times=None)
        await send(desk, "generic", f"{house.prod.key_value(there.id)} {house.world.gateway.key_value(here.id)}")
        await desk.eventually(lambda: house.world.gateway.key(here.id).status == DISABLED)
        assert house.prod.key(there.id).status != DISABLED
        house.prod.disarm()
        await desk.pass_time(60)
        await desk.eventually(lambda: house.prod.key(there.id).status == DISABLED)


async def test_a_value_that_both_accounts_have_is_disabled_at_both(house: House) -> None:
    """A gateway whose database was copied has the same keys."""
    here = house.world.gateway.add_key(name="copied")
    there = house.prod.add_key(name="copied", key=here.key)
    house.write(rules=AUTO)
    async with house.running() as desk:
        await known(desk)
        await send(desk, "generic", house.prod.key_value(there.id))
        await desk.eventually(lambda: house.world.gateway.key(here.id).status == DISABLED)
        await desk.eventually(lambda: house.prod.key(there.id).status == DISABLED)
        await desk.eventually(lambda: cards(desk, "dead, refused by the gateway"))


async def test_one_click_disables_a_value_of_both_accounts_at_both(house: House) -> None:
    here = house.world.gateway.add_key(name="copied")
    there = house.prod.add_key(name="copied", key=here.key)
    async with house.running() as desk:
        await known(desk)
        await send(desk, "generic", house.prod.key_value(there.id))
        card = (
            await desk.eventually(lambda: [one for one in cards(desk, "copied") if f"prod/{there.id}" in text_of(one)])
        )[0]
        assert f"default/{here.id}" in text_of(card)
        assert (await desk.slack.click(SAM, card, "disable")).ok
        await desk.eventually(lambda: house.world.gateway.key(here.id).status == DISABLED)
        await desk.eventually(lambda: house.prod.key(there.id).status == DISABLED)


async def test_a_copied_account_is_disabled_whole_in_a_leak_of_every_key(sqlite_house: House) -> None:
    """More keys than a card shows: one batch for the keys of both accounts."""
    house = sqlite_house
    here = [house.world.gateway.add_key(name=f"copied-{number}") for number in range(45)]
    there = [house.prod.add_key(name=one.name, key=one.key) for one in here]
    house.write(rules=AUTO)
    async with house.running() as desk:
        await known(desk)
        await send(desk, "generic", " ".join(house.world.gateway.key_value(one.id) for one in here))
        await desk.eventually(lambda: {house.world.gateway.key(one.id).status for one in here} == {DISABLED})
        await desk.eventually(lambda: {house.prod.key(one.id).status for one in there} == {DISABLED})
        await desk.eventually(lambda: cards(desk, "90 leaked keys"))


async def test_a_gateway_that_hangs_holds_up_no_leak_of_the_other_and_the_card_names_it(sqlite_house: House) -> None:
    house = sqlite_house
    here, there = house.world.gateway.add_key(name="leaked-here"), house.prod.add_key(name="leaked-there")
    house.write(rules=AUTO)
    async with house.running() as desk:
        await known(desk)
        fresh = house.world.gateway.add_key(name="made-a-moment-ago")
        house.prod.arm("late", times=None, delay=60.0)
        values = [house.prod.key_value(there.id), house.world.gateway.key_value(here.id)]
        await send(desk, "generic", " ".join([*values, house.world.gateway.key_value(fresh.id)]))
        await desk.eventually(lambda: house.world.gateway.key(here.id).status == DISABLED)
        await desk.eventually(lambda: house.world.gateway.key(fresh.id).status == DISABLED)
        await desk.eventually(lambda: cards(desk, "The gateway prod does not answer now"))
        house.prod.disarm()
        await desk.eventually(lambda: house.prod.key(there.id).status == DISABLED)
        await desk.eventually(lambda: not cards(desk, "does not answer now"))
