"""The `[review]` table of the policy: how often all keys that have a reason for it are looked at by people."""

from dataclasses import dataclass

from bot.languages import tr
from bot.permissions.source_map import Path
from bot.permissions.toml_document import TomlDocument

DAY = 86_400
# A review lasts 15 days, and its last disable can be undone for 14 more.
LEAST, MOST = 30 * DAY, 730 * DAY


@dataclass(frozen=True, kw_only=True)
class ReviewTerms:
    """`every`: seconds between the beginnings of two reviews; None = only when `keydesk review start` asks for one."""

    every: int | None = None


BY_COMMAND = ReviewTerms()


def read_review(document: TomlDocument, value: object) -> ReviewTerms:
    """The table; the mistakes in it are noted in the document."""
    path: Path = ("review",)
    table = document.table(path, value, "review") or {}
    document.only(path, table, ("every",), "review")
    if "every" not in table:
        return BY_COMMAND
    every = document.duration((*path, "every"), table["every"], "every")
    if every is not None and not LEAST <= every <= MOST:
        document.wrong((*path, "every"), tr("{what} must be 30 days to 2 years", what="every"))
    return ReviewTerms(every=every)
