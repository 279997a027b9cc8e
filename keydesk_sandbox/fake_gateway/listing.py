"""Pages of keys and both kinds of search. Contract: section 8. Reads only."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from .gojson import atoi
from .records import Record
from .state import GatewayState
from .wire import HttpCall, HttpReply, success

_DEFAULT_SIZE, _MAX_SIZE = 10, 100
_MIN_PATTERN = 2
_MAX_PERCENTS = 2
Row = TypeVar("Row")


def list_keys(state: GatewayState, call: HttpCall) -> HttpReply:
    """`GET /api/token/?p=&page_size=`: newest id first."""
    rows = state.store.of(state.account.id)
    page = page_of(call, rows, state.view, fixed=state.switches.page_rows)
    if state.switches.endless_list:
        last = rows[-page["page_size"] :]
        page |= {"total": 10 * len(rows) + 1_000, "items": page["items"] or [state.view(row) for row in last]}
    return success(page)


def page_of(
    call: HttpCall, rows: Sequence[Row], view: Callable[[Row], dict[str, Any]], *, fixed: int | None = None
) -> dict[str, Any]:
    """The paging quirks: p=0 is 1, a negative p is echoed, a negative size means no limit, more than 100 is 100.

    `fixed`: the size of every page, whatever is asked for.
    """
    page = _number(call, "p") or 1
    size = next((n for name in ("page_size", "ps", "size") if (n := _number(call, name))), _DEFAULT_SIZE)
    size = fixed or min(size, _MAX_SIZE)
    start = max(0, (page - 1) * size)
    shown = rows[start:] if size < 0 else rows[start : start + size]
    return {"page": page, "page_size": size, "total": len(rows), "items": [view(row) for row in shown]}


def _number(call: HttpCall, parameter: str) -> int:
    """A query number: nonsense, and what does not fit into an integer, counts as 0."""
    number, complaint = atoi(call.parameter(parameter))
    return 0 if complaint else number


def search(state: GatewayState, call: HttpCall) -> HttpReply:
    """`GET /api/token/search?keyword=&token=`: fragments in a flat array, or pages of exact matches."""
    keyword = call.parameter("keyword")
    value = call.parameter("token").removeprefix("sk-")
    rows = state.store.of(state.account.id)
    if state.switches.search == "array":
        name, key = f"%{keyword}%", f"%{value}%"
        return success([state.view(row) for row in rows if _both(state, row, name, key)])
    for pattern in (keyword, value):
        if not _allowed(state, pattern, keys=len(rows)):
            return state.refuse("search_pattern", call)
    found = [row for row in rows if _both(state, row, keyword, value)]
    return success(page_of(call, found, state.view))


def _allowed(state: GatewayState, pattern: str, *, keys: int) -> bool:
    percents = pattern.count("%")
    if percents == 0:
        return True
    over_limit = state.switches.max_keys is not None and keys > state.switches.max_keys
    long_enough = len(pattern) - percents >= _MIN_PATTERN
    return not over_limit and percents <= _MAX_PERCENTS and "%%" not in pattern and long_enough


def _both(state: GatewayState, row: Record, name: str, key: str) -> bool:
    fold = str.lower if state.switches.search_ignores_case else str
    return _matches(fold(name), fold(row.name)) and _matches(fold(key), fold(row.key))


def _matches(pattern: str, text: str) -> bool:
    """Exact unless `%` is used, which stands for anything; `_` and `!` stand for themselves. Empty: no condition."""
    if "%" not in pattern:
        return not pattern or pattern == text
    first, *middle, last = pattern.split("%")
    if not text.startswith(first):
        return False
    rest = text[len(first) :]
    for part in middle:
        _before, found, rest = rest.partition(part) if part else ("", " ", rest)
        if not found:
            return False
    return rest.endswith(last)
