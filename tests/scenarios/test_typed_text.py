"""Whatever people type is inert wherever it is shown: no ping, no link, no command to Slack."""

import functools
import json

import pytest

from keydesk_sandbox import seed
from tests.scenarios.desk import Desk, text_of, view_text
from tests.scenarios.forging import last, send_as

pytestmark = pytest.mark.thorough

ADA, SAM, MIRA = seed.ENGINEER, seed.SECURITY, seed.MANAGER
EVIL = "<!channel> <https://evil.test|click> @everyone"
RAW = ("<!channel>", "<https://evil", "@everyone")
COMMANDS = (
    "show {}", "edit {}", "quota {}", "quota {} +5", "disable {}", "disable {} 7", "enable {}", "enable {} 9", "rotate {}",
    "delete {}", "audit {}", "why {}", "why key.disable {}", "list {}", "disable all of {}", "disable created before {}",
    "disable all of <@U0ADA> {}", "{}", "new {}",
)  # fmt: skip


def raw(text: str) -> list[str]:
    return [part for part in RAW if part in text]


def inert(content: object) -> list[str]:
    """What is still live in the mrkdwn of a message or a view; plain_text and typed values are never parsed."""
    if isinstance(content, dict):
        if content.get("type") == "plain_text":
            return []
        found = raw(content["text"]) if isinstance(content.get("text"), str) else []
        values = [value for name, value in content.items() if name not in {"private_metadata", "initial_value"}]
        return found + [part for value in values for part in inert(value)]
    return [part for value in content for part in inert(value)] if isinstance(content, list) else []


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("user", [ADA, SAM])
async def test_no_command_repeats_it_live(http_desk: Desk, command: str, user: str) -> None:
    desk = http_desk
    answer = await desk.slack.command(user, seed.KEYS_CHANNEL, f"/apikey {command.format(EVIL)}")
    assert answer.ok
    await desk.app.responder.drain(grace=10)
    for message in desk.slack.messages(seed.KEYS_CHANNEL, user):
        assert raw(message.text) == []
        assert inert(message.blocks) == [], json.dumps(message.blocks)
    for view in desk.slack.open_views(user):
        assert inert(view.body["blocks"]) == [], view_text(view)


async def test_names_reasons_groups_and_answers_are_inert_everywhere(http_desk: Desk) -> None:
    desk = http_desk
    await desk.own(ADA, desk.gateway.add_key(name=EVIL[:50], group="<!here>", allow_ips="<!channel>"))
    await desk.ask(name=f"x {EVIL}"[:50], remain_quota="900k", expired_time="90d", reason=EVIL)
    card = await desk.eventually(desk.card)
    await desk.slack.click(MIRA, card, "deny")
    await desk.fill(MIRA, desk.slack.top_view(MIRA), reason=EVIL)
    await desk.slack.submit(MIRA, desk.slack.top_view(MIRA))
    await desk.settled()
    for command in ("list", "requests", "audit", "show 101"):
        for user in (ADA, SAM):
            await desk.slack.command(user, seed.KEYS_CHANNEL, f"/apikey {command}")
    await desk.app.responder.drain(grace=10)
    await desk.eventually(lambda: desk.dm(ADA, "denied"))
    for user in (ADA, SAM, MIRA):
        await desk.slack.open_home(user)
        home = await desk.eventually(functools.partial(desk.slack.home, user))
        assert inert(home.body["blocks"]) == []
        for message in [*desk.slack.messages(seed.KEYS_CHANNEL, user), *desk.slack.dm(user)]:
            assert raw(message.text) == []
            assert inert(message.blocks) == [], json.dumps(message.blocks)


@pytest.mark.parametrize("user", [seed.GUEST, seed.OUTSIDER, SAM])
async def test_a_forged_look_at_a_request_shows_nothing(http_desk: Desk, user: str) -> None:
    desk = http_desk
    await desk.ask(name="secret-project", remain_quota="900k", expired_time="90d", reason="a plan")
    await desk.eventually(desk.card)
    await desk.slack.open_home(MIRA)
    home = await desk.eventually(lambda: desk.slack.home(MIRA))
    await desk.slack.click(MIRA, home, "look_at_request")
    payload = last(desk, "block_actions")
    payload["view"]["type"], payload["view"]["id"] = "home", "V0FORGED"
    told = []
    for value in (payload["actions"][0]["value"], "999"):
        forged = {**payload, "actions": [{**payload["actions"][0], "value": value}]}
        await send_as(desk, forged, user)
        await desk.app.responder.drain(grace=10)
        told.append([view_text(view) for view in desk.slack.open_views(user)][-1:])
        assert "secret-project" not in str(told)
        assert "secret-project" not in " ".join(text_of(message) for message in desk.slack.dm(user))
    assert told[0] == told[1]
