"""One process per SQLite file: an advisory lock on a file beside it. Knows nothing of SQL."""

import fcntl
import os
from pathlib import Path
from typing import Self

from bot.errors import ConfigurationError


class FileLock:
    """Held until `release` or until the process ends, however it ends: the kernel lets go."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, path: Path, *, of: Path) -> Self:
        """Lock `path` for the database file `of`. Raises ConfigurationError naming who holds it."""
        try:
            # Not inherited by children (Python's default), so a child process cannot keep the lock alive.
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            sentence = f"DATABASE_URL: the file {of} cannot be used: {path}: {error.strerror}."
            raise ConfigurationError([sentence]) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            sentence = (
                f"{of} is already used by another keydesk (pid {holder}). "
                "Stop that one first, or use PostgreSQL (DATABASE_URL=postgresql://…) for more than one process."
            )
            raise ConfigurationError([sentence]) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return cls(descriptor)

    def release(self) -> None:
        """Let go. The file stays: removing it would let two processes lock two files of one name."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
