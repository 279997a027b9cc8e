"""Every way in to `key.allowance` has a name, and the form shows the terms of now where none are typed."""

from types import SimpleNamespace
from typing import Any

import pytest

from bot.db.engine import Database
from bot.features.key_allowance import OPERATION, register
from bot.features.key_allowance.listeners import PresentAllowance
from bot.keys import allowances
from bot.operations import Allowance, AllowanceTerms
from bot.periods import Period
from bot.slack.router import Router
from tests.keys.records import record


def test_the_command_the_button_and_the_form_are_named() -> None:
    router = Router()
    deps: Any = SimpleNamespace()
    register(router, deps)
    assert router.names("command") == {"allowance"}
    assert router.names("view") == {OPERATION.name} == {"key.allowance"}
    assert router.names("action") == {OPERATION.name, "key.allowance.again"}
    [entry] = router.help_entries()
    assert (entry.word, entry.help) == ("allowance", OPERATION.description.help)


@pytest.mark.parametrize(
    ("typed", "ended_at", "filled"),
    [("", None, "500k per week rollover"), (" ", 1.0, ""), ("$5 a day", None, "$5 a day")],
)
async def test_the_form_is_filled_with_what_was_typed_or_is_so(
    sqlite_database: Database, typed: str, ended_at: float | None, filled: str
) -> None:
    terms = AllowanceTerms(amount=500_000, period=Period.WEEK, rollover=True)
    row = Allowance(key_id=7, born_at=5, terms=terms, request_id=1, rule="r", set_at=1.0, ended_at=ended_at)
    await sqlite_database.run(allowances.save, None, row)

    async def build(_delivery: object, _actor: object, _key: object, rest: str) -> str:
        return rest

    deps: Any = SimpleNamespace(database=sqlite_database)
    form: Any = SimpleNamespace(build=build)
    nobody: Any = None
    present: Any = PresentAllowance(deps, form)
    assert await present.build(nobody, nobody, record(7, created_time=5), typed) == filled
    assert await present.build(nobody, nobody, record(8, created_time=5), "") == ""
