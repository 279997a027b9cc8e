"""Enterprise Grid over the real wire: who is a member, an app in one workspace, an app in the whole organisation.

Clicks and forms carry one fixed workspace of the person, whichever they act in (slack.md); everybody here has another
one there than the workspace that is served.
"""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from bot.app import Application
from bot.approvals.models import Status
from bot.errors import ConfigurationError
from bot.settings import load
from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack.people import Person
from keydesk_sandbox.world import World, serving
from tests.narrow import present
from tests.scenarios.alerting import SAM, cards, learned, send
from tests.scenarios.conftest import OpenDesk
from tests.scenarios.desk import Desk, buttons_of, text_of

pytestmark = pytest.mark.thorough

ADA, MIRA, ALEX = seed.ENGINEER, seed.MANAGER, seed.ADMIN
ORG, ELSEWHERE = "E0LIGHTHOUSE", "T0ELSEWHERE"
COLLEAGUE = "W0CARL"  # of the organisation, in another workspace of it
BIG: dict[str, Any] = {"name": "big", "remain_quota": "2M", "expired_time": "90d", "model_limits": ["gpt-4o-mini"]}
SMALL: dict[str, Any] = {
    "name": "small",
    "remain_quota": "100k",
    "expired_time": "30d",
    "model_limits": ["gpt-4o-mini"],
}
EVERYBODY = """
[roles]
everybody = ["*"]

[[rules]]
name  = "all is free"
who   = ["everybody"]
do    = ["key.create", "key.list", "key.show"]
allow = true
"""


def grid(world: World, *, org_install: bool = False) -> None:
    """The little company as one workspace of an organisation."""
    workspace = world.slack.workspace
    team = dataclasses.replace(workspace.team, enterprise_id=ORG, enterprise_name="Lighthouse", org_install=org_install)
    workspace.team = team
    for person in workspace.people.values():
        if not person.is_outside and person.id != seed.BOT_USER:
            person.enterprise_id, person.org_teams = ORG, (seed.TEAM, ELSEWHERE)
            person.team_id, person.shows_team = ELSEWHERE, False
    carl = Person(id=COLLEAGUE, name="carl", real_name="Carl Elsewhere", team_id=ELSEWHERE, enterprise_id=ORG)
    workspace.people[COLLEAGUE] = carl
    workspace.channels[seed.KEYS_CHANNEL].members.append(COLLEAGUE)


def whole_org(world: World) -> None:
    grid(world, org_install=True)


INSTALLS = [{"prepare": grid}, {"prepare": whole_org, "SLACK_TEAM_ID": seed.TEAM}]
install = pytest.mark.parametrize("how", INSTALLS, ids=["workspace", "org-wide"])
socket = pytest.mark.parametrize("socket_mode", [False, True], ids=["http", "socket"])


def fixed_workspaces(desk: Desk) -> set[str]:
    return {one.payload["user"]["team_id"] for one in desk.slack.sent if isinstance(one.payload.get("user"), dict)}


@install
@socket
async def test_members_ask_and_a_manager_approves(desk_with: OpenDesk, how: dict[str, Any], socket_mode: bool) -> None:
    async with desk_with(socket_mode=socket_mode, **how) as desk:
        await desk.ask(ADA, **BIG)
        card = await desk.eventually(lambda: desk.card(1))
        await desk.slack.click(MIRA, card, "approve")
        assert (await desk.settled(1)).status is Status.SUCCEEDED
        assert desk.key("big").remain_quota == 2_000_000
        assert fixed_workspaces(desk) == {ELSEWHERE}
        assert not await desk.audit("refused")


@install
async def test_a_leaked_key_is_disabled_by_a_click(desk_with: OpenDesk, how: dict[str, Any]) -> None:
    async with desk_with(**how) as desk:
        await learned(desk)
        record = desk.key("production")
        await send(desk, "generic", desk.gateway.key_value(record.id))
        (card,) = await desk.eventually(lambda: [c for c in cards(desk) if "disable" in buttons_of(c)])
        await desk.slack.click(SAM, card, "disable")
        await desk.eventually(lambda: desk.gateway.key(record.id).status == 2)


