"""Keys that live for a year: they are spent, refilled, topped up, extended, forgotten, leaked and edited in the console,
people leave, and owners read what they are told. The clock is moved; two replicas of Keydesk take turns.

year_console.py, year_people.py and year_refills.py hold what is of one kind.
"""

import asyncio
import heapq
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from bot.approvals.models import Status
from bot.care.anomaly.rounds import AnomalyRounds
from bot.care.messages import OWNER
from bot.care.notice import Crossing, Notice
from bot.db.engine import Database
from bot.gateway.models import EffectiveState, Key, KeyId
from bot.keys import inventory_store
from bot.keys.inventory_store import PassMark
from bot.permissions.care import CareTerms
from bot.permissions.models import ActorKind
from tests.care.kit import Desk, key
from tests.care.leavers.kit import Office
from tests.care.same_thread import SameThread
from tests.care.spending import DAY, HOUR, Habit, Spender, spender
from tests.care.year_console import FIRST, Console
from tests.care.year_people import Leavers
from tests.care.year_refills import Allowances

# Midnight of a Monday.
BEGIN = 1_800_230_400.0
# A key that was told low by its pace, and lasts for more than twice the mark, was not.
FALSE_DAYS = 6
# Both replicas make a round at once every so many rounds.
AT_ONCE = 8
_OF_THE_GATEWAY = ("status", "accessed_time", "expired_time", "remain_quota", "used_quota", "name", "group")


