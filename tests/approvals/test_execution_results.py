"""How a run is settled, by what the write found: done, failed, postponed or unknown, and what our list of keys keeps."""

from typing import Any

import pytest
import sqlalchemy as sa

from bot.approvals.models import Status
from bot.durable.engine import Again
from bot.gateway.errors import Refusal
from bot.gateway.models import KeyId
from bot.gateway.writes import FieldDifference, WriteResult, WriteStatus
from bot.keys import owners
from bot.operations import Change
from tests.approvals.kit import TEAM
from tests.approvals.runs import Running, done
from tests.keys.records import record


@pytest.mark.parametrize(
    "result",
    [
        WriteResult(status=WriteStatus.FAILED, sentence="It is away.", again_after=15.0),
        WriteResult(status=WriteStatus.FAILED, sentence="The token is bad.", refusal=Refusal.BAD_PAT),
    ],
)
async def test_what_can_be_mended_waits_and_is_tried_again(free: Running, result: WriteResult) -> None:
    key = free.fake.add_key(name="search", remain_quota=5)
    await free.about(key, "key.disable")
    free.answers("key.disable", result)
    assert await free.execution.run("1") == Again(2.0)
    row = await free.spine.row()
    assert row.progress.postponed is not None
    assert (row.status, row.progress.postponed.why) == (Status.RUNNING, result.sentence)
    assert await free.execution.run("1") is None
    assert (await free.spine.row()).status is Status.SUCCEEDED


async def test_an_answer_that_was_lost_is_said_once_and_looked_up_until_a_person_must(free: Running) -> None:
    key = free.fake.add_key(name="search", remain_quota=5)
    await free.about(key, "key.disable")
    lost = WriteResult(status=WriteStatus.UNKNOWN, sentence="It was lost.", again_after=7.0)
    free.answers("key.disable", lost, lost, lost.model_copy(update={"again_after": None}))
    runs = [await free.execution.run("1") for _ in range(3)]
    assert runs == [Again(7.0), Again(7.0), None]
    assert (await free.spine.row()).status is Status.UNKNOWN
    assert await free.facts() == ["applying", "unknown"]


async def test_a_sure_no_fails_with_what_was_found(free: Running) -> None:
    key = free.fake.add_key(name="search", remain_quota=5)
    await free.about(key, "key.update", input={"key_id": key.id, "name": "other"})
    record_now = await free.client.get_key(KeyId(key.id))
    differences = (FieldDifference(field="name", wanted="search", found="ci"),)
    free.answers(
        "key.update",
        WriteResult(
            status=WriteStatus.REFUSED,
            refusal=Refusal.CHANGED_SINCE,
            sentence="It changed.",
            key=record_now,
            differences=differences,
            alarm="Look at it.",
            notes=("A note.",),
        ),
    )
    assert await free.execution.run("1") is None
    outcome = (await free.spine.row()).outcome
    assert outcome is not None
    assert (outcome.sentence, outcome.changed_since) == ("It changed.", True)
    assert outcome.notes == ("Look at it.", "A note.")
    assert outcome.differences == ("name: 'search' when this was asked, now 'ci'",)
    assert await free.facts() == ["applying", "failed"]
    assert free.followed == [Status.FAILED]


async def test_the_expiry_that_was_counted_from_the_approval_has_become_a_moment(free: Running) -> None:
    key = free.fake.add_key(name="search", remain_quota=5, expired_time=1_900_000_000)
    lines = (
        Change(field="expired_time", label="Expires", before=None, after="in 30 days"),
        Change(field="name", label="Name", before=None, after="search"),
    )
    await free.about(key, "key.update", summary=lines, input={"key_id": key.id, "name": "x"})
    found = await free.client.get_key(KeyId(key.id))
    free.answers("key.update", done(found, found, learned={"status_only": True}))
    await free.execution.run("1")
    row = await free.spine.row()
    assert [line.after for line in row.summary] == ["2030-03-17 17:46 UTC", "search"]
    assert free.learned == [{"status_only": True}]


@pytest.mark.parametrize(
    ("operation", "wanted", "line"),
    [
        ("key.disable", {}, {"disabled_at": True, "name": "search"}),
        ("key.enable", {}, {"disabled_at": False, "name": "search"}),
        ("key.update", {"name": "other"}, {"disabled_at": True, "name": "other"}),
        ("key.delete", {"confirm": "search"}, {"deleted_at": True, "name": "search"}),
    ],
)
async def test_our_list_of_keys_follows_what_was_done(
    free: Running, operation: str, wanted: dict[str, Any], line: dict[str, Any]
) -> None:
    key = free.fake.add_key(name="search", remain_quota=5)
    await free.own(key.id, disabled_at=1.0)
    await free.about(key, operation, input={"key_id": key.id, **wanted}, status=Status.RUNNING)
    found = await free.client.get_key(KeyId(key.id))
    gone = operation == "key.delete"
    named = found.model_copy(update={"name": line["name"]})
    free.answers(operation, done(None if gone else named, found))
    assert await free.execution.run("1") is None

    def stored(c: sa.Connection) -> dict[str, Any]:
        row = owners.find(c, key.id)
        assert row is not None
        return {name: getattr(row, name) if name == "name" else getattr(row, name) is not None for name in line}

    assert await free.database.read(stored) == line


@pytest.mark.parametrize(("known", "owner"), [(True, ("U0BEN", "T0BEN")), (False, ("U0ADA", TEAM))])
async def test_a_successor_belongs_to_whom_the_old_key_did(free: Running, known: bool, owner: tuple[str, str]) -> None:
    key = free.fake.add_key(name="search", remain_quota=5)
    if known:
        await free.own(key.id)
    await free.about(key, "key.rotate", input={"key_id": key.id, "overlap": 0}, status=Status.RUNNING)
    new = record(key.id + 1, name="search")
    free.answers("key.rotate", done(new, await free.client.get_key(KeyId(key.id))))
    await free.execution.run("1")
    line = await free.database.read(owners.find, new.id)
    assert line is not None
    assert (line.owner_id, line.owner_team) == owner


async def test_what_is_done_without_a_record_names_no_key(free: Running) -> None:
    key = free.fake.add_key(name="search", remain_quota=5)
    await free.about(key, "key.disable")
    free.answers("key.disable", done(notes=("The key is gone.",)))
    assert await free.execution.run("1") is None
    outcome = (await free.spine.row()).outcome
    assert outcome is not None
    assert (outcome.key_id, outcome.hint, outcome.notes) == (None, "", ("The key is gone.",))
