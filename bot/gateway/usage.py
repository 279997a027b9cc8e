"""What the gateway tells of spending: its log of calls, its sums by day and model, its own forecast (section 15).

All of it is optional: a deployment may have none. The log is filed by the *name* a key had at the time; where rows also
carry the key's number, rows of other keys are left out.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.gateway.errors import CallFacts, GatewayProtocolError, GatewayRejected, Refusal
from bot.gateway.listing import PAGE_SIZE
from bot.gateway.models import Key
from bot.gateway.replies import LIST_BODY, ApiCall
from bot.gateway.wire import Wire
from bot.languages import tr

CONSUMED = "2"
"""The kind of a row of the log that is a paid call."""
MOST_LOG_PAGES = 5
"""Pages of the log that are read at a time: the newest 500 calls."""


@dataclass(frozen=True)
class ModelSpending:
    """What one model cost."""

    model: str
    units: int
    calls: int


@dataclass(frozen=True)
class ModelShares:
    """What models cost, the dearest first. `whole`: nothing was left out for its length.

    `charged`: when each call, or each day, cost how many units.
    """

    models: tuple[ModelSpending, ...]
    whole: bool
    charged: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class AccountForecast:
    """CometAPI's own figures of the account: calls this month, their success in percent, days until it is empty."""

    calls: int | None
    success: float | None
    days_left: float | None


@dataclass(frozen=True)
class UsageReader:
    """Reads of spending. Every method raises the GatewayCallError tree, GatewayRejected where it is not offered."""

    wire: Wire

    async def of_key(self, key: Key, *, alone: bool, start: float, end: float, deadline: float) -> ModelShares:
        """What a key spent by model, from the log of calls under its name of now; of its newest calls only.

        `alone`: no other key has that name. If one has, only rows with the key's number count.
        """
        own = self.wire.numbers.own(key.id)
        unnumbered = own if alone else None

        def counts(item: dict[str, Any]) -> bool:
            return item.get("token_name") == key.name and item.get("token_id", unnumbered) == own

        params = {"token_name": key.name} | _span(start, end)
        return await self._from_log(params, counts, self.wire.clock() + deadline)

    async def of_account(self, *, start: float, end: float, deadline: float) -> ModelShares:
        """What the account spent by model, a month at most: the gateway's sums, or else its newest calls."""
        stop = self.wire.clock() + deadline
        call = ApiCall(
            doing="reading what was spent",
            method="GET",
            path="/api/data/self",
            params=_span(start, end),
            limit=LIST_BODY,
        )
        try:
            document, facts = await self.wire.ask(call, end=stop)
        except GatewayRejected as error:
            if error.refusal is not Refusal.NOT_OFFERED:
                raise
            return await self._from_log(_span(start, end), lambda _item: True, stop)
        sums = _Sums()
        for item in _rows(document.get("data"), facts):
            sums.add(item)
        return sums.shares(whole=True)

    async def account_forecast(self, *, deadline: float) -> AccountForecast:
        """What CometAPI says of the account's month."""
        call = ApiCall(doing="reading the account's month", method="GET", path="/api/user/self/stats")
        document, facts = await self.wire.ask(call, end=self.wire.clock() + deadline)
        data = document.get("data")
        if not isinstance(data, dict):
            raise _shape(facts)
        calls, success, days = (
            _number(data.get(name)) for name in ("month_req_count", "month_success_rate", "predicted_days")
        )
        return AccountForecast(calls=None if calls is None else int(calls), success=success, days_left=days)

    async def _from_log(
        self, params: Mapping[str, str], counts: Callable[[dict[str, Any]], bool], stop: float
    ) -> ModelShares:
        sums, seen = _Sums(), 0
        for page in range(1, MOST_LOG_PAGES + 1):
            place = {"p": str(page), "page_size": str(PAGE_SIZE), "type": CONSUMED}
            items, total = await self._log_page({**params, **place}, stop)
            for item in filter(counts, items):
                sums.add(item)
            seen += len(items)
            if not items or seen >= total:
                return sums.shares(whole=True)
        return sums.shares(whole=False)

    async def _log_page(self, params: dict[str, str], stop: float) -> tuple[list[dict[str, Any]], int]:
        call = ApiCall(
            doing="reading the log of calls", method="GET", path="/api/log/self", params=params, limit=LIST_BODY
        )
        document, facts = await self.wire.ask(call, end=stop)
        data = document.get("data")
        if not isinstance(data, dict):
            raise _shape(facts)
        return _rows(data.get("items"), facts), int(_number(data.get("total")) or 0)


class _Sums:
    def __init__(self) -> None:
        self._units: defaultdict[str, int] = defaultdict(int)
        self._calls: defaultdict[str, int] = defaultdict(int)
        self._charged: list[tuple[int, int]] = []

    def add(self, item: dict[str, Any]) -> None:
        """A row of the log (one call), or a sum of the gateway's (`count` calls)."""
        model, count = str(item.get("model_name") or "")[:100], _number(item.get("count"))
        units = int(_number(item.get("quota")) or 0)
        self._units[model] += units
        self._charged.append((int(_number(item.get("created_at")) or 0), units))
        self._calls[model] += 1 if count is None else int(count)

    def shares(self, *, whole: bool) -> ModelShares:
        found = [ModelSpending(model, units, self._calls[model]) for model, units in self._units.items()]
        return ModelShares(tuple(sorted(found, key=lambda one: (-one.units, one.model))), whole, tuple(self._charged))


def _span(start: float, end: float) -> dict[str, str]:
    return {"start_timestamp": str(int(start)), "end_timestamp": str(int(end))}


def _rows(data: Any, facts: CallFacts) -> list[dict[str, Any]]:
    if data is None:
        return []
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise _shape(facts)
    return data


def _shape(facts: CallFacts) -> GatewayProtocolError:
    return GatewayProtocolError(tr("The gateway's answer does not have the documented shape."), facts=facts)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) < 2**63 else None
