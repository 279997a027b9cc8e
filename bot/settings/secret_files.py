"""Secrets that come from files, and their new values while Keydesk runs: looked at every two seconds.

Kubernetes, Docker's swarm and secret managers write a new value into the file. Whoever holds a HeldSecret asks it for
its value at each use, so a new one is in force at once and nothing has to be built anew.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

logger = logging.getLogger(__name__)

# The others are read once: a connection to the database is made with the password that it began with.
ROTATED = frozenset(
    {
        "SLACK_BOT_TOKEN",
        "SLACK_SIGNING_SECRET",
        "SLACK_APP_TOKEN",
        "COMETAPI_ACCESS_TOKEN",
        "GITHUB_TOKEN",
        "KEYDESK_ALERT_SECRET_GENERIC",
        "KEYDESK_ALERT_SECRET_GITHUB",
        "KEYDESK_ALERT_TOKEN_GITLAB",
        "KEYDESK_ALERT_SECRET_GITGUARDIAN",
        "KEYDESK_ALERT_TOKEN_ALERTMANAGER",
        "KEYDESK_PAGERDUTY_TOKEN",
        "KEYDESK_WEBHOOK_SECRET",
    }
)
# By its setting the access token of any gateway is judged.
ACCESS_TOKEN = "COMETAPI_ACCESS_TOKEN"  # noqa: S105  # a name
# (the value as the settings keep it, what is wrong with it), each "" where there is none.
Judge = Callable[[str, str], tuple[str, str]]


class HeldSecret(SecretStr):
    """A secret whose value may be replaced while it is held."""

    def renew(self, value: str) -> None:
        """Replace the value that is held."""
        self._secret_value = value


def read_secret(name: str, path: str) -> tuple[str, str]:
    """(what the file of the secret NAME holds, what is wrong with the file), each "" where there is none."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        return "", f"{name}_FILE: the file cannot be read: {reason}."
    return text, "" if text else f"{name}_FILE: the file is empty."


@dataclass(kw_only=True, eq=False)
class SecretFiles:
    """The files, by the names of their secrets. `problems`: what is wrong with a new value; the old one is in force."""

    paths: Mapping[str, str]
    held: Mapping[str, HeldSecret]
    judge: Judge
    # Told of every value that was ever in force, so that none of them is logged or stored.
    learnt: Callable[[str], None] = lambda _value: None
    problems: tuple[str, ...] = ()
    # The names of the access tokens of further gateways, which are judged as that of the settings is.
    tokens: frozenset[str] = frozenset()
    _seen: dict[str, str] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._seen = {name: read_secret(name, path)[0] for name, path in self.paths.items()}

    def watch(self, name: str, path: str, held: HeldSecret) -> None:
        """Look after one more secret: the access token of a further gateway."""
        self.paths = {**self.paths, name: path}
        self.held = {**self.held, name: held}
        self.tokens |= {name}
        self._seen[name] = read_secret(name, path)[0]

    def look(self) -> list[str]:
        """Take new values into force, and return the names of those that changed. Never raises."""
        changed, problems = [], []
        for name, path in self.paths.items():
            text, problem = read_secret(name, path)
            if not problem and text != self._seen[name]:
                problem = self._take(name, text)
                changed += [] if problem else [name]
            problems += [problem] if problem else []
        if tuple(problems) != self.problems:
            self.problems = tuple(problems)
            for problem in problems:
                logger.warning("%s What was read before stays in force.", problem)
        for name in changed:
            logger.info("a new %s is in force", name)
        return changed

    def _take(self, name: str, text: str) -> str:
        """Put a new value into force; what hinders that, "" when nothing does."""
        held = self.held.get(name)
        if held is None:
            return f"{name}_FILE: the file changed, and this one is read at the start alone: restart Keydesk."
        value, problem = self.judge(ACCESS_TOKEN if name in self.tokens else name, text)
        if problem:
            # It is judged as an access token, and named as the policy file names it.
            return problem.replace(ACCESS_TOKEN, name) if name in self.tokens else problem
        self.learnt(value)
        held.renew(value)
        self._seen[name] = text
        return ""
