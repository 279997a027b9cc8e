"""The life of the application: a start that fails closes what was opened, and stopping needs no start."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from bot.app import Application, prepare_database
from bot.errors import CannotStart, ConfigurationError
from bot.settings import load
from keydesk_sandbox.world import World, serving


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    opened = World(folder=tmp_path)
    yield opened
    await opened.slack.close()


def application_of(world: World) -> Application:
    settings = load(world.environment(gateway_url="https://gateway.test", port=3000), env_file=None)
    return Application(settings, gateway_transport=world.gateway.transport())


async def test_it_can_be_stopped_before_it_was_started(world: World) -> None:
    application = application_of(world)
    await application.stop()
    assert application.services is None
    assert not application.resources.health.ready


async def test_a_token_that_slack_does_not_take_ends_the_start(world: World) -> None:
    world.slack.switches.token = "token_revoked"  # a state, not a token
    async with serving(world.slack.app) as url:
        world.slack.base_url = url
        application = application_of(world)
        with pytest.raises(ConfigurationError, match="SLACK_BOT_TOKEN"):
            await application.start()
        assert application.services is None
        await application.stop()


async def test_the_database_is_prepared_once(world: World) -> None:
    application = application_of(world)
    assert prepare_database(application.resources.database)
    assert prepare_database(application.resources.database) == []
    await application.stop()


async def test_started_it_answers_and_has_the_routes_of_alerts(world: World) -> None:
    async with serving(world.slack.app) as url:
        world.slack.base_url = url
        application = application_of(world)
        prepare_database(application.resources.database)
        async with serving(application.asgi()) as base, httpx.AsyncClient(base_url=base, trust_env=False) as client:
            assert application.resources.health.ready
            assert (await client.get("/healthz")).status_code == 200
            assert (await client.post("/alerts/nothing", content=b"{}")).status_code == 404
            assert (await client.post("/slack/events", content=b"")).status_code == 401
        assert not application.resources.health.ready


async def test_a_database_that_fills_up_at_the_start_is_one_sentence(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(_maintenance: object) -> None:
        raise sa.exc.OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))

    monkeypatch.setattr("bot.maintenance.Maintenance.start", full)
    world = World(folder=tmp_path)
    async with serving(world.slack.app) as world.slack.base_url:
        environment = world.environment(gateway_url="http://127.0.0.1:1", port=3000, database_url=sqlite_url)
        application = Application(load(environment, env_file=None), gateway_transport=world.gateway.transport())
        with pytest.raises(CannotStart, match="cannot be used: database or disk is full"):
            await application.start()
        await application.give_up()
        assert application.services is not None
        assert not application.resources.health.ready
    await world.slack.close()
