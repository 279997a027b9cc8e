"""What the card says while a disabled key is tried, and how it ended."""

from typing import Any

import pytest

from bot.approvals import store
from bot.approvals.models import ApprovalRequest, Progress, RevocationProgress, Status
from bot.approvals.revocation.attempts import Trial
from bot.approvals.revocation.check import RevocationChecks, revocation_blocks
from bot.db.engine import Database
from bot.features import OPERATIONS
from bot.gateway.models import KeyId
from bot.gateway.writes import REVOCATION_DELAYS, Revocation, WriteResult, WriteStatus, disable
from tests.approvals.kit import NOW, Spine, new_request
from tests.gateway.kit import MemoryJournal, client_of, fake_gateway


def said(**seen: Any) -> str:
    progress = Progress(revocation=RevocationProgress(**seen))
    new = dict(new_request())
    return str(
        revocation_blocks(
            ApprovalRequest(**new, id=1, version=1, status=Status.SUCCEEDED, lapses_at=None, progress=progress)
        )
    )


def test_a_request_that_tries_no_key_says_nothing() -> None:
    request = ApprovalRequest(**dict(new_request()), id=1, version=1, status=Status.SUCCEEDED, lapses_at=None)
    assert revocation_blocks(request) == []


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ({}, "Now trying the key itself"),
        ({"tries": 2, "why": "no <answer>"}, "could not be tried yet: no &lt;answer&gt;"),
        ({"tries": 2, "accepted_last": NOW}, "still accepted, checking"),
        ({"ended": True, "refused_at": NOW}, "Refused since"),
        ({"ended": True, "refused_at": NOW, "accepted_last": NOW - 9}, "It was still accepted at"),
        ({"ended": True, "accepted_last": NOW, "tries": 8}, "Disabled, but still accepted"),
        ({"ended": True, "why": "the value is hidden"}, "could not be tried:* the value is hidden"),
    ],
)
def test_each_standing_has_its_words(seen: dict[str, Any], words: str) -> None:
    assert words in said(**seen)


def test_no_word_of_a_refusal_before_it_was_seen() -> None:
    for seen in ({}, {"tries": 1, "why": "x"}, {"tries": 3, "accepted_last": NOW}):
        assert "Refused" not in said(**seen)


class Disabled:
    """A disabled key whose request was settled, and its trials."""

    def __init__(self, database: Database, **switches: Any) -> None:
        self.database = database
        self.fake = fake_gateway("cometapi", **switches)
        self.key = self.fake.add_key(name="ci", remain_quota=5)
        self.client = client_of(self.fake)
        self.spine = Spine(database)
        self.checks = RevocationChecks(
            database=database,
            engine=self.spine.actions.engine,
            client=self.client,
            notifications=self.spine.actions.notifications,
        )

    async def settled(
        self, status: Status = Status.SUCCEEDED, *, operation: str = "key.disable", read: bool = True, **changes: Any
    ) -> ApprovalRequest:
        values = {"operation": operation, "key_id": self.key.id, **changes}
        request, _ = await self.database.run(store.insert, new_request(**values), status=status, lapses_at=None)
        key = await self.client.get_key(KeyId(self.key.id)) if read else None
        result = WriteResult(status=WriteStatus.DONE, key=key)
        await self.database.run(self.checks.follow, request, OPERATIONS[operation], result)
        return request

    async def progress(self) -> RevocationProgress | None:
        return (await self.spine.row()).progress.revocation


@pytest.mark.parametrize(
    "changes",
    [{"status": Status.FAILED}, {"operation": "key.update"}, {"read": False}],
    ids=["failed", "not out of use", "gone"],
)
async def test_only_a_key_that_was_taken_out_of_use_is_tried(
    sqlite_database: Database, changes: dict[str, Any]
) -> None:
    disabled = Disabled(sqlite_database)
    await disabled.settled(**changes)
    assert await disabled.progress() is None
    assert await disabled.spine.started("probe") == []


async def test_a_key_that_is_refused_at_once_ends_the_trials(sqlite_database: Database) -> None:
    disabled = Disabled(sqlite_database)
    disabled.fake.edit_behind(disabled.key.id, status=2)
    await disabled.settled()
    assert await disabled.spine.started("probe") == ["req:1:probe"]
    assert await disabled.checks.probe("1") is None
    progress = await disabled.progress()
    assert progress is not None
    assert (progress.ended, progress.tries, progress.refused_at is None) == (True, 1, False)
    assert await disabled.spine.facts(1) == ["probe"]
    # The job may come twice.
    assert await disabled.checks.probe("1") is None
    assert await disabled.progress() == progress


async def test_a_key_that_is_accepted_to_the_end_is_an_alarm(sqlite_database: Database) -> None:
    disabled = Disabled(sqlite_database, cache_disable=1e6)
    await disable(disabled.client, KeyId(disabled.key.id), MemoryJournal())
    await disabled.settled()
    pauses = []
    while (again := await disabled.checks.probe("1")) is not None:
        pauses.append(again.seconds)
        disabled.fake.advance(again.seconds)
    assert pauses == list(REVOCATION_DELAYS)
    assert "req:1:alarm" in await disabled.spine.wanted()
    # Said when it was first accepted and when that was the end, not at each trial.
    assert await disabled.spine.facts(1) == ["probe", "probe"]


@pytest.mark.parametrize("argument", ["9", "1"])
async def test_there_is_nothing_to_try_without_a_request_about_a_key(sqlite_database: Database, argument: str) -> None:
    disabled = Disabled(sqlite_database)
    await disabled.settled(key_id=None)
    assert await disabled.checks.probe(argument) is None
    assert await disabled.spine.facts(1) == []


async def test_of_two_trials_at_once_the_first_one_counts(sqlite_database: Database) -> None:
    disabled = Disabled(sqlite_database)
    disabled.fake.edit_behind(disabled.key.id, status=2)
    await disabled.settled()
    trial = Trial(proof=Revocation.DEAD, at=NOW)
    for _ in range(2):
        assert await sqlite_database.run(disabled.checks._tried, 1, trial) is None
    assert await disabled.spine.facts(1) == ["probe"]
