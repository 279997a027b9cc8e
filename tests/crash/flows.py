"""What people do in the crash tests, one flow per operation, and what must be true of the gateway afterwards.

A flow is prepared while nothing goes wrong; then the points count, it acts, persistently as people are, and is checked.
"""

import functools
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.models import ApprovalRequest, Status
from bot.audit import read as read_audit
from bot.db.tables import requests
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import Record
from keydesk_sandbox.fake_slack.views import View
from tests.crash.house import House
from tests.scenarios.desk import buttons_of, text_of

ADA, MIRA, CHANNEL = seed.ENGINEER, seed.MANAGER, seed.KEYS_CHANNEL
MONTH = 30 * 86_400
# From a click to the card that shows it, or to the word that it did not work; with deaths in between.
DECIDED_SECONDS = 60.0
Problems = list[str]
ONCE = ("asked", "approved", "applying", "applied")


@dataclass(frozen=True, kw_only=True)
class Flow:
    """`record`: the key that is there before, None for a new one. `check`: what is wrong with the gateway's keys.

    `nothing_late`: whether a write by a frozen process that woke up is a problem of its own, though it changes nothing.
    """

    name: str
    check: Callable[[House, Record | None], Problems]
    act: Callable[[House, View], Awaitable[None]]
    word: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    record: dict[str, Any] | None = None
    requests: int = 1
    with_card: bool = False
    nothing_late: bool = False

    async def prepare(self, house: House) -> tuple[Record | None, View]:
        """The key, and the form, filled in."""
        made, command = None, "/apikey new"
        if self.record is not None:
            made = await house.desk.own(ADA, house.gateway.add_key(name="mine", **self.record))
            command = f"/apikey {self.word} {made.id}"
        await house.form(ADA, CHANNEL, command, f"key.{'update' if self.word == 'edit' else self.word or 'create'}")
        await house.desk.fill(ADA, house.slack.top_view(ADA), **self.fields)
        return made, house.slack.top_view(ADA)

    def moving(self, c: sa.Connection) -> str:
        """What of the requests is not settled yet; empty once nothing moves."""
        statuses = list(c.scalars(sa.select(requests.c.status)))
        if len(statuses) < self.requests or set(statuses) != {Status.SUCCEEDED.value}:
            return f"requests: {statuses}"
        return ""

    def recorded(self, house: House) -> Problems:
        """What is wrong with the rows, the record and the card."""
        problems, posted = [], house.posted()
        with house.database.engine.connect() as c:
            rows: list[ApprovalRequest] = store.recent(c)
            lines = read_audit(c, limit=500)
        if len(rows) != self.requests:
            problems.append(f"{len(rows)} requests instead of {self.requests}")
        for row in rows:
            facts = Counter(line["fact"] for line in lines if line["request_id"] == row.id)
            problems += [f"{fact} recorded {facts[fact]} times" for fact in ONCE if facts[fact] != 1]
            # By its number: a transaction that was rolled back uses one up on PostgreSQL.
            needed = ("confirmation", "dm", "card") if row.has_card else ("confirmation", "dm")
            problems += [f"no {what} of {row.number}" for what in needed if f"req:{row.id}:{what}" not in posted]
        if self.with_card:
            # Not `card` itself: its StopIteration would never come out of a thread, and hang the run.
            card = next((m for m in house.desk.messages() if not m.thread_ts and "asks" in text_of(m)), None)
            said = card is not None and "approved by" in text_of(card)
            problems += [] if said else ["the card does not say that it is done"]
        return problems


def _keys(house: House) -> list[Record]:
    found: list[Record] = house.gateway.keys()
    return found


async def submit(house: House, view: View) -> None:
    """Whose form it is sends it."""
    await house.persist(lambda: house.slack.submit(view.user_id, view))


async def submit_and_approve(house: House, view: View) -> None:
    """The same, and Mira approves it."""
    await submit(house, view)
    card = await house.desk.eventually(lambda: house.desk.card(None))
    while not _is_decided(house):
        told = _told_to_try_again(house)
        await house.persist(lambda: house.slack.click(MIRA, card, "approve"))
        await house.desk.eventually(functools.partial(_has_an_answer, house, told), seconds=DECIDED_SECONDS)


def _has_an_answer(house: House, told: int) -> bool:
    return _is_decided(house) or _told_to_try_again(house) > told


def _told_to_try_again(house: House) -> int:
    """How often Mira read that the database did not take a click: the click itself was answered."""
    seen = house.slack.messages(CHANNEL, viewer=MIRA)
    return sum(m.ephemeral_to == MIRA and "did not take that" in m.text for m in seen)


