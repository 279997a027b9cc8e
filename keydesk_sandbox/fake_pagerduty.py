"""A fake of the part of PagerDuty's REST API that tells who is on call. It imports nothing of the bot and speaks wire.

GET /oncalls with schedule_ids[], since, until, include[]=users, limit and offset, as PagerDuty documents it: an entry
for each escalation policy and level that uses a schedule, none for a schedule that no policy uses, `start` and `end`
null for somebody who is always on call, pages with `more`, a body in gzip, 401 without the token, 429 with the seconds
of `ratelimit-reset`. Overrides are applied. What can go wrong on the way is a fault that stays until it is taken away.
"""

import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Fault = Literal[
    "none",
    "401",
    "403",
    "404",
    "429",
    "500",
    "503",
    "hang",
    "nobody",
    "another schedule",
    "more for ever",
    "not json",
    "a list",
    "no list",
    "no dates",
    "huge",
    "elsewhere",
]
FAULTS: tuple[str, ...] = get_args(Fault)
MOST_LIMIT = 100
HUGE = 2_000_000


@dataclass(frozen=True, kw_only=True)
class PagerDutyUser:
    """Somebody in PagerDuty. `email` None: a user without one."""

    id: str
    name: str
    email: str | None


@dataclass(frozen=True, kw_only=True)
class FakeShift:
    """On call from `start` until `end` (Unix seconds); None: always, or for ever."""

    user: PagerDutyUser
    start: float | None = None
    end: float | None = None


@dataclass(kw_only=True)
class FakeSchedule:
    """`used_by`: escalation policies and the level in each; without one the API has no entries for it."""

    id: str
    shifts: list[FakeShift] = field(default_factory=list)
    overrides: list[FakeShift] = field(default_factory=list)
    used_by: list[tuple[str, int]] = field(default_factory=lambda: [("PE0MAIN", 1)])

    def final(self) -> list[FakeShift]:
        """The shifts with the overrides in them."""
        found = list(self.shifts)
        for override in self.overrides:
            found = [part for shift in found for part in _without(shift, override)] + [override]
        return found


def _without(shift: FakeShift, override: FakeShift) -> list[FakeShift]:
    """What an override leaves of a shift."""
    start, end = _edges(shift)
    cut_start, cut_end = _edges(override)
    if cut_end <= start or end <= cut_start:
        return [shift]
    parts = []
    if start < cut_start:
        parts.append(FakeShift(user=shift.user, start=shift.start, end=override.start))
    if cut_end < end:
        parts.append(FakeShift(user=shift.user, start=override.end, end=shift.end))
    return parts


def _edges(shift: FakeShift) -> tuple[float, float]:
    return (
        float("-inf") if shift.start is None else shift.start,
        float("inf") if shift.end is None else shift.end,
    )


