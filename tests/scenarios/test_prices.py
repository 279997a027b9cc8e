"""What models cost is told where they are chosen and where it is decided, as far as the gateway tells it."""

import pytest

from keydesk_sandbox import seed
from tests.narrow import present
from tests.scenarios.conftest import OpenDesk
from tests.scenarios.desk import text_of, view_text

ADA = seed.ENGINEER


@pytest.mark.parametrize("profile", ["cometapi", "upstream-g1", "upstream-g2", "upstream-g3"])
async def test_the_form_and_the_card_tell_what_chosen_models_cost(desk_with: OpenDesk, profile: str) -> None:
    async with desk_with(profile=profile) as desk:
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey new")
        view = desk.slack.top_view(ADA)
        answer = await desk.slack.options(ADA, view, "model_limits", "gpt-4o")
        offered = {option["value"]: option for option in present(answer.body)["options"]}
        cost = "$2.50 in, $10.00 out per million tokens"
        assert offered["gpt-4o"]["description"]["text"] == cost
        await desk.fill(ADA, view, name="dear", remain_quota="2M", model_limits=["gpt-4o"])
        await desk.eventually(lambda: f"gpt-4o: {cost}" in view_text(desk.slack.top_view(ADA)))
        await desk.slack.submit(ADA, desk.slack.top_view(ADA))
        card = await desk.eventually(lambda: desk.card(1))
        assert f"gpt-4o: {cost}" in text_of(card)


async def test_a_group_multiplies_the_price_and_an_unknown_model_has_none(desk_with: OpenDesk) -> None:
    async with desk_with(profile="upstream-g2") as desk:
        await desk.ask(ADA, name="dear", remain_quota="2M", group="vip", model_limits=["gpt-4o", "unheard-of"])
        text = text_of(await desk.eventually(lambda: desk.card(1)))
        assert "gpt-4o: $2.00 in, $8.00 out per million tokens" in text
        assert "unheard-of:" not in text


async def test_a_gateway_that_tells_no_price_is_no_trouble(desk_with: OpenDesk) -> None:
    async with desk_with(
        profile="cometapi", prepare=lambda world: world.gateway.switch("public_models", False)
    ) as desk:
        await desk.ask(ADA, name="plain", remain_quota="2M", model_limits=["gpt-4o"])
        text = text_of(await desk.eventually(lambda: desk.card(1)))
        assert "gpt-4o" in text
        assert "tokens" not in text
