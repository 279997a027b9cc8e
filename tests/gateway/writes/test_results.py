"""What writes take and give: a part of a journal, changes without what stays, a refused name in bytes."""

from bot.gateway.errors import Refusal
from bot.gateway.writes.results import JournalPart, KeyChanges, WriteResult, WriteStatus, with_name_limit
from tests.gateway.kit import MemoryJournal


async def test_a_part_of_a_journal_has_names_of_its_own() -> None:
    journal = MemoryJournal()
    one, two = JournalPart(journal, "one"), JournalPart(journal, "two")
    await one.record("put", {"n": 1})
    assert await one.recall("put") == {"n": 1}
    assert await two.recall("put") is None
    assert list(journal.kept) == ["one.put"]


def test_only_what_is_to_change_is_sent() -> None:
    assert KeyChanges(name="a", allow_ips="").as_fields() == {"name": "a", "allow_ips": ""}
    assert KeyChanges().as_fields() == {}


def test_a_name_refused_for_its_bytes_is_told_so_and_remembered() -> None:
    refused = WriteResult(status=WriteStatus.REFUSED, refusal=Refusal.NAME_TOO_LONG, sentence="The name is too long.")
    told = with_name_limit(refused, "ü" * 40)
    assert told.sentence != refused.sentence
    assert told.learned == {"names_in_bytes": True}
    assert with_name_limit(refused, "short") == refused
    done = WriteResult(status=WriteStatus.DONE)
    assert with_name_limit(done, "ü" * 40) is done
