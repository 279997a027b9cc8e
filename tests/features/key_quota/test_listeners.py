"""Every way in to `key.quota` has a name: the command, the button, the form and the changes in it."""

from types import SimpleNamespace
from typing import Any

import pytest

from bot.features.key_quota import OPERATION, register
from bot.features.key_quota.listeners import MonthOfQuota
from bot.gateway.dollars import Dollars
from bot.keys.spending import DAY, Amount, Spending
from bot.slack.router import Router
from tests.keys.records import record

NOON = 1_800_014_400.0


def test_the_command_the_button_and_the_form_are_named() -> None:
    router = Router()
    deps: Any = SimpleNamespace()
    register(router, deps)
    assert router.names("command") == {"quota"}
    assert router.names("view") == {OPERATION.name} == {"key.quota"}
    assert router.names("action") == {OPERATION.name, "key.quota.again", "key.more"}
    [entry] = router.help_entries()
    assert (entry.word, entry.help) == ("quota", OPERATION.description.help)


@pytest.mark.parametrize(
    ("a_day", "days", "changes", "filled"),
    [
        (1_000_000, 10, {}, "+$60"),
        (100_001, 10, {}, "+$7"),
        (1_000, 10, {}, "+30000"),
        (1_000_000, 2, {}, ""),
        (0, 10, {}, ""),
        (1_000_000, 10, {"unlimited_quota": True}, ""),
    ],
)
async def test_the_button_fills_in_what_a_month_costs(
    a_day: int, days: int, changes: dict[str, Any], filled: str
) -> None:
    begin = NOON // DAY * DAY - days * DAY
    amounts = tuple(Amount(begin + n * DAY, begin + (n + 1) * DAY, a_day) for n in range(days) if a_day)

    async def spending(key_ids: list[int], *, now: float) -> dict[int, Spending]:
        assert now == NOON
        return {7: Spending(amounts, begin)} if key_ids == [7] else {}

    async def build(_delivery: object, _actor: object, _key: object, rest: str) -> str:
        return rest

    deps: Any = SimpleNamespace(
        reader=SimpleNamespace(server_now=lambda _key: NOON),
        known=SimpleNamespace(spending=spending),
        dollars=Dollars(),
    )
    form: Any = SimpleNamespace(build=build)
    nobody: Any = None
    key = record(7, remain_quota=5, unlimited_quota=False).model_copy(update=changes)
    found: Any = await MonthOfQuota(deps, form).build(nobody, nobody, key, "ignored")
    assert found == filled
