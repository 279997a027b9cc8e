"""The buttons with which the new owner of a key answers. Their value is a request's id; Slack is asked who clicks."""

from dataclasses import dataclass

from bot.approvals.acceptance import Acceptances
from bot.slack.delivery import Ack, Delivery
from bot.slack.directory import Directory
from bot.slack.router import Router


@dataclass(frozen=True, kw_only=True)
class AcceptanceButtons:
    """*Accept* and *Decline*. The message is drawn anew from the row."""

    acceptances: Acceptances
    directory: Directory

    async def accept(self, delivery: Delivery) -> Ack:
        """Take the key."""
        await self.acceptances.accept(_row(delivery), await self.directory.standing(delivery.user_id))
        return None

    async def decline(self, delivery: Delivery) -> Ack:
        """Do not take it."""
        await self.acceptances.decline(_row(delivery), await self.directory.standing(delivery.user_id))
        return None


def _row(delivery: Delivery) -> int:
    """The id in the value; 0, which no row has, when it is none."""
    text = delivery.action_value
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def register(router: Router, buttons: AcceptanceButtons) -> None:
    """Name both."""
    router.action("accept_key", buttons.accept)
    router.action("decline_key", buttons.decline)
