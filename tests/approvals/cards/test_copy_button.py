"""The click on *Disable the copy* hands over who clicked, as Slack shows them now, and the request of the value."""

from typing import Any

import pytest

from bot.approvals.cards.copy_button import CopyButton
from bot.permissions.models import Actor
from bot.slack.delivery import Kind
from tests.approvals.kit import ADA, TEAM
from tests.slack.kit import make_delivery


class Noted:
    """Who people are, and what was ordered."""

    def __init__(self) -> None:
        self.ordered: list[tuple[int, str]] = []

    async def actor(self, user: str, team: str, *, fresh: bool) -> Actor:
        assert (user, team, fresh) == (ADA.slack_user_id, TEAM, True)
        return ADA

    async def disable(self, request_id: int, actor: Actor) -> None:
        self.ordered.append((request_id, actor.slack_user_id))


@pytest.mark.parametrize(("value", "number"), [("12", 12), ("", 0), ("x", 0), ("1" * 11, 0)])
async def test_a_click_is_handed_over(value: str, number: int) -> None:
    noted: Any = Noted()
    button = CopyButton(copies=noted, directory=noted)
    payload = {"actions": [{"action_id": "disable_copy", "value": value}]}
    click = make_delivery(Kind.ACTION, user_id=ADA.slack_user_id, user_team_id=TEAM, payload=payload)
    assert await button.click(click) is None
    assert noted.ordered == [(number, "U0ADA")]
