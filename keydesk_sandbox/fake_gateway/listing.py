"""Pages of keys and both kinds of search. Contract: section 8. Reads only."""

from collections.abc import Sequence
from typing import Any

from .gojson import atoi
from .records import Record
from .state import GatewayState
from .wire import HttpCall, HttpReply, success

_DEFAULT_SIZE, _MAX_SIZE = 10, 100
_MIN_PATTERN = 2
_MAX_PERCENTS = 2


def list_keys(world: GatewayState, call: HttpCall) -> HttpReply:
    """`GET /api/token/?p=&page_size=`: newest id first."""
    return success(_page(world, call, world.store.of(world.account.id)))


def _page(world: GatewayState, call: HttpCall, rows: Sequence[Record]) -> dict[str, Any]:
    """The paging quirks: p=0 is 1, a negative p is echoed, a negative size means no limit, more than 100 is 100."""
    page = _number(call, "p") or 1
    size = next((n for name in ("page_size", "ps", "size") if (n := _number(call, name))), _DEFAULT_SIZE)
    size = min(size, _MAX_SIZE)
    start = max(0, (page - 1) * size)
    shown = rows[start:] if size < 0 else rows[start : start + size]
    return {"page": page, "page_size": size, "total": len(rows), "items": [world.view(row) for row in shown]}


def _number(call: HttpCall, parameter: str) -> int:
    """A query number; nobody looks at its errors, so nonsense is 0."""
    return atoi(call.parameter(parameter))[0]


def search(world: GatewayState, call: HttpCall) -> HttpReply:
    """`GET /api/token/search?keyword=&token=`: a flat array of contains-matches, or pages of exact matches."""
    keyword = call.parameter("keyword")
    value = call.parameter("token").removeprefix("sk-")
    rows = world.store.of(world.account.id)
    if world.switches.search == "array":
        return success([world.view(row) for row in rows if keyword in row.name and value in row.key])
    for pattern in (keyword, value):
        if not _allowed(world, pattern, keys=len(rows)):
            return world.refuse("search_pattern", call)
    found = [row for row in rows if _matches(keyword, row.name) and _matches(value, row.key)]
    return success(_page(world, call, found))


def _allowed(world: GatewayState, pattern: str, *, keys: int) -> bool:
    percents = pattern.count("%")
    if percents == 0:
        return True
    over_limit = world.switches.max_keys is not None and keys > world.switches.max_keys
    long_enough = len(pattern) - percents >= _MIN_PATTERN
    return not over_limit and percents <= _MAX_PERCENTS and "%%" not in pattern and long_enough


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