def _is_decided(house: House) -> bool:
    return "approve" not in buttons_of(house.desk.card(None))


def _differences(record: Record, **wanted: Any) -> Problems:
    return [
        f"{name} is {getattr(record, name)!r}, not {value!r}"
        for name, value in wanted.items()
        if getattr(record, name) != value
    ]


def _new_key(quota: int) -> Callable[[House, Record | None], Problems]:
    def check(house: House, _made: Record | None) -> Problems:
        found = [record for record in _keys(house) if record.name == "new"]
        if len(found) != 1:
            return [f"{len(found)} keys instead of one"]
        key = found[0]
        wrong = _differences(key, remain_quota=quota, unlimited_quota=False, model_limits="gpt-4o-mini", status=1)
        life = key.expired_time - house.gateway.clock.now()
        return wrong + ([] if abs(life - MONTH) < 120 else [f"it expires in {life} s"])

    return check


def _changed(**wanted: Any) -> Callable[[House, Record | None], Problems]:
    def check(house: House, made: Record | None) -> Problems:
        assert made is not None
        same = {"name": "mine", "remain_quota": 900, "used_quota": 100, "allow_ips": "198.51.100.10", "status": 1}
        same |= {"model_limits": "gpt-4o-mini", "expired_time": -1, "unlimited_quota": False}
        others = [] if len(house.gateway.keys()) == 4 else [f"{len(house.gateway.keys())} keys instead of 4"]
        return _differences(house.gateway.key(made.id), **(same | wanted)) + others

    return check


def _gone(house: House, made: Record | None) -> Problems:
    assert made is not None
    there = any(record.id == made.id for record in _keys(house))
    return ["it is still there"] if there or len(house.gateway.keys()) != 3 else []


def _rotated(house: House, made: Record | None) -> Problems:
    assert made is not None
    successors = [record for record in _keys(house) if record.id > made.id]
    if len(successors) != 1:
        return [f"{len(successors)} successors instead of one"]
    # Without an overlap all is moved and the old key ends; else the two share, and it works on.
    shared = house.gateway.key(made.id).status == 1
    kept, came = (450, 450) if shared else (0, 900)
    without: Any = _Without(house, successors[0])
    old = _changed(status=1 if shared else 2, remain_quota=kept)(without, made)
    return old + _differences(
        successors[0], remain_quota=came, allow_ips="198.51.100.10", model_limits="gpt-4o-mini", status=1
    )


class _Without:
    """The house, as if the successor were not there."""

    def __init__(self, house: House, record: Record) -> None:
        self.gateway = self
        self._house = house
        self._record = record

    def keys(self) -> list[Record]:
        return [record for record in _keys(self._house) if record.id != self._record.id]

    def key(self, key_id: int) -> Record:
        return self._house.gateway.key(key_id)


_THERE = {
    "remain_quota": 900,
    "used_quota": 100,
    "allow_ips": "198.51.100.10",
    "model_limits": "gpt-4o-mini",
    "model_limits_enabled": True,
    "group": "default",
}
_NEW = {"name": "new", "expired_time": "30d", "model_limits": ["gpt-4o-mini"], "reason": "a crash test"}

FLOWS = {
    flow.name: flow
    for flow in (
        Flow(name="create", act=submit, check=_new_key(100_000), fields={**_NEW, "remain_quota": "100k"}),
        Flow(
            name="create-approved",
            act=submit_and_approve,
            check=_new_key(2_000_000),
            fields={**_NEW, "remain_quota": "2M"},
            with_card=True,
        ),
        Flow(
            name="update",
            word="edit",
            act=submit,
            check=_changed(name="renamed", allow_ips="203.0.113.0/24"),
            fields={"name": "renamed", "allow_ips": "203.0.113.0/24", "reason": "a crash test"},
            record=_THERE,
        ),
        Flow(
            name="quota",
            word="quota",
            act=submit,
            check=_changed(remain_quota=1400),
            fields={"delta": "+500", "reason": "a crash test"},
            record=_THERE,
        ),
        Flow(name="disable", word="disable", act=submit, check=_changed(status=2), record=_THERE),
        Flow(name="enable", word="enable", act=submit, check=_changed(status=1), record={**_THERE, "status": 2}),
        Flow(
            name="rotate",
            word="rotate",
            act=submit,
            check=_rotated,
            fields={"overlap": "0"},
            record=_THERE,
            requests=2,
        ),
        Flow(
            name="rotate-sharing", word="rotate", act=submit, check=_rotated, fields={"overlap": "24h"}, record=_THERE
        ),
        Flow(name="delete", word="delete", act=submit, check=_gone, fields={"confirm": "mine"}, record=_THERE),
    )
}
