"""One line of the record as the sentences read it: its details, escaped and short. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.approvals.models import ApprovalRequest
from bot.features.audit_read.states import NOUNS
from bot.languages import said, tr, trc
from bot.operations import Description, Registry
from bot.slack.blocks import code, inert, mention, truncate

LONGEST_PART = 120


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the record and the request that it is about, if there is one."""

    fact: str
    actor: str | None
    details: Mapping[str, Any]
    request: ApprovalRequest | None
    units_per_usd: int
    operations: Registry

    @property
    def described(self) -> Description | None:
        """The operation that the line is about."""
        return self.operations.descriptions.get(str(self.details.get("operation")))

    @property
    def who(self) -> str:
        """Whoever did it."""
        return mention(self.actor) if self.actor else "Keydesk"

    @property
    def operation(self) -> str:
        """What it is about, as part of a sentence. The stable name is in the export."""
        name = self.details.get("operation")
        if not isinstance(name, str):
            return tr("a change")
        return said(NOUNS[name]) if name in NOUNS else code(name)

    def part(self, name: str) -> str:
        """One detail, escaped and short; "" when it is not there."""
        value = self.details.get(name)
        return "" if value is None else inert(truncate(str(value), LONGEST_PART))

    def number(self, name: str) -> int:
        """A detail that is a number; 0 when it is none."""
        value = self.details.get(name)
        return value if isinstance(value, int) else 0

    def quoted(self, what: str, name: str) -> str:
        """`what (“why”)`, or `what` alone."""
        return quoted(what, self.part(name)) if self.part(name) else what

    def because(self, what: str, name: str) -> str:
        """`what: why`, or `what` alone."""
        return (
            trc("what happened, and why", "{what}: {why}", what=what, why=self.part(name)) if self.part(name) else what
        )

    def by_rule(self, what: str) -> str:
        """`what by rule “x”`, or `what` alone."""
        return tr("{what} by rule “{rule}”", what=what, rule=self.part("rule")) if self.part("rule") else what


def quoted(what: str, typed: str) -> str:
    """`what (“why”)`."""
    return trc("what happened, and what was said of it", "{what} (“{typed}”)", what=what, typed=typed)
