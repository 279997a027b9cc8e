"""The policy file, read at the start and again when it changes. A broken change keeps the old policy and says so."""

import hashlib
import logging
from pathlib import Path

from bot.errors import ConfigurationError
from bot.permissions.rules import Policy, parse_policy

logger = logging.getLogger(__name__)


class PolicyFile:
    """Holds the policy in force. `problems` is what is wrong with the file as it is now, () when it is in force;
    `digest` is that of the policy in force, `seen` that of the file as it is now (SHA-256, hex).
    """

    def __init__(self, path: Path, *, units_per_usd: int) -> None:
        """Read it. Raises ConfigurationError with every mistake."""
        self._path = path
        self._units_per_usd = units_per_usd
        text = self._read()
        self.policy: Policy = parse_policy(text, file=str(path), units_per_usd=units_per_usd)
        self.digest = _digest(text)
        self.problems: tuple[str, ...] = ()
        self.seen = self.digest

    def current(self) -> Policy:
        """The policy in force."""
        return self.policy

    def look(self) -> bool:
        """Read the file again; True when another policy is in force now. Never raises."""
        try:
            text = self._read()
            seen = _digest(text)
            if seen == self.seen:
                return False
            self.seen = seen
            policy = parse_policy(text, file=str(self._path), units_per_usd=self._units_per_usd)
        except ConfigurationError as error:
            if error.problems != self.problems:
                logger.error(  # noqa: TRY400  # the problems are the whole story; a trace tells nothing more
                    "the policy file is broken; the old policy stays in force: %s", "; ".join(error.problems)
                )
            self.problems = error.problems
            return False
        self.problems = ()
        changed, self.policy, self.digest = seen != self.digest, policy, seen
        return changed

    def _read(self) -> str:
        try:
            return self._path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise ConfigurationError([f"The policy file {self._path} cannot be read: {reason}."]) from None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
