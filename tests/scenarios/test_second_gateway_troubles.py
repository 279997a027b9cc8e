"""A second gateway in trouble when Keydesk starts: it holds up nothing of the first, and its numbers are not believed."""

from typing import Any

import pytest

from keydesk_sandbox import seed
from tests.scenarios.alerting import SAM
from tests.scenarios.desk import text_of, view_text
from tests.scenarios.two_gateways import GATEWAYS, House, asked, named, told

ADA, CHANNEL = seed.ENGINEER, seed.KEYS_CHANNEL


@pytest.mark.parametrize("trouble", ["wrong token", "wrong user", "hangs"])
async def test_one_that_does_not_take_us_or_hangs_at_the_start_holds_up_nothing(
    sqlite_house: House, trouble: str
) -> None:
    house, token = sqlite_house, {}
    if trouble == "wrong token":
        token = {"token": "fakePatThatNobodyKnows0123456789"}
    elif trouble == "wrong user":
        house.write(gateways=GATEWAYS.replace("user_id = 7", "user_id = 8"))
    else:
        house.prod.arm("late", times=None, delay=30.0)
    async with house.running(**token) as desk:
        await asked(desk, "default", "here")
        await desk.eventually(lambda: [one for one in desk.dm(ADA, "is ready") if "here" in text_of(one)])
        assert named(house.prod) == []
        if trouble != "hangs":
            await desk.slack.command(ADA, CHANNEL, "/apikey list")
            await desk.eventually(lambda: "prod does not answer" in told(desk))


@pytest.mark.parametrize("told_units", [0, "many", -5, 1.5])
async def test_units_per_dollar_that_make_no_sense_leave_those_of_the_table(
    sqlite_house: House, told_units: Any
) -> None:
    house = sqlite_house
    house.write(gateways=f"{GATEWAYS}units_per_usd = 1_000_000\n")
    house.prod.switch("units_per_usd", told_units)
    async with house.running() as desk:
        assert (desk.app.dollars.at("prod"), desk.app.dollars.at("default")) == (1_000_000, 500_000)


async def test_two_accounts_at_one_address_are_two_gateways_within_one_limit(sqlite_house: House) -> None:
    house = sqlite_house
    second = '\n[gateways.third]\nbase_url = "http://127.0.0.2:1"\naccess_token = "GATEWAY_TOKEN_THIRD"\nuser_id = 7\n'
    house.write(gateways=GATEWAYS + second)
    async with house.running() as desk:
        _, prod, third = desk.app.client.each
        assert prod.limiter is third.limiter
        # Here it is even the same account, which is said; a key is made where it was asked for.
        await asked(desk, "third", "there")
        await desk.eventually(lambda: [one.name for one in named(house.prod)] == ["there"])
        await desk.eventually(lambda: "Two gateways are the same" in " ".join(desk.app.resources.gateway_problems()))


async def test_one_that_was_taken_out_keeps_no_key_of_another_alive(sqlite_house: House) -> None:
    """A key of the same name, and a key of the same person, lie at the gateway that is gone from the file."""
    house = sqlite_house
    async with house.running() as desk:
        await asked(desk, "default", "twin")
        await asked(desk, "prod", "twin")
        await desk.eventually(lambda: len([m for m in desk.dm(ADA, "is ready") if "twin" in text_of(m)]) > 1)
    house.write(gateways="")
    async with house.running() as desk:
        await desk.slack.command(SAM, CHANNEL, "/apikey show twin")
        await desk.eventually(lambda: "Allowed IPs" in view_text(desk.slack.top_view(SAM)))
        await desk.slack.close_view(SAM, desk.slack.top_view(SAM))
        await desk.slack.command(SAM, CHANNEL, f"/apikey disable all of <@{ADA}>")
        await desk.eventually(lambda: "will be disabled" in view_text(desk.slack.top_view(SAM)))
        shown = view_text(desk.slack.top_view(SAM))
        assert "1 key is left out (prod/" in shown
        assert "The gateway prod is not in the policy file any more" in shown
        assert "twin" in shown
