"""What the gateway tells of models, money and its account, in forms, cards, lists and on the Home."""

from typing import Any

import pytest

from keydesk_sandbox import seed
from keydesk_sandbox.world import World
from tests.narrow import present
from tests.scenarios.conftest import OpenDesk
from tests.scenarios.desk import Desk, text_of, view_text
from tests.scenarios.operating import owned
from tests.scenarios.policies import FREE

pytestmark = pytest.mark.thorough

ADA = seed.ENGINEER
NEW_API = "upstream-g2"


def options_of(answer: Any) -> list[str]:
    return [one["text"]["text"] for one in answer.body["options"]]


async def test_a_key_limited_to_nothing_is_shown_so_and_can_be_mended(desk_with: OpenDesk) -> None:
    async with desk_with(policy=FREE) as desk:
        key = await owned(desk, model_limits_enabled=True, model_limits="")
        await desk.app.client.list_keys()  # as the look at the newest keys does every minute
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey list")
        shown = await desk.eventually(lambda: [m for m in desk.slack.messages(seed.KEYS_CHANNEL, ADA) if m.text])
        assert "no model: limited to an empty list" in text_of(shown[-1])
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey show {key.id}")
        await desk.eventually(lambda: "no model" in view_text(desk.slack.top_view(ADA)))
        await desk.slack.close_view(ADA, desk.slack.top_view(ADA))
        assert (await desk.edit(ADA, key.id, every_model=["on"])).ok
        row = await desk.settled(1)
        assert [(present(line.before)[:8], line.after) for line in row.summary] == [("no model", "every model")]
        assert desk.gateway.key(key.id).model_limits_enabled is False


async def test_a_limit_on_models_is_lifted_and_its_list_kept(desk_with: OpenDesk) -> None:
    async with desk_with(policy=FREE) as desk:
        key = await owned(desk, model_limits_enabled=True, model_limits="gpt-4o,o3")
        assert (await desk.edit(ADA, key.id, every_model=["on"])).ok
        await desk.settled(1)
        record = desk.gateway.key(key.id)
        assert (record.model_limits_enabled, record.model_limits) == (False, "gpt-4o,o3")


async def test_a_key_without_a_limit_has_nothing_to_lift(desk_with: OpenDesk) -> None:
    async with desk_with(policy=FREE) as desk:
        key = await owned(desk)
        view = await desk.open_edit(ADA, key.id)
        assert "No limit on models" not in str(view.body)


async def test_a_model_that_is_not_listed_can_be_typed_and_is_marked(desk_with: OpenDesk) -> None:
    async with desk_with(policy=FREE) as desk:
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey new")
        view = desk.slack.top_view(ADA)
        await desk.eventually(lambda: desk.slack.top_view(ADA).block("model_limits"))
        await desk.fill(ADA, view, name="new", remain_quota="1000", model_limits=["brand-new-model"])
        assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok
        row = await desk.settled(1)
        assert desk.key("new").model_limits == "brand-new-model"
        models = next(line.after for line in row.summary if line.field == "model_limits")
        assert models == "brand-new-model (not in the list)"


async def test_models_are_those_of_the_chosen_group(desk_with: OpenDesk) -> None:
    async with desk_with(policy=FREE, profile=NEW_API) as desk:
        everything = await desk.app.inventory.models(deadline=5)
        of_group = await desk.app.inventory.models(group="vip", deadline=5)
        assert everything
        assert of_group is not None
        asked = [seen.query for seen in desk.gateway.requests if seen.path == "/api/user/models"]
        assert asked == ["", "group=vip"]


async def test_the_gateways_units_per_dollar_count_and_a_difference_is_said(desk_with: OpenDesk) -> None:
    async with desk_with(policy=FREE, profile=NEW_API, KEYDESK_UNITS_PER_USD="1000") as desk:
        assert any("The gateway counts 500,000 units for a dollar" in one for one in await desk.app.reasons())
        key = await owned(desk, remain_quota=500_000)
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey show {key.id}")
        await desk.eventually(lambda: "($1.00)" in view_text(desk.slack.top_view(ADA)))


