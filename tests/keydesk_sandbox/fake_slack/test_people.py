"""A person as Slack describes one."""

from typing import Any

import pytest

from tests.keydesk_sandbox.fake_slack.kit import Caller


@pytest.mark.parametrize(
    ("user", "flags"),
    [
        ("U1ALICE", {"deleted": False, "is_bot": False, "is_restricted": False, "is_admin": False}),
        ("U2BOB", {"is_admin": True}),
        ("U3GUEST", {"is_restricted": True, "is_ultra_restricted": False}),
        ("U4SINGLE", {"is_restricted": True, "is_ultra_restricted": True}),
        ("U5OUT", {"team_id": "T0OTHER", "is_stranger": False}),
        ("U6STRANGER", {"team_id": "T0OTHER", "is_stranger": True}),
        ("U7GONE", {"deleted": True}),
        ("U8BOT", {"is_bot": True}),
        ("W9ORG", {"id": "W9ORG"}),
    ],
)
async def test_every_kind_of_person_has_its_flags(api: Caller, user: str, flags: dict[str, Any]) -> None:
    wire = (await api.ok("users.info", user=user))["user"]
    assert {name: wire[name] for name in flags} == flags