@install
async def test_a_colleague_of_another_workspace_is_no_member(desk_with: OpenDesk, how: dict[str, Any]) -> None:
    """`"*"` is every full member of the workspace that is served."""
    async with desk_with(policy=EVERYBODY, **how) as desk:
        before = len(desk.gateway.keys())
        await desk.ask(ADA, **SMALL)
        await desk.settled(1)
        await desk.slack.command(COLLEAGUE, seed.KEYS_CHANNEL, "/apikey new")
        if desk.slack.open_views(COLLEAGUE):
            await desk.fill(COLLEAGUE, desk.slack.top_view(COLLEAGUE), **SMALL | {"name": "his"})
            await desk.slack.submit(COLLEAGUE, desk.slack.top_view(COLLEAGUE))
        await desk.slack.settle()
        assert len(desk.gateway.keys()) == before + 1
        said = [text_of(m) for m in desk.slack.messages(seed.KEYS_CHANNEL, viewer=COLLEAGUE) if m.ephemeral_to]
        assert said or desk.slack.open_views(COLLEAGUE)


async def test_the_home_of_a_member_of_an_org_wide_install(desk_with: OpenDesk) -> None:
    async with desk_with(prepare=whole_org, SLACK_TEAM_ID=seed.TEAM) as desk:
        await desk.slack.open_home(ADA)
        assert "key" in str(await desk.eventually(lambda: present(desk.slack.home(ADA)).body))
        asked = [call for call in desk.slack.calls if call.method == "usergroups.users.list"]
        assert asked
        assert {call.arguments.get("team_id") for call in asked} == {seed.TEAM}


async def test_payloads_of_another_organisation_are_refused(desk_with: OpenDesk) -> None:
    async with desk_with(prepare=whole_org, SLACK_TEAM_ID=seed.TEAM) as desk:
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey new")
        command = desk.slack.sent[-1]
        foreign = command.payload | {"team_id": "T0OTHERS", "enterprise_id": "E0OTHERS", "trigger_id": "1.2.3"}
        assert (await desk.slack.deliveries.send(command.kind, foreign)).status == 403


@pytest.mark.parametrize(
    ("prepare", "more", "mend"),
    [
        (whole_org, {}, "set SLACK_TEAM_ID"),
        (whole_org, {"SLACK_TEAM_ID": "T0NOWHERE"}, "not in the workspace T0NOWHERE"),
        (grid, {"SLACK_TEAM_ID": ELSEWHERE}, "leave SLACK_TEAM_ID out"),
    ],
)
async def test_no_start_with_a_workspace_that_cannot_be_served(
    tmp_path: Path, sqlite_url: str, prepare: Any, more: dict[str, str], mend: str
) -> None:
    world = World(folder=tmp_path, socket_mode=False)
    prepare(world)
    async with serving(world.slack.app) as world.slack.base_url:
        environment = world.environment(gateway_url="http://127.0.0.1:1", port=3000, database_url=sqlite_url)
        application = Application(load(environment | more, env_file=None), gateway_transport=world.gateway.transport())
        with pytest.raises(ConfigurationError, match=mend):
            await application.start()
        await application.stop()
    await world.slack.close()


async def test_events_that_slack_holds_back_are_counted_told_and_a_note_of_readiness(desk_with: OpenDesk) -> None:
    async with desk_with() as desk:
        for _ in range(2):
            assert (await desk.slack.events.hold_back()).status == 200
        (told,) = await desk.eventually(lambda: desk.said("30,000 events", seed.SECURITY_CHANNEL))
        assert "holds events of ours back" in text_of(told)
        assert any("30,000 events" in reason for reason in await desk.app.reasons())
        counted = desk.app.health.registry.get_sample_value("keydesk_slack_events_held_back_total")
        assert counted == 2
        await desk.slack.open_home(ALEX)
        assert "30,000 events" in str(await desk.eventually(lambda: present(desk.slack.home(ALEX)).body))
        foreign = {"type": "app_rate_limited", "team_id": "T0OTHERS", "api_app_id": desk.slack.core.app.id}
        assert (await desk.slack.deliveries.send("events_api", foreign)).status == 403
