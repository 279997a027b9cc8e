"""Reads a policy file from disk; the one place of this room that touches a file."""

from pathlib import Path

from bot.errors import ConfigurationError
from bot.permissions.reading import MAX_BYTES
from bot.permissions.rules import Policy, parse_policy
from bot.units import UNITS_PER_USD


def load_policy(path: Path, *, units_per_usd: int = UNITS_PER_USD) -> Policy:
    """The policy in the file; ConfigurationError if it cannot be read, or with every mistake in it."""
    return parse_policy(read_text(path), file=str(path), units_per_usd=units_per_usd)


def read_text(path: Path) -> str:
    """A file's text; ConfigurationError with a sentence if it is missing, too large or not UTF-8."""
    try:
        with path.open("rb") as file:
            # One byte more than allowed is enough to know; a huge file is never read whole.
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigurationError([f"{path}: there is no such file"]) from None
    except OSError as error:
        raise ConfigurationError([f"{path}: the file cannot be read: {error.strerror}"]) from error
    if len(raw) > MAX_BYTES:
        raise ConfigurationError([f"{path}:1:1: the file is larger than 1 MB; a policy is a few pages"])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise ConfigurationError([f"{path}:{line}:{column}: the file is not UTF-8 text from here on"]) from error
