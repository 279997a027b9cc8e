"""Carries a review on: begins one when it is asked for or due, reminds, ends it by silence, closes it.

Each step is one transaction with a compare-and-set, so that a second replica or a crash repeats nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from bot.audit import Fact, append
from bot.db.engine import Database
from bot.keys import inventory_store, owners
from bot.permissions.reviewers import security_of
from bot.permissions.rules import Policy
from bot.review import store
from bot.review.decisions import ReviewDecisions
from bot.review.judgement import departure_of, is_over, reminder_due
from bot.review.models import DAY, REMINDED_ON, Review, ReviewCard, ReviewStatus, Verdict
from bot.review.notifications import ReviewNotifications
from bot.review.selection import SECURITY, Chosen, PeopleUnknown, Selection

PAGE = 500
# Disables of silence that are on their way at a time, so that people's own calls of the gateway are not held up.
MOST_AT_ONCE = 25
# What is not done at the gateway for so long waits for a person, and holds up no review.
STUCK_SECONDS = 7 * DAY
# While Slack does not say who people are; then those count as nobody.
PATIENCE = 600.0
BY_COMMAND, BY_SCHEDULE = "command", "schedule"


@dataclass(kw_only=True, eq=False)
class ReviewRounds:
    """One per process. `gateway_now`: the clock of a key's gateway."""

    database: Database
    policy: Callable[[], Policy]
    selection: Selection
    decisions: ReviewDecisions
    notifications: ReviewNotifications
    clock: Callable[[], float]
    gateway_now: Callable[[int], float]
    # The review and the lists of keys (when each ended) by which keys were taken off it last.
    _taken_off: tuple[int, Sequence[float]] = field(default=(0, ()), init=False)

    async def run(self) -> bool:
        """One round. Always true: another one is to come soon."""
        lists = await self.database.read(_lists_of_ours)
        if not lists:
            return True
        review = await self.database.read(store.current)
        if review is None:
            every = self.policy().review.every
            if every is not None and await self.database.run(_ask_when_due, every, self.clock()):
                review = await self.database.read(store.current)
        if review is not None and review.status is ReviewStatus.WANTED:
            await self._begin(review)
        elif review is not None:
            await self._go_on(review, lists)
        return True

    async def _begin(self, review: Review) -> None:
        try:
            chosen = await self.selection.choose(patient=self.clock() - review.asked_at < PATIENCE)
        except PeopleUnknown:
            return  # the next round asks again
        await self.database.run(self._open, review, chosen)

    def _open(self, c: sa.Connection, review: Review, chosen: Chosen) -> None:
        """Write down the keys and their cards, and want the messages."""
        now, number = self.clock(), sum(map(len, chosen.values()))
        if not store.change(c, review, status=ReviewStatus.OPEN.value, opened_at=now):
            return
        told = {"review": review.id, "keys": number, "asked_by": review.asked_by}
        append(c, fact=Fact.REVIEW_STARTED, at=now, details=told)
        for roles, keys in sorted(chosen.items(), key=lambda one: (one[0] is SECURITY, one[0] or ())):
            card = store.add_card(c, review.id, roles or (), security=roles is SECURITY)
            store.add_keys(c, card, keys)
            self.notifications.card(c, card)

    async def _go_on(self, review: Review, lists: Sequence[float]) -> None:
        if self._taken_off != (review.id, lists):
            await self._take_off(review)
            self._taken_off = review.id, lists
        now = self.clock()
        number = reminder_due(review, now)
        if number is not None:
            await self._remind(review, number)
        elif is_over(review, now):
            await self.database.run(self._end, review)
        await self.database.run(self._close, review.id)

    async def _take_off(self, review: Review) -> None:
        """Keys that were changed meanwhile leave the list."""
        after = 0
        while True:
            rows = await self.database.read(store.keys_after, review.id, after, limit=PAGE, only_open=True)
            if not rows:
                return
            known = await self.database.read(inventory_store.several, [row.key_id for row in rows])
            left = [
                (row, why)
                for row in rows
                if (why := departure_of(row, known.get(row.key_id), now=self.gateway_now(row.key_id)))
            ]
            for row, why in left:
                await self.database.run(self.decisions.leave, row, why)
            after = rows[-1].id

    async def _remind(self, review: Review, number: int) -> None:
        policy, patient = self.policy(), False
        cards = await self.database.read(store.cards, review.id)
        nobody = {}
        for card in cards:
            names = security_of(policy) if card.security else card.roles
            nobody[card.id] = not await self.selection.members(policy, names, patient=patient)
        await self.database.run(self._tell, review, number, cards, nobody)

    def _tell(
        self, c: sa.Connection, review: Review, number: int, cards: list[ReviewCard], nobody: Mapping[int, bool]
    ) -> None:
        if not store.change(c, review, reminded=number, reminded_at=self.clock()):
            return
        for card in cards:
            if store.counts(c, card_id=card.id).open:
                self.notifications.remind(c, card, number, nobody=nobody[card.id] and not card.security)
        if number == len(REMINDED_ON):
            for owner in store.owners_of_open(c, review.id):
                self.notifications.owner(c, review.id, owner, "warning")

    def _end(self, c: sa.Connection, review: Review) -> None:
        """Nobody decided in time: disable, a few at a time."""
        since = self.clock() - STUCK_SECONDS
        room = MOST_AT_ONCE - store.unsettled(c, review.id, since=since, verdict=Verdict.SILENCE)
        for row in store.keys_after(c, review.id, 0, limit=max(0, room), only_open=True):
            self.decisions.silence(c, row)

    def _close(self, c: sa.Connection, review_id: int) -> None:
        review = store.find(c, review_id)
        if review is None or review.status is not ReviewStatus.OPEN:
            return
        counts = store.counts(c, review_id=review_id)
        now = self.clock()
        if counts.open or store.unsettled(c, review_id, since=now - STUCK_SECONDS):
            return
        if not store.change(c, review, status=ReviewStatus.CLOSED.value, open_mark=None, closed_at=now):
            return
        told: dict[str, Any] = {verdict.value: number for verdict, number in counts.by_verdict.items()}
        append(c, fact=Fact.REVIEW_CLOSED, at=now, details={"review": review.id, "counts": told})
        for card in store.cards(c, review_id):
            self.notifications.card(c, card)


def _lists_of_ours(c: sa.Connection) -> list[float]:
    """When each gateway's last list of all keys ended; none while an account is another than this database knows."""
    return [] if owners.other_accounts(c) else [mark.finished_at for mark in inventory_store.last_passes(c)]


def _ask_when_due(c: sa.Connection, every: int, now: float) -> bool:
    last = store.last(c)
    return (last is None or now >= last.asked_at + every) and store.ask(c, by=BY_SCHEDULE, now=now) is not None
