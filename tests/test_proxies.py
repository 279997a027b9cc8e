"""One reading of the proxy variables, and every client of ours obeys it."""

import asyncio
import io
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from bot.alerts.intake import github
from bot.alerts.intake.github import GithubApi, GithubUnavailable
from bot.alerts.intake.sources import GithubAlert
from bot.app import Application, prepare_database
from bot.cli.check import check
from bot.db.engine import open_database
from bot.errors import ConfigurationError
from bot.gateway.connection import connect
from bot.proxies import Proxies, read_proxies
from bot.settings import load, read
from bot.settings import proxies as from_settings
from bot.slack.errors import SlackUnavailable
from bot.slack.web_client import SlackWebClient
from keydesk_sandbox import seed
from keydesk_sandbox.world import World, serving
from tests.tools.proxy import local_proxy

# Nothing listens there.
DEAD = "http://127.0.0.1:9"
URL = "https://api.example.com/x"


@pytest.mark.parametrize(
    ("environment", "url", "proxy"),
    [
        ({}, URL, None),
        ({"HTTPS_PROXY": "http://p:1"}, URL, "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1", "https_proxy": "http://q:2"}, URL, "http://q:2"),
        ({"HTTP_PROXY": "http://p:1"}, URL, None),
        ({"HTTP_PROXY": "http://p:1"}, "http://api.example.com", "http://p:1"),
        ({"ALL_PROXY": "p:1"}, URL, "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1"}, "wss://wss.slack.com/link", "http://p:1"),
        ({"HTTP_PROXY": "http://p:1"}, "ws://127.0.0.1:5/link", "http://p:1"),
    ],
)
def test_the_proxy_of_an_address(environment: dict[str, str], url: str, proxy: str | None) -> None:
    assert read_proxies(environment).of_url(url) == proxy


@pytest.mark.parametrize(
    ("without", "url", "direct"),
    [
        ("127.0.0.1", "http://127.0.0.1:80/", True),
        ("127.0.0.1", "http://127.0.0.2/", False),
        ("127.0.0.0/8", "http://127.9.9.9/", True),
        ("::1", "http://[::1]:3/", True),
        ("localhost, example.com", "https://api.example.com/", True),
        (".example.com", "https://example.com/", True),
        ("*.example.com", "https://API.example.com/", True),
        ("example.com", "https://notexample.com/", False),
        ("api.example.com:8443", "https://api.example.com:8443/", True),
        ("api.example.com:8443", "https://api.example.com/", False),
        ("*", "https://anything/", True),
        ("", "https://anything/", False),
        (" , ", "https://anything/", False),
    ],
)
def test_what_no_proxy_excepts(without: str, url: str, direct: bool) -> None:
    proxies = read_proxies({"ALL_PROXY": "http://p:1", "NO_PROXY": without})
    assert (proxies.of_url(url) is None) is direct


