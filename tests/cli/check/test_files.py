"""What `check` says of the server behind DATABASE_URL."""

import io
from typing import Any

import pytest

from bot.cli.check import files
from bot.cli.check.report import Report


def told(url: str) -> list[str]:
    out = io.StringIO()
    files.look_at_database(Report(out=out, secrets=[]), url)
    return out.getvalue().splitlines()


@pytest.mark.postgres
def test_postgresql_says_its_version_and_time_zone(postgres_url: str) -> None:
    joint = "&" if "?" in postgres_url else "?"
    lines = told(f"{postgres_url}{joint}options=-c%20timezone%3DAsia/Tokyo")
    (line,) = [one for one in lines if "database time" in one]
    assert line.startswith("ok    database time: PostgreSQL ")
    assert "time zone Asia/Tokyo; Keydesk's own times are Unix seconds" in line


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("OLDEST_POSTGRES", 99, "FAIL  database: PostgreSQL "),
        ("SKEW_SECONDS", -1.0, "warn  database time: its clock differs from ours by "),
    ],
)
def test_what_is_not_supported(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, name: str, value: Any, line: str
) -> None:
    monkeypatch.setattr(files, name, value)
    assert any(one.startswith(line) for one in told(postgres_url))


def test_sqlite_has_neither(sqlite_url: str) -> None:
    assert not any("database time" in line for line in told(sqlite_url))
