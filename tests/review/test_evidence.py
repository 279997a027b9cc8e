"""The evidence is signed to the last word, and names lines that are in the record."""

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.audit.signed_head import HeadSigner, UntrustedHead
from bot.audit.store import verify_database
from bot.audit.tables import head, lines
from bot.db.engine import Database
from bot.review import evidence as room
from bot.review import store
from bot.review.evidence import check, evidence, missing_lines
from bot.review.models import WhyLeft
from tests.review.kit import Desk, key

SIGNER, OTHER = HeadSigner("a-signing-secret"), HeadSigner("another-secret")


async def desk_of(database: Database) -> Desk:
    """A review with a key that left and one that waits."""
    desk = Desk(database)
    desk.put(key(1), key(2, name="night <job>"))
    desk.ask()
    await desk.round()
    database.run_here(desk.replica().decisions.leave, desk.rows()[1], WhyLeft.GONE)
    return desk


async def made(database: Database) -> dict[str, Any]:
    desk = await desk_of(database)
    found: dict[str, Any] = desk.read(evidence, desk.review(), signer=SIGNER)
    return found


async def test_what_is_signed_can_be_checked_and_leads_to_the_record(database: Database) -> None:
    found = json.loads(json.dumps(await made(database)))
    earlier, told = check(found, SIGNER)
    assert earlier.signed
    assert verify_database(database, heads=[earlier]).problems == ()
    with database.engine.connect() as c:
        assert missing_lines(c, told) == []
        assert missing_lines(c, {**told, 99: "x"}) == [99]
    by_key = {one["key_id"]: one for one in found["keys"]}
    assert (by_key[1]["decision"], by_key[1]["why_left"], by_key[2]["decision"]) == ("left", "gone", "open")
    assert [line["fact"] for line in by_key[1]["lines"]] == ["review_decided"]
    assert by_key[2]["lines"] == []
    assert by_key[2]["before"]["remain_quota"] == 50_000_000


async def test_the_record_that_was_rewritten_is_found(sqlite_database: Database) -> None:
    _, told = check(await made(sqlite_database), SIGNER)
    sqlite_database.run_here(lambda c: c.execute(lines.update().values(hash="0" * 64)))
    with sqlite_database.engine.connect() as c:
        assert missing_lines(c, told) == sorted(told)


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found["keys"][0].update(decision="keep"),
        lambda found: found["keys"].pop(),
        lambda found: found["review"].update(id=2),
        lambda found: found["record"].update(count=1),
        lambda found: found.update(more=1),
        lambda found: found.update(more=float("nan")),
    ],
)
async def test_a_word_that_was_changed_is_found(sqlite_database: Database, change: Any) -> None:
    found = copy.deepcopy(await made(sqlite_database))
    change(found)
    with pytest.raises(UntrustedHead, match="changed"):
        check(found, SIGNER)


async def test_only_our_own_signature_counts_and_only_for_this(sqlite_database: Database) -> None:
    found = await made(sqlite_database)
    with pytest.raises(UntrustedHead, match="another key"):
        check(found, OTHER)
    with pytest.raises(UntrustedHead, match="not signed"):
        check({name: value for name, value in found.items() if name != "note"}, SIGNER)
    with pytest.raises(UntrustedHead, match="changed"):
        check(found | {"note": SIGNER.sign(3, "0" * 64)}, SIGNER)
    with pytest.raises(UntrustedHead, match="something else than a record"):
        SIGNER.open(found["note"])
    others: list[object] = [[], "x", {}, {"format": "keydesk-review-2"}, None]
    for other in others:
        with pytest.raises(UntrustedHead, match="no evidence"):
            check(other, SIGNER)


async def test_it_is_told_page_by_page_and_without_a_head(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "PAGE", 1)
    desk = await desk_of(sqlite_database)
    sqlite_database.run_here(lambda c: c.execute(head.delete()))
    found = desk.read(evidence, desk.review(), signer=None)
    assert len(found["keys"]) == 2
    assert found["record"]["count"] == 0
    assert "note" not in found
    assert desk.read(store.current) is not None


async def test_the_program_of_the_page_agrees(sqlite_database: Database, tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "reviews.md").read_text(encoding="utf-8")
    program = text.rpartition("```python\n")[2].partition("```")[0]
    found = await made(sqlite_database)
    for changed, code in ((found, 0), (found | {"more": 1}, 1)):
        command = [sys.executable, "-c", program]
        ended = subprocess.run(command, input=json.dumps(changed), text=True, capture_output=True, check=False)  # noqa: ASYNC221  # ours
        assert ended.returncode == code, ended.stderr
