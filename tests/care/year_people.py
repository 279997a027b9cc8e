"""People who leave in a simulated year: some of their keys are taken over, the others are disabled a day later."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from bot.care.leavers.departures import DUE
from bot.care.leavers.messages import CARD
from bot.care.leavers.roll_call import JOB, LOOK
from bot.durable.engine import Again
from bot.gateway.models import KeyStatus
from bot.keys import owners
from bot.permissions.models import ActorKind
from bot.slack.delivery import Kind
from tests.care.leavers.kit import MIRA, Office, line
from tests.care.spending import DAY, HOUR
from tests.slack.kit import make_delivery

TAKEN_AFTER = 12 * HOUR
# A day until the daily look where the event was missed, a day to take keys over, and two lists.
LATEST = 2 * DAY + 6 * HOUR


@dataclass(kw_only=True, eq=False)
class Leavers:
    """`year`: whose keys they own. `when`: person → the moment at which they leave."""

    year: Any
    office: Office
    when: dict[str, float]
    gone: dict[str, float] = field(default_factory=dict)
    # Their keys that worked: to be disabled, to be taken over; and when each was.
    left: dict[int, float] = field(default_factory=dict)
    taken: dict[int, float] = field(default_factory=dict)
    disabled: dict[int, float] = field(default_factory=dict)
    _jobs: dict[str, float] = field(default_factory=dict)
    _done: set[str] = field(default_factory=set)
    _heard: set[str] = field(default_factory=set)

    def step(self) -> None:
        """Who leaves now; and what colleagues take over."""
        now = self.year.desk.now
        for person, at in self.when.items():
            if at <= now and person not in self.gone:
                self._leave(person, now)
        for number, at in self.taken.items():
            if 0 < at <= now and self.year.owner[number] in self.gone:
                self._take_over(number)

    def _leave(self, person: str, now: float) -> None:
        self.gone[person] = now
        self.office.people.kinds_of[person] = ActorKind.DEACTIVATED
        self.year.allowances.house.kinds[person] = ActorKind.DEACTIVATED
        mine = [number for number, owner in self.year.owner.items() if owner == person]
        working = [number for number in mine if self.year.keys[number].status != KeyStatus.DISABLED]
        for place, number in enumerate(sorted(working)):
            if place % 3 == 0:
                self.taken[number] = now + TAKEN_AFTER
            else:
                self.left[number] = now

    def _take_over(self, number: int) -> None:
        year = self.year
        year.owner[number] = heir = next(
            one for one in sorted(set(year.owner.values())) if one and one not in self.when
        )
        year.taken_over(number)
        if number in year.allowances.periods:
            year.allowances.end(number)

        def write(c: sa.Connection) -> None:
            owners.hand_over(c, line(number, heir, born=year.keys[number].created_time))
            self.office.departures.key_changed(c, number)

        year.desk.database.run_here(write)

    async def round(self) -> None:
        """What is looked at after a list, events of Slack, and the jobs that are due."""
        for place, person in enumerate(self.gone):
            # Of every other one Slack's event is missed: the daily look finds them.
            if person not in self._heard and place % 2 == 0:
                self._heard.add(person)
                event = {"type": "user_change", "user": {"id": person, "deleted": True}}
                told = make_delivery(Kind.EVENT, id=f"Ev{person}", payload={"event": event})
                await self.office.departures.on_user_change(told)
        await self.office.roll_call.round()
        while await self._run_jobs():
            pass
        self.year.desk.database.run_here(self._carry_out)

    async def _run_jobs(self) -> bool:
        now, ran = self.year.desk.now, False
        works = {LOOK: self.office.departures.look, DUE: self.office.departures.due, JOB: self.office.roll_call.run}
        for name, (job, argument, delay) in list(self.office.kept.jobs.items()):
            due = self._jobs.setdefault(name, now + delay)
            if name in self._done or due > now:
                continue
            again = await works[job](argument)
            if isinstance(again, Again):
                self._jobs[name] = now + again.seconds
            else:
                self._done.add(name)
                ran = True
        return ran

    def _carry_out(self, c: sa.Connection) -> None:
        now = self.year.desk.now
        for new in self.office.kept.granted.values():
            number = int(new.key_id or 0)
            if number not in self.disabled:
                self.disabled[number] = now
                owners.set_disabled(c, number, at=now)
                self.year.here(c, number, status=2)

    def figures(self) -> dict[str, Any]:
        """Who was told, and what became of their keys."""
        ended = {number for number, at in self.left.items() if self.year.desk.now - at >= LATEST}
        late = [number for number in ended & set(self.disabled) if self.disabled[number] - self.left[number] > LATEST]
        cards = Counter(target for _, kind, target in self._cards())
        owned = sum(1 for person in self.gone if person in self._owners())
        return {
            "leavers": len(self.gone),
            "leavers with keys": owned,
            "told to security": cards["C0SECURITY"],
            "told to managers": cards[f"dm:{MIRA}"],
            "keys taken over": sum(self.year.owner[number] not in self.gone for number in self.taken),
            "keys disabled": len(self.disabled),
            "keys not disabled": len(ended - set(self.disabled)),
            "keys disabled late": len(late),
            "keys disabled in vain": len(set(self.disabled) - set(self.left)),
        }

    def _cards(self) -> set[tuple[str, str, str]]:
        return {post for post in self.office.kept.posts if post[1] == CARD}

    def _owners(self) -> set[str]:
        """Of those who left, the ones with a key that worked."""
        return {self.year.first_owner[number] for number in (*self.left, *self.taken)}
