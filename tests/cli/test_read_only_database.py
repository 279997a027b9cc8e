"""A database opened to look: beside a running process, never made, never brought up to date."""

from pathlib import Path

import pytest

from bot.cli.read_only_database import open_read_only, sqlite_path
from bot.db.engine import open_database
from bot.errors import ConfigurationError


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///k.sqlite", Path("k.sqlite")),
        ("sqlite:////var/k.sqlite", Path("/var/k.sqlite")),
        ("sqlite:///:memory:", None),
        ("sqlite://", None),
        ("postgresql://a@b/c", None),
        ("nonsense", None),
    ],
)
def test_the_file_behind_a_url(url: str, path: Path | None) -> None:
    assert sqlite_path(url) == path


def test_a_missing_database_is_named_and_not_made(tmp_path: Path) -> None:
    missing = tmp_path / "none.sqlite"
    with pytest.raises(ConfigurationError, match="There is no database"), open_read_only(f"sqlite:///{missing}"):
        pass
    assert not missing.exists()


def test_an_empty_one_is_not_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    path.touch()
    with pytest.raises(ConfigurationError, match="not up to date"), open_read_only(f"sqlite:///{path}"):
        pass


def test_it_opens_beside_the_process_that_has_the_file(sqlite_url: str) -> None:
    owner = open_database(sqlite_url)
    try:
        with open_read_only(sqlite_url) as database:
            assert database.dialect == "sqlite"
    finally:
        owner.close()
