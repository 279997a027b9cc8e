"""PagerDuty's wire, as its server speaks it on good days and on bad ones. Over a socket."""

import math

import httpx
import pytest
from pydantic import SecretStr

from bot.oncall.pagerduty import MOST_PAGES, PagerDuty, PagerDutyError, Shift
from keydesk_sandbox.fake_pagerduty import FakeSchedule, FakeShift, Fault, PagerDutyUser
from tests.narrow import present
from tests.oncall.kit import ANN, BEN, MINUTE, NOT, SCHEDULE, TOKEN, Desk, desk


async def shifts(at: Desk) -> tuple[Shift, ...]:
    now = at.clock.now
    client = present(at.schedules._client)
    return await client.shifts(SCHEDULE, since=now - 10 * MINUTE, until=now + 10 * MINUTE)


async def refusal(at: Desk) -> PagerDutyError:
    with pytest.raises(PagerDutyError) as caught:
        await shifts(at)
    return caught.value


async def test_a_shift_is_asked_for_as_pagerduty_documents_it() -> None:
    async with desk() as at:
        at.pagerduty.on_call(SCHEDULE, ANN, start=at.clock.now - MINUTE, end=at.clock.now + MINUTE)
        [shift] = await shifts(at)
        assert shift == Shift(name="Ann", email="Ann@example.com", start=at.clock.now - 60, end=at.clock.now + 60)
        [asked] = at.pagerduty.asked
        assert asked["schedule_ids[]"] == [SCHEDULE]
        assert asked["include[]"] == ["users"]
        assert asked["since"][0] < asked["until"][0]


@pytest.mark.parametrize("zipped", [True, False])
async def test_pages_are_read_to_the_end_also_where_they_are_shorter_than_asked_for(zipped: bool) -> None:
    people = [PagerDutyUser(id=f"PU{n}", name=f"P{n}", email=f"p{n}@example.com") for n in range(7)]
    async with desk(page=3) as at:
        at.pagerduty.zipped = zipped
        at.pagerduty.on_call(SCHEDULE, *people)
        found = await shifts(at)
        assert [one.name for one in found] == [f"P{n}" for n in range(7)]
        assert (found[0].start, found[0].end) == (-math.inf, math.inf)
        assert len(at.pagerduty.asked) == 3


async def test_a_person_of_several_levels_and_policies_is_one_shift() -> None:
    async with desk() as at:
        used = [("PE1", 1), ("PE1", 2), ("PE2", 3)]
        at.pagerduty.schedules[SCHEDULE] = FakeSchedule(id=SCHEDULE, shifts=[FakeShift(user=ANN)], used_by=used)
        assert len(await shifts(at)) == 1


async def test_an_override_takes_a_part_of_a_shift() -> None:
    async with desk() as at:
        at.pagerduty.on_call(SCHEDULE, ANN)
        at.pagerduty.override(SCHEDULE, BEN, start=at.clock.now - MINUTE, end=at.clock.now + MINUTE)
        found = {(one.name, one.start, one.end) for one in await shifts(at)}
        edges = at.clock.now - 60, at.clock.now + 60
        assert found == {("Ann", -math.inf, edges[0]), ("Ben", *edges), ("Ann", edges[1], math.inf)}


async def test_somebody_without_an_address_has_none() -> None:
    async with desk() as at:
        at.pagerduty.on_call(SCHEDULE, NOT)
        assert [(one.name, one.email) for one in await shifts(at)] == [("Nomail", "")]


