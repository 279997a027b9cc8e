import asyncio
import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot import audit
from bot.audit import Fact
from bot.audit.signed_head import Head
from bot.audit.tables import head, lines
from bot.db.engine import Database
from tests.tools.pace import a_plain_millisecond, cost


def add(c: sa.Connection, /, number: int, **fields: Any) -> None:
    line: dict[str, Any] = {"fact": Fact.ASKED, "at": 1_900_000_000.1234 + number, "actor": "U1"}
    audit.append(c, **line | fields)


def add_all(c: sa.Connection, /, numbers: Iterable[int], **fields: Any) -> None:
    for number in numbers:
        add(c, number, **fields)


async def test_lines_are_numbered_and_chained(database: Database) -> None:
    for number in range(3):
        await database.run(add, number)
    exported = [json.loads(line) for line in audit.export(database)]
    assert [line.get("seq") for line in exported] == [1, 2, 3, None]
    assert exported[1]["previous_hash"] == exported[0]["hash"]
    assert exported[3] == {"head": {"count": 3, "hash": exported[2]["hash"]}}
    assert exported[0]["at"] == "2030-03-17T17:46:40.123Z"
    assert audit.verify_database(database) == audit.Verification(count=3, head=exported[2]["hash"], problems=())


async def test_the_line_goes_with_the_transaction(database: Database) -> None:
    def fails(c: sa.Connection) -> None:
        add(c, 1)
        raise LookupError("no")

    with pytest.raises(LookupError):
        await database.run(fails)
    await database.run(add, 2)
    verdict = audit.verify_database(database)
    assert (verdict.count, verdict.problems) == (1, ())


async def test_several_lines_in_one_transaction(database: Database) -> None:
    await database.run(add_all, range(3))
    verdict = audit.verify_database(database)
    assert (verdict.count, verdict.problems) == (3, ())


async def test_many_writers_do_not_fork_the_chain(database: Database) -> None:
    runs = [database.run, database.run_together]
    await asyncio.gather(*[run(add, n) for n in range(30) for run in runs])
    verdict = audit.verify_database(database)
    assert (verdict.count, verdict.problems) == (60, ())


@pytest.mark.postgres
async def test_two_replicas_do_not_fork_the_chain(postgres_url: str, postgres_database: Database) -> None:
    from bot.db.engine import open_database  # noqa: PLC0415 a second process in small

    other = open_database(postgres_url)
    await asyncio.gather(*[base.run(add, n) for n in range(30) for base in (postgres_database, other)])
    other.close()
    verdict = audit.verify_database(postgres_database)
    assert (verdict.count, verdict.problems) == (60, ())