class Year:
    """`figures` says what came of it. `say` is told of each week that is over."""

    STEP = 3

    def __init__(
        self,
        database: Database,
        *,
        keys: int,
        days: int,
        seed: int = 1,
        say: Callable[[str], None] = lambda _week: None,
    ) -> None:
        database = SameThread(database)
        self.desk, self.office, self.days, self.seed, self.say = Desk(database), Office(database), days, seed, say
        self.desk.now = self.office.now = BEGIN
        self.desk.terms = CareTerms(quiet=None)
        self.desk.zones = {f"U{n:04}": (n % 24 - 11) * 3600 for n in range(keys)}
        self.hour, self.read, self.rounds = 0, 0, 0
        self.dues: list[tuple[float, int, Callable[[], None]]] = []
        self.spenders: dict[int, Spender] = {}
        self.keys: dict[int, Key] = {}
        self.owner: dict[int, str] = {}
        self.changed: set[int] = set()
        self.written: dict[int, float] = {}
        # Keys that are to leak, and those that still worked then.
        self.leaks: dict[int, int] = {}
        self.leaked: set[int] = set()
        # What happened, and what was told of it: number of the key → moments.
        self.dry: dict[int, list[float]] = defaultdict(list)
        self.topped: dict[int, list[float]] = defaultdict(list)
        self.low_told: dict[int, list[float]] = defaultdict(list)
        self.false: Counter[tuple[int, int]] = Counter()
        self.told: Counter[tuple[Any, ...]] = Counter()
        # Marks that were crossed, and those that a new owner may hear of.
        self.marks: set[tuple[Any, ...]] = set()
        self.may_be_told: set[tuple[Any, ...]] = set()
        # When each key got another end, and which just got another owner.
        self.extended: dict[int, list[float]] = defaultdict(list)
        self.given: set[int] = set()
        self.allowances = Allowances(database, seed=seed, written=self._wrote)
        self.allowances.house.fake.advance(BEGIN - self.allowances.house.clock())
        people = max(1, keys // 4)
        for place in range(1, keys + 1):
            self._make(place, f"U{place % people:04}")
        self.first_owner = dict(self.owner)
        self.office.people.kinds_of |= dict.fromkeys(self.owner.values(), ActorKind.MEMBER)
        self.leavers = Leavers(year=self, office=self.office, when=self._leaving(max(1, keys // 25), people))
        edits, made = max(3, keys * 6 // 100), max(4, keys // 40)
        self.console = Console(year=self, office=self.office, edits=self._noons(edits), made=self._noons(made, at=15))
        owned = Counter(self.owner.values())
        assert all(owned[person] for person in self.leavers.when)

    def _leaving(self, number: int, people: int) -> dict[str, float]:
        """People who leave, spread over the year, each in the middle of a day."""
        days = max(1, self.days - 18)
        return {
            f"U{2 + (place * (people - 2) // number):04}": BEGIN + (10 + place * days // number) * DAY + 12 * HOUR
            for place in range(number)
        }

    def _noons(self, number: int, at: int = 12) -> list[int]:
        days = max(1, self.days - 8)
        return [24 * (4 + place * days // number) + at for place in range(number)]

    def _make(self, place: int, owner: str) -> None:
        leak = 24 * (10 + place % max(1, self.days - 20)) + 11 if place % 20 == 3 else -1
        allowed = place % 10 == 7
        # Every fifth key is well off: nothing may ever be said of it.
        rich = place % 5 == 0
        # A leak that is not stopped by an empty key.
        leaks = leak >= 0
        ends = None if rich or leaks or place % 3 else BEGIN + (30 + place % 60) * DAY
        record = self.allowances.house.fake.add_key(
            name=f"key {place}", remain_quota=0, expired_time=-1 if ends is None else int(ends)
        )
        number = record.id
        one = spender(number, start=BEGIN, leak=leak, seed=self.seed)
        self.spenders[number] = one
        quota = one.per_day * (12 + place % 25)
        made = key(number, born=BEGIN, ends=ends, remain_quota=quota, unlimited_quota=rich or leaks)
        if allowed:
            self.allowances.house.fake.edit_behind(number, remain_quota=quota)
            self.allowances.add(self.allowances.house.fake.key(number), one.per_day)
        self.keys[number], self.owner[number] = made, owner
        if not allowed:
            self.desk.put(made, owner=owner)
        if one.leak >= 0 and one.habit not in {Habit.DEAD, Habit.DIES}:
            self.leaks[number] = one.leak

    async def run(self) -> None:
        """From the first day to the last."""
        await self._read_allowed()
        replicas, pace = (self.desk.replica(), self.desk.replica()), (self._pace(), self._pace())
        while self.hour < 24 * self.days:
            self._react()
            self.leavers.step()
            self.console.step()
            self._spend()
            self._write()
            self.rounds += 1
            turn = self.rounds % 2
            at_once = (0, 1) if self.rounds % AT_ONCE == 0 else (turn,)
            await asyncio.gather(*(replicas[each].run() for each in at_once))
            self.desk.database.run_here(self._carry_out)
            await self.allowances.round(self.keys, lambda number: self.owner[number] not in self.leavers.gone)
            self._follow_refills()
            await self.leavers.round()
            await asyncio.gather(*(pace[each].run() for each in at_once))
            await self.console.round()
            self._hear()
            if self.hour % (24 * 7) == 0:
                self.say(f"week {self.hour // 168}: {self._week()}")

    def _week(self) -> str:
        of = self.allowances
        return (
            f"{len(self.desk.wanted.posts)} messages, {sum(map(len, self.dry.values()))} dry, {len(self.marks)} marks, "
            f"{of.kills} killed, {len(self.leavers.gone)} left, {len(self.console.edited)} edits"
        )

    async def _read_allowed(self) -> None:
        """Keys of the gateway as its client reads them."""
        client = self.allowances.replicas[0].client
        for number in self.allowances.periods:
            self.keys[number] = await client.get_key(KeyId(number))
            self.desk.put(self.keys[number], owner=self.owner[number])

    def _pace(self) -> AnomalyRounds:
        return AnomalyRounds(
            database=self.desk.database,
            outbox=self.desk.wanted,
            terms=lambda _gateway: self.desk.terms,
            channel="C0KEYS",
            security="",
            clock=lambda: self.desk.now,
            gateway_now=lambda _key: self.desk.now,
        )

    # -- what happens

    def change(self, number: int, **changes: Any) -> None:
        """The key is changed at the gateway, by whomever."""
        if number in self.allowances.periods:
            self.allowances.change(number, changes)
        self.keys[number] = self.keys[number].model_copy(update=changes)
        self.changed.add(number)

    def here(self, c: sa.Connection, number: int, **changes: Any) -> None:
        """The same, by Keydesk."""
        self.change(number, **changes)
        self._wrote(c, number)

    def _wrote(self, c: sa.Connection, number: int) -> None:
        self.written[number] = self.desk.now
        self.console.drift.written(c, number)

    @property
    def written_lately(self) -> set[int]:
        """What Keydesk wrote so short a time ago that it was not compared since."""
        return {number for number, at in self.written.items() if at >= self.desk.now - self.STEP * HOUR}

    def taken_over(self, number: int) -> None:
        """The key has another owner, who hears what stands."""
        self.given.add(number)

    def _spend(self) -> None:
        self.hour += self.STEP
        self.desk.now = self.office.now = now = BEGIN + self.hour * HOUR
        house = self.allowances.house
        house.fake.advance(now - house.clock())
        for number, one in self.spenders.items():
            before = self.keys[number]
            if before.state(now - HOUR) is EffectiveState.ACTIVE:
                units = one.between(self.hour - self.STEP, self.hour)
                if units:
                    self._use(number, before, units)
            self._cross(number, now)

    def _use(self, number: int, before: Key, units: int) -> None:
        left = before.remain_quota - (0 if before.unlimited_quota else units)
        used = before.used_quota + units
        if number in self.allowances.periods:
            self.allowances.charge(number, units)
        if number in self.leaks and self.hour - self.STEP <= self.leaks[number] < self.hour:
            self.leaked.add(number)
        after = {"remain_quota": left, "used_quota": used, "accessed_time": int(self.desk.now)}
        self.keys[number] = before.model_copy(update=after)
        self.changed.add(number)
        if left <= 0 and not before.unlimited_quota:
            self.dry[number].append(self.desk.now)

    def _follow_refills(self) -> None:
        """What refills and calls beside them have made of the keys."""
        house = self.allowances.house
        for number in self.allowances.periods:
            record, before = house.fake.key(number), self.keys[number]
            now = {name: getattr(record, name) for name in _OF_THE_GATEWAY}
            if any(getattr(before, name) != value for name, value in now.items()):
                self.keys[number] = before.model_copy(update=now)
                self.changed.add(number)
                if record.remain_quota > before.remain_quota:
                    self.topped[number].append(self.desk.now)

    def _cross(self, number: int, now: float) -> None:
        """The mark that an end has come to, of a key that is not disabled."""
        one, new = self.keys[number], number in self.given
        self.given.discard(number)
        if one.expired_time < 0 or one.status == 2:
            return
        left, life = one.expired_time - now, one.expired_time - self._since(number)
        marks = [mark for mark in self.desk.terms.expiry if 0 < left <= mark < life]
        marks = [min(marks)] if marks else [0] if left <= 0 else []
        told = {(number, one.expired_time, mark, self.owner[number]) for mark in marks}
        if new:
            # What was crossed before the key was theirs may be overtaken by the next mark.
            self.may_be_told |= told
        self.marks |= told - self.may_be_told

    def _since(self, number: int) -> float:
        return max([BEGIN, *self.extended[number]])

    def _write(self) -> None:
        now, changed = self.desk.now, {number: self.keys[number] for number in sorted(self.changed)}
        self.changed.clear()

        def write(c: sa.Connection) -> None:
            inventory_store.write(c, {number: (now, one) for number, one in changed.items()})
            mark = PassMark(started_at=now, finished_at=now, keys=len(self.keys), settled=True)
            inventory_store.finish_pass(c, mark)

        self.desk.database.run_here(write)

    # -- what people do

    def later(self, hours: float, act: Callable[[], None]) -> None:
        """Somebody does it then."""
        heapq.heappush(
            self.dues, (self.desk.now + hours * HOUR, len(self.told) + self.hour * 10_000 + len(self.dues), act)
        )

    def _react(self) -> None:
        while self.dues and self.dues[0][0] <= self.desk.now:
            heapq.heappop(self.dues)[2]()

    def _hear(self) -> None:
        posts = self.desk.wanted.posts
        for _, kind, target, body in posts[self.read :]:
            for kept in body["notices"] if kind == OWNER else ():
                self._hears(Notice.of_stored(kept), target.removeprefix("dm:"))
        self.read = len(posts)

    def _hears(self, notice: Notice, person: str) -> None:
        number, now = notice.key_id, self.desk.now
        of_end = notice.kind in {Crossing.EXPIRES, Crossing.ENDED}
        self.told[number, str(notice.kind), *((notice.expires, notice.mark, person) if of_end else ())] += 1
        if notice.kind is Crossing.LOW:
            self.low_told[number].append(now)
            if self._lasts(notice):
                self.false[number, int((now - BEGIN) // (30 * DAY))] += 1
            if number % 2:
                self.later(30, lambda: self._by_owner(number, self._top_up))
        elif notice.kind is Crossing.DRY:
            self.later(6, lambda: self._by_owner(number, self._top_up))
        elif (
            notice.kind is Crossing.EXPIRES and notice.mark <= 3 * DAY and number % 2
        ) or notice.kind is Crossing.ENDED:
            self.later(12, lambda: self._by_owner(number, self._extend))
        elif notice.kind is Crossing.IDLE:
            if number % 3 == 0:
                self.later(24, lambda: self._by_owner(number, self._switch(2)))
        elif notice.kind is Crossing.UNANSWERED and number % 4 == 0:
            self.later(48, lambda: self._by_owner(number, self._switch(1)))
        elif notice.kind is Crossing.ANOMALY and self.spenders[number].leak < 0:
            self.false[number, int((now - BEGIN) // (30 * DAY))] += 1

    def _by_owner(self, number: int, act: Callable[[sa.Connection, int], None]) -> None:
        """Whoever has left does nothing any more, and nobody mends what was disabled meanwhile without a word."""
        if self.owner[number] not in self.leavers.gone and number not in self.leavers.disabled:
            self.desk.database.run_here(act, number)

    def _lasts(self, notice: Notice) -> bool:
        """Whether a key that was told low by its pace has enough for long: by the spending that is still to come."""
        by_share = notice.left <= self.desk.terms.quota_low * notice.granted
        one = self.spenders[notice.key_id]
        return not by_share and notice.left > one.between(self.hour, self.hour + FALSE_DAYS * 24)

    def _top_up(self, c: sa.Connection, number: int) -> None:
        one = self.spenders[number]
        self.topped[number].append(self.desk.now)
        self.here(c, number, remain_quota=max(0, self.keys[number].remain_quota) + 30 * one.per_day)

    def _extend(self, c: sa.Connection, number: int) -> None:
        before = self.keys[number].expired_time
        end = int(max(self.desk.now, before) + 30 * DAY)
        # The judgement sees it with the next list.
        self.extended[number].append(self.desk.now + self.STEP * HOUR)
        self.here(c, number, expired_time=end)

    def _switch(self, status: int) -> Callable[[sa.Connection, int], None]:
        return lambda c, number: self.here(c, number, status=status)

    def _carry_out(self, c: sa.Connection) -> None:
        """What the policy ordered is done at once."""
        for number in self.desk.ordered.keys:
            self.here(c, number, status=2)
        self.desk.ordered.keys.clear()
        self.desk.ordered.settle(c, Status.SUCCEEDED, at=self.desk.now)

    # -- what came of it

    async def figures(self) -> dict[str, Any]:
        """How much was told, and how well."""
        dry = [(number, at) for number, moments in self.dry.items() for at in moments]
        early = sum(self._was_early(number, at) for number, at in dry)
        of_ends = {what: times for what, times in self.told.items() if what[1] in {"expires", "ended"}}
        told_marks = {(what[0], *what[2:]) for what in of_ends}
        return {
            "seed": self.seed,
            "messages": len(self.desk.wanted.posts),
            "told": dict(sorted(Counter(what[1] for what in self.told.elements()).items())),
            "dry": len(dry),
            "dry told": sum(times for what, times in self.told.items() if what[1] == "dry"),
            "early share": early / max(1, len(dry)),
            "marks": len(self.marks),
            "marks missed": len(self.marks - told_marks),
            "marks doubled": sum(times - 1 for times in of_ends.values()),
            "marks made up": len(told_marks - self.marks - self.may_be_told),
            "false in a month": max(self.false.values(), default=0),
            "false": sum(self.false.values()),
            "leaks": len(self.leaked),
            "leaks told": sum(self.told[number, "anomaly"] == 1 for number in self.leaked),
            "well off told": sum(
                times
                for what, times in self.told.items()
                if what[0] < FIRST
                and self.keys[what[0]].unlimited_quota
                and what[1] in {"low", "dry", "expires", "ended"}
            ),
            **self.leavers.figures(),
            **await self.console.figures(),
            **self.allowances.figures(),
        }

    def _was_early(self, number: int, at: float) -> bool:
        begin = max([BEGIN, *(moment for moment in self.topped[number] if moment < at)])
        return any(begin <= moment <= at - DAY for moment in self.low_told[number])
