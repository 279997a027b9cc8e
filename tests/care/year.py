"""Keys that live: they are spent, topped up, extended, forgotten, leaked, and their owners read what they are told."""

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
from bot.gateway.models import EffectiveState, Key
from bot.keys import inventory_store
from bot.keys.inventory_store import PassMark
from bot.permissions.care import CareTerms
from tests.care.kit import Desk, key
from tests.care.spending import DAY, HOUR, Habit, Spender, spender

STEP = 3
# Midnight of a Monday.
BEGIN = 1_800_230_400.0
# A key that was told low by its pace, and lasts for more than twice the mark, was not.
FALSE_DAYS = 6


class Year:
    """`figures` says what came of it."""

    def __init__(self, database: Database, *, keys: int, days: int) -> None:
        self.desk, self.days = Desk(database), days
        self.desk.now = BEGIN
        self.desk.terms = CareTerms(quiet=None)
        self.desk.zones = {f"U{n:04}": (n % 24 - 11) * 3600 for n in range(keys)}
        self.hour, self.read = 0, 0
        self.dues: list[tuple[float, int, Callable[[], None]]] = []
        self.spenders: dict[int, Spender] = {}
        self.keys: dict[int, Key] = {}
        self.changed: set[int] = set()
        self.leaks: dict[int, int] = {}
        # What happened, and what was told of it: number of the key → moments.
        self.dry: dict[int, list[float]] = defaultdict(list)
        self.topped: dict[int, list[float]] = defaultdict(list)
        self.low_told: dict[int, list[float]] = defaultdict(list)
        self.false: Counter[tuple[int, int]] = Counter()
        self.told: Counter[tuple[Any, ...]] = Counter()
        self.marks: set[tuple[Any, ...]] = set()
        # When each key got another end.
        self.extended: dict[int, list[float]] = defaultdict(list)
        for number in range(1, keys + 1):
            self._make(number)

    def _make(self, number: int) -> None:
        leak = 24 * (10 + number % max(1, self.days - 20)) + 11 if number % 20 == 3 else -1
        one = spender(number, start=BEGIN, leak=leak)
        self.spenders[number] = one
        # Every fifth key is well off: nothing may ever be said of it.
        rich = number % 5 == 0
        # A leak that is not stopped by an empty key.
        leaks = leak >= 0
        ends = None if rich or leaks or number % 3 else BEGIN + (30 + number % 60) * DAY
        quota = one.per_day * (12 + number % 25)
        made = key(number, born=BEGIN, ends=ends, remain_quota=quota, unlimited_quota=rich or leaks)
        self.keys[number] = made
        self.desk.put(made, owner=f"U{number % max(1, len(self.desk.zones) // 4):04}")
        if one.leak >= 0 and one.habit not in {Habit.DEAD, Habit.DIES}:
            self.leaks[number] = one.leak

    async def run(self) -> None:
        """From the first day to the last."""
        care, pace = self.desk.replica(), self._pace()
        while self.hour < 24 * self.days:
            self._react()
            self._spend()
            self._write()
            await care.run()
            await pace.run()
            self.desk.database.run_here(self._carry_out)
            self._hear()

    def _pace(self) -> AnomalyRounds:
        return AnomalyRounds(
            database=self.desk.database,
            outbox=self.desk.wanted,
            terms=lambda: self.desk.terms,
            channel="C0KEYS",
            security="",
            clock=lambda: self.desk.now,
            gateway_now=lambda: self.desk.now,
        )

    # -- what happens

    def _set(self, number: int, **changes: Any) -> None:
        self.keys[number] = self.keys[number].model_copy(update=changes)
        self.changed.add(number)

    def _spend(self) -> None:
        self.hour += STEP
        self.desk.now = now = BEGIN + self.hour * HOUR
        for number, one in self.spenders.items():
            before = self.keys[number]
            if before.state(now - HOUR) is EffectiveState.ACTIVE:
                units = one.between(self.hour - STEP, self.hour)
                if units:
                    left = before.remain_quota - (0 if before.unlimited_quota else units)
                    used = before.used_quota + units
                    self._set(number, remain_quota=left, used_quota=used, accessed_time=int(now))
                    if left <= 0 and not before.unlimited_quota:
                        self.dry[number].append(now)
            self._cross(number, now)

    def _cross(self, number: int, now: float) -> None:
        """Marks that an end has come to, of a key that is not disabled."""
        one = self.keys[number]
        if one.expired_time < 0 or one.status == 2:
            return
        left, life = one.expired_time - now, one.expired_time - self._since(number)
        for mark in self.desk.terms.expiry:
            if 0 < left <= mark < life:
                self.marks.add((number, one.expired_time, mark))
        if left <= 0:
            self.marks.add((number, one.expired_time, 0))

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

    def _later(self, hours: float, act: Callable[[], None]) -> None:
        heapq.heappush(
            self.dues, (self.desk.now + hours * HOUR, len(self.told) + self.hour * 10_000 + len(self.dues), act)
        )

    def _react(self) -> None:
        while self.dues and self.dues[0][0] <= self.desk.now:
            heapq.heappop(self.dues)[2]()

    def _hear(self) -> None:
        posts = self.desk.wanted.posts
        for _, kind, _, body in posts[self.read :]:
            for kept in body["notices"] if kind == OWNER else ():
                self._hears(Notice.of_stored(kept))
        self.read = len(posts)

    def _hears(self, notice: Notice) -> None:
        number, now = notice.key_id, self.desk.now
        of_end = notice.kind in {Crossing.EXPIRES, Crossing.ENDED}
        self.told[number, str(notice.kind), *((notice.expires, notice.mark) if of_end else ())] += 1
        if notice.kind is Crossing.LOW:
            self.low_told[number].append(now)
            if self._lasts(notice):
                self.false[number, int((now - BEGIN) // (30 * DAY))] += 1
            if number % 2:
                self._later(30, lambda: self._top_up(number))
        elif notice.kind is Crossing.DRY:
            self._later(6, lambda: self._top_up(number))
        elif (
            notice.kind is Crossing.EXPIRES and notice.mark <= 3 * DAY and number % 2
        ) or notice.kind is Crossing.ENDED:
            self._later(12, lambda: self._extend(number))
        elif notice.kind is Crossing.IDLE:
            if number % 3 == 0:
                self._later(24, lambda: self._set(number, status=2))
        elif notice.kind is Crossing.UNANSWERED and number % 4 == 0:
            self._later(48, lambda: self._set(number, status=1))
        elif notice.kind is Crossing.ANOMALY and number not in self.leaks:
            self.false[number, int((now - BEGIN) // (30 * DAY))] += 1

    def _lasts(self, notice: Notice) -> bool:
        """Whether a key that was told low by its pace has enough for long: by the spending that is still to come."""
        by_share = notice.left <= self.desk.terms.quota_low * notice.granted
        one = self.spenders[notice.key_id]
        return not by_share and notice.left > one.between(self.hour, self.hour + FALSE_DAYS * 24)

    def _top_up(self, number: int) -> None:
        one = self.spenders[number]
        self.topped[number].append(self.desk.now)
        self._set(number, remain_quota=max(0, self.keys[number].remain_quota) + 30 * one.per_day)

    def _extend(self, number: int) -> None:
        before = self.keys[number].expired_time
        end = int(max(self.desk.now, before) + 30 * DAY)
        # The judgement sees it with the next list.
        self.extended[number].append(self.desk.now + STEP * HOUR)
        self._set(number, expired_time=end)

    def _carry_out(self, c: sa.Connection) -> None:
        """What the policy ordered is done at once."""
        for number in self.desk.ordered.keys:
            self._set(number, status=2)
        self.desk.ordered.keys.clear()
        self.desk.ordered.settle(c, Status.SUCCEEDED, at=self.desk.now)

    # -- what came of it

    def figures(self) -> dict[str, Any]:
        """How much was told, and how well."""
        dry = [(number, at) for number, moments in self.dry.items() for at in moments]
        early = sum(self._was_early(number, at) for number, at in dry)
        of_ends = {what: times for what, times in self.told.items() if what[1] in {"expires", "ended"}}
        told_marks = {(what[0], what[2], what[3]) for what in of_ends}
        return {
            "messages": len(self.desk.wanted.posts),
            "told": dict(sorted(Counter(what[1] for what in self.told.elements()).items())),
            "dry": len(dry),
            "dry told": sum(times for what, times in self.told.items() if what[1] == "dry"),
            "early share": early / max(1, len(dry)),
            "marks missed": len(self.marks - told_marks),
            "marks doubled": sum(times - 1 for times in of_ends.values()),
            "marks made up": len(told_marks - self.marks),
            "false in a month": max(self.false.values(), default=0),
            "false": sum(self.false.values()),
            "leaks": len(self.leaks),
            "leaks told": sum(self.told[number, "anomaly"] == 1 for number in self.leaks),
            "well off told": sum(
                t for what, t in self.told.items() if what[0] % 5 == 0 and what[1] in {"low", "dry", "expires", "ended"}
            ),
        }

    def _was_early(self, number: int, at: float) -> bool:
        begin = max([BEGIN, *(moment for moment in self.topped[number] if moment < at)])
        return any(begin <= moment <= at - DAY for moment in self.low_told[number])
