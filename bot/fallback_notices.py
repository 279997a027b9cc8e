"""When Slack takes no message, whoever should read it is told another way. Knows no feature.

A request's card: the people who may decide it, and its requester, by direct messages. An alert: the people who may
disable any key. A word to the owner of a leaked key: the alert's card says that they were not told. The message itself
comes once Slack takes it again; this only says that something waits.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.cards.notifications import CARD, STORY
from bot.approvals.models import ApprovalRequest, Status
from bot.db.engine import Database
from bot.durable.engine import Again, Engine
from bot.languages import Sentence, tr
from bot.languages.sentence import to_stored
from bot.permissions.entitlements import who_may_any
from bot.permissions.rules import Policy
from bot.slack import post_store
from bot.slack.blocks import channel_link
from bot.slack.outbox import Outbox
from bot.slack.post_store import PostRow

JOB = "unread"
# A group may have hundreds of people; one of them is enough to open the channel.
MOST_PEOPLE = 10
# Until Slack tells who they are: soon, then seldom.
FIRST_PAUSE, LONGEST_PAUSE = 3.0, 600.0


@dataclass(frozen=True, kw_only=True)
class FallbackNotices:
    """`members`: the people behind ids of people and user groups, as Slack says. `security`: kind of a security post →
    what people call it, with the {number} of its subject. `retold`: kind of a direct message → wants the post that says
    whether it arrived, by the id of its subject.
    """

    database: Database
    engine: Engine
    policy: Callable[[], Policy]
    members: Callable[[Iterable[str]], Awaitable[frozenset[str]]]
    security: Mapping[str, Sentence]
    retold: Mapping[str, Callable[[sa.Connection, Outbox, str], None]]
    clock: Callable[[], float]

    def tell(self, c: sa.Connection, outbox: Outbox, row: PostRow, code: str | None) -> None:
        """A message is refused, with Slack's word, or taken after all (None): have it said elsewhere."""
        if row.dm_user:
            if row.kind in self.retold:
                self.retold[row.kind](c, outbox, row.subject)
            return
        waiting = _waiting_request(c, row)
        if code is None or not (waiting or row.kind in self.security):
            return
        # Who they are must be asked of Slack, which no transaction waits for.
        self.engine.start(c, JOB, f"{row.id}:unread:{row.wanted}", row.id)
        if waiting:
            text = tr(
                ":warning: {channel} takes no message from me ({code}), so your request {number} may wait longer. "
                "Those who can decide it are told.",
                channel=channel_link(row.target),
                code=code,
                number=waiting.id,
            )
            _want(c, outbox, row, {waiting.requester_id}, text)

    async def run(self, outbox: Outbox, argument: str) -> Again | None:
        """The durable job behind a refused post, by its id: tell the people who should read it."""
        row = await self.database.read(post_store.load, argument)
        if row is None or row.error is None:
            return None
        request = await self.database.read(_waiting_request, row)
        people = await self.members(self._readers(row, request)) - ({request.requester_id} if request else set())
        if not people:
            age = self.clock() - row.created_at
            return Again(min(LONGEST_PAUSE, FIRST_PAUSE + age / 2))
        await self.database.run(_want, outbox, row, people, self._unseen(row, row.error, request))
        return None

    def _unseen(self, row: PostRow, code: str, request: ApprovalRequest | None) -> str:
        channel = channel_link(row.target)
        if request is not None:
            return tr(
                ":warning: {channel} takes no message from me ({code}), so its people do not see request {number}, "
                "which waits for a decision. It is on your Home; please open the channel.",
                channel=channel,
                code=code,
                number=request.id,
            )
        known = self.security.get(row.kind)
        what = row.subject if known is None else known.filled(number=row.subject)
        if row.ts is None:
            return tr(
                ":warning: {channel} takes no message from me ({code}), so nobody there sees {what}. "
                "Please look after it; please open the channel.",
                channel=channel,
                code=code,
                what=what,
            )
        return tr(
            ":warning: {channel} takes no message from me ({code}), so nobody there sees what is new about {what}. "
            "Please look after it; please open the channel.",
            channel=channel,
            code=code,
            what=what,
        )

    def _readers(self, row: PostRow, request: ApprovalRequest | None) -> frozenset[str]:
        """Ids of people and groups: those who may decide the request; or those who may disable any key."""
        policy = self.policy()
        if request is not None and request.approval is not None:
            names = {role for stage in request.approval.stages for role in stage.roles}
        elif row.kind in self.security:
            names = set(who_may_any(policy, "key.disable"))
        else:
            names = set()
        return policy.roles.ids(tuple(sorted(names)))


def _waiting_request(c: sa.Connection, row: PostRow) -> ApprovalRequest | None:
    """The request that waits for a decision behind this card."""
    request = store.find(c, int(row.subject)) if row.kind == CARD else None
    return request if request is not None and request.status is Status.PENDING and request.approval else None


def _want(c: sa.Connection, outbox: Outbox, row: PostRow, people: Iterable[str], text: str) -> None:
    for user in sorted(people)[:MOST_PEOPLE]:
        post_id, body = f"{row.id}:unread:{row.wanted}:{user}", {"text": to_stored(text)}
        outbox.want(c, id=post_id, kind=STORY, subject=row.subject, target=f"dm:{user}", body=body)
