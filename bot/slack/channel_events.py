"""Events that say that a channel takes messages again: it left the archive, or the bot came in."""

from dataclasses import dataclass

from bot.slack.delivery import Ack, Delivery, text_of
from bot.slack.outbox import Outbox
from bot.slack.router import Router

OPENED = ("channel_unarchive", "group_unarchive")
JOINED = "member_joined_channel"


@dataclass(frozen=True)
class ChannelEvents:
    """`bot_user_id`: who we are in Slack; other people's coming changes nothing."""

    outbox: Outbox
    bot_user_id: str

    async def opened(self, delivery: Delivery) -> Ack:
        """The channel was taken out of the archive: messages that wait for it are tried now."""
        await self.outbox.channel_opened(text_of(delivery.event, "channel"), delivery.id)
        return None

    async def joined(self, delivery: Delivery) -> Ack:
        """Somebody came into a channel."""
        if text_of(delivery.event, "user") == self.bot_user_id:
            await self.outbox.channel_opened(text_of(delivery.event, "channel"), delivery.id)
        return None

    def register(self, router: Router) -> None:
        """Listen to the events."""
        for name in OPENED:
            router.event(name, self.opened)
        router.event(JOINED, self.joined)