async def test_a_gateway_that_was_away_at_the_start_is_asked_again_how_it_counts_dollars(desk_with: OpenDesk) -> None:
    def prepare(world: World) -> None:
        world.gateway.arm("refused", path="/api/status", times=None)

    async with desk_with(policy=FREE, profile=NEW_API, prepare=prepare, KEYDESK_UNITS_PER_USD="1000") as desk:
        assert not any("units for a dollar" in one for one in await desk.app.reasons())
        desk.gateway.disarm()
        assert not any("units for a dollar" in one for one in await desk.app.reasons())
        await desk.pass_time(61)
        assert any("start Keydesk again" in one for one in await desk.app.reasons())
        # Amounts do not change under people's eyes.
        assert desk.app.settings.keydesk_units_per_usd == 1_000


async def test_where_the_gateway_does_not_tell_the_setting_counts(desk_with: OpenDesk) -> None:
    async with desk_with(policy=FREE, KEYDESK_UNITS_PER_USD="1000") as desk:
        assert not any("units for a dollar" in one for one in await desk.app.reasons())
        key = await owned(desk, remain_quota=5_000)
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey show {key.id}")
        await desk.eventually(lambda: "($5.00)" in view_text(desk.slack.top_view(ADA)))


async def home(desk: Desk, user: str) -> str:
    await desk.slack.open_home(user)
    return view_text(await desk.eventually(lambda: desk.slack.home(user)))


async def test_an_account_without_balance_is_said_where_a_key_is_shown(desk_with: OpenDesk) -> None:
    async with desk_with(policy=FREE) as desk:
        key = await owned(desk)
        await desk.app.client.list_keys()  # as the look at the newest keys does every minute
        desk.gateway.account.quota = 0
        assert "The key has quota, the gateway's account has none" in await home(desk, ADA)
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey show {key.id}")
        await desk.eventually(lambda: "the gateway's account has none" in view_text(desk.slack.top_view(ADA)))
        answer = await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey list")
        assert "The gateway's account has nothing left" in str(answer.body)
        await desk.slack.click(ADA, desk.slack.top_view(ADA), "key.reveal", value=str(key.id))
        await desk.eventually(lambda: "sk-" in view_text(desk.slack.top_view(ADA)))
        assert "the gateway's account has none" in view_text(desk.slack.top_view(ADA))


@pytest.mark.parametrize(("user", "sees"), [(seed.MANAGER, True), (seed.ADMIN, True), (ADA, False)])
async def test_who_oversees_keys_sees_what_the_account_has(http_desk: Desk, user: str, sees: bool) -> None:
    desk = http_desk
    desk.gateway.account.quota = 5_000_000
    desk.gateway.add_key(name="without end", unlimited_quota=True)
    text = await home(desk, user)
    assert ("The gateway's account has 5M units ($10.00); keys may still spend" in text) is sees


@pytest.mark.parametrize(("balance", "said"), [(1_000_000, True), (100_000_000_000, False)])
async def test_what_keys_may_spend_beyond_the_account_is_said_to_who_sees_all_keys(
    http_desk: Desk, balance: int, said: bool
) -> None:
    desk = http_desk
    await owned(desk, remain_quota=5_000_000)
    desk.gateway.account.quota = balance
    assert ("Keys may still spend" in await home(desk, seed.SECURITY)) is said
    assert "Keys may still spend" not in await home(desk, ADA)


@pytest.mark.parametrize("answer", [403, 500])
async def test_an_account_endpoint_that_refuses_hinders_nothing(desk_with: OpenDesk, answer: int) -> None:
    async with desk_with(policy=FREE) as desk:
        await owned(desk)
        await desk.app.client.list_keys()  # as the look at the newest keys does every minute
        desk.gateway.arm("empty", path="/api/user/self", status=answer, times=None, lands=False)
        desk.app.client.named("").last_account = None
        assert "search" in await home(desk, ADA)


async def test_a_gateway_that_lists_no_models_takes_any(desk_with: OpenDesk) -> None:
    async with desk_with(policy=FREE) as desk:
        desk.gateway.arm("empty", path="/api/models", status=404, times=None, lands=False)
        await desk.ask(ADA, name="new", remain_quota="1000", model_limits=["anything"])
        await desk.settled(1)
        assert desk.key("new").model_limits == "anything"
