"""The buttons under a change: counted once, refused with the reason, and the next part waits while nobody answers."""

from typing import Any

import pytest

from bot.approvals.models import Status
from bot.care.drift import answers, store
from bot.care.drift.answers import DriftAnswers
from bot.db.engine import Database
from bot.durable.engine import Again
from bot.errors import ApprovalConflict, PermissionDenied
from bot.gateway.errors import CallFacts, GatewayUnavailable
from bot.permissions.models import ActorKind
from tests.care.drift.test_rounds import Drifting, request
from tests.care.kit import key
from tests.narrow import present

SAM = "U0SAM"


FACTS = CallFacts(operation="get_key", key_id=1, request_id=None, reference="r", status=None)


class Reader:
    """The gateway's record, or its silence."""

    def __init__(self) -> None:
        self.fails: Exception | None = None

    async def get_key(self, _key_id: int, *, deadline: float) -> Any:
        del deadline
        if self.fails is not None:
            raise self.fails
        return key(1, name="x", remain_quota=6000)


class Flow:
    """Takes what is asked for, or refuses."""

    def __init__(self, office: Drifting) -> None:
        self.office = office
        self.asked: list[Any] = []
        self.fails: Exception | None = None

    async def submit(self, asked: Any) -> Any:
        if self.fails is not None:
            raise self.fails
        self.asked.append(asked)
        number = await request(self.office, Status.PENDING)
        return type("Request", (), {"id": number})


@pytest.fixture
async def office(database: Database) -> Drifting:
    """A card is open: a name and 5,000 units."""
    made = Drifting(database)
    made.own(1, listed=False)
    await made.read()
    await made.again()
    await made.read(name="x", remain_quota=6000)
    await made.again()
    made.people.kinds_of[SAM] = ActorKind.MEMBER
    deps: Any = made.parts.deps
    deps.reader, deps.flow = Reader(), Flow(made)
    return made


def buttons(office: Drifting) -> DriftAnswers:
    return DriftAnswers(parts=office.parts, rounds=office.rounds)


async def accept(office: Drifting, number: int = 1) -> Any:
    return await office.database.run(buttons(office)._accept, number, SAM)


async def test_a_change_is_accepted_once_and_not_while_it_is_put_back(office: Drifting) -> None:
    await office.database.run(store.put, 1, requests={"key.update": 5})
    assert isinstance(await accept(office), ApprovalConflict)
    await office.database.run(store.put, 1, requests=None)
    assert await accept(office) is None
    assert isinstance(await accept(office), ApprovalConflict)
    assert isinstance(await accept(office, 9), ApprovalConflict)
    row = present(office.row())
    assert (row.outcome, row.answered_by, bool(row.drift)) == ("accepted", SAM, False)


async def test_the_next_part_is_asked_for_by_who_clicked(office: Drifting) -> None:
    deps: Any = office.parts.deps
    assert await buttons(office).next("1") is None
    assert deps.flow.asked == []
    await office.database.run(
        store.put, 1, requests={"key.quota": 0}, answered_by=SAM, drift={"before": {}, "quota": 5}
    )
    assert await buttons(office).next("1") is None
    [asked] = deps.flow.asked
    assert (asked.actor.slack_user_id, asked.operation.name, asked.wanted.delta) == (SAM, "key.quota", -5)
    assert present(office.row()).requests == {"key.quota": 1}
    assert await buttons(office).next("1") is None
    assert len(deps.flow.asked) == 1
    await office.database.run(buttons(office)._asked, 9, {}, SAM)


async def test_silence_is_waited_for_and_a_refusal_gives_the_buttons_back(office: Drifting) -> None:
    deps: Any = office.parts.deps
    await office.database.run(store.put, 1, requests={"key.update": 0}, answered_by=SAM)
    office.people.kinds_of[SAM] = None
    assert await buttons(office).next("1") == Again(answers.SILENT_SECONDS)
    office.people.kinds_of[SAM] = ActorKind.MEMBER
    deps.reader.fails = GatewayUnavailable("away", facts=FACTS)
    assert await buttons(office).next("1") == Again(answers.SILENT_SECONDS)
    deps.reader.fails, deps.flow.fails = None, PermissionDenied("no")
    assert await buttons(office).next("1") is None
    assert present(office.row()).requests == {}


@pytest.mark.parametrize("value", ["", "x", "٣", "9" * 20])
def test_an_odd_value_is_no_key(value: str) -> None:
    assert answers._number(value) == 0
