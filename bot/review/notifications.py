"""Which messages a review wants, and when. slack/outbox.py posts them, once, and draws them from the rows."""

from dataclasses import dataclass

import sqlalchemy as sa

from bot.review.cards import CARD, OWNER, REMINDER
from bot.review.models import ReviewCard, ReviewedKey, Verdict
from bot.slack.outbox import Outbox


def card_post(card: ReviewCard) -> str:
    """The post that is the card."""
    return f"review:{card.review_id}:card:{card.id}"


@dataclass(frozen=True, kw_only=True)
class ReviewNotifications:
    """`channel`: where requests stand; `security_channel`: where those are who may disable any key."""

    outbox: Outbox
    channel: str
    security_channel: str

    def card(self, c: sa.Connection, card: ReviewCard) -> None:
        """Have the card drawn, or drawn anew."""
        self.outbox.want(c, id=card_post(card), kind=CARD, subject=str(card.id), target=self._channel(card))

    def remind(self, c: sa.Connection, card: ReviewCard, number: int, *, nobody: bool) -> None:
        """Remind those who decide. `nobody`: none of them is left, so security is told."""
        self.outbox.want(
            c,
            id=f"review:{card.review_id}:remind:{card.id}:{number}",
            kind=REMINDER,
            subject=str(card.id),
            target=self.security_channel if nobody else self._channel(card),
            thread_of=None if nobody else card_post(card),
            body={"number": number, "security": nobody, "broadcast": not nobody},
        )

    def changed(self, c: sa.Connection, row: ReviewedKey) -> None:
        """Tell the owner what was done to a key; one message for what people decided, one for what silence did."""
        if row.owner_id is not None:
            self.owner(c, row.review_id, row.owner_id, "silence" if row.verdict is Verdict.SILENCE else "decided")

    def owner(self, c: sa.Connection, review_id: int, owner_id: str, what: str) -> None:
        """Have one message to an owner drawn, or drawn anew; `what` is a name in cards.py."""
        self.outbox.want(
            c,
            id=f"review:{review_id}:owner:{owner_id}:{what}",
            kind=OWNER,
            subject=f"{review_id}:{owner_id}",
            target=f"dm:{owner_id}",
            body={"what": what},
        )

    def _channel(self, card: ReviewCard) -> str:
        return self.security_channel if card.security else self.channel
