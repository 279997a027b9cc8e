"""`keydesk review`: asked for, told, written, checked."""

import io
import json
from pathlib import Path

import pytest

from bot.audit.signed_head import HeadSigner
from bot.audit.tables import lines
from bot.cli.review import export_review, review_status, start_review, verify_review
from bot.db.engine import Database
from bot.errors import ConfigurationError
from bot.review import store
from tests.review.kit import NOON, Desk, key

SIGNER = HeadSigner("a-signing-secret")


def status(database: Database, number: int | None = None, *, as_json: bool = False) -> tuple[int, str]:
    out = io.StringIO()
    return review_status(database, number, out=out, as_json=as_json), out.getvalue()


def exported(database: Database, number: int = 1, signer: HeadSigner | None = SIGNER) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return export_review(database, number, out=out, err=err, signer=signer), out.getvalue(), err.getvalue()


def test_a_review_is_asked_for_once_and_a_second_is_refused_by_its_number(database: Database) -> None:
    out = io.StringIO()
    assert start_review(database, out=out, now=NOON) == 0
    assert out.getvalue().startswith("Review 1 is asked for.")
    out = io.StringIO()
    assert start_review(database, out=out, now=NOON) == 1
    assert out.getvalue() == "Review 1 is open already; it must end first.\n"


async def test_the_status_is_told_to_people_and_to_programs(sqlite_database: Database) -> None:
    desk = Desk(sqlite_database)
    assert status(sqlite_database) == (1, "There is no review yet; `keydesk review start` asks for one.\n")
    assert status(sqlite_database, 7) == (1, "There is no review 7.\n")
    desk.ask()
    assert json.loads(status(sqlite_database, as_json=True)[1])["ends_at"] is None
    desk.put(key(1), key(2))
    await desk.round()
    code, text = status(sqlite_database)
    assert code == 0
    assert "review 1: open\n" in text
    assert "  open: 2\n" in text
    assert "  ends_at: 2027-01-30T12:00:00.000Z\n" in text
    told = json.loads(status(sqlite_database, 1, as_json=True)[1])
    assert (told["status"], told["keys"], told["decisions"]) == ("open", 2, {"open": 2})
    assert status(sqlite_database, 99)[0] == 1


async def test_evidence_is_written_and_checked(sqlite_database: Database, tmp_path: Path) -> None:
    desk = Desk(sqlite_database)
    assert exported(sqlite_database)[::2] == (1, "keydesk: review 1: there is no such review.\n")
    desk.ask()
    assert exported(sqlite_database)[::2] == (
        1,
        "keydesk: review 1: there is nothing in it yet: it has not begun.\n",
    )
    desk.put(key(1, name="night\u202ejob"))
    await desk.round()
    code, text, warning = exported(sqlite_database)
    assert (code, warning) == (0, "keydesk: review 1 is open still; export it again once it is closed.\n")
    assert "\u202e" not in text
    path = tmp_path / "evidence.json"
    path.write_text(text, encoding="utf-8")
    out = io.StringIO()
    assert verify_review(path, SIGNER, out=out) == 0
    assert out.getvalue() == "ok: review 1, 1 keys, as Keydesk signed it\n"
    sqlite_database.run_here(store.change_key, desk.rows()[1], verdict="left", departure="gone")
    assert verify_review(path, SIGNER, out=out, database=sqlite_database) == 0
    path.write_text(text.replace('"open"', '"keep"'), encoding="utf-8")
    out = io.StringIO()
    assert verify_review(path, SIGNER, out=out) == 1
    assert "The evidence was changed" in out.getvalue()


async def test_evidence_of_a_rewritten_record_is_refused(sqlite_database: Database, tmp_path: Path) -> None:
    desk = Desk(sqlite_database)
    desk.put(key(1))
    desk.ask()
    await desk.round()
    path, out = tmp_path / "evidence.json", io.StringIO()
    path.write_text(exported(sqlite_database)[1], encoding="utf-8")
    sqlite_database.run_here(lambda c: c.execute(lines.update().values(actor="U0EVE")))
    assert verify_review(path, SIGNER, out=out, database=sqlite_database) == 1
    assert "Line 1 was changed" in out.getvalue()


async def test_a_closed_review_is_exported_without_a_word_and_without_a_secret_unsigned(
    sqlite_database: Database,
) -> None:
    desk = Desk(sqlite_database)
    desk.put(key(1, remain_quota=1))
    desk.ask()
    await desk.round()
    await desk.round()
    assert exported(sqlite_database)[2] == ""
    assert "not signed" in exported(sqlite_database, signer=None)[2]


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"{", b'"x"', b"[" * 100_000])
def test_what_is_no_evidence_is_named(tmp_path: Path, content: bytes) -> None:
    path, out = tmp_path / "evidence.json", io.StringIO()
    path.write_bytes(content)
    assert verify_review(path, SIGNER, out=out) == 1
    assert "no evidence of a review" in out.getvalue()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        verify_review(tmp_path / "none.json", SIGNER, out=io.StringIO())
