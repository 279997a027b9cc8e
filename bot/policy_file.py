"""The policy file on disk: its one reader, and the policy in force, read again when the file changes.

`serve`, `check` and every `keydesk policy` command read a file through `read_text`, so that all of them say the
same about it. The grammar is in bot/permissions; nothing here knows what a rule means.
"""

import hashlib
import logging
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from bot.errors import ConfigurationError
from bot.languages import english, tr, trc
from bot.permissions.rules import Policy, parse_policy
from bot.permissions.toml_document import MAX_BYTES
from bot.units import UNITS_PER_USD

logger = logging.getLogger(__name__)


def load_policy(
    path: Path, *, units_per_usd: int = UNITS_PER_USD, told: Mapping[str, int] = MappingProxyType({})
) -> Policy:
    """The policy in the file; ConfigurationError if it cannot be read, or with every mistake in it.

    `told`: units for a dollar of further gateways, by name, as they say themselves.
    """
    return parse_policy(read_text(path), file=str(path), units_per_usd=units_per_usd, told=told)


def read_text(path: Path) -> str:
    """The text of a policy file or a file of cases, as the parsers take it.

    A byte order mark and CRLF line ends are accepted: editors on Windows write both. ConfigurationError with a
    sentence for a file that is missing, a directory, forbidden, over 1 MB or not UTF-8.
    """
    try:
        with path.open("rb") as file:
            # One byte more than allowed is enough to know; a huge file is never read whole.
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigurationError(
            [_wrong(path, tr("there is no such file; policy.example.toml is one to begin with"))]
        ) from None
    except IsADirectoryError:
        raise ConfigurationError([_wrong(path, tr("this is a directory, not a policy file"))]) from None
    except PermissionError:
        raise ConfigurationError(
            [_wrong(path, tr("Keydesk may not read this file; give its user the right"))]
        ) from None
    except (OSError, ValueError) as error:  # ValueError: a path with a null byte
        reason = error.strerror if isinstance(error, OSError) else tr("its name is not possible")
        raise ConfigurationError([_wrong(path, tr("the file cannot be read: {reason}", reason=reason))]) from error
    if len(raw) > MAX_BYTES:
        raise ConfigurationError([_wrong(path, tr("the file is larger than 1 MB; a policy is a few pages"), 1, 1)])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise ConfigurationError([_wrong(path, tr("the file is not UTF-8 text from here on"), line, column)]) from error


class PolicyFile:
    """Holds the policy in force, and its `text`. `problems` is what is wrong with the file as it is now, () when it is
    in force; `digest` is that of the policy in force, `seen` that of the file as it is now (SHA-256, hex).
    """

    def __init__(self, path: Path, *, units_per_usd: int) -> None:
        """Read it. Raises ConfigurationError with every mistake."""
        self._path = path
        self._configured = self._units_per_usd = units_per_usd
        self._told: Mapping[str, int] = {}
        self.text = text = read_text(self._path)
        self.policy: Policy = parse_policy(text, file=str(path), units_per_usd=units_per_usd)
        self.digest = _digest(text)
        self.problems: tuple[str, ...] = ()
        self.seen = self.digest

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._path

    def current(self) -> Policy:
        """The policy in force."""
        return self.policy

    def count_dollars(self, units_per_usd: int, told: Mapping[str, int]) -> None:
        """Read amounts of money by other numbers of units per dollar; `told`: of further gateways, by name."""
        self._units_per_usd, self._told, self.seen = units_per_usd, told, ""
        self.look()

    def look(self) -> bool:
        """Read the file again; True when another policy is in force now. Never raises."""
        try:
            text = read_text(self._path)
            seen = _digest(text)
            if seen == self.seen:
                return False
            self.seen = seen
            policy = parse_policy(
                text,
                file=str(self._path),
                units_per_usd=self._units_per_usd,
                told=self._told,
                exact=self._units_per_usd == self._configured,
            )
        except ConfigurationError as error:
            if error.problems != self.problems:
                logger.error(  # noqa: TRY400  # the problems are the whole story; a trace tells nothing more
                    "the policy file is broken; the old policy stays in force: %s",
                    "; ".join(map(english, error.problems)),
                )
            self.problems = error.problems
            return False
        self.problems = ()
        changed, self.policy, self.digest, self.text = seen != self.digest, policy, seen, text
        return changed


def _wrong(path: Path, mistake: str, *at: int) -> str:
    place = ":".join(map(str, (path, *at)))
    return trc("a place in a file, and the mistake there", "{place}: {mistake}", place=place, mistake=mistake)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