@pytest.mark.parametrize("value", ["socks5://p:1", "http://", "http://p:99999", "ftp://p"])
def test_a_proxy_of_no_use_is_named_without_its_value(value: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_proxies({"HTTPS_PROXY": value})
    assert caught.value.problems[0].startswith("HTTPS_PROXY must look like")
    assert caught.value.problems[0].count("://") == 1  # the one of the example


def test_user_and_password_of_a_proxy_are_shown_nowhere() -> None:
    proxies = read_proxies({"ALL_PROXY": "http://ann:secret@p:1"})
    assert proxies.of_url(URL) == "http://ann:secret@p:1"
    assert proxies.shown(URL) == "http://p:1"
    assert "secret" not in repr(proxies)


async def test_every_client_goes_through_the_proxy_and_round_a_dead_one(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack's methods, its response_url, the gateway: with a living proxy through it, with an exception round it."""
    world = World(folder=tmp_path)
    async with serving(world.slack.app) as slack, serving(world.gateway.app) as gateway, local_proxy() as living:
        world.slack.base_url = slack
        hosts = {slack.removeprefix("http://"), gateway.removeprefix("http://")}
        for environment, through in (
            ({"HTTP_PROXY": living.address}, True),
            ({"HTTP_PROXY": DEAD, "NO_PROXY": "127.0.0.1"}, False),
        ):
            for name, value in environment.items():
                monkeypatch.setenv(name, value)
            proxies = from_settings()
            living.asked.clear()
            web = SlackWebClient(token=SecretStr(world.bot_token), api_url=world.slack.api_url, proxy_of=proxies.of_url)
            assert (await web.read("auth.test"))["ok"]
            await web.close()
            reader = connect(
                base_url=gateway,
                access_token=SecretStr(world.access_token),
                proxy=proxies.of_url(gateway),
            )
            await reader.newest_keys(deadline=5)
            await reader.aclose()
            assert set(living.asked) == (hosts if through else set())


async def test_a_dead_proxy_without_an_exception_is_not_gone_round(tmp_path: Path) -> None:
    world = World(folder=tmp_path)
    async with serving(world.slack.app) as slack:
        world.slack.base_url = slack
        dead = Proxies({"http_proxy": DEAD})
        web = SlackWebClient(token=SecretStr(world.bot_token), api_url=world.slack.api_url, proxy_of=dead.of_url)
        with pytest.raises(SlackUnavailable):
            await web.read("auth.test")
        await web.close()


async def test_github_is_asked_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with local_proxy() as proxy:
        monkeypatch.setattr(github, "BASE_URL", "http://127.0.0.1:9")
        api = GithubApi(token=SecretStr("test"), proxy=proxy.address)
        with pytest.raises(GithubUnavailable):
            await api.secret_of(GithubAlert(owner="o", repository="r", number=1))
        await api.aclose()
        assert proxy.asked == ["127.0.0.1:9"]


async def test_a_whole_keydesk_starts_behind_a_proxy_over_socket_mode(tmp_path: Path, sqlite_url: str) -> None:
    world = World(folder=tmp_path, socket_mode=True, one_clock=True)
    async with serving(world.slack.app) as slack, serving(world.gateway.app) as gateway, local_proxy() as proxy:
        world.slack.base_url = slack
        settings = load(world.environment(gateway_url=gateway, port=3000, database_url=sqlite_url), env_file=None)
        application = Application(settings, proxies=Proxies({"http_proxy": proxy.address}))
        prepare_database(application.resources.database)
        await application.start()
        try:
            while not world.slack.hub.links:  # noqa: ASYNC110  # the hub tells nobody
                await asyncio.sleep(0.01)
            await application.resources.client.named("").newest_keys(deadline=5)
        finally:
            await application.stop()
            await world.slack.close()
        assert {slack.removeprefix("http://"), gateway.removeprefix("http://")} <= set(proxy.asked)
        assert any("upgrade: websocket" in head.lower() for head in proxy.heads)


async def test_check_names_the_proxy_it_uses(tmp_path: Path, sqlite_url: str) -> None:
    world = World(folder=tmp_path)
    seed.fill_gateway(world.gateway)
    open_database(sqlite_url).close()
    async with serving(world.slack.app) as slack, local_proxy() as proxy:
        world.slack.base_url = slack
        environment = world.environment(gateway_url="https://gateway.test", port=3000, database_url=sqlite_url)
        partial = read(environment | {"GITHUB_TOKEN": "ghp-test"}, env_file=None)
        for address, lines in (
            (proxy.address.replace("//", "//ann:secret@"), [f"ok    proxy: Slack through {proxy.address}, "]),
            (DEAD, [f"Slack: Slack cannot be reached at {world.slack.api_url}; look at the proxy {DEAD}"]),
        ):
            out = io.StringIO()
            proxies = read_proxies({"HTTP_PROXY": address, "HTTPS_PROXY": address, "NO_PROXY": "gateway.test"})
            transport: httpx.AsyncBaseTransport = world.gateway.transport()
            await check(partial, out=out, gateway_transport=transport, proxies=proxies)
            said = out.getvalue()
            assert "the gateway without a proxy" in said
            assert f"GitHub through {address.replace('ann:secret@', '')}" in said
            assert "secret@" not in said
            for line in lines:
                assert line in said
