"""What `check`, `policy lint` and `policy explain` say of schedules."""

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.cli import lookups
from bot.permissions.rules import parse_policy
from keydesk_sandbox import seed
from keydesk_sandbox.fake_pagerduty import FakeShift
from keydesk_sandbox.world import World, serving
from tests.cli.checking import bad, look
from tests.cli.conftest import Captured, Settle

POLICY = """
[roles]
manager = ["S0MANAGERS"]

[roles.oncall]
members  = ["pagerduty:P0SECUR"]
fallback = ["manager"]

[[rules]]
name  = "whoever is on call pulls the plug"
who   = ["oncall"]
do    = ["key.disable", "key.show"]
on    = "any"
allow = true

[[rules]]
name     = "whoever is on call decides"
who      = ["manager"]
do       = ["*"]
approval = { stages = [{ from = ["oncall"] }, { from = ["manager"] }] }
"""
pytestmark = pytest.mark.usefixtures("log_as_before", "folder")


@pytest.fixture
async def pagerduty(world: World) -> AsyncIterator[World]:
    world.pagerduty.on_call(seed.ON_CALL_SCHEDULE, seed.PAGERDUTY_ALEX, end=4_102_444_800.0)
    world.policy_path.write_text(POLICY)
    async with serving(world.pagerduty.app) as url:
        world.pagerduty.base_url = url
        yield world


async def test_check_says_who_is_on_call(pagerduty: World, settle: Settle) -> None:
    code, lines = await look(pagerduty, settle())
    assert (code, bad(lines)) == (0, [])
    told = "on call in pagerduty:P0SECUR now: U0ALEX until 2100-01-01 00:00 UTC; the fallback is S0MANAGERS"
    assert f"ok    on call: {told}" in lines


async def test_check_says_it_of_a_shift_to_the_end_of_all_time(pagerduty: World, settle: Settle) -> None:
    pagerduty.pagerduty.on_call(seed.ON_CALL_SCHEDULE, seed.PAGERDUTY_ALEX, end=253_402_300_799.0)
    code, lines = await look(pagerduty, settle())
    told = "on call in pagerduty:P0SECUR now: U0ALEX without an end; the fallback is S0MANAGERS"
    assert (code, f"ok    on call: {told}" in lines) == (0, True)


async def test_check_says_why_nobody_is_known_to_be_on_call(pagerduty: World, settle: Settle) -> None:
    pagerduty.pagerduty.on_call(seed.ON_CALL_SCHEDULE, seed.PAGERDUTY_STRANGER)
    code, lines = await look(pagerduty, settle())
    assert code == 0
    [told] = bad(lines)
    assert told.startswith(
        "warn  on call: PagerDuty's schedule P0SECUR has Zoe Former on call, but Slack knows no full"
    )
    code, lines = await look(pagerduty, settle(KEYDESK_PAGERDUTY_TOKEN="y_NotARealTokenAtAll"))
    assert code == 1
    assert (
        "it does not take KEYDESK_PAGERDUTY_TOKEN. The policy's fallback is called. That is S0MANAGERS" in bad(lines)[0]
    )
    code, lines = await look(pagerduty, settle(KEYDESK_PAGERDUTY_TOKEN=None))
    assert code == 1
    assert "KEYDESK_PAGERDUTY_TOKEN is not set" in bad(lines)[0]


async def test_a_policy_without_schedules_needs_no_pagerduty_and_no_scope_for_it(world: World, settle: Settle) -> None:
    code, lines = await look(world, settle())
    assert (code, bad(lines)) == (0, [])
    assert not any("on call" in line for line in lines)
    assert world.pagerduty.asked == []


async def test_lint_says_who_is_on_call(
    pagerduty: World, live: None, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    del live
    monkeypatch.setenv("KEYDESK_PAGERDUTY_TOKEN", pagerduty.pagerduty_token)
    monkeypatch.setenv("KEYDESK_PAGERDUTY_URL", pagerduty.pagerduty.base_url)
    assert await asyncio.to_thread(main, ["policy", "lint"]) == 0
    out = capsys.readouterr().out
    assert "note: on call in pagerduty:P0SECUR now: U0ALEX until" in out
    assert "no mistake and no doubt" in out
    pagerduty.pagerduty.schedules[seed.ON_CALL_SCHEDULE].shifts = [FakeShift(user=seed.PAGERDUTY_STRANGER)]
    assert await asyncio.to_thread(main, ["policy", "lint"]) == 1
    assert "Zoe Former" in capsys.readouterr().out
    pagerduty.pagerduty.fault = "503"
    assert await asyncio.to_thread(main, ["policy", "lint"]) == 0, "PagerDuty's trouble is no mistake of the policy"
    assert "note: PagerDuty does not tell who is on call in schedule P0SECUR: it answers 503" in capsys.readouterr().out


async def test_a_person_on_call_has_the_role_for_explain(pagerduty: World, settle: Settle) -> None:
    policy, out = parse_policy(POLICY), io.StringIO()
    actor = await asyncio.to_thread(lookups.find_actor, settle(), policy, (), seed.ADMIN, out)
    assert policy.roles.of(actor) == {"oncall"}
    assert out.getvalue() == ""
    pagerduty.pagerduty.fault = "401"
    actor = await asyncio.to_thread(lookups.find_actor, settle(), policy, (), seed.ADMIN, out)
    assert policy.roles.of(actor) == frozenset()
    assert "it does not take KEYDESK_PAGERDUTY_TOKEN" in out.getvalue()


def test_explain_and_what_can_say_what_a_role_with_a_schedule_is(policy: Path, capsys: Captured) -> None:
    policy.write_text(POLICY)
    line = "oncall: whoever is on call in pagerduty:P0SECUR, and S0MANAGERS while that is not known.\n"
    assert main(["policy", "explain", "key.create", "--as", "manager"]) == 0
    assert capsys.readouterr().out.endswith(line)
    assert main(["policy", "what-can", "oncall"]) == 0
    assert capsys.readouterr().out.endswith(line)
    assert main(["policy", "what-can", "pagerduty:P0SECUR"]) == 0
    assert "key.disable (anybody's):" in capsys.readouterr().out


async def test_an_app_without_the_scope_for_e_mail_is_told_where_the_policy_has_schedules(
    pagerduty: World, settle: Settle
) -> None:
    app = pagerduty.slack.core.app
    pagerduty.slack.core.app = replace(app, scopes=tuple(one for one in app.scopes if one != "users:read.email"))
    code, lines = await look(pagerduty, settle())
    assert code == 1
    scopes, on_call = bad(lines)
    assert "the token lacks users:read.email, so this does not work: users.lookupByEmail" in scopes
    assert "the Slack app lacks the scope users:read.email" in on_call
    pagerduty.policy_path.write_text(seed.POLICY)
    code, lines = await look(pagerduty, settle())
    assert (code, bad(lines)) == (0, [])
