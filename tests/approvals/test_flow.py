"""Submit: judged by today's rules, stored once, refusals recorded, nothing stored when something is wrong."""

import json
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from bot.approvals.flow import Asked, Flow
from bot.approvals.models import Status
from bot.db.engine import Database
from bot.errors import ApprovalConflict, InputError, PermissionDenied, TooMuch
from bot.features import OPERATIONS
from bot.gateway.errors import CallFacts, KeyNotFound
from bot.gateway.models import Key
from bot.keys import locks
from bot.languages.sentence import from_stored
from bot.permissions.models import Actor, ActorKind, Lock
from bot.permissions.rules import parse_policy
from tests.approvals.kit import ADA, BEN, CHANNEL, NOW, Spine, person, policy
from tests.keys.records import record


async def test_a_big_wish_waits_and_wants_a_card(spine: Spine) -> None:
    request = await spine.ask()
    assert (request.status, request.number, request.lapses_at) == (Status.PENDING, "#1", spine.now + 3 * 86_400)
    assert list(await spine.wanted()) == ["req:1:card"]


async def test_a_small_wish_runs_and_wants_no_card(spine: Spine) -> None:
    request = await spine.ask(remain_quota=500_000)
    assert (request.status, request.judgement.decision.rule) == (Status.APPROVED, "small")
    assert await spine.wanted() == {}
    assert await spine.facts(1) == ["asked", "approved"]


@pytest.mark.parametrize(
    "kind", [ActorKind.GUEST, ActorKind.OUTSIDER, ActorKind.DEACTIVATED, ActorKind.BOT, ActorKind.UNKNOWN]
)
async def test_who_is_no_full_member_is_refused_and_recorded_whatever_the_groups_say(
    spine: Spine, kind: ActorKind
) -> None:
    who = person("U0GIL", "S0ENGINEERS", "S0MANAGERS", kind=kind)
    with pytest.raises(PermissionDenied, match="have no role"):
        await spine.ask(who, remain_quota=1)
    assert await spine.facts() == ["refused"]
    assert await spine.started("req:") == []


async def test_a_member_without_a_role_is_refused_and_recorded(spine: Spine) -> None:
    with pytest.raises(PermissionDenied, match="Without a role, creating keys is not allowed"):
        await spine.ask(person("U0NEW"))
    assert await spine.facts() == ["refused"]


async def test_a_name_in_use_stores_nothing(spine: Spine) -> None:
    spine.offered.taken = ("search",)
    with pytest.raises(InputError) as wrong:
        await spine.ask()
    assert list(wrong.value.fields) == ["name"]
    assert await spine.facts() == []


async def test_a_repeat_answers_with_the_row_even_when_the_name_is_taken_by_now(spine: Spine) -> None:
    first = await spine.ask(delivery="sub:1")
    spine.offered.taken = ("search",)
    assert await spine.ask(delivery="sub:1") == first


async def test_a_repeat_of_what_is_denied_by_now_answers_with_the_row(spine: Spine) -> None:
    first = await spine.ask(delivery="sub:1")
    spine.policy = parse_policy("")
    assert await spine.ask(delivery="sub:1") == first
    assert await spine.facts() == ["asked"]


async def test_a_form_that_somebody_else_sent_tells_nothing(spine: Spine) -> None:
    await spine.ask(delivery="sub:1")
    with pytest.raises(ApprovalConflict, match="not by you"):
        await spine.ask(BEN, delivery="sub:1")


async def test_who_skips_the_approval_says_why(sqlite_database: Database) -> None:
    spine = Spine(sqlite_database, policy('from = ["manager"], expires = "3d", break_glass = true'))
    with pytest.raises(InputError) as wrong:
        await spine.ask(reason=" ", urgent=True)
    assert list(wrong.value.fields) == ["reason"]
    done = await spine.ask(reason="the site is down", urgent=True)
    assert (done.status, done.break_glass) == (Status.APPROVED, True)
    # Those who could have decided are mentioned in the thread of its card.
    assert await spine.database.read(_stories) == [
        "<!subteam^S0MANAGERS> <@U0ADA> had this done at once by break-glass. Please review it."
    ]


