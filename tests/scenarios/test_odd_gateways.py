"""Gateways that answer what no other does: what Keydesk makes of it, and what people are told."""

import time
from typing import Any

import pytest

from bot.approvals.models import Status
from keydesk_sandbox import seed
from keydesk_sandbox.world import World
from tests.narrow import present
from tests.scenarios.conftest import OpenDesk
from tests.scenarios.desk import text_of, view_text
from tests.scenarios.operating import do, owned

pytestmark = pytest.mark.thorough

ADA, MIRA = seed.ENGINEER, seed.MANAGER
PROFILES = ["cometapi", "upstream-g2"]
MANY = tuple(f"model-{number:05}" for number in range(20_000))


def having(world: World, **account: Any) -> None:
    for name, value in account.items():
        setattr(world.gateway.account, name, value)


def offering(world: World, models: tuple[str, ...]) -> None:
    world.gateway._state.models = models


@pytest.mark.parametrize("profile", PROFILES)
async def test_a_gateway_that_lists_no_models_takes_typed_ones_and_the_card_marks_them(
    desk_with: OpenDesk, profile: str
) -> None:
    async with desk_with(profile=profile, prepare=lambda world: offering(world, ())) as desk:
        await desk.ask(ADA, name="typed", remain_quota="2M", model_limits=["gpt-4o"])
        assert "gpt-4o (not in the list)" in text_of(await desk.eventually(lambda: desk.card(1)))
        await desk.slack.click(MIRA, desk.card(1), "approve")
        await desk.settled(1)
        assert desk.key("typed").model_limits == "gpt-4o"


@pytest.mark.parametrize("profile", PROFILES)
async def test_twenty_thousand_models_are_searched_and_a_hundred_shown(desk_with: OpenDesk, profile: str) -> None:
    async with desk_with(profile=profile, prepare=lambda world: offering(world, MANY)) as desk:
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey new")
        view = desk.slack.top_view(ADA)
        await desk.slack.options(ADA, view, "model_limits", "model")  # the list is read
        begun = time.thread_time()
        answer = await desk.slack.options(ADA, view, "model_limits", "model-1999")
        assert time.thread_time() - begun < 1.0
        offered = [option["value"] for option in present(answer.body)["options"]]
        assert offered[:10] == [f"model-{number}" for number in range(19_990, 20_000)]
        answer = await desk.slack.options(ADA, view, "model_limits", "model")
        assert len(present(answer.body)["options"]) == 100


async def test_more_models_than_anybody_has_are_no_list_and_can_be_typed(desk_with: OpenDesk) -> None:
    more = (*MANY, "one-more")
    async with desk_with(profile="upstream-g2", prepare=lambda world: offering(world, more)) as desk:
        await desk.ask(ADA, name="typed", remain_quota="2M", model_limits=["model-00001"])
        text = text_of(await desk.eventually(lambda: desk.card(1)))
        assert "model-00001" in text
        assert "not in the list" not in text


async def test_groups_that_are_numbers_are_chosen_and_kept(desk_with: OpenDesk) -> None:
    def prepare(world: World) -> None:
        having(world, groups={"1": (1, "One"), "2": (0.5, "Two")}, group="1")

    async with desk_with(profile="upstream-g2", prepare=prepare) as desk:
        await desk.ask(ADA, name="in two", remain_quota="2M", group="2", model_limits=["gpt-4o"])
        text = text_of(await desk.eventually(lambda: desk.card(1)))
        assert "gpt-4o: $1.25 in, $5.00 out per million tokens" in text
        await desk.slack.click(MIRA, desk.card(1), "approve")
        await desk.settled(1)
        assert desk.key("in two").group == "2"


@pytest.mark.parametrize(
    ("told", "units", "problem"), [(0, 500_000, False), ("x", 500_000, False), ("1000", 1_000, True)]
)
async def test_units_for_a_dollar_that_make_no_sense_leave_the_setting(
    desk_with: OpenDesk, told: Any, units: int, problem: bool
) -> None:
    def prepare(world: World) -> None:
        world.gateway.switch("units_per_usd", told)

    async with desk_with(profile="upstream-g2", prepare=prepare) as desk:
        assert desk.app.resources.settings.keydesk_units_per_usd == units
        assert any("units for a dollar" in one for one in await desk.app.reasons()) is problem


@pytest.mark.parametrize("profile", PROFILES)
async def test_an_account_that_must_not_be_read_stops_nothing(desk_with: OpenDesk, profile: str) -> None:
    def prepare(world: World) -> None:
        world.gateway.arm("empty", path="/api/user/self", status=403, times=None)

    async with desk_with(profile=profile, prepare=prepare) as desk:
        key = await owned(desk, name="works")
        await desk.slack.open_home(MIRA)
        home = view_text(await desk.eventually(lambda: desk.slack.home(MIRA)))
        assert "The gateway does not tell its account's balance." in home
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey show {key.id}")
        await desk.eventually(lambda: "works" in view_text(desk.slack.top_view(ADA)))
        assert (await do(desk, ADA, "disable", key, reason="x")).ok
        assert (await desk.settled(1)).status is Status.SUCCEEDED


async def test_a_gateway_that_gives_pages_of_ten_hides_no_key(desk_with: OpenDesk) -> None:
    def prepare(world: World) -> None:
        world.gateway.switch("page_rows", 10)
        for number in range(40):
            world.gateway.add_key(name=f"old {number}")

    async with desk_with(prepare=prepare) as desk:
        await desk.eventually(lambda: desk.app.alerts.index.complete)
        assert len(desk.app.alerts.index) == len(desk.gateway.keys())
        answer = await desk.ask(ADA, name="old 0", remain_quota="2M")
        assert "exists already" in str(answer.body)


async def test_a_list_that_never_ends_stops_neither_look_nor_kill(desk_with: OpenDesk) -> None:
    async with desk_with(prepare=lambda world: world.gateway.switch("endless_list", True)) as desk:
        key = await owned(desk, name="mine")
        await desk.app.client.list_keys()
        answer = await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey list")
        assert "mine" in str(answer.body)
        assert (await do(desk, ADA, "disable", key, reason="x")).ok
        assert (await desk.settled(1)).status is Status.SUCCEEDED
        assert not desk.app.alerts.index.complete
        # Nothing is taken for gone because it was not seen.
        assert key.id in desk.app.alerts.index.ids()
