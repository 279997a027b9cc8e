import asyncio
import io
from pathlib import Path

import pytest

from bot.approvals import store
from bot.approvals.models import Judgement, NewRequest, Status
from bot.cli import request_history
from bot.cli.policy import replay_policy
from bot.db.engine import Database
from bot.permissions.models import Actor, Ask, Facts
from bot.permissions.policy import decide
from bot.permissions.rules import parse_policy
from keydesk_sandbox import seed
from keydesk_sandbox.world import World
from tests.cli.conftest import Settle

NOW = 1_800_000_000.0
POLICY = parse_policy(seed.POLICY, file="policy.toml", units_per_usd=500_000)
ADA = Actor(slack_user_id=seed.ENGINEER, groups=frozenset({"S0ENGINEERS"}))


def a_request(number: int, *, requester: Actor = ADA, quota: int = 100_000) -> NewRequest:
    facts = Facts(
        remain_quota=quota, increase=quota, unlimited_quota=False, lifetime=86_400.0, models=frozenset(), group=""
    )
    decision = decide(POLICY, Ask(actor=requester, operation="key.create", facts=facts))
    return NewRequest(
        delivery_id=f"sub:T0:V{number}",
        operation="key.create",
        requester_id=requester.slack_user_id,
        requester_team="T0",
        channel_id="C0KEYS",
        key_id=None,
        key_name="ci",
        reason="",
        input={},
        before=None,
        summary=(),
        judgement=Judgement(decision=decision, facts=facts, own=True),
        asked_at=NOW + number,
    )


@pytest.fixture
def rows(database: Database) -> list[request_history.Row]:
    for new in (a_request(1), a_request(2, quota=9_000_000)):
        database.run_here(store.insert, new, status=Status.PENDING, lapses_at=None)
    return database.run_here(request_history.read_rows)


def test_rows_come_back_as_they_were_asked(rows: list[request_history.Row]) -> None:
    (first, second) = request_history.past_requests(rows, {seed.ENGINEER: ADA}, [POLICY])
    assert (first.id, first.at, first.outcome, first.rule) == (1, NOW + 1, "allow", "small keys are free")
    assert (second.outcome, second.rule) == ("needs_approval", "a manager decides the rest")
    assert first.ask == Ask(actor=ADA, operation="key.create", facts=a_request(1).judgement.facts)


def test_unknown_people_get_the_roles_of_the_rule_of_the_time(rows: list[request_history.Row]) -> None:
    (first, second) = request_history.past_requests(rows, {}, [POLICY])
    assert first.ask.actor.assumed_roles == {"engineer"}
    assert second.ask.actor.assumed_roles == {"engineer", "manager"}
    assert first.ask.actor.slack_user_id == seed.ENGINEER
    (first, _) = request_history.past_requests(rows, {}, [parse_policy("", file="empty.toml")])
    assert first.ask.actor == Actor(slack_user_id=seed.ENGINEER)


def test_a_replay_shows_what_another_policy_would_have_said(rows: list[request_history.Row], tmp_path: Path) -> None:

    other = tmp_path / "other.toml"
    other.write_text(seed.POLICY.replace("500_000", "50_000"))
    out = io.StringIO()
    assert replay_policy(other, request_history.past_requests(rows, {}, [POLICY]), out=out) == 0
    assert out.getvalue().splitlines() == [
        (
            "#1 2027-01-15 08:00 UTC U0ADA key.create: was allowed (“small keys are free”), would be needs approval "
            "(“a manager decides the rest”)"
        ),
        "2 past requests: 1 would be decided otherwise, 0 the same by another rule.",
    ]


def row_of(user: str) -> request_history.Row:
    new = a_request(1)
    return request_history.Row(id=1, asked_at=NOW, operation="key.create", requester_id=user, judgement=new.judgement)


async def test_members_are_asked_for_in_slack(settle: Settle) -> None:
    out = io.StringIO()
    rows = [row_of(user) for user in (seed.ENGINEER, seed.ENGINEER, seed.DEACTIVATED, seed.GUEST)]
    people = await asyncio.to_thread(request_history.members_now, settle(), POLICY, rows, out=out)
    assert {user: actor.groups for user, actor in people.items()} == {seed.ENGINEER: {"S0ENGINEERS"}}
    assert out.getvalue() == "People with the roles that Slack shows now: 1; that the rule of the time names: 2.\n"


async def test_a_silent_slack_is_a_note(world: World, settle: Settle) -> None:
    world.slack.switches.down = "503"
    out = io.StringIO()
    assert await asyncio.to_thread(request_history.members_now, settle(), POLICY, [row_of("U0ADA")], out=out) == {}
    assert out.getvalue().startswith("note: Slack could not be asked (")
    assert "People with the roles that Slack shows now: 0; that the rule of the time names: 1." in out.getvalue()


def test_nobody_is_asked_without_slack_or_without_requests() -> None:
    out = io.StringIO()
    assert request_history.members_now(None, POLICY, [], out=out) == {}
    assert out.getvalue() == ""
    assert request_history.members_now(None, POLICY, [row_of("U0ADA")], out=out) == {}
    assert out.getvalue().startswith("People with the roles that Slack shows now: 0")