class FakePagerDuty:
    """One account. `asked`: the query of each call, oldest first."""

    def __init__(self, *, token: str, clock: Callable[[], float], page: int = MOST_LIMIT) -> None:
        self.token = token
        self.clock = clock
        self.page = page
        self.base_url = ""
        self.schedules: dict[str, FakeSchedule] = {}
        self.fault: Fault = "none"
        self.retry_after = 7
        self.zipped = True
        self.asked: list[dict[str, list[str]]] = []
        self.app = Starlette(routes=[Route("/oncalls", self._oncalls)])

    def on_call(
        self, schedule_id: str, *users: PagerDutyUser, start: float | None = None, end: float | None = None
    ) -> None:
        """These people, and nobody else, have this schedule."""
        shifts = [FakeShift(user=user, start=start, end=end) for user in users]
        self.schedules[schedule_id] = FakeSchedule(id=schedule_id, shifts=shifts)

    def take_turns(self, schedule_id: str, users: Sequence[PagerDutyUser], *, seconds: float, turns: int = 400) -> None:
        """One after the other is on call, from now on."""
        begin = self.clock()
        self.schedules[schedule_id] = FakeSchedule(
            id=schedule_id,
            shifts=[
                FakeShift(user=users[turn % len(users)], start=begin + turn * seconds, end=begin + (turn + 1) * seconds)
                for turn in range(turns)
            ],
        )

    def override(self, schedule_id: str, user: PagerDutyUser, *, start: float, end: float) -> None:
        """Somebody takes a shift, or a part of one, for somebody else."""
        self.schedules[schedule_id].overrides.append(FakeShift(user=user, start=start, end=end))

    async def _oncalls(self, request: Request) -> Response:
        query = request.query_params
        self.asked.append({name: query.getlist(name) for name in query})
        if request.headers.get("authorization") != f"Token token={self.token}" or self.fault == "401":
            return _error(401, "")
        if self.fault == "hang":
            while (await request.receive())["type"] != "http.disconnect":
                pass
        if self.fault == "elsewhere":
            return Response(status_code=302, headers={"Location": "http://127.0.0.1:9/oncalls"})
        if self.fault == "429":
            headers = {"ratelimit-limit": "960", "ratelimit-remaining": "0", "ratelimit-reset": str(self.retry_after)}
            return _error(429, "Rate Limit Exceeded", headers)
        if self.fault.isdigit():
            return _error(int(self.fault), "Not Found" if self.fault == "404" else "Error")
        return self._answer(self._body(query.getlist("schedule_ids[]"), request), request)

    def _answer(self, body: Any, request: Request) -> Response:
        text = json.dumps(body).encode() if not isinstance(body, bytes) else body
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if self.zipped and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(gzip.compress(text), headers=headers | {"Content-Encoding": "gzip"})
        return Response(text, headers=headers)

    def _body(self, wanted: Sequence[str], request: Request) -> Any:
        query = request.query_params
        since, until = (datetime.fromisoformat(query[name]).timestamp() for name in ("since", "until"))
        match self.fault:
            case "not json":
                return b"<html>Maintenance</html>"
            case "a list":
                return []
            case "no list":
                return {"oncalls": {"user": "PU1"}}
            case "huge":
                return b" " * HUGE
            case _:
                pass
        entries = (
            [] if self.fault == "nobody" else self._entries(wanted, since, until, "users" in query.getlist("include[]"))
        )
        limit = min(int(query.get("limit", 25)), self.page, MOST_LIMIT)
        offset = int(query.get("offset", 0))
        if self.fault == "more for ever":
            return {"oncalls": entries[:limit], "limit": limit, "offset": offset, "more": True, "total": None}
        shown, more = entries[offset : offset + limit], len(entries) > offset + limit
        return {"oncalls": shown, "limit": limit, "offset": offset, "more": more, "total": None}

    def _entries(self, wanted: Sequence[str], since: float, until: float, with_users: bool) -> list[dict[str, Any]]:
        found = []
        for name in wanted:
            schedule = self.schedules.get(name)
            for shift in schedule.final() if schedule else ():
                start, end = _edges(shift)
                if start >= until or end <= since:
                    continue
                for policy, level in schedule.used_by if schedule else ():
                    found.append(self._entry(name, shift, policy, level, with_users))
        return found

    def _entry(self, name: str, shift: FakeShift, policy: str, level: int, with_users: bool) -> dict[str, Any]:
        user = shift.user
        body: dict[str, Any] = {"id": user.id, "type": "user_reference", "summary": user.name}
        if with_users:
            body |= {"type": "user", "name": user.name, "email": user.email}
        shown = "PSOMEOTHER" if self.fault == "another schedule" else name
        return {
            "escalation_policy": {"id": policy, "type": "escalation_policy_reference", "summary": "Main"},
            "escalation_level": level,
            "schedule": {"id": shown, "type": "schedule_reference", "summary": "Security"},
            "user": body,
            "start": "yesterday" if self.fault == "no dates" else _iso(shift.start),
            "end": _iso(shift.end),
        }


def _iso(at: float | None) -> str | None:
    """To the second, as PagerDuty writes it."""
    return None if at is None else datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    body = json.dumps({"error": {"code": 2001, "message": message}}) if message else ""
    return Response(body, status_code=status, headers=headers)