async def test_a_reason_alone_breaks_no_glass(sqlite_database: Database) -> None:
    spine = Spine(sqlite_database, policy('from = ["manager"], expires = "3d", break_glass = true'))
    waiting = await spine.ask(reason="it would be nice")
    assert (waiting.status, waiting.break_glass) == (Status.PENDING, False)
    assert waiting.approval is not None
    assert not waiting.approval.break_glass
    # Who forges the box where no rule knows break-glass asks like anybody.
    spine.policy = policy()
    assert (await spine.ask(name="another", reason="x", urgent=True)).status is Status.PENDING


async def test_counted_again_within_the_transaction_a_reason_alone_breaks_no_glass(sqlite_database: Database) -> None:
    rules = """
[roles]
engineer = ["S0ENGINEERS"]
manager = ["S0MANAGERS"]
[[rules]]
name = "five"
who = ["engineer"]
do = ["key.create"]
when = { keys_at_most = 5 }
approval = { from = ["manager"], expires = "3d", break_glass = true }
"""
    spine = Spine(sqlite_database, parse_policy(rules))
    assert (await spine.ask(reason="it would be nice")).status is Status.PENDING
    assert (await spine.ask(name="another", reason="it is down", urgent=True)).break_glass


def _stories(c: sa.Connection) -> list[str]:
    rows = c.execute(sa.text("SELECT body FROM posts WHERE kind = 'story'")).scalars()
    bodies = [json.loads(row) if isinstance(row, str) else row for row in rows]
    return [str(from_stored(body["text"])) for body in bodies]


async def test_nobody_fills_the_list_of_those_who_decide(sqlite_spine: Spine) -> None:
    sqlite_spine.flow = replace(sqlite_spine.flow, most_open=1)
    await sqlite_spine.ask()
    with pytest.raises(TooMuch, match="1 request of yours waits"):
        await sqlite_spine.ask(name="another")
    assert (await sqlite_spine.ask(BEN, name="another")).id == 2


async def test_a_repeat_of_the_last_one_that_may_wait_answers_with_the_row(sqlite_spine: Spine) -> None:
    sqlite_spine.flow = replace(sqlite_spine.flow, most_open=1)
    first = await sqlite_spine.ask(delivery="sub:1")
    assert await sqlite_spine.ask(delivery="sub:1") == first
    assert await sqlite_spine.facts() == ["asked"]


COUNTING = """
[roles]
engineer = ["S0ENGINEERS"]
[[rules]]
name = "one key"
who = ["engineer"]
do = ["key.create"]
when = { keys_at_most = 1 }
allow = true
"""


async def test_counts_are_compared_again_where_the_request_is_stored(sqlite_spine: Spine) -> None:
    spine = sqlite_spine
    spine.policy = parse_policy(COUNTING)
    judge = spine.flow.judge
    others: list[Any] = []

    async def overtaken(self: Flow, asked: Asked, **how: Any) -> Any:
        """Judged, and another request of theirs is stored before this one is."""
        judged = await judge(asked, **how)
        if not others:
            others.append(asked)
            await spine.ask(name="first", delivery="sub:first")
        return judged

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flow, "judge", overtaken)
        with pytest.raises(PermissionDenied):
            await spine.ask(name="second", delivery="sub:second")
    assert (await spine.ask(name="first", delivery="sub:first")).id == 1
    assert await spine.facts() == ["asked", "approved", "refused"]


