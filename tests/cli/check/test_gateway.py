"""What is wrong with the gateway: token, user id, generation, account, clock."""

import asyncio
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bot.cli.check import gateway
from bot.cli.check.report import Report
from bot.errors import ConfigurationError
from bot.gateway.capabilities import Capabilities, Generation
from bot.settings import NamedSecret
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway.faults import GatewayFault
from keydesk_sandbox.world import World
from tests.cli.checking import bad, look
from tests.cli.conftest import Settle


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (GatewayFault(kind="redirect", times=None), "FAIL  gateway: https://gateway.test redirects, and Keydesk does not send its token elsewhere; set COMETAPI_BASE_URL to where it leads: scheme and host of the API itself"),
        (GatewayFault(kind="html", times=None), "FAIL  gateway: what answers at https://gateway.test is not the gateway's API; look at COMETAPI_BASE_URL: scheme and host only"),
        (GatewayFault(kind="html", status=502, times=None), "FAIL  gateway: https://gateway.test answers with HTTP 502; look at the gateway, then try again"),
        (GatewayFault(kind="empty_429", times=None), "warn  gateway: it limits how often we may ask; try again in a few minutes"),
        (GatewayFault(kind="refused", times=None), "FAIL  gateway: https://gateway.test cannot be reached; look at COMETAPI_BASE_URL and the network"),
        (GatewayFault(kind="panic", times=None, path="/api/user/self"), "warn  gateway account: the gateway does not tell about the account: The gateway has trouble."),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_the_gateway(world: World, settle: Settle, fault: GatewayFault, told: str) -> None:
    world.gateway.arm(fault)
    _, lines = await look(world, settle())
    assert any(line.startswith(told) for line in lines), lines


@pytest.mark.parametrize(
    ("profile", "settings", "told"),
    [
        ("upstream-g2", {"COMETAPI_USER_ID": None}, "FAIL  gateway: it wants the account's user id; set COMETAPI_USER_ID to the number in Console > Personal Settings"),
        ("upstream-g2", {"COMETAPI_USER_ID": "77"}, "FAIL  gateway: COMETAPI_USER_ID is not the owner of the access token; look up the number in Console > Personal Settings"),
        ("upstream-g2", {"COMETAPI_USER_ID": "1"}, "ok    gateway: https://gateway.test takes our access token; it looks like a self-hosted new-api, newer (masked keys or search in pages)"),
        ("upstream-g2", {"COMETAPI_USER_ID": "1"}, "ok    key values: lists show them masked; Reveal asks for each one"),
        ("upstream-g1", {"COMETAPI_USER_ID": "1"}, "ok    gateway: https://gateway.test takes our access token; it looks like a self-hosted new-api, older (whole keys in lists, flat search)"),
        ("cometapi", {"COMETAPI_USER_ID": "1"}, "warn  user id: COMETAPI_USER_ID is set, but CometAPI needs none; take it away"),
        ("cometapi", {"COMETAPI_ACCESS_TOKEN": "wrong-token"}, "FAIL  gateway: it does not take COMETAPI_ACCESS_TOKEN; make a new personal access token in Console > Personal Settings"),
        ("upstream-g3", {"COMETAPI_ACCESS_TOKEN": "a1" * 24}, "FAIL  gateway: it does not take COMETAPI_ACCESS_TOKEN, which looks like a model key without its sk-; use the personal access token of Console > Personal Settings"),
    ],
)  # fmt: skip
async def test_which_gateway_it_is_and_whether_it_takes_us(
    world: World, settle: Settle, folder: Path, profile: str, settings: dict[str, str | None], told: str
) -> None:
    other = World(folder=folder / "other", profile=profile, access_token=world.access_token)
    seed.fill_gateway(other.gateway)
    world.gateway = other.gateway
    _, lines = await look(world, settle(**settings))
    assert told in lines


async def test_an_account_without_balance(world: World, settle: Settle) -> None:
    world.gateway.account.quota = 0
    _, lines = await look(world, settle())
    none, promised = bad(lines)
    assert none == "warn  gateway account: keydesk has no balance left; keys work only when it is topped up"
    assert promised.startswith("warn  gateway account: keys may still spend 1,330,000 units, 1,330,000 more than")


async def test_what_keys_may_spend_of_the_account_is_told(world: World, settle: Settle) -> None:
    _, lines = await look(world, settle())
    assert "ok    gateway account: keydesk, 50,000,000 units left" in lines
    assert any(line.startswith("ok    gateway account: keys may still spend 1,330,000 units") for line in lines)


async def test_a_banned_account(world: World, settle: Settle) -> None:
    world.gateway.account.banned = True
    _, lines = await look(world, settle())
    assert bad(lines) == ["FAIL  gateway: the account is banned; talk to the gateway's operator"]


async def test_a_gateway_that_never_answers_is_given_up(world: World, settle: Settle) -> None:
    class Silent(httpx.AsyncBaseTransport):
        async def handle_async_request(self, _request: httpx.Request) -> httpx.Response:
            await asyncio.Event().wait()
            raise AssertionError

    _, lines = await look(world, settle(), gateway_transport=Silent(), longest=0.05)
    assert "FAIL  gateway: https://gateway.test is too slow; look at the network, then try again" in lines


@pytest.mark.parametrize(
    ("generation", "line"),
    [
        (Generation.COMETAPI, "ok    gateway: https://g.test takes our access token; it looks like CometAPI"),
        (
            Generation.UNKNOWN,
            (
                "warn  gateway: https://g.test takes our access token; it looks like a new-api of a generation that Keydesk "
                "does not know; `keydesk check --try` asks it what docs/gateways.md lists"
            ),
        ),
    ],
)
def test_a_generation_that_is_not_known_is_a_doubt(generation: Generation, line: str) -> None:
    out = io.StringIO()
    settings: Any = SimpleNamespace(cometapi_base_url="https://g.test")
    client: Any = SimpleNamespace(sends_user_id=False)
    gateway._tell_generation(Report(out=out, secrets=[]), settings, client, Capabilities(generation=generation))
    assert out.getvalue().splitlines() == [line]


async def test_each_of_several_gateways_is_looked_at_by_its_name(world: World, settle: Settle) -> None:
    text = world.policy_path.read_text(encoding="utf-8")
    more = '\n[gateways.prod]\nbase_url = "https://gateway.test"\naccess_token = "GATEWAY_TOKEN_PROD"\n'
    lost = '\n[gateways.lab]\nbase_url = "https://gateway.test"\naccess_token = "GATEWAY_TOKEN_LAB"\n'
    world.policy_path.write_text(text + more + lost, encoding="utf-8")

    def named(name: str) -> NamedSecret:
        if name == "GATEWAY_TOKEN_LAB":
            raise ConfigurationError([f"{name} is missing."])
        return NamedSecret(name, SecretStr("a-token-that-is-not-taken"))

    code, lines = await look(world, settle(), named=named, try_key=True, try_at="nowhere")
    assert code == 1
    assert "FAIL  lab: gateway: GATEWAY_TOKEN_LAB is missing" in lines
    assert any(line.startswith("ok    default: gateway: https://gateway.test takes our access token") for line in lines)
    assert any(line.startswith("FAIL  prod: gateway: it does not take") for line in lines)
    assert "FAIL  gateway: there is no gateway nowhere; known are default, prod" in lines
    assert not any("a-token-that-is-not-taken" in line for line in lines)
