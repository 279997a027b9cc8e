"""The daily look: once a day, one replica; a list that says too much is a question, and one that is silent nothing."""

import asyncio
from typing import Any

import pytest

from bot.care.leavers import roll_call
from bot.care.leavers.messages import QUESTION, question_note
from bot.care.leavers.roll_call import JOB, LOOK, too_many
from bot.db import named_values
from bot.db.engine import Database
from bot.durable.engine import Again
from bot.errors import ApprovalConflict
from bot.permissions.models import ActorKind
from tests.care.leavers.kit import ADA, Office, off

DAY = 86_400
PEOPLE = [f"U0P{number:02}" for number in range(30)]


@pytest.fixture
def office(thorough_database: Database) -> Office:
    made = Office(thorough_database)
    for number, person in enumerate(PEOPLE):
        made.own(100 + number, owner=person)
        made.people.kinds_of[person] = ActorKind.MEMBER
    return made


def leave(office: Office, *people: str) -> None:
    office.people.kinds_of |= dict.fromkeys(people, ActorKind.DEACTIVATED)


async def call(office: Office) -> Again | None:
    office.now += DAY
    return await office.roll_call.run(str(int(office.now)))


def looked_at(office: Office) -> set[str]:
    return {argument.partition(":")[0] for job, argument, _ in office.kept.jobs.values() if job == LOOK}


def question(office: Office, number: int = 1) -> Any:
    return office.database.run_here(named_values.get, question_note(number))


async def test_once_a_day_and_once_for_two_replicas(office: Office) -> None:
    await asyncio.gather(*(office.roll_call.round() for _ in range(5)))
    assert [job for job, _, _ in office.kept.jobs.values()] == [JOB]
    office.now += DAY - 1
    await office.roll_call.round()
    assert len(office.kept.jobs) == 1
    office.now += 1
    await office.roll_call.round()
    assert len(office.kept.jobs) == 2
    office.now -= 30 * DAY
    await office.roll_call.round()
    assert len(office.kept.jobs) == 3


async def test_switched_off_nothing_begins(office: Office) -> None:
    office.terms = off()
    assert not await office.roll_call.round()
    assert office.kept.jobs == {}


async def test_a_few_are_looked_at_and_who_is_back_too(office: Office) -> None:
    leave(office, *PEOPLE[:3])
    assert await call(office) is None
    assert looked_at(office) == set(PEOPLE[:3])
    office.own(1)
    await office.look(ADA)
    office.people.kinds_of[ADA] = ActorKind.MEMBER
    await call(office)
    assert looked_at(office) == {*PEOPLE[:3], ADA}


async def test_slack_that_is_silent_is_asked_again_and_nobody_is_looked_at(office: Office) -> None:
    leave(office, *PEOPLE[:3])
    office.people.silent = True
    assert await call(office) == Again(roll_call.AGAIN)
    assert office.kept.jobs == {}


async def test_nobody_owns_anything_so_slack_is_not_asked(database: Database) -> None:
    office = Office(database)
    office.people.silent = True
    assert await call(office) is None


@pytest.mark.parametrize(
    ("gone", "owners", "asks"),
    [(3, 3, False), (1, 1, False), (4, 12, False), (4, 11, True), (20, 100, False), (21, 1000, True), (0, 0, False)],
)
def test_what_is_too_many(gone: int, owners: int, *, asks: bool) -> None:
    assert too_many(gone, owners, most=20) is asks


async def test_too_many_are_a_question_that_is_drawn_anew_until_it_is_answered(office: Office) -> None:
    leave(office, *PEOPLE[:12])
    await call(office)
    await call(office)
    leave(office, PEOPLE[12])
    await call(office)
    assert {(post, kind) for post, kind, _ in office.kept.posts} == {("leavers:question:1", QUESTION)}
    assert (len(question(office)["people"]), question(office)["total"]) == (13, 30)
    assert looked_at(office) == set()


async def test_a_list_that_is_right_again_ends_the_question(office: Office) -> None:
    leave(office, *PEOPLE[:12])
    await call(office)
    office.people.kinds_of |= dict.fromkeys(PEOPLE[1:], ActorKind.MEMBER)
    await call(office)
    assert question(office)["answer"] == "over"
    assert looked_at(office) == {PEOPLE[0]}
    leave(office, *PEOPLE[:12])
    await call(office)
    assert (question(office, 1), len(question(office, 2)["people"])) == (None, 12)


async def answer(office: Office, number: int, word: str) -> None:
    error = await office.database.run(office.roll_call._take, number, word, "U0SAM")
    if error is not None:
        raise error


async def test_a_yes_has_each_looked_at_and_a_second_answer_is_late(office: Office) -> None:
    leave(office, *PEOPLE[:12])
    await call(office)
    await answer(office, 1, "left")
    assert looked_at(office) == set(PEOPLE[:12])
    for number in (1, 0, 7):
        with pytest.raises(ApprovalConflict):
            await answer(office, number, "not")
    assert question(office)["answer"] == "left"


async def test_a_no_is_believed_for_a_week_about_those_people(office: Office) -> None:
    leave(office, *PEOPLE[:12])
    await call(office)
    await answer(office, 1, "not")
    await call(office)
    assert question(office, 2) is None
    leave(office, PEOPLE[12])
    await call(office)
    assert len(question(office, 2)["people"]) == 13
    await answer(office, 2, "not")
    office.now += roll_call.BELIEVED
    await call(office)
    assert question(office, 3)["answer"] == ""


async def test_whose_keys_were_all_disabled_in_the_console_is_not_counted_among_the_gone_for_ever(
    office: Office,
) -> None:
    before = [f"U0GONE{number}" for number in range(office.terms.leavers_at_once + 5)]
    for number, person in enumerate(before):
        office.own(500 + number, owner=person, status=2)
    leave(office, *before, PEOPLE[0])
    await call(office)
    assert (looked_at(office), question(office)) == ({PEOPLE[0]}, None)
    # One that is enabled there works again, and is told.
    office.own(500, owner=before[0])
    await call(office)
    assert looked_at(office) == {PEOPLE[0], before[0]}
