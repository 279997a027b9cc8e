"""Random faults, crashes and replicas: whatever happens, one message that shows what is true at the end."""

import asyncio
import random
from collections.abc import Coroutine
from typing import Any

import pytest

from bot.db.engine import Database
from bot.durable import Again
from bot.slack.directory import Directory
from bot.slack.outbox import Outbox
from bot.slack.web_client import SlackWebClient
from keydesk_sandbox.fake_slack import FakeSlack
from keydesk_sandbox.fake_slack.limits import FaultKind
from tests.keydesk_sandbox.fake_slack.kit import Clock
from tests.slack.outboxes import Desk

FAULTS: list[FaultKind] = ["lost_answer", "reset", "error_500", "error_500_after"]
METHODS = ["chat.postMessage", "chat.update", "conversations.history", "conversations.replies"]


async def crash(work: Coroutine[Any, Any, object], chance: random.Random) -> None:
    """Cut `work` off somewhere in its talk with Slack, as a killed process would be."""
    task = asyncio.ensure_future(work)
    await asyncio.sleep(chance.random() * 0.004)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def step(desk: Desk, replicas: list[Outbox], chance: random.Random, due: tuple[float, str]) -> float | None:
    """One job runs, or dies half-way and is run again; returns when it wants to come back, None when it is over."""
    desk.clock.now = max(desk.clock.now, due[0])
    outbox = chance.choice(replicas)
    if chance.random() < 0.25:
        await crash(outbox.deliver(due[1]), chance)
        # The engine finds the dead process's job after a while.
        return float(desk.clock.now + 6.0)
    again = await outbox.deliver(due[1])
    return float(desk.clock.now + again.seconds) if isinstance(again, Again) else None


@pytest.mark.parametrize("seed", range(25))
async def test_one_message_once_whatever_happens(
    sqlite_database: Database, web: SlackWebClient, directory: Directory, clock: Clock, fake: FakeSlack, seed: int
) -> None:
    chance = random.Random(seed)
    desk = Desk(database=sqlite_database, web=web, directory=directory, clock=clock)
    replicas = [desk.outbox, desk.another("two")]
    await desk.want("card")
    await desk.want("outcome", subject="8", thread_of="card")
    changes = 4
    for _ in range(200):
        if changes and chance.random() < 0.3:
            changes -= 1
            post, subject = chance.choice([("card", "7"), ("outcome", "8")])
            desk.texts[subject] = f"{subject} at {changes}"
            await desk.want(post)
        if not desk.queue.waiting:
            break
        if changes and chance.random() < 0.4:
            fake.faults.add(chance.choice(METHODS), chance.choice(FAULTS))
        if changes and chance.random() < 0.1:
            fake.limits.force(chance.choice(METHODS), retry_after=chance.randint(1, 9))
        desk.queue.waiting.sort(key=lambda item: item[0])
        due = desk.queue.waiting.pop(0)
        again = await step(desk, replicas, chance, due)
        if again is not None:
            desk.queue.waiting.append((again, due[1]))
    assert desk.queue.waiting == []
    card, outcome = fake.messages("C1GENERAL")
    assert (card.text, outcome.text) == (desk.texts.get("7", "card of 7"), desk.texts.get("8", "card of 8"))
    assert outcome.thread_ts == card.ts
    assert (await desk.row("card")).error is None
