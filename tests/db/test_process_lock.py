import os
from pathlib import Path

import pytest

from bot.db.process_lock import ProcessLock
from bot.errors import ConfigurationError


def test_a_second_taker_hears_who_has_it_and_the_lock_comes_free(tmp_path: Path) -> None:
    database = tmp_path / "keydesk.sqlite"
    first = ProcessLock.take(database)
    with pytest.raises(ConfigurationError, match=rf"already used by another keydesk \(pid {os.getpid()}\)"):
        ProcessLock.take(database)
    first.release()
    first.release()
    ProcessLock.take(database).release()


def test_a_holder_that_left_no_number_is_unknown(tmp_path: Path) -> None:
    database = tmp_path / "keydesk.sqlite"
    first = ProcessLock.take(database)
    (tmp_path / "keydesk.sqlite.pid").unlink()
    with pytest.raises(ConfigurationError, match="pid unknown"):
        ProcessLock.take(database)
    first.release()


def test_nobody_else_may_read_the_files_beside_the_database(tmp_path: Path) -> None:
    lock = ProcessLock.take(tmp_path / "keydesk.sqlite")
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert set(modes.values()) == {0o600}
    lock.release()


def test_a_missing_folder_is_said_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        ProcessLock.take(tmp_path / "missing" / "keydesk.sqlite")
    assert not (tmp_path / "missing").exists()
