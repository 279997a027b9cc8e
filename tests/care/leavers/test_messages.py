"""A card says what became of each key, and has buttons for those of which nothing did."""

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from bot.approvals import store as requests_store
from bot.approvals.models import Outcome, Postponement, Progress, Status
from bot.care.leavers import messages, store
from bot.care.leavers.messages import CARD, QUESTION, SHOWN, disable_delivery, drawers, question_note
from bot.db import named_values
from bot.db.engine import Database
from bot.gateway.dollars import Dollars
from bot.keys import inventory_store, owners
from bot.slack.blocks import Message
from tests.care.kit import NOON, key
from tests.care.leavers.kit import ADA, BEN, Office, line
from tests.narrow import present
from tests.scenarios.desk import text_of
from tests.slack.outboxes import post_row


def draw(office: Office, kind: str = CARD, subject: str = "1", **body: Any) -> Message | None:
    return office.database.run_here(drawers(dollars=Dollars())[kind], post_row(kind, subject, body=body))


def actions_of(message: Message) -> list[tuple[str, str]]:
    rows = [block for block in message.blocks if block["type"] == "actions"]
    return [(element["action_id"], element["value"]) for row in rows for element in row["elements"]]


@pytest.fixture
async def office(thorough_database: Database) -> Office:
    made = Office(thorough_database)
    made.own(1, 2, name="search", remain_quota=250_000)
    await made.look()
    return made


async def test_a_key_of_which_nothing_was_done_has_both_buttons(office: Office) -> None:
    message = present(draw(office))
    assert actions_of(message) == [
        ("key.take_over", "1"),
        ("key.disable", "1"),
        ("key.take_over", "2"),
        ("key.disable", "2"),
    ]
    assert "What nobody takes over is disabled" in message.text
    assert "$0.50" in text_of(message)
    assert text_of(present(draw(office, called=["S0MANAGERS"]))).count("<!subteam^S0MANAGERS>") == 1


async def test_what_became_of_a_key_is_said(office: Office) -> None:
    await office.database.run(owners.hand_over, line(1, BEN))
    await office.database.run(owners.set_disabled, 2, at=NOON)
    message = present(draw(office))
    assert f"taken over by <@{BEN}>" in text_of(message)
    assert actions_of(message) == [("key.take_over", "2")]
    await office.database.run(owners.set_disabled, 2, at=None)
    await office.database.run(inventory_store.write, {2: (NOON + 1, key(2, status=2))})
    assert actions_of(present(draw(office))) == [("key.take_over", "2")]
    await office.database.run(inventory_store.mark_gone, [2], at=NOON + 2)
    assert "deleted" in text_of(present(draw(office)))
    await office.database.run(owners.forget, 1, at=NOON)
    assert text_of(present(draw(office))).count("deleted") == 2


@pytest.mark.parametrize(
    ("returned", "ended", "words"),
    [
        (NOON + 5, None, "so nothing is disabled"),
        (NOON + 5, NOON + 3, "what was disabled stays so"),
        (None, NOON + 3, "What nobody took over was disabled"),
    ],
)
async def test_how_it_ended_is_said(office: Office, returned: float | None, ended: float | None, words: str) -> None:
    def change(c: sa.Connection) -> None:
        if ended is not None:
            store.finish(c, 1, at=ended)
        if returned is not None:
            store.come_back(c, ADA, at=returned)

    await office.database.run(change)
    message = present(draw(office))
    assert words in message.text
    assert bool(actions_of(message)) is (returned is None)
    await office.database.run(store.give_up, 1)
    if returned is None and ended is None:
        assert "Nothing is disabled by itself" in present(draw(office)).text


@pytest.mark.parametrize(
    ("status", "more", "words"),
    [
        (Status.APPROVED, {}, ":hourglass_flowing_sand: being disabled"),
        (Status.RUNNING, {"progress": Progress(postponed=Postponement(since=1.0, tries=1))}, "as soon as the gateway"),
        (Status.FAILED, {"outcome": Outcome(sentence="No.")}, "could not be disabled and still works. No."),
        (Status.FAILED, {}, "could not be disabled and still works."),
        (Status.SUCCEEDED, {}, "key 1"),
    ],
)
async def test_how_far_keydesk_is_with_a_key_is_said(
    office: Office, status: Status, more: dict[str, Any], words: str
) -> None:
    departure = present(office.departure())
    new = office.departures._request(departure, departure.keys[0])
    assert new.delivery_id == disable_delivery(departure, 1)

    def insert(c: sa.Connection) -> None:
        request, _ = requests_store.insert(c, new, status=status, lapses_at=None)
        if progress := more.get("progress"):
            requests_store.record_progress(c, request.id, postponed=progress.postponed)
        if outcome := more.get("outcome"):
            requests_store.change(c, request, outcome=outcome)

    await office.database.run(insert)
    assert words in text_of(present(draw(office)))


async def test_many_keys_are_cut_with_a_way_to_the_rest(database: Database) -> None:
    office = Office(database)
    office.own(*range(1, 60))
    await office.look()
    message = present(draw(office))
    assert len(actions_of(message)) == 2 * SHOWN
    assert f"… and {59 - SHOWN} more: `/apikey list`" in text_of(message)
    assert len(message.blocks) <= 50


async def test_the_question_names_people_and_says_how_it_was_answered(office: Office) -> None:
    assert draw(office, QUESTION) is None
    assert draw(office, CARD, "9") is None
    kept = {"people": [f"U{n:03}" for n in range(40)], "total": 50, "at": 1.0, "answer": "", "by": ""}
    await office.database.run(named_values.put, question_note(1), kept)
    message = present(draw(office, QUESTION))
    assert "40 of 50 owners of keys have left" in message.text
    assert "and 10 more" in text_of(message)
    assert [name for name, _ in actions_of(message)] == [messages.CONFIRM, messages.DISMISS]
    for answer in messages._ANSWERS:
        await office.database.run(named_values.put, question_note(1), {**kept, "answer": answer, "by": "U0SAM"})
        assert not actions_of(present(draw(office, QUESTION)))


def test_a_departure_without_an_end_says_that_somebody_should_decide(database: Database) -> None:
    office = Office(database)
    departure = store.Departure(
        id=1, person_id=ADA, left_at=NOON, due_at=None, returned_at=None, ended_at=None, keys=(), posts=()
    )
    assert "Nothing is disabled by itself" in messages._sentence(departure)
    assert "was disabled" in messages._sentence(replace(departure, ended_at=NOON))
    assert office.departure() is None
