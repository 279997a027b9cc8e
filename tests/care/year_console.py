"""What is done in the gateway's console in a simulated year: keys are edited there, and keys are made there."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from bot.approvals import store as requests_store
from bot.approvals.models import Judgement, NewRequest, Status
from bot.audit.store import read_after
from bot.care.drift import store as drift_store
from bot.care.drift.answers import DriftAnswers
from bot.care.drift.comparison import put_back, reading_of
from bot.care.drift.messages import CARD
from bot.care.drift.rounds import DriftRounds
from bot.care.unknown_keys.messages import CARD as UNKNOWN_CARD
from bot.care.unknown_keys.rounds import UnknownKeys
from bot.gateway.models import EffectiveState
from bot.keys import owners
from bot.permissions.models import Decision, Facts
from tests.care.kit import key
from tests.care.leavers.kit import Office, line
from tests.care.spending import DAY, HOUR

SECURITY = "U0SAM"
ANSWERED_AFTER = 24
# Keys of the console have numbers from here on.
FIRST = 100_000
# More than a key spends between two lists.
ADDED = 60_000_000


@dataclass(kw_only=True, eq=False)
class Console:
    """`edits`, `made`: the hours in which a key is edited, and one is made."""

    year: Any
    office: Office
    edits: list[int]
    made: list[int]
    edited: dict[int, str] = field(default_factory=dict)
    unknown: list[int] = field(default_factory=list)
    drift: DriftRounds = field(init=False)
    answers: DriftAnswers = field(init=False)

    def __post_init__(self) -> None:
        self.drift = DriftRounds(parts=self.office.parts, in_batch=self.office.parts.in_batch)
        self.answers = DriftAnswers(parts=self.office.parts, rounds=self.drift)

    def step(self) -> None:
        """What somebody does in the console now."""
        while self.edits and self.edits[0] <= self.year.hour:
            self._edit()
            self.edits.pop(0)
        while self.made and self.made[0] <= self.year.hour:
            self._make()
            self.made.pop(0)

    def _edit(self) -> None:
        """A key that nothing here wrote in these hours is changed, another one each time."""
        year, now = self.year, self.year.desk.now
        free = [
            number
            for number, one in year.keys.items()
            if number < FIRST
            and number not in self.edited
            and number not in year.written_lately
            and year.owner[number] not in year.leavers.when
            and one.state(now) is EffectiveState.ACTIVE
            and not one.unlimited_quota
            and (one.expired_time < 0 or one.expired_time > now + 3 * DAY)
        ]
        place = len(self.edited)
        number = free[place * 37 % len(free)]
        what = ("quota", "group", "expiry", "name", "disabled")[place % 5]
        one = year.keys[number]
        changes: dict[str, Any] = {
            "quota": {"remain_quota": one.remain_quota + ADDED},
            "group": {"group": "vip"},
            "expiry": {"expired_time": int(max(now, one.expired_time) + 40 * DAY)},
            "name": {"name": f"{one.name} of the console"},
            "disabled": {"status": 2},
        }[what]
        self.edited[number] = what
        if what == "quota":
            year.topped[number].append(now)
        if what == "expiry":
            year.extended[number].append(now + year.STEP * HOUR)
        year.change(number, **changes)
        year.later(ANSWERED_AFTER, lambda: self._answer(number, place))

    def _answer(self, number: int, place: int) -> None:
        """By turns: accepted, put back, left as it is."""
        if place % 3 < 2:
            self.year.desk.database.run_here(self._accept if place % 3 == 0 else self._put_back, number)

    def _accept(self, c: sa.Connection, number: int) -> None:
        assert self.answers._accept(c, number, SECURITY) is None

    def _put_back(self, c: sa.Connection, number: int) -> None:
        """Each part by a request that succeeds at once."""
        row = drift_store.find(c, number)
        assert row is not None
        wishes = put_back(number, row.drift, reading_of(self.year.keys[number]))
        [(operation, wanted)] = wishes.items()
        request, _ = requests_store.insert(c, self._request(number, operation), status=Status.SUCCEEDED, lapses_at=None)
        one = self.year.keys[number]
        changes: dict[str, Any] = {
            "quota": {"remain_quota": one.remain_quota + wanted.get("delta", 0)},
            "group": {"group": wanted.get("group")},
            "expiry": {"expired_time": row.drift.before.get("expired_time")},
            "name": {"name": wanted.get("name")},
            "disabled": {"status": 1},
        }[self.edited[number]]
        if self.edited[number] == "expiry":
            self.year.extended[number].append(self.year.desk.now + self.year.STEP * HOUR)
        self.year.here(c, number, **changes)
        self.answers._asked(c, number, {operation: request.id}, SECURITY)

    def _request(self, number: int, operation: str) -> NewRequest:
        return NewRequest(
            delivery_id=f"put back:{number}",
            operation=operation,
            requester_id=SECURITY,
            requester_team="T0HOME",
            channel_id="C0SECURITY",
            key_id=number,
            key_name="",
            reason="",
            input={"key_id": number},
            before=None,
            summary=(),
            judgement=Judgement(decision=Decision(outcome="allow", rule="x", sentence=""), facts=Facts(), own=True),
            asked_at=self.year.desk.now,
        )

    def _make(self) -> None:
        number = FIRST + len(self.unknown)
        self.unknown.append(number)
        now = self.year.desk.now
        self.year.keys[number] = key(number, born=now, remain_quota=10**9)
        self.year.owner[number] = ""
        self.year.changed.add(number)
        self.year.later(ANSWERED_AFTER, lambda: self._say(number))

    def _say(self, number: int) -> None:
        """By turns: adopted, disabled, ignored, left as it is."""
        self.year.desk.database.run_here(self._said, number)

    def _said(self, c: sa.Connection, number: int) -> None:
        of = UnknownKeys(parts=self.office.parts)
        turn = (number - FIRST) % 4
        if turn == 0:
            self.year.owner[number] = who = "U0001"
            owners.hand_over(c, line(number, who, born=self.year.keys[number].created_time))
        elif turn == 1:
            self.year.here(c, number, status=2)
        elif turn == 2:
            assert of._ignore(c, number, SECURITY) is None
        of.key_changed(c, number)

    async def round(self) -> None:
        """After a list of all keys."""
        await UnknownKeys(parts=self.office.parts).round()
        await self.drift.round()

    async def figures(self) -> dict[str, Any]:
        """What was told of it, and how often."""
        facts = await self.year.desk.database.read(read_after, 0, limit=10**6)
        told = Counter(one["key_id"] for one in facts if one["fact"] == "drifted" and "changes" in one["details"])
        found = Counter(one["key_id"] for one in facts if one["fact"] == "found")
        cards = {post for post, kind, _ in self.office.kept.posts if kind == CARD}
        of_unknown = {post for post, kind, _ in self.office.kept.posts if kind == UNKNOWN_CARD}
        rows = self.year.desk.database.run_here(drift_store.several, list(self.edited))
        outcomes = Counter(str(row.outcome or "open") for row in rows.values())
        return {
            "console edits": len(self.edited),
            "edits told": sum(told.values()),
            "edits missed": len(set(self.edited) - set(told)),
            "edits told twice": sum(times - 1 for number, times in told.items() if number in self.edited),
            "edits made up": len(set(told) - set(self.edited)),
            "cards of edits": len(cards),
            "answers": dict(sorted(outcomes.items())),
            "console keys": len(self.unknown),
            "console keys missed": len(set(self.unknown) - set(found)),
            "console keys told twice": sum(times - 1 for times in found.values()),
            "cards of console keys": len(of_unknown),
        }
