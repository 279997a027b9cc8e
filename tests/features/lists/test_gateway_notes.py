"""What a list says of the gateways behind it."""

from dataclasses import replace

from bot.features.lists.gateway_notes import gateway_notes, named_gateway, silent_notes
from bot.languages import english
from tests.features.desk import ListenerDesk


async def test_with_one_gateway_only_an_empty_account_is_said(listener_desk: ListenerDesk) -> None:
    deps = listener_desk.deps
    assert (gateway_notes(deps), silent_notes(deps)) == ("", [])
    listener_desk.gateway.account.quota = 0
    await deps.inventory.account(deadline=5.0)
    assert english(gateway_notes(deps)).startswith(":warning: The gateway's account has nothing left")
    assert named_gateway("", "text") == "text"


async def test_of_several_each_is_named(listener_desk: ListenerDesk) -> None:
    both = {"default": "https://a", "prod": "https://b"}
    deps = replace(listener_desk.deps, addresses=both, silent_gateways=lambda: ["prod"])
    listener_desk.gateway.account.quota = 0
    await deps.inventory.account(deadline=5.0)
    told = english(gateway_notes(deps))
    assert "The gateway prod does not answer" in told
    assert "The account at the gateway default has nothing left" in told
    assert english(named_gateway("prod", "text")) == "prod: text"
