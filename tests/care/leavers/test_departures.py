"""A departure is told once and ends once, whatever is repeated, cut off, or done by two replicas at once."""

import asyncio
from collections.abc import Callable

import pytest

from bot.audit import read as read_audit
from bot.care.leavers import departures
from bot.care.leavers.departures import DUE
from bot.db.engine import Database
from bot.durable.engine import Again
from bot.keys import owners
from bot.permissions import parse_policy
from bot.permissions.models import ActorKind
from bot.slack.delivery import Delivery, Kind
from tests.care.leavers.kit import ADA, BEN, MIRA, POLICY, Office, line, off
from tests.narrow import present
from tests.slack.kit import make_delivery

DAY = 86_400


@pytest.fixture
def office(thorough_database: Database) -> Office:
    return Office(thorough_database)


def change(person: str = ADA, *, deleted: bool = True, event_id: str = "Ev1") -> Delivery:
    event = {"type": "user_change", "user": {"id": person, "deleted": deleted}}
    return make_delivery(Kind.EVENT, id=event_id, payload={"event": event})


async def end(office: Office, number: int = 1) -> Again | None:
    return await office.departures.due(str(number))


async def test_security_and_who_decides_are_told_in_one_transaction_with_the_clock(office: Office) -> None:
    office.own(1, 2)
    assert await office.look() is None
    targets = [target for _, _, target in office.kept.posts]
    assert sorted(targets) == ["C0SECURITY", f"dm:{MIRA}"]
    assert office.kept.jobs == {"departure:1:due": (DUE, "1", DAY)}
    await office.look()
    assert len(office.kept.posts) == 2
    [fact] = [one for one in await office.database.read(read_audit) if one["fact"] == "left"]
    assert (fact["details"]["person"], fact["details"]["keys"]) == (ADA, 2)


@pytest.mark.parametrize("what", ["want", "start"])
async def test_a_process_that_dies_while_it_tells_has_told_nothing(office: Office, what: str) -> None:
    office.own(1)
    office.kept.fails = what.__eq__
    with pytest.raises(RuntimeError):
        await office.look()
    assert office.departure() is None
    office.kept.fails = lambda _what: False
    await office.look()
    assert len(office.kept.posts) == 2


async def test_two_replicas_tell_once_and_disable_once(office: Office) -> None:
    office.own(*range(1, 60))
    await asyncio.gather(*(office.look() for _ in range(6)))
    assert len(office.kept.posts) == 2
    office.now += DAY
    # On PostgreSQL those that came second have used up numbers.
    [number] = [int(argument) for job, argument, _ in office.kept.jobs.values() if job == DUE]
    await asyncio.gather(*(end(office, number) for _ in range(6)))
    assert len(office.kept.granted) == 59
    assert present(office.departure(number)).ended_at == office.now
    await end(office, number)
    assert len(office.kept.granted) == 59


async def test_only_whom_slack_itself_calls_deactivated_has_left(office: Office) -> None:
    office.own(1)
    office.people.kinds_of[ADA] = None
    assert await office.look() == Again(departures.SILENT_SECONDS)
    assert await office.departures.look(f"{ADA}:{int(office.now - departures.PATIENCE)}") is None
    office.people.kinds_of[ADA] = ActorKind.MEMBER
    assert await office.look() is None
    assert office.departure() is None


async def test_at_the_end_slack_is_asked_once_more(office: Office) -> None:
    office.own(1)
    await office.look()
    office.people.kinds_of[ADA] = None
    assert await end(office) == Again(departures.SILENT_SECONDS)
    office.people.kinds_of[ADA] = ActorKind.GUEST
    assert await end(office) is None
    assert present(office.departure()).returned_at == office.now
    assert office.kept.granted == {}


async def test_what_was_taken_over_or_disabled_meanwhile_is_left_alone(office: Office) -> None:
    office.own(1, 2, 3)
    await office.look()
    await office.database.run(owners.hand_over, line(1, BEN))
    await office.database.run(owners.set_disabled, 2, at=office.now)
    await end(office)
    [new] = office.kept.granted.values()
    assert (new.key_id, new.requester_id, new.input["left"], new.origin.person_id) == (3, "U0BOT", ADA, ADA)
    assert not new.origin.by_person


async def test_a_policy_that_was_changed_meanwhile_counts(office: Office) -> None:
    office.own(1)
    await office.look()
    office.terms = off()
    await end(office)
    assert (present(office.departure()).due_at, office.kept.granted) == (None, {})
    office.own(2)
    assert await office.look() is None
    await office.departures.on_user_change(change())
    assert "departure:2:due" not in office.kept.jobs


async def test_an_event_starts_a_look_where_there_is_something_to_look_at(office: Office) -> None:
    await office.departures.on_user_change(change())
    await office.departures.on_user_change(change(deleted=False))
    assert office.kept.jobs == {}
    office.own(1)
    await office.departures.on_user_change(change())
    await office.departures.on_user_change(change())
    assert len(office.kept.jobs) == 1
    await office.look()
    await office.departures.on_user_change(change(deleted=False, event_id="Ev2"))
    assert len(office.kept.jobs) == 3
    for odd in ({}, {"user": None}, {"user": {"id": 7, "deleted": True}}, {"user": "U0ADA"}):
        await office.departures.on_user_change(make_delivery(Kind.EVENT, id="Ev3", payload={"event": odd}))
    assert len(office.kept.jobs) == 3


def many_managers(office: Office) -> None:
    people = ", ".join(f'"U0M{number:02}"' for number in range(departures.MOST_MESSAGES + 1))
    office.policy = parse_policy(POLICY.replace('"U0MIRA"', people))


def silent_slack(office: Office) -> None:
    office.people.silent = True


@pytest.mark.parametrize("hinder", [many_managers, silent_slack])
async def test_deciders_that_cannot_be_written_to_each_are_mentioned_in_the_channel(
    office: Office, hinder: Callable[[Office], None]
) -> None:
    office.own(1)
    hinder(office)
    await office.look()
    assert sorted(target for _, _, target in office.kept.posts) == ["C0KEYS", "C0SECURITY"]


async def test_a_key_that_changed_has_its_card_drawn_anew(office: Office) -> None:
    office.own(1)
    await office.look()
    await office.database.run(office.departures.key_changed, 1)
    await office.database.run(office.departures.key_changed, 7)
    assert [post for post, _, _ in office.kept.posts].count("departure:1:C0SECURITY") == 2
    await office.database.run(office.departures._give_up, 9)
    await office.database.run(office.departures._finish, 9)
    await office.database.run(office.departures._order, 9, ())
