"""Dollars at two gateways that count them differently: at `prod` one is 1,000,000 units, at `default` 500,000."""

import pytest

from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack.answers import AppAnswer
from tests.narrow import present
from tests.scenarios.desk import Desk, text_of, view_text
from tests.scenarios.operating import open_form
from tests.scenarios.test_live_line import line
from tests.scenarios.two_gateways import House, asked, named, told

ADA, MIRA, CHANNEL = seed.ENGINEER, seed.MANAGER, seed.KEYS_CHANNEL
RULES = """
[[rules]]
name = "dollars"
who = ["engineer"]
do = ["key.create"]
when = { remain_quota_at_most = "$20", granted_at_most = "$30", per = "30d", unlimited_quota = false }
allow = true
"""


@pytest.fixture
def dollars(sqlite_house: House) -> House:
    sqlite_house.write(rules=RULES)
    sqlite_house.prod.switch("units_per_usd", 1_000_000)
    return sqlite_house


async def made(desk: Desk, house: House, gateway: str, name: str, amount: str) -> int:
    """A key that Ada asks for, once it is hers; its number at its gateway."""
    await asked(desk, gateway, name, remain_quota=amount)
    await desk.eventually(lambda: [one for one in desk.dm(ADA, "is ready") if name in text_of(one)])
    found = house.prod if gateway == "prod" else house.world.gateway
    return next(one.id for one in named(found) if one.name == name)


async def allowed(desk: Desk, text: str) -> AppAnswer:
    """Ada sends the form of an allowance as the command fills it in."""
    view = await open_form(desk, ADA, f"/apikey allowance {text}", operation="key.allowance")
    return await desk.slack.submit(ADA, view)


async def test_forms_rules_and_what_was_granted_go_by_the_dollars_of_the_gateway(dollars: House) -> None:
    async with dollars.running() as desk:
        # The form says what a dollar is where it is asked for, and judges by it.
        await desk.slack.command(ADA, CHANNEL, "/apikey new")
        assert "$1 = 500,000 units" in view_text(desk.slack.top_view(ADA))
        await desk.fill(
            ADA, desk.slack.top_view(ADA), gateway="prod", name="big", remain_quota="$20", expired_time="30d"
        )
        await desk.eventually(lambda: "Granted at once" in line(desk.slack.top_view(ADA)))
        assert "$1 = 1,000,000 units" in view_text(desk.slack.top_view(ADA))
        await desk.fill(ADA, desk.slack.top_view(ADA), remain_quota="20000001")
        await desk.eventually(lambda: "Needs approval" in line(desk.slack.top_view(ADA)))
        await desk.slack.close_view(ADA, desk.slack.top_view(ADA))
        number = await made(desk, dollars, "prod", "big", "$20")
        assert dollars.prod.key(number).remain_quota == 20_000_000
        # $20 there and $10 here are just what the rule gives; a cent more is not.
        await desk.slack.command(ADA, CHANNEL, "/apikey new")
        await desk.fill(ADA, desk.slack.top_view(ADA), name="more", remain_quota="$10.01", expired_time="30d")
        await desk.eventually(lambda: "Needs approval" in line(desk.slack.top_view(ADA)))
        await desk.slack.close_view(ADA, desk.slack.top_view(ADA))
        await desk.slack.command(ADA, CHANNEL, "/apikey why new")
        await desk.eventually(lambda: "10M units ($20.00)" in told(desk))
        here = await made(desk, dollars, "default", "more", "$10")
        assert dollars.world.gateway.key(here).remain_quota == 5_000_000


async def test_a_key_is_shown_raised_and_refilled_by_its_own_dollars(dollars: House) -> None:
    async with dollars.running() as desk:
        number = await made(desk, dollars, "prod", "big", "$4")
        await desk.slack.command(ADA, CHANNEL, "/apikey list")
        await desk.eventually(lambda: "4M units ($4.00)" in told(desk))
        await desk.slack.command(ADA, CHANNEL, f"/apikey quota prod/{number} +$5")
        await desk.eventually(lambda: "$1 = 1,000,000 units" in view_text(desk.slack.top_view(ADA)))
        assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok
        card = (await desk.eventually(lambda: desk.said("+5M units ($5.00)")))[0]
        assert "9M units ($9.00)" in text_of(card)
        assert (await desk.slack.click(MIRA, card, "approve")).ok
        await desk.eventually(lambda: dollars.prod.key(number).remain_quota == 9_000_000)
        # An allowance of $2 there and one of $4 here are more than the $5 that are free.
        key = await made(desk, dollars, "default", "small", "$1")
        assert (await allowed(desk, f"prod/{number} $2 per month")).ok
        await desk.settled(4)
        await desk.slack.command(ADA, CHANNEL, "/apikey list")
        await desk.eventually(lambda: "2M units ($2.00)" in told(desk))
        assert (await allowed(desk, f"{key} $4 per month")).ok
        card = (await desk.eventually(lambda: desk.said("2M units ($4.00)")))[0]
        assert "asks" in text_of(card)


async def test_sums_over_both_add_dollars(dollars: House) -> None:
    async with dollars.running() as desk:
        there, here = (
            await made(desk, dollars, "prod", "big", "$8"),
            await made(desk, dollars, "default", "small", "$5"),
        )
        dollars.prod.charge(there, 3_000_000)
        dollars.world.gateway.charge(here, 500_000)
        await desk.app.client.list_keys()
        await desk.slack.command(ADA, CHANNEL, "/apikey usage")
        await desk.eventually(lambda: "$4.00" in told(desk))
        assert "$3.00" in told(desk)
        # What keys may still spend is said for each account, by its dollars.
        await desk.slack.open_home(MIRA)
        await desk.eventually(lambda: "5M units ($5.00)" in str(present(desk.slack.home(MIRA)).body))
