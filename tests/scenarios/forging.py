"""Signed payloads that no client would send: somebody else's name on what another person did.

They are signed with the right secret, as if Slack had sent them: what is under test is what Keydesk believes of them.
"""

import copy
import itertools
from typing import Any

from keydesk_sandbox.fake_slack.answers import AppAnswer
from tests.scenarios.desk import Desk

_numbers = itertools.count(1)


def last(desk: Desk, kind: str) -> dict[str, Any]:
    """A copy of the newest payload of a type: `command`, `block_actions`, `view_submission`, `shortcut`…"""
    for delivery in reversed(desk.slack.sent):
        payload = delivery.payload
        if payload.get("type") == kind or (kind == "command" and "command" in payload):
            return copy.deepcopy(payload)
    raise LookupError(kind)


async def send_as(desk: Desk, payload: dict[str, Any], user: str) -> AppAnswer:
    """Send it as if `user` had done it, under an id of its own."""
    payload = copy.deepcopy(payload)
    person = desk.slack.workspace.people[user]
    number = next(_numbers)
    if "command" in payload:
        payload |= {"user_id": user, "user_name": person.name, "trigger_id": f"forged.{number}"}
        return await desk.slack.deliveries.send("slash_commands", payload)
    payload["user"] = person.short()
    # It would lead back to whoever really clicked.
    payload.pop("response_url", None)
    if "trigger_id" in payload:
        payload["trigger_id"] = f"forged.{number}"
    if payload["type"] == "view_submission":
        payload["view"]["id"] = f"V0FORGED{number}"
    return await desk.slack.deliveries.send("interactive", payload)
