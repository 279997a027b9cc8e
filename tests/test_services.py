"""The second phase: everything that acts is built from the resources, whole, without asking anybody."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.alerts.cards.call_lines import NOBODY_CALLED
from bot.app import prepare_database
from bot.features import OPERATIONS
from bot.gateway.dollars import Dollars
from bot.resources import Resources
from bot.services import Services
from bot.settings import load
from bot.slack.edge import Identity
from keydesk_sandbox.world import World


async def nothing() -> list[str]:
    return []


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    world = World(folder=tmp_path)
    settings = load(world.environment(gateway_url="https://gateway.test", port=3000), env_file=None)
    resources = Resources(settings, blocked=list, reasons=nothing)
    resources.dollars = Dollars(usual=settings.keydesk_units_per_usd)
    yield Services(resources, Identity(team_id="T0", bot_user_id="U0", bot_id="B0"))
    await resources.close()
    await world.slack.close()


async def test_every_job_that_is_started_has_its_function(services: Services) -> None:
    jobs = set(services._jobs())
    assert jobs >= {"run", "lapse", "remind", "redraw", "probe", "retire", "post", "alert", "batch"}
    assert set(services.engine._runs.jobs) == jobs


async def test_every_command_and_form_is_named(services: Services) -> None:
    assert services.router.names("view") >= set(OPERATIONS)
    assert {"new", "disable", "help"} <= set(services.router.words())


async def test_what_needs_the_services_is_told_only_after_all_are_there(services: Services) -> None:
    assert services.notifications._followers
    assert services.incident._moved
    assert services.incident._key_changed


async def test_that_nobody_is_called_when_a_key_leaks_is_said(services: Services) -> None:
    prepare_database(services.database)
    assert NOBODY_CALLED not in await services.reasons()
    path = services.settings.keydesk_policy
    free = '[[rules]]\nname = "free"\nwho = ["*"]\ndo = ["key.list", "key.disable"]\nallow = true\n'
    path.write_text(free, encoding="utf-8")
    assert services.policy.look()
    assert NOBODY_CALLED in await services.reasons()