async def test_a_schedule_that_nothing_uses_has_no_entries_and_one_of_another_schedule_is_none() -> None:
    async with desk() as at:
        at.pagerduty.schedules[SCHEDULE] = FakeSchedule(id=SCHEDULE, shifts=[FakeShift(user=ANN)], used_by=[])
        assert await shifts(at) == ()
        at.pagerduty.on_call(SCHEDULE, ANN)
        at.pagerduty.fault = "another schedule"
        assert await shifts(at) == ()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("401", "it does not take KEYDESK_PAGERDUTY_TOKEN"),
        ("403", "KEYDESK_PAGERDUTY_TOKEN may not read who is on call"),
        ("404", "it knows no such schedule"),
        ("429", "it has been asked too often"),
        ("500", "it answers 500"),
        ("503", "it answers 503"),
        ("elsewhere", "it answers 302"),
        ("more for ever", "its answer has no end"),
        ("not json", "its answer cannot be read"),
        ("a list", "its answer cannot be read"),
        ("no list", "its answer cannot be read"),
        ("no dates", "its answer cannot be read"),
        ("huge", "its answer is too large"),
    ],
)
async def test_what_is_no_answer_is_said(fault: Fault, reason: str) -> None:
    async with desk() as at:
        at.pagerduty.on_call(SCHEDULE, ANN)
        at.pagerduty.fault = fault
        assert (await refusal(at)).reason == reason
        assert len(at.pagerduty.asked) <= MOST_PAGES


async def test_how_long_to_wait_is_pagerdutys_to_say_within_bounds() -> None:
    async with desk() as at:
        at.pagerduty.fault = "429"
        assert (await refusal(at)).retry_after == 7
        at.pagerduty.retry_after = 86_400
        assert (await refusal(at)).retry_after == 300


async def test_whoever_hangs_is_not_waited_for() -> None:
    async with desk(patience=0.05) as at:
        at.pagerduty.fault = "hang"
        assert (await refusal(at)).reason == "it does not answer in time"


async def test_the_whole_question_has_a_time_too() -> None:
    async with desk() as at:
        at.pagerduty.fault = "hang"
        slow = PagerDuty(token=SecretStr(TOKEN), http=present(at.schedules._client).http, patience=0.05)
        with pytest.raises(PagerDutyError, match="in time"):
            await slow.shifts(SCHEDULE, since=0, until=1)


async def test_a_server_that_is_not_there_is_said_without_its_address() -> None:
    async with httpx.AsyncClient(base_url="http://127.0.0.1:9", trust_env=False) as http:
        with pytest.raises(PagerDutyError) as caught:
            await PagerDuty(token=SecretStr(TOKEN), http=http).shifts(SCHEDULE, since=0, until=1)
    assert caught.value.reason == "it cannot be reached (ConnectError)"


@pytest.mark.parametrize("entries", [[7], [{"schedule": None, "user": None}], [{"schedule": {"id": SCHEDULE}}]])
async def test_entries_of_other_shapes_are_no_people(entries: list[object]) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"oncalls": entries})

    async with httpx.AsyncClient(base_url="http://pd", transport=httpx.MockTransport(answer)) as http:
        client = PagerDuty(token=SecretStr(TOKEN), http=http)
        if entries == [7]:
            with pytest.raises(PagerDutyError):
                await client.shifts(SCHEDULE, since=0, until=1)
        else:
            assert all(one.email == "" for one in await client.shifts(SCHEDULE, since=0, until=1))


async def test_names_and_addresses_are_plain_text_whatever_somebody_calls_themselves() -> None:
    """What whoever is on call chose as a name is shown on cards: it must mention nobody, and a row must take it."""
    async with desk() as at:
        at.pagerduty.on_call(
            SCHEDULE,
            PagerDutyUser(id="PU1", name="<!channel> *Ann*\0 <https://evil.example|here>\ud800", email="ann@x\ud800"),
            PagerDutyUser(id="PU2", name="Ben O'Neil-王, Jr.\n" + "x" * 500, email="b\u200ben@example.com"),
        )
        one, other = await shifts(at)
        assert (one.name, one.email) == ("!channel Ann https //evil.example here", "")
        assert other.name.startswith("Ben O'Neil-王, Jr. xxx")
        assert (len(other.name), other.email) == (60, "")
