"""What the scenarios of reviews share: keys that have a reason, rounds, cards and their buttons."""

import dataclasses
from typing import Any

from bot.review import store
from bot.review.models import Review, ReviewedKey, ReviewStatus
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import Record
from keydesk_sandbox.fake_slack.messages import SlackMessage
from keydesk_sandbox.fake_slack.people import PersonKind
from keydesk_sandbox.fake_slack.views import View
from tests.narrow import present
from tests.scenarios.desk import Desk, text_of

ADA, BEN, MIRA, OMAR, SAM = seed.ENGINEER, seed.SECOND_ENGINEER, seed.MANAGER, seed.SECOND_MANAGER, seed.SECURITY
DAY = 86_400.0
DOLLAR = 500_000


async def listed(desk: Desk) -> None:
    """All keys are listed."""

    async def ours() -> bool:
        return True

    await desk.app.resources.accounts.list_passes[0].run(known=(), turn=ours)


async def rounds(desk: Desk, number: int = 1) -> None:
    """Rounds over the review, each after a list of all keys."""
    for _ in range(number):
        await listed(desk)
        await desk.app.review.rounds.run()


async def begin(desk: Desk) -> Review:
    """Ask for a review, as the command line does, and begin it."""
    await listed(desk)
    number = await desk.app.database.run(store.ask, by="command", now=desk.clock())
    await rounds(desk)
    found = present(await desk.app.database.read(store.find, present(number)))
    assert found.status is not ReviewStatus.WANTED
    return found


def quiet_keys(desk: Desk) -> None:
    """The seeded keys give no reason, so that each test is about its own."""
    seeded = desk.gateway.keys()
    for record in seeded:
        desk.gateway.edit_behind(record.id, status=2)


def add(desk: Desk, name: str, **changes: Any) -> Record:
    """A key that was made half a year ago, with $100 left of which little was used."""
    now = int(desk.gateway.clock())
    usual = {
        "created_time": now - 180 * 86_400,
        "accessed_time": now - 86_400,
        "remain_quota": 100 * DOLLAR,
        "used_quota": DOLLAR,
        "expired_time": now + 365 * 86_400,
    }
    return desk.gateway.add_key(name=name, **usual | changes)


def cards(desk: Desk, channel: str = seed.KEYS_CHANNEL) -> list[SlackMessage]:
    """The cards of reviews."""
    return [m for m in desk.messages(channel) if not m.thread_ts and "Key review" in text_of(m)]


async def card(desk: Desk, channel: str = seed.KEYS_CHANNEL, fragment: str = "") -> SlackMessage:
    """The one card there, once it shows a text."""
    found: SlackMessage = await desk.eventually(lambda: next(m for m in cards(desk, channel) if fragment in text_of(m)))
    return found


def managers_leave(desk: Desk) -> None:
    """All of them are deactivated, which the user group does not show."""
    people = desk.slack.workspace.people
    for user in (MIRA, OMAR, seed.CHINESE_MANAGER):
        people[user] = dataclasses.replace(people[user], kind=PersonKind.DEACTIVATED)


async def keys_of(desk: Desk) -> dict[str, ReviewedKey]:
    """What stands in the rows of the last review, by names of keys."""
    review = present(await desk.app.database.read(store.last))
    rows = await desk.app.database.read(store.keys_after, review.id, 0, limit=100)
    return {row.name: row for row in rows}


async def settled(desk: Desk, name: str) -> ReviewedKey:
    """The row of a key whose change is done."""

    async def done() -> ReviewedKey | None:
        row = (await keys_of(desk))[name]
        return row if row.settled_at is not None else None

    found: ReviewedKey = await desk.until(done, otherwise=f"{name} is not done")
    return found


async def press(desk: Desk, user: str, message: SlackMessage | View, action_id: str, row: ReviewedKey) -> None:
    """Click one of a key's buttons, once it is there."""
    blocks = message.body["blocks"] if isinstance(message, View) else message.blocks
    elements = [one for block in blocks if block["type"] == "actions" for one in block["elements"]]
    assert (action_id, str(row.id)) in [(one["action_id"], one["value"]) for one in elements]
    await desk.slack.click(user, message, action_id, value=str(row.id))


def told(desk: Desk, user: str) -> str:
    """What only this person was answered."""
    return " ".join(text_of(m) for m in desk.slack.messages(seed.KEYS_CHANNEL) if m.ephemeral_to == user)
