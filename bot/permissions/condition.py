"""One condition of a rule's `when`, as a value. How each is read: conditions.py and counting.py."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.permissions.models import Count, Facts

# A function, because the words are needed only when somebody asks for the reason.
Why = Callable[[], str] | None
Value = int | bool | str | tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Condition:
    """`why_not(facts)` is None where the condition holds, else what words half a sentence for the trail.

    `in_doubt(facts)`: whether it may hold although nothing shows that it does, because something is not known; None =
    never. `count`: the number that a counting condition compares; None for all others.
    """

    name: str
    value: Value
    why_not: Callable[[Facts], Why]
    in_doubt: Callable[[Facts], bool] | None = None
    count: Count | None = None