async def test_keys_and_tokens_are_never_stored(database: Database) -> None:
    rng = random.Random(7)
    key = "".join(rng.choices("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789", k=48))
    secrets = [f"sk-{key}", key, f"xoxb-{key[:24]}", f"xapp-1-{key[:24]}"]
    details = {"reason": f"leaked {secrets[0]} there", "list": [{"a": secrets[1]}, secrets[2]], secrets[3]: 1}
    await database.run(add, 1, actor=f"U1 {secrets[0]}", details=details)
    exported = "\n".join(audit.export(database))
    assert not any(secret in exported for secret in secrets)
    assert "leaked [redacted] there" in exported
    assert audit.verify_database(database).problems == ()


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, object()])
async def test_details_that_are_not_json_are_the_callers_mistake(sqlite_database: Database, value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        await sqlite_database.run(add, 1, details={"a": value})


async def test_an_unknown_fact_is_the_callers_mistake(sqlite_database: Database) -> None:
    with pytest.raises(ValueError, match="no_such_fact"):
        await sqlite_database.run(add, 1, fact="no_such_fact")


async def test_details_come_back_as_they_were(database: Database) -> None:
    details = {"b": [1, 2.5, None, True], "a": {"ü": "<&>\u2028"}, "1": -1}
    await database.run(add, 1, details=details, request_id=7, key_id=2**40)
    (line,) = await database.read(audit.read)
    assert (line["details"], line["request_id"], line["key_id"]) == (details, 7, 2**40)


async def test_reading_is_newest_first_and_by_key_or_request(database: Database) -> None:
    about = [(1, None), (2, None), (1, 7), (2, 8), (None, 7), (3, 9)]
    for n, (request_id, key_id) in enumerate(about):
        await database.run(add, n, request_id=request_id, key_id=key_id)
    assert [line["seq"] for line in await database.read(audit.read, limit=2)] == [6, 5]
    assert [line["seq"] for line in await database.read(audit.read, request_id=1)] == [3, 1]
    # Line 1 asks for the key, which had no number then.
    assert [line["seq"] for line in await database.read(audit.read, key_id=7)] == [5, 3, 1]
    assert [line["seq"] for line in await database.read(audit.read, key_id=9)] == [6]


async def test_the_documented_check_agrees(sqlite_database: Database) -> None:
    """The lines of docs/audit.md, for people without Keydesk."""
    text = (Path(__file__).parents[2] / "docs/audit.md").read_text()
    code = text.split("```python\n")[1].split("```")[0]
    await sqlite_database.run(add_all, range(3), details={"reason": "für <Anna>"})
    exported = [line + "\n" for line in audit.export(sqlite_database)]

    def check(lines: list[str]) -> None:
        exec(code.replace("sys.stdin", "lines"), {"lines": lines})

    check(exported)
    for broken in (exported[1:], exported[:2], [exported[0].replace("U1", "U2"), *exported[1:]]):
        with pytest.raises((AssertionError, SystemExit)):
            check(broken)


TAMPERINGS = {
    "changed": (sa.update(lines).where(lines.c.seq == 2).values(actor="U9"), ("changed", 2)),
    "time changed": (sa.update(lines).where(lines.c.seq == 2).values(at=1.0), ("changed", 2)),
    "details no JSON": (sa.update(lines).where(lines.c.seq == 2).values(details="{"), ("changed", 2)),
    "removed": (sa.delete(lines).where(lines.c.seq == 2), ("removed", 2)),
    "removed at the end": (sa.delete(lines).where(lines.c.seq == 4), ("removed", 4)),
    "head moved back": (sa.update(head).values(count=3), ("inserted", 4)),
    "head forged": (sa.update(head).values(hash="1" * 64), ("changed", 4)),
    "head removed": (sa.delete(head), ("removed", None)),
}


@pytest.mark.parametrize("name", TAMPERINGS)
async def test_what_is_done_to_the_tables_is_found(database: Database, name: str) -> None:
    for n in range(4):
        await database.run(add, n)
    statement, problem = TAMPERINGS[name]
    await database.run(lambda c: c.execute(statement))
    assert [(p.kind, p.seq) for p in audit.verify_database(database).problems] == [problem]


async def test_an_export_is_one_snapshot(database: Database) -> None:
    await database.run(add_all, range(3))
    exporting = audit.export(database)
    first = next(exporting)
    await database.run(add, 9)
    rest = list(exporting)
    assert audit.verify([first, *rest]).problems == ()
    assert len(rest) == 3


@pytest.mark.timed
@pytest.mark.soak
async def test_a_hundred_thousand_stored_lines_verify_quickly(sqlite_database: Database) -> None:
    for k in range(100):
        await sqlite_database.run(add_all, range(k * 1000, k * 1000 + 1000))
    assert audit.verify_database(sqlite_database).count == 100_000
    assert cost(lambda: audit.verify_database(sqlite_database), per=a_plain_millisecond, tries=1) < 10_000


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("details", "NaN"),
        ("details", '{"a":NaN}'),
        ("details", '"\\ud800"'),
        ("details", "[" * 100_000),
        ("details", b"\xff\xfe"),
        ("at", 1e300),
        ("at", "soon"),
        ("at", float("inf")),
        ("actor", "\x1b[2J\u202e"),
        ("actor", b"\xff"),
        ("seq", -5),
        ("hash", b"\x00"),
    ],
)
async def test_a_line_changed_by_hand_is_named_and_never_a_trace(
    sqlite_database: Database, column: str, value: bytes | float | str
) -> None:
    for number in range(3):
        await sqlite_database.run(audit.append, fact=Fact.ASKED, at=1.0 + number, actor="U1")
    with sqlite_database.engine.begin() as c:
        c.exec_driver_sql(f"UPDATE audit SET {column} = ? WHERE seq = 2", (value,))
    found = audit.verify_database(sqlite_database)
    assert found.problems
    assert any("ine 2" in problem.sentence or "Lines 2" in problem.sentence for problem in found.problems)


def _thirty(c: sa.Connection) -> None:
    for n in range(30):
        add(c, n, details={"why": 'é\u2028\n"', "n": n}, key_id=n)


async def test_a_whole_record_is_checked_without_making_objects_of_its_lines(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await database.run(_thirty)
    thorough = audit.verify(audit.export(database))
    monkeypatch.setattr("bot.audit.chain.verify", None)
    monkeypatch.setattr("bot.audit.store.json", None)
    assert audit.verify_database(database) == thorough
    fifth = Head(
        count=5, hash=await database.read(lambda c: str(c.scalar(sa.select(lines.c.hash).where(lines.c.seq == 5))))
    )
    empty = Head(count=0, hash="0" * 64)
    assert audit.verify_database(database, heads=[fifth, empty]).problems == ()


@pytest.mark.parametrize("count", [-1, 0, 5, 31])
async def test_a_head_that_does_not_fit_is_told_in_full(database: Database, count: int) -> None:
    await database.run(add_all, range(30))
    other = Head(count=count, hash="f" * 64)
    exported = list(audit.export(database))
    assert audit.verify_database(database, heads=[other]) == audit.verify(exported, heads=[other])
    assert audit.verify_database(database, heads=[other]).problems != ()


@pytest.mark.timed
async def test_checking_what_is_stored_costs_a_fraction_of_checking_an_export(sqlite_database: Database) -> None:
    await sqlite_database.run(add_all, range(3_000), details={"operation": "key.create"})
    stored = cost(lambda: audit.verify_database(sqlite_database), per=a_plain_millisecond)
    exported = cost(lambda: audit.verify(audit.export(sqlite_database)), per=a_plain_millisecond)
    assert stored < 0.45 * exported  # 0.2 on a quiet machine


async def test_many_lines_of_a_transaction_are_one_statement(database: Database) -> None:
    statements: list[tuple[str, bool]] = []
    sa.event.listen(
        database.engine, "before_cursor_execute", lambda _c, _k, sql, _p, _x, many: statements.append((sql, many))
    )
    await database.run(add_all, range(500))
    assert [many for sql, many in statements if sql.startswith("INSERT INTO audit")] == [True]
    assert sum("audit_head" in sql for sql, _ in statements) == 2
