"""One process per SQLite file: a lock file beside it, on every system that Python runs on. Knows nothing of SQL."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from filelock import BaseFileLock, FileLock, Timeout

from bot.errors import ConfigurationError


@dataclass(frozen=True)
class ProcessLock:
    """Held until `release` or until the process ends, however it ends: the system lets go."""

    lock: BaseFileLock

    @classmethod
    def take(cls, database: Path) -> Self:
        """Lock the database file. Raises ConfigurationError naming the process that holds it."""
        lock = FileLock(_beside(database, ".lock"), timeout=0, mode=0o600, thread_local=False)
        # Not in the lock file itself: Windows does not let others read a locked file.
        holder = _beside(database, ".pid")
        try:
            # The library would create a missing folder, which is more likely a misspelled one.
            database.parent.stat()
            lock.acquire()
            holder.touch(mode=0o600)
            holder.write_text(f"{os.getpid()}\n", encoding="ascii")
        except Timeout:
            sentence = (
                f"{database} is already used by another keydesk (pid {_read(holder)}). "
                "Stop that one first, or use PostgreSQL (DATABASE_URL=postgresql://…) for more than one process."
            )
            raise ConfigurationError([sentence]) from None
        except OSError as error:
            lock.release()
            where = error.filename or lock.lock_file
            sentence = f"DATABASE_URL: the file {database} cannot be used: {where}: {error.strerror}."
            raise ConfigurationError([sentence]) from error
        return cls(lock)

    def release(self) -> None:
        """Let go. Twice is harmless."""
        self.lock.release()


def _beside(database: Path, suffix: str) -> Path:
    return database.with_name(database.name + suffix)


def _read(holder: Path) -> str:
    try:
        return holder.read_text(encoding="ascii").strip()[:20] or "unknown"
    except (OSError, ValueError):
        return "unknown"
