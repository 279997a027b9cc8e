"""The button with which whoever asked for a key has its copy disabled. Its value is the request's id."""

from dataclasses import dataclass

from bot.approvals.cards.copies import ACTION
from bot.approvals.copies import KeyCopies
from bot.slack.delivery import Ack, Delivery
from bot.slack.directory import Directory
from bot.slack.router import Router


@dataclass(frozen=True, kw_only=True)
class CopyButton:
    """*Disable the copy*. The messages are drawn anew from the row."""

    copies: KeyCopies
    directory: Directory

    async def click(self, delivery: Delivery) -> Ack:
        """Have the copies disabled; Slack is asked who clicks."""
        actor = await self.directory.actor(delivery.user_id, delivery.user_team_id, fresh=True)
        await self.copies.disable(_row(delivery), actor)
        return None


def _row(delivery: Delivery) -> int:
    """The id in the value; 0, which no row has, when it is none."""
    text = delivery.action_value
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def register(router: Router, copy_button: CopyButton) -> None:
    """Name the button."""
    router.action(ACTION, copy_button.click)
