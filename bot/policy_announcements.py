"""What the security channel hears of the policy file: mistakes, that they are mended, and what a new policy changes.

The text of the policy that was announced last is kept, so that what changed is known after a restart too and several
replicas say it once. Nobody's name stands in a file, so who changed it is told as the system's user who owns it.
"""

import difflib
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa

from bot.approvals.cards.notifications import STORY
from bot.db import named_values
from bot.languages import joined, tr
from bot.languages.formats import in_lines, with_commas
from bot.languages.sentence import to_stored
from bot.policy_file import PolicyFile
from bot.slack.blocks import TEXT_LIMIT, code, escape

_ANNOUNCED = "policy.announced"
_BROKEN = "policy.broken"
# Names of rules in the headline, and how much of the difference one message holds.
_NAMED, _SHOWN = 12, TEXT_LIMIT - 300


class Wanting(Protocol):
    """The part of slack.Outbox that is needed here."""

    def want(
        self,
        c: sa.Connection,
        *,
        id: str,  # noqa: A002  # the outbox's word
        kind: str,
        subject: str,
        target: str,
        thread_of: str | None = None,
        body: Mapping[str, Any],
    ) -> None: ...


@dataclass(frozen=True, kw_only=True)
class PolicyAnnouncements:
    """`channel`: where those are who can mend a policy."""

    policy: PolicyFile
    outbox: Wanting
    channel: str
    clock: Callable[[], float]

    def broken(self, c: sa.Connection) -> None:
        """The file has mistakes: one message for each broken state of it, whichever replica sees it first."""
        name = self.policy.path.name
        text = tr(
            ":warning: The policy file was changed, but it has mistakes. The old policy stays in force.\n{problems}",
            problems=in_lines(self.policy.problems[:10]).with_texts(
                lambda problem: escape(problem.replace(str(self.policy.path), name))
            ),
        )
        state = self.policy.seen[:16]
        if (named_values.get(c, _BROKEN) or {}).get("state") != state:
            named_values.put(c, _BROKEN, {"state": state, "at": self.clock()})
            self._want(c, f"policy:{state}:{int(self.clock())}", text)

    def in_force(self, c: sa.Connection) -> None:
        """The file is in force as it is: say so where mistakes were told, and what a new policy changes."""
        broken, before = named_values.get(c, _BROKEN), named_values.get(c, _ANNOUNCED)
        same = before is not None and before["sha256"] == self.policy.digest
        if broken:
            named_values.remove(c, _BROKEN)
            if same:
                text = tr(":white_check_mark: The policy file is good again, and as it was before.")
                self._want(c, f"policy:good:{broken['state']}:{int(broken['at'])}", text)
        if same:
            return
        number = 1 if before is None else int(before["number"]) + 1
        named_values.put(c, _ANNOUNCED, {"sha256": self.policy.digest, "text": self.policy.text, "number": number})
        if before is None:
            return
        post_id = f"policy:changed:{number}"
        self._want(c, post_id, self._changed(before["text"]))
        self._want(c, f"{post_id}:difference", difference(before["text"], self.policy.text), thread_of=post_id)

    def _changed(self, before: str) -> str:
        owner = owner_of(self.policy.path)
        if owner:
            headline: str = tr(
                ":page_facing_up: Another policy is in force. Its file belongs to {user} on the server.",
                user=code(owner),
            )
        else:
            headline = tr(":page_facing_up: Another policy is in force.")
        lines = rule_lines(before, self.policy.text)
        return joined(headline, in_lines(lines)) if lines else headline

    def _want(self, c: sa.Connection, post_id: str, text: str, *, thread_of: str | None = None) -> None:
        self.outbox.want(
            c,
            id=post_id,
            kind=STORY,
            subject="",
            target=self.channel,
            thread_of=thread_of,
            body={"text": to_stored(text)},
        )


def rule_lines(before: str, after: str) -> list[str]:
    """Which rules and which other tables are new, gone or different, by name."""
    old, new = _named_parts(before), _named_parts(after)
    groups = (
        (tr("New: {names}"), [name for name in new if name not in old]),
        (tr("Gone: {names}"), [name for name in old if name not in new]),
        (tr("Changed: {names}"), [name for name in new if name in old and new[name] != old[name]]),
    )
    return [words.filled(names=with_commas(map(code, names[:_NAMED]))) for words, names in groups if names]


def difference(before: str, after: str) -> str:
    """The lines that differ, as a block of code."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "before", "after", lineterm="", n=1)
    # A fence inside of it would end the block.
    shown = escape("\n".join(lines).replace("```", "ˋˋˋ"))
    cut = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN].rpartition(chr(10))[0]}\n…"
    return f"```{cut}```"


def owner_of(path: Path) -> str:
    """The system's user that a file belongs to; "" where that tells nothing about a person."""
    import pwd  # noqa: PLC0415  # not on every system

    try:
        name = pwd.getpwuid(path.stat().st_uid).pw_name
    except (OSError, KeyError):
        return ""
    return "" if name == pwd.getpwuid(os.getuid()).pw_name else name


def _named_parts(text: str) -> dict[str, Any]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}
    parts: dict[str, Any] = {}
    for table, value in document.items():
        if isinstance(value, list):
            parts |= {_name(table, at, one): one for at, one in enumerate(value, 1)}
        else:
            parts[f"[{table}]"] = value
    return parts


def _name(table: str, at: int, one: object) -> str:
    name = one.get("name") if isinstance(one, dict) else None
    return name if isinstance(name, str) and name else f"[[{table}]] {at}"
