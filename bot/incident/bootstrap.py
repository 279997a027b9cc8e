"""Makes everything that incident mode needs and names its ways in. Called once by services.py."""

import functools
from collections.abc import Callable

from pydantic import SecretStr

from bot.approvals.key_locks import KeyLocks
from bot.approvals.verified_write import VerifiedWrites
from bot.deps import Deps
from bot.durable.engine import Engine
from bot.incident import listeners
from bot.incident.execution import ALARM_POST, JOB, OWNER_POST, POST, BatchExecution
from bot.incident.listeners import BatchListeners
from bot.incident.store import is_writing, progress_of
from bot.languages import trc
from bot.slack.outbox import Drawer, Outbox
from bot.slack.router import Router

__all__ = ["DRAWERS", "JOB", "SECURITY_POSTS", "BatchExecution", "build", "is_writing", "progress_of"]

# Kinds of posts in the security channel → what people call their subject, when the channel does not take them.
SECURITY_POSTS = {kind: trc("what nobody in a channel sees", "batch {number}") for kind in (POST, ALARM_POST)}

# Post kind → what draws it.
DRAWERS: dict[str, Drawer] = {
    POST: listeners.draw,
    OWNER_POST: listeners.draw_owner,
    ALARM_POST: listeners.draw_alarm,
}


def build(
    deps: Deps,
    router: Router,
    *,
    engine: Engine,
    outbox: Outbox,
    writes: VerifiedWrites,
    channel: str,
    changed: Callable[[], None],
    leaked: Callable[[int], SecretStr | None],
    key_locks: KeyLocks,
) -> BatchExecution:
    """Register the ways in; returns what runs the job. `channel` is where the progress is shown."""
    execution = BatchExecution(
        database=deps.database,
        reader=deps.reader,
        writes=writes,
        policy=deps.policy,
        counts=deps.counts,
        actor_of=functools.partial(deps.directory.actor, fresh=True),
        engine=engine,
        outbox=outbox,
        channel=channel,
        changed=changed,
        leaked=leaked,
        key_locks=key_locks,
        clock=deps.clock,
    )
    listeners.register(router, BatchListeners(deps, engine=engine, execution=execution, channel=channel))
    return execution
