"""Finds keys that nobody asked for here, after each list of all keys, and tells them once, by few messages an hour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.audit import Fact, append
from bot.care.deciders import deciders
from bot.care.kind import CareKind, CareParts
from bot.care.rights import admit_for_any_key
from bot.care.unknown_keys import store
from bot.care.unknown_keys.messages import CARD, IGNORE, SUMMARY
from bot.errors import ApprovalConflict, BotError
from bot.gateway.models import Key
from bot.keys import owners
from bot.languages import tr
from bot.slack.delivery import Ack, Delivery
from bot.slack.router import Router

PAGE = 500
# So many new keys at once are one message; and so many messages come in an hour, then the rest waits and is one.
DIGEST, MOST_CARDS, AN_HOUR = 3, 5, 3600.0


@dataclass(kw_only=True, eq=False)
class UnknownKeys:
    """One round per list of all keys, and what somebody says of a key."""

    parts: CareParts

    async def round(self) -> bool:
        """Tell what is new. Whether something waits to be told."""
        database = self.parts.deps.database
        if await database.read(store.has_begun):
            return await database.run(self._tell)
        while await database.run(self._take_in):
            pass
        await database.run(self._begin)
        return False

    def _take_in(self, c: sa.Connection) -> int:
        """Keys that were there before the first round are no news."""
        found = [known.key for known in store.unseen(c, limit=PAGE)]
        store.remember(c, found, card=None, at=None)
        return len(found)

    def _begin(self, c: sa.Connection) -> None:
        store.lock(c)
        if store.has_begun(c):
            return
        store.begin(c)
        number = store.count_from_before(c)
        if number and self.parts.terms().unknown_keys:
            target, body = self.parts.security_channel, {"count": number}
            self.parts.outbox.want(c, id="unknown_keys:summary", kind=SUMMARY, subject="", target=target, body=body)

    def _tell(self, c: sa.Connection) -> bool:
        now = self.parts.deps.clock()
        store.lock(c)
        creations = store.open_creations(c)
        unseen = [known.key for known in store.unseen(c, limit=PAGE)]
        # Asked again key by key: a request may have been settled between the two looks.
        found = [
            key
            for key in unseen
            if not store.may_be_ours(key, creations, now=now) and owners.owner_of(c, key.id, key.created_time) is None
        ]
        if not self.parts.terms().unknown_keys:
            store.remember(c, found, card=None, at=None)
            return False
        room = MOST_CARDS - store.cards_since(c, now - AN_HOUR)
        if found and room <= 0:
            return True
        together = len(found) >= DIGEST or len(found) > room
        for keys in [found] if together and found else [[key] for key in found]:
            self._want(c, keys, now)
        return len(unseen) == PAGE

    def _want(self, c: sa.Connection, found: Sequence[Key], now: float) -> None:
        card = store.next_card(c)
        told = store.remember(c, found, card=card, at=now)
        for key in told:
            append(c, fact=Fact.FOUND, at=now, actor=None, key_id=int(key.id), details={"name": key.name})
        if told:
            self._draw(c, card, deciders(c, self.parts))

    def _draw(self, c: sa.Connection, card: int, body: Mapping[str, Any] | None = None) -> None:
        target = self.parts.security_channel
        self.parts.outbox.want(c, id=f"unknown_keys:{card}", kind=CARD, subject=str(card), target=target, body=body)

    def key_changed(self, c: sa.Connection, key_id: int) -> None:
        """A key was changed here: if it was told of, its message is drawn anew."""
        told = store.find(c, key_id)
        if told is not None and told.card is not None:
            self._draw(c, told.card)

    async def ignore(self, delivery: Delivery) -> Ack:
        """Somebody says that a key may stay without an owner: for those who may disable any key at once."""
        actor = await admit_for_any_key(self.parts.deps, delivery)
        value = delivery.action_value
        number = int(value) if value.isascii() and value.isdigit() and len(value) < 16 else 0
        error = await self.parts.deps.database.run(self._ignore, number, actor.slack_user_id)
        if error is not None:
            raise error
        return None

    def _ignore(self, c: sa.Connection, key_id: int, by: str) -> BotError | None:
        told, now = store.find(c, key_id), self.parts.deps.clock()
        if told is None or told.card is None:
            return ApprovalConflict(tr("There is no such key any more."))
        if owners.owner_of(c, key_id, told.born_at) is not None:
            return ApprovalConflict(tr("The key has an owner by now."))
        if not store.ignore(c, key_id, by=by, at=now):
            return ApprovalConflict(tr("This was answered already; the message says how."))
        append(c, fact=Fact.IGNORED, at=now, actor=by, key_id=key_id)
        self._draw(c, told.card)
        return None


def build(parts: CareParts, router: Router) -> CareKind:
    """The round and the button; the others are those of key_adopt and key_disable."""
    made = UnknownKeys(parts=parts)
    router.action(IGNORE, made.ignore)
    return CareKind(name="unknown keys", round=made.round, key_changed=made.key_changed)