async def test_a_repeat_that_would_be_one_too_many_answers_with_the_row(sqlite_spine: Spine) -> None:
    spine = sqlite_spine
    spine.policy = parse_policy(COUNTING.replace("at_most = 1", "at_most = 2"))
    first = await spine.ask(delivery="sub:1")
    assert await spine.ask(delivery="sub:1") == first
    assert await spine.facts() == ["asked", "approved"]


class Found:
    """A gateway with one key, or none."""

    def __init__(self, key: Key | None) -> None:
        self.key = key

    async def get_key(self, key_id: int, *, deadline: float | None = None) -> Key:
        if self.key is None:
            raise KeyNotFound(
                facts=CallFacts(operation="reading", key_id=key_id, request_id=None, reference="0", status=200)
            )
        return self.key

    def server_now(self, _key_id: int | None = None) -> float:
        return NOW


RULE = "[[rules]]\nname='r'\nwho=['engineer']\ndo=['key.enable']\non='{}'\nallow=true\n"
ROLES = "[roles]\nengineer=['S0ENGINEERS']\n"


def enabling(spine: Spine, key: Key | None, whose: str) -> Asked:
    spine.policy = parse_policy(ROLES + RULE.format(whose))
    found: Any = Found(key)
    spine.flow = replace(spine.flow, reader=found)
    operation = OPERATIONS["key.enable"]
    wanted = operation.input_model.model_validate({"key_id": 7})
    return Asked(
        actor=ADA, operation=operation, wanted=wanted, reason="", channel_id=CHANNEL, delivery_id="d", deadline=1.0
    )


@pytest.mark.parametrize(("whose", "error"), [("any", KeyNotFound), ("own", PermissionDenied)])
async def test_whether_there_is_a_key_is_told_to_those_who_may_do_it_to_any(
    sqlite_spine: Spine, whose: str, error: type[Exception]
) -> None:
    asked = enabling(sqlite_spine, None, whose)
    with pytest.raises(error):
        await sqlite_spine.flow.submit(asked)


async def test_a_lock_is_a_fact_of_what_may_bring_a_key_back(sqlite_spine: Spine) -> None:
    lock = Lock(cause="alert", by="U0SAM", at=1.0, number=3, rule="r")
    await sqlite_spine.database.run(locks.lock, 7, lock)
    asked = enabling(sqlite_spine, record(7, status=2), "any")
    inspection, decision = await sqlite_spine.flow.judge(asked)
    assert inspection.facts.lock == lock
    assert decision.outcome == "needs_approval"


@pytest.mark.parametrize(
    ("who", "member", "admitted"),
    [
        (ADA, True, True),
        (person("U0NEW"), True, False),
        (person("U0GIL", "S0ENGINEERS", kind=ActorKind.GUEST), False, False),
    ],
)
async def test_who_is_let_in_before_the_gateway_is_asked(
    sqlite_spine: Spine, who: Actor, member: bool, admitted: bool
) -> None:
    flow = sqlite_spine.flow
    for admit, expected in ((flow.admit_member, member), (flow.admit, admitted)):
        if expected:
            await admit(who, "key.create")
        else:
            with pytest.raises(PermissionDenied):
                await admit(who, "key.create")


async def test_what_stops_a_key_may_always_wait(sqlite_spine: Spine) -> None:
    spine = sqlite_spine
    spine.policy = parse_policy(
        "[roles]\nengineer=['S0ENGINEERS']\nmanager=['S0MANAGERS']\n"
        "[[rules]]\nname='r'\nwho=['engineer']\ndo=['key.disable']\non='any'\napproval={from=['manager']}\n"
    )
    found: Any = Found(record(7))
    spine.flow = replace(spine.flow, reader=found, most_open=0)
    operation = OPERATIONS["key.disable"]
    wanted = operation.input_model.model_validate({"key_id": 7})
    asked = Asked(
        actor=ADA, operation=operation, wanted=wanted, reason="", channel_id=CHANNEL, delivery_id="d", deadline=1.0
    )
    assert (await spine.flow.submit(asked)).status is Status.PENDING
