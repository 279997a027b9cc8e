"""`keydesk check --try --gateway NAME` with two accounts: the one that is named is tried, with a key of its own."""

import io
from collections.abc import AsyncIterator

import pytest

from bot.cli.check import check
from bot.proxies import Proxies
from keydesk_sandbox import seed
from keydesk_sandbox.world import World, serving
from tests.cli.conftest import Settle


@pytest.fixture
async def urls(world: World) -> AsyncIterator[tuple[str, str]]:
    async with (
        serving(world.gateway.app, date_header=False) as first,
        serving(world.second.app, date_header=False) as second,
    ):
        yield first, second


async def test_the_gateway_that_is_named_is_tried(
    world: World, settle: Settle, urls: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(seed.SECOND_GATEWAY, world.second_token)
    world.policy_path.write_text(seed.with_second_gateway(seed.POLICY, url=urls[1]), encoding="utf-8")
    partial, out = settle(COMETAPI_BASE_URL=urls[0]), io.StringIO()
    await check(partial, out=out, proxies=Proxies(), try_key=True, try_at="prod")
    lines = out.getvalue().splitlines()
    tried = [line for line in lines if "try: " in line]
    assert len(tried) > 8
    assert all("prod: try: " in line for line in tried)
    assert any("is deleted" in line for line in tried)
    # The throw-away key was made and deleted there, and nowhere else.
    made, left = world.second.keys(deleted=True), world.second.keys()
    assert (len(made), len(left)) == (1, 0)
    assert len(world.gateway.keys(deleted=True)) == len(world.gateway.keys())
    # One that there is not is said.
    out = io.StringIO()
    await check(partial, out=out, proxies=Proxies(), try_key=True, try_at="pord")
    assert "pord" in out.getvalue()
