"""What a person may do with a key and whether they may see it: one decision, with the key's facts and the channel.

Commands, windows, batches and alerts ask here. What is submitted is judged again with all that was filled in
(approvals/flow.py); this says what holds for the key as it is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from bot.audit import Fact, append
from bot.db.engine import Database
from bot.errors import InputError
from bot.gateway.models import Key
from bot.gateway.numbers import gateway_of
from bot.keys import locks, owners
from bot.keys.lookup import FIELD, Match, NoSuchKeys, listed, not_found
from bot.languages import said
from bot.operations import facts_of
from bot.permissions.models import Actor, Ask, Decision, Facts, Lock
from bot.permissions.policy import decide
from bot.permissions.rules import Policy

SHOW = "key.show"


@dataclass(frozen=True, kw_only=True)
class KeyAccess:
    """Rights on keys, by today's policy. `account_group`: None = not known. `clock`: Unix seconds."""

    database: Database
    policy: Callable[[], Policy]
    account_group: Callable[[str], str | None]
    clock: Callable[[], float]

    async def is_own(self, actor: Actor, key: Key) -> bool:
        """Whether the key is theirs."""
        return await self.database.read(owners.owner_of, key.id, key.created_time) == actor.slack_user_id

    async def lock_of(self, key: Key) -> Lock | None:
        """Why the key is locked, None when it is not."""
        return await self.database.read(locks.lock_of, key.id, key.created_time)

    def decide(
        self, actor: Actor, operation: str, key: Key, *, own: bool, channel: str, lock: Lock | None = None
    ) -> Decision:
        """What the policy says to this person, about this key as it is, from this channel."""
        facts = facts_of(key.settings(), now=self.clock(), increase=0, reason="", channel=channel)
        gateway = gateway_of(key.id)
        ask = Ask(
            actor=actor,
            operation=operation,
            own=own,
            facts=replace(facts, lock=lock, gateway=gateway, account_group=self.account_group(gateway)),
        )
        return decide(self.policy(), ask)

    def decide_unread(self, actor: Actor, operation: str, *, own: bool, channel: str) -> Decision:
        """The same about a key that is not known, or cannot be read now: no condition on the key is met."""
        ask = Ask(actor=actor, operation=operation, own=own, facts=Facts(channel=channel))
        return decide(self.policy(), ask)

    def may_see(self, actor: Actor, operation: str, key: Key, *, own: bool, channel: str) -> bool:
        """Whether they may see the key in the window of `operation`: as its owner, by a rule for it, or for showing."""
        if own and operation != SHOW:
            return True
        asked = (self.decide(actor, name, key, own=own, channel=channel) for name in dict.fromkeys((operation, SHOW)))
        return any(decision.outcome != "deny" for decision in asked)

    async def visible(self, actor: Actor, operation: str, matches: Sequence[Match], *, channel: str) -> list[Match]:
        """The matches that this person may see."""
        return [
            match
            for match in matches
            if self.may_see(actor, operation, match.key, own=await self.is_own(actor, match.key), channel=channel)
        ]

    async def turn_away(
        self, actor: Actor, operation: str, matches: Sequence[Match], text: str, *, channel: str
    ) -> NoReturn:
        """Raise the one answer for keys that are not there and keys that this person may not see.

        What the policy says beside it knows no key, so it tells nothing of one either. Only the record tells which
        of the two it was.
        """
        for match in matches[:1]:
            await self._record(actor, operation, match.key, channel=channel)
        raise not_found(text, why=self._why_not(actor, operation, channel=channel))

    async def listed(self, actor: Actor, operation: str, keys: Sequence[Key], text: str, *, channel: str) -> list[Key]:
        """The keys that a list of KEYs names, of those that this person may see. Raises InputError as lookup.listed."""
        whose = await self.database.read(owners.all_owners)

        def seen(key: Key) -> bool:
            return self.may_see(actor, operation, key, own=whose.get(key.id) == actor.slack_user_id, channel=channel)

        try:
            return listed(text, keys, seen=seen)
        except NoSuchKeys as error:
            # The same words whether it is not there or not theirs; only the record tells which it was.
            hidden = [key for key in _named_at_all(text, keys) if not seen(key)]
            for key in hidden[:1]:
                await self._record(actor, operation, key, channel=channel)
            why = self._why_not(actor, operation, channel=channel)
            raise NoSuchKeys({FIELD: f"{error.sentence} {said(why)}".strip()}) from None

    async def _record(self, actor: Actor, operation: str, key: Key, *, channel: str) -> None:
        own = await self.is_own(actor, key)
        decision = self.decide(actor, operation, key, own=own, channel=channel)
        told = {"operation": operation, "rule": decision.rule, "kind": actor.kind.value}
        at, by = self.clock(), actor.slack_user_id
        await self.database.run(append, fact=Fact.REFUSED, at=at, actor=by, key_id=int(key.id), details=told)

    def _why_not(self, actor: Actor, operation: str, *, channel: str) -> str:
        """What the policy says to this person about other people's keys from here; "" when it hangs on the key."""
        decision = self.decide_unread(actor, operation, own=False, channel=channel)
        return decision.sentence if decision.outcome == "deny" else ""


def _named_at_all(text: str, keys: Sequence[Key]) -> list[Key]:
    """The keys that the list names for somebody who may see every key; none when it names none or is ambiguous."""
    try:
        return listed(text, keys, seen=lambda _key: True)
    except InputError:
        return []
