"""Incident mode as services.py gets it: what runs the job, what draws its posts, and the names of its ways in."""

from typing import Any

from bot.db.engine import Database
from bot.incident.bootstrap import DRAWERS, SECURITY_POSTS, BatchExecution, build
from bot.incident.execution import ALARM_POST, OWNER_POST, POST
from bot.incident.preview import PREVIEW
from bot.incident.views import AGREE, STOP, UNDO
from bot.slack.delivery import Kind
from bot.slack.router import Router
from tests.features.desk import ListenerDesk
from tests.slack.kit import make_delivery


def test_every_post_has_what_draws_it() -> None:
    assert set(DRAWERS) == {POST, OWNER_POST, ALARM_POST}
    assert set(SECURITY_POSTS) == {POST, ALARM_POST}


async def test_the_ways_in_are_named_and_only_a_batch_is_taken_from_the_commands(sqlite_database: Database) -> None:
    desk, router, unused = ListenerDesk(sqlite_database), Router(), Any
    parts: dict[str, Any] = dict.fromkeys(("engine", "outbox", "writes", "changed", "leaked", "key_locks"), unused)
    assert isinstance(build(desk.deps, router, channel="C0SEC", **parts), BatchExecution)
    assert router.names("action") == {STOP, AGREE, UNDO}
    assert router.names("view") == {PREVIEW}
    single: list[str] = []

    async def one(delivery: Any) -> None:
        single.append(delivery.text)

    router.command("disable", one)
    await router.dispatch(make_delivery(Kind.COMMAND, text="disable search"))
    assert single == ["search"]
