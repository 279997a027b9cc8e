"""Short ways to do one thing to one existing key, as a person does it: command, form, submission."""

from typing import Any

from bot.approvals.models import ApprovalRequest
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import Record
from keydesk_sandbox.fake_slack.answers import AppAnswer
from keydesk_sandbox.fake_slack.views import View
from tests.scenarios.desk import Desk


async def open_form(desk: Desk, user: str, command: str, *, operation: str) -> View:
    """`/apikey WORD KEY …`, until the form is there."""
    for view in reversed(desk.slack.open_views(user)):
        await desk.slack.close_view(user, view)
    answer = await desk.slack.command(user, seed.KEYS_CHANNEL, command)
    assert answer.ok, answer
    await desk.eventually(lambda: desk.slack.top_view(user).body["callback_id"] in {operation, "error"})
    return desk.slack.top_view(user)


async def do(desk: Desk, user: str, word: str, record: Record | int, rest: str = "", **fields: Any) -> AppAnswer:
    """Open the form of an operation, fill it, submit it."""
    key_id = record if isinstance(record, int) else record.id
    view = await open_form(desk, user, f"/apikey {word} {key_id} {rest}".rstrip(), operation=f"key.{word}")
    await desk.fill(user, view, **fields)
    return await desk.slack.submit(user, desk.slack.top_view(user))


def key_id_of(row: ApprovalRequest) -> int:
    """The key that a request made or changed, of a request that has ended."""
    assert row.outcome is not None
    assert isinstance(row.outcome.key_id, int)
    return row.outcome.key_id


async def owned(desk: Desk, user: str = seed.ENGINEER, **settings: Any) -> Record:
    """A key at the gateway that belongs to somebody."""
    defaults: dict[str, Any] = {"name": "search", "remain_quota": 300_000}
    return await desk.own(user, desk.gateway.add_key(**defaults | settings))
