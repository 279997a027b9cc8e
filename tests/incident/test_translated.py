"""What is said of a batch is in the language of its reader, and its rows are read in any language."""

import itertools
import json
from typing import Any

import pytest
import sqlalchemy as sa

from bot.db.engine import Database
from bot.errors import InputError
from bot.incident import store
from bot.incident.judgement import NEEDS_APPROVAL
from bot.incident.models import ASKS, Batch, BatchForecast, BatchKey, BatchKeyStatus, BatchRevocation, BatchStatus
from bot.incident.preview import preview
from bot.incident.revocation_check import MARK
from bot.incident.scope import BatchScope, parse
from bot.incident.views import RevocationSummary, alarm, begun_text, owner_notice, progress
from bot.incident.views import said as window
from bot.languages import english, joined, said, tr
from bot.languages.sentence import to_stored
from tests.languages.pseudo import english_in, pseudo

NOW = 1_790_000_000.0
SCOPES = (
    BatchScope(batch=4),
    BatchScope(listing="1 2"),
    BatchScope(person="U0ADA"),
    BatchScope(before=NOW),
    BatchScope(person="U0ADA", before=NOW),
)
WHY = joined(tr("The policy no longer allows it."), NEEDS_APPROVAL)


def key_of(number: int, **changes: Any) -> BatchKey:
    return BatchKey(key_id=number, name=f"K{number}", own=False, status_before=1, **changes)


def batch_of(status: BatchStatus, operation: str, **changes: Any) -> Batch:
    values: dict[str, Any] = {
        "id": 4, "operation": operation, "status": status, "requester_id": "U0SAM", "requester_team": "T0",
        "what": SCOPES[0].text, "reason": tr("Leaked: alert {number} from {source} ({id})", number=1, source="X", id=2),
        "asked_at": NOW, "agreed_by": "U0BOB", "stopped_by": "U0BOB",
    }  # fmt: skip
    return Batch(**values | changes)


def test_every_view_of_a_batch_is_translated() -> None:
    untried = key_of(7, progress={MARK: {"why": to_stored(tr("The gateway did not show its value."))}})
    proof = RevocationSummary(
        counts=dict.fromkeys([one for one in BatchRevocation if one], 3),
        accepted=[key_of(8)] * 12,
        untried=[untried],
        values_from=NOW,
    )
    counts, forecast = dict.fromkeys(BatchKeyStatus, 20), BatchForecast(until=NOW, seconds=200.0, per_minute=60)
    failed = [key_of(9, sentence=WHY)] * 12
    keys = [key_of(number, progress={ASKS: True}) for number in range(30)]
    done = [one.model_copy(update={"status": BatchKeyStatus.ALREADY}) for one in keys[:2]]
    for status, operation in itertools.product(BatchStatus, ("key.disable", "key.enable")):
        batch = batch_of(status, operation)
        with pseudo():
            views: list[Any] = [
                preview(batch, keys + done, {NEEDS_APPROVAL: 2}, agreeing=["SAM", "ADA"]),
                preview(batch, done, {}),
                window(begun_text(batch, 2, "<#C1>")),
            ]
            for undone in (None, batch):
                message = progress(batch, counts, failed, proof, undone, forecast=forecast)
                notice = owner_notice(batch, keys, undone)
                views += [said(message.text), message.blocks, said(notice.text), notice.blocks]
            views += [alarm(4, number, keys).blocks for number in (1, 12)]
        for view in views:
            assert not english_in(view), json.dumps(view)


def test_what_is_typed_is_understood_in_every_language_and_refused_in_the_persons_own() -> None:
    with pseudo():
        assert parse("all of <@U0ADA> created before 2026-03-01").person == "U0ADA"
        assert not english_in([scope.text for scope in SCOPES])
        for text in ("all of X", "<@U0ADA>", "all of <@U0ADA> 7", "created before 7", "1 " * 300):
            with pytest.raises(InputError) as raised:
                parse(text)
            assert not english_in(raised.value.sentence)


def _kept(c: sa.Connection) -> int:
    with pseudo():  # whoever asks reads another language than whoever looks
        what = SCOPES[2].text
    batch = store.draft(
        c,
        [key_of(1)],
        delivery_id="d1",
        operation="key.disable",
        requester_id="U0SAM",
        requester_team="T0",
        what=what,
        reason=tr("Leaked: alert {number} from {source} ({id})", number=1, source="X", id=2),
        channel_id="C1",
        undoes=None,
        asked_at=NOW,
    )
    store.change_key(c, batch.id, 1, sentence=WHY)
    return batch.id


async def test_the_rows_of_a_batch_are_read_in_the_language_of_each_reader(sqlite_database: Database) -> None:
    batch_id = await sqlite_database.run(_kept)
    batch = await sqlite_database.read(store.get, batch_id)
    assert batch.what == "all keys of <@U0ADA>"
    assert batch.reason == "Leaked: alert 1 from X (2)"
    with pseudo():
        batch = await sqlite_database.read(store.get, batch_id)
        [key] = await sqlite_database.read(store.keys_of, batch_id)
        assert not english_in([batch.what, batch.reason, key.sentence])
        assert english(key.sentence) == f"The policy no longer allows it. {english(NEEDS_APPROVAL)}"


async def test_rows_of_older_versions_stay_readable(sqlite_database: Database) -> None:
    def work(c: sa.Connection) -> BatchKey:
        batch_id = _kept(c)
        store.change_key(c, batch_id, 1, sentence="It failed.")
        return store.key_of(c, batch_id, 1)

    assert (await sqlite_database.run(work)).sentence == "It failed."
