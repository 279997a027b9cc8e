"""When a channel takes no message, whoever should read it there is told by a direct message. Knows no feature.

A request's card: the people who may decide it, and its requester. An alert: the people who may disable any key.
The message itself comes into the channel once that is open again; this only says that something waits.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.cards.notifications import CARD, STORY
from bot.permissions.rules import Policy
from bot.slack.outbox import Outbox
from bot.slack.post_store import PostRow

# A group may have hundreds of people; one of them is enough to open the channel.
MOST_PEOPLE = 10


@dataclass(frozen=True)
class FallbackNotices:
    """`members`: the people behind ids of people and user groups, as known now. `urgent`: kinds of security posts."""

    policy: Callable[[], Policy]
    members: Callable[[Iterable[str]], frozenset[str]]
    urgent: frozenset[str]

    def tell(self, c: sa.Connection, outbox: Outbox, row: PostRow, code: str) -> None:
        """Want the direct messages about a post that its channel does not take."""
        place = f"<#{row.target}> takes no message from me ({code})"
        if row.kind == CARD:
            self._about_request(c, outbox, row, place)
        elif row.kind in self.urgent:
            text = f":warning: {place}, so nobody there sees security alert {row.subject}. Please open the channel."
            self._to(c, outbox, row, self._killers(), text)

    def _about_request(self, c: sa.Connection, outbox: Outbox, row: PostRow, place: str) -> None:
        request = store.find(c, int(row.subject))
        approval = request.approval if request is not None else None
        if request is None or approval is None:
            return
        roles = tuple(sorted({role for stage in approval.stages for role in stage.roles}))
        text = (
            f":warning: {place}, so its people do not see request {request.id}, which waits for a decision. "
            "It is on your Home; please open the channel."
        )
        self._to(c, outbox, row, self.members(self.policy().roles.ids(roles)) - {request.requester_id}, text)
        receipt = f":warning: {place}, so your request {request.id} may wait longer. Those who can decide it were told."
        self._to(c, outbox, row, {request.requester_id}, receipt)

    def _killers(self) -> frozenset[str]:
        policy = self.policy()
        rules = (rule for rule in policy.rules if rule.any and rule.outcome == "allow")
        named = {name for rule in rules if "key.disable" in rule.do for name in rule.who}
        return self.members(policy.roles.ids(tuple(sorted(named))))

    def _to(self, c: sa.Connection, outbox: Outbox, row: PostRow, people: Iterable[str], text: str) -> None:
        for user in sorted(people)[:MOST_PEOPLE]:
            outbox.want(
                c,
                id=f"{row.id}:unread:{user}"[:80],
                kind=STORY,
                subject=row.subject,
                target=f"dm:{user}",
                body={"text": text},
            )
