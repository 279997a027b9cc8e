import io
import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from bot import audit
from bot.audit import Fact
from bot.audit.chain import GENESIS
from bot.audit.signed_head import Head, HeadSigner, UntrustedHead, anchor_words
from bot.audit.tables import head, lines
from bot.cli.audit import FORMATS, anchored_heads, export_record, kept_head, read_anchors, verify_record
from bot.cli.read_only_database import open_read_only, sqlite_path
from bot.db.engine import Database, open_database
from bot.errors import CannotStart, ConfigurationError
from bot.settings import read
from bot.slack.web_client import SlackWebClient
from keydesk_sandbox import seed
from keydesk_sandbox.world import World

NOW = 1_800_000_000.0


def fill(database: Database, *, count: int = 3) -> None:
    for number in range(count):
        database.run_here(audit.append, fact=Fact.TAKEN, at=NOW + number, actor="U0ADA", request_id=number)


def test_the_record_is_exported_as_json_lines_with_its_head(database: Database) -> None:
    fill(database)
    out = io.StringIO()
    assert export_record(database, out=out, err=io.StringIO()) == 0
    exported = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line.get("seq") for line in exported] == [1, 2, 3, None]
    assert exported[-1]["head"]["count"] == 3


@pytest.mark.parametrize(("count", "told"), [(0, "ok: 0 lines\n"), (3, "ok: 3 lines\n")])
def test_a_whole_record_is_ok(sqlite_database: Database, count: int, told: str) -> None:
    fill(sqlite_database, count=count)
    out = io.StringIO()
    assert verify_record(sqlite_database, out=out) == 0
    assert out.getvalue() == told


def test_the_first_bad_line_is_told(database: Database) -> None:
    fill(database)
    database.run_here(lambda c: c.execute(sa.update(lines).where(lines.c.seq == 2).values(actor="U0EVE")))
    out = io.StringIO()
    assert verify_record(database, out=out) == 1
    assert out.getvalue() == "Line 2 was changed: its content does not fit its hash.\n"


def test_more_bad_lines_are_counted(sqlite_database: Database) -> None:
    fill(sqlite_database)
    sqlite_database.run_here(lambda c: c.execute(sa.update(lines).values(actor="U0EVE")))
    out = io.StringIO()
    assert verify_record(sqlite_database, out=out) == 1
    assert out.getvalue() == "Line 1 was changed: its content does not fit its hash. (2 more)\n"


def test_looking_needs_no_lock(sqlite_url: str) -> None:
    serving = open_database(sqlite_url)
    fill(serving)
    with open_read_only(sqlite_url) as database:
        assert verify_record(database, out=io.StringIO()) == 0
    serving.close()


def test_looking_creates_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/none.sqlite"
    with pytest.raises(ConfigurationError, match=r"There is no database .*none.sqlite yet"), open_read_only(url):
        pass
    assert list(tmp_path.iterdir()) == []


def test_looking_says_that_the_tables_are_not_there(tmp_path: Path) -> None:
    (tmp_path / "empty.sqlite").touch()
    with (
        pytest.raises(ConfigurationError, match=r"not up to date \(0001_requests, .*; run `keydesk migrate` first"),
        open_read_only(f"sqlite:///{tmp_path}/empty.sqlite"),
    ):
        pass


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///a/b.sqlite", Path("a/b.sqlite")),
        ("sqlite:////srv/b.sqlite", Path("/srv/b.sqlite")),
        ("sqlite:///:memory:", None),
        ("sqlite:///", None),
        ("postgresql://host/db", None),
        ("nonsense", None),
    ],
)
def test_the_file_of_a_url(url: str, path: Path | None) -> None:
    assert sqlite_path(url) == path


SIGNER = HeadSigner("not-a-real-secret")


def exported(database: Database) -> str:
    out, err = io.StringIO(), io.StringIO()
    assert (export_record(database, out=out, err=err, signer=SIGNER), err.getvalue()) == (0, "")
    return out.getvalue()


def test_without_the_signing_secret_the_head_is_not_signed_and_that_is_said(sqlite_database: Database) -> None:
    out, err = io.StringIO(), io.StringIO()
    assert export_record(sqlite_database, out=out, err=err) == 0
    assert "note" not in json.loads(out.getvalue())["head"]
    assert err.getvalue() == "keydesk: SLACK_SIGNING_SECRET is not set here, so the head is not signed.\n"


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_every_format_ends_with_the_signed_head(sqlite_database: Database, form: str) -> None:
    fill(sqlite_database)
    out = io.StringIO()
    export_record(sqlite_database, out=out, err=io.StringIO(), signer=SIGNER, form=form)
    assert "keydesk/audit" in out.getvalue().splitlines()[-1]


def test_a_kept_export_proves_that_the_record_goes_on(sqlite_database: Database, tmp_path: Path) -> None:
    fill(sqlite_database)
    kept = tmp_path / "kept.jsonl"
    kept.write_text("é" * 70_000 + "\n" + exported(sqlite_database))  # only the end of a long export is read
    fill(sqlite_database)
    out = io.StringIO()
    assert verify_record(sqlite_database, out=out, heads=[kept_head(kept, SIGNER)]) == 0
    assert out.getvalue() == "ok: 6 lines, and they go on from the head after line 3\n"
    # Whoever can write the database empties it, and begins anew.
    sqlite_database.run_here(
        lambda c: (c.execute(sa.delete(lines)), c.execute(sa.update(head).values(count=0, hash=GENESIS)))
    )
    fill(sqlite_database, count=2)
    assert verify_record(sqlite_database, out=io.StringIO()) == 0
    out = io.StringIO()
    assert verify_record(sqlite_database, out=out, heads=[kept_head(kept, SIGNER)]) == 1
    assert out.getvalue() == "Line 3 is missing: the earlier head counts 3 lines.\n"


def test_a_file_that_is_no_head_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        kept_head(tmp_path / "none", SIGNER)
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(UntrustedHead, match="not UTF-8"):
        kept_head(tmp_path / "binary", SIGNER)


def test_missing_settings_for_anchors_are_named() -> None:
    with pytest.raises(ConfigurationError) as caught:
        anchored_heads(read({}, env_file=None))
    assert "SLACK_BOT_TOKEN" in str(caught.value.problems)


async def test_anchors_are_read_from_the_channel_and_only_ours_count(world: World) -> None:
    def client() -> SlackWebClient:
        return SlackWebClient(token=SecretStr(world.bot_token), api_url=world.slack.api_url)

    channel = seed.KEYS_CHANNEL
    web = client()
    for count in (3, 5):
        words, hashed = anchor_words(count, "ab" * 32)
        await web.write("chat.postMessage", channel=channel, text=f":anchor: {words}`{hashed}`.")
    await web.write("chat.postMessage", channel=channel, text="Good morning.")
    await web.close()
    await world.slack.post_as_app(channel, f"The record has 9 lines now; its last hash is `{'cd' * 32}`.")
    assert await read_anchors(client(), channel) == [Head(count=5, hash="ab" * 32), Head(count=3, hash="ab" * 32)]
    with pytest.raises(CannotStart, match="channel_not_found"):
        await read_anchors(client(), "C0NOWHERE")
