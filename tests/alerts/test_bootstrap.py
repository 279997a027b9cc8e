"""Everything behind an alert as services.py gets it: its jobs, its route, its ways in, and what it tells of its index."""

from typing import Any

import pytest
from pydantic import SecretStr

from bot.alerts.bootstrap import Alerts, AlertSettings, AlertWays
from bot.alerts.calls import JOB as CALL_JOB
from bot.alerts.detection.leaked_values import LeakedValues
from bot.alerts.ingest import TRIAGE_JOB
from bot.alerts.response import WATCH_JOB
from bot.db.engine import Database
from bot.slack.edge import Identity
from bot.slack.router import Router
from tests.features.desk import ListenerDesk
from tests.keys.records import list_pass


def alerts(desk: ListenerDesk, router: Router, *, github: bool = False) -> Alerts:
    unused: Any = None

    settings = AlertSettings(
        secrets={"generic": SecretStr("a secret of tests")},
        github_token=SecretStr("a token of tests") if github else None,
        fingerprint_secret=SecretStr("another secret of tests"),
        security_channel="C0SEC",
    )
    ways = AlertWays(
        identity=Identity(team_id="T0", bot_user_id="U0BOT", bot_id="B0"),
        engine=desk.spine.timers.engine,
        outbox=unused,
        granted=desk.spine.granted,
        start_batch=unused,
        batch_progress=lambda _c, _id: (0, 0, 0, False),
        leaked_values=LeakedValues(clock=desk.spine.clock),
        holder="here",
        list_passes=[list_pass(desk.spine.database, desk.deps.reader, desk.spine.clock)],
        count=lambda _what: None,
        died=lambda _seconds: None,
    )
    return Alerts(desk.deps, router, settings, ways)


@pytest.fixture
def desk(sqlite_database: Database) -> ListenerDesk:
    return ListenerDesk(sqlite_database)


async def test_every_job_has_its_function_and_every_source_its_route(desk: ListenerDesk) -> None:
    built = alerts(desk, Router())
    assert set(built.jobs()) == {TRIAGE_JOB, WATCH_JOB, CALL_JOB}
    assert [getattr(route, "path", "") for route in built.routes()] == ["/alerts/{source}"]
    await built.stop()


async def test_the_ways_in_are_named(desk: ListenerDesk) -> None:
    router = Router()
    built = alerts(desk, router, github=True)
    assert "disable_leaked_key" in router.names("shortcut")
    assert router.names("action")
    await built.stop()


async def test_readyz_is_told_until_every_key_of_the_account_is_known(desk: ListenerDesk) -> None:
    built = alerts(desk, Router())
    [note] = built.notes()
    assert note.startswith("leaked keys: ")
    await built.stop()
