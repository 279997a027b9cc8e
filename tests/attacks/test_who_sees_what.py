"""Nobody learns from an answer, or from a channel shared with another company, what they may not see."""

import re

import pytest

from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack import SlackMessage
from tests.narrow import expect
from tests.scenarios.alerting import cards, learned
from tests.scenarios.conftest import OpenDesk, desk_with, http_desk
from tests.scenarios.desk import Desk, text_of, view_text
from tests.scenarios.forging import last, send_as
from tests.scenarios.operating import open_form, owned

__all__ = ["desk_with", "http_desk"]
ADA, BEN, GIL, OLGA, SAM = seed.ENGINEER, seed.SECOND_ENGINEER, seed.GUEST, seed.OUTSIDER, seed.SECURITY
PARTNER = "C0PARTNER"
COMMANDS = (
    "show {}", "edit {}", "quota {}", "quota {} +5k", "disable {}", "enable {}", "rotate {}", "delete {}", "end {}",
    "audit {}", "why key.disable {}", "disable {} {}", "enable {} {}",
)  # fmt: skip


async def answer_to(desk: Desk, user: str, command: str) -> list[str]:
    """All that somebody sees after a command, numbers and names of keys left out."""
    for view in reversed(desk.slack.open_views(user)):
        await desk.slack.close_view(user, view)
    before = len(desk.slack.messages(seed.KEYS_CHANNEL, user))
    await desk.slack.command(user, seed.KEYS_CHANNEL, f"/apikey {command}")
    await desk.app.responder.drain(grace=10)
    said = [text_of(message) for message in desk.slack.messages(seed.KEYS_CHANNEL, user)[before:]]
    said += [view_text(view) for view in desk.slack.open_views(user)]
    return [re.sub(r"secret-project|not-there-yet|\b(?:10\d|99\d)\b", "KEY", text) for text in said]


@pytest.mark.parametrize("user", [BEN, GIL])
async def test_a_key_of_somebody_else_and_one_that_is_not_there_get_the_same_answer(http_desk: Desk, user: str) -> None:
    desk = http_desk
    theirs = await owned(desk, name="secret-project")
    other = await owned(desk, name="secret-project-2")
    assert theirs.id < 110
    for command in COMMANDS:
        two = command.count("{}") == 2
        hidden = await answer_to(desk, user, command.format(theirs.id, other.id) if two else command.format(theirs.id))
        absent = await answer_to(desk, user, command.format(997, 998) if two else command.format(997))
        assert hidden == absent, command
        assert hidden, command
        named = await answer_to(desk, user, command.format("secret-project", "secret-project-2"))
        nameless = await answer_to(desk, user, command.format("not-there-yet", "not-there-yet-2"))
        assert [text.replace("KEY-2", "KEY") for text in named] == [
            text.replace("KEY-2", "KEY") for text in nameless
        ], command


@pytest.mark.parametrize(
    "action", ["key.reveal", "request_replacement", "key.update", "key.extend", "key.more", "key.disable", "reveal"]
)
async def test_a_forged_button_learns_no_more(http_desk: Desk, action: str) -> None:
    desk = http_desk
    theirs, mine = await owned(desk, name="secret-project"), await owned(desk, BEN, name="mine")
    await desk.slack.command(BEN, seed.KEYS_CHANNEL, f"/apikey show {mine.id}")
    await desk.app.responder.drain(grace=10)
    await desk.slack.click(BEN, desk.slack.top_view(BEN), "key.update")
    await desk.app.responder.drain(grace=10)
    payload = last(desk, "block_actions")
    told = []
    for number in (theirs.id, 997):
        for view in reversed(desk.slack.open_views(BEN)):
            await desk.slack.close_view(BEN, view)
        forged = {**payload, "actions": [{**payload["actions"][0], "action_id": action, "value": str(number)}]}
        forged["view"] = {**payload["view"], "type": "home", "id": "V0FORGED"}
        await send_as(desk, forged, BEN)
        await desk.app.responder.drain(grace=10)
        seen = [view_text(view) for view in desk.slack.open_views(BEN)] + [text_of(m) for m in desk.slack.dm(BEN)][-1:]
        told.append([re.sub(r"\b(?:10\d|99\d)\b|Reference \w+", "KEY", text) for text in seen])
    assert told[0] == told[1]
    assert "secret-project" not in str(told)


@pytest.mark.parametrize("user", [BEN])
async def test_a_forged_form_learns_no_more(http_desk: Desk, user: str) -> None:
    desk = http_desk
    theirs, mine = await owned(desk, name="secret-project"), await owned(desk, user, name="mine")
    view = await open_form(desk, user, f"/apikey disable {mine.id}", operation="key.disable")
    assert (await desk.slack.submit(user, view)).ok
    payload = last(desk, "view_submission")
    told = []
    for number in (theirs.id, 997):
        forged = {**payload, "view": {**payload["view"]}}
        forged["view"]["private_metadata"] = payload["view"]["private_metadata"].replace(str(mine.id), str(number))
        told.append(re.sub(r"\b(?:10\d|99\d)\b", "KEY", str((await send_as(desk, forged, user)).body)))
    assert told[0] == told[1]
    assert desk.gateway.key(theirs.id).status == 1


@pytest.mark.parametrize("author", [ADA, OLGA])
async def test_the_leak_guard_confirms_nothing_in_a_channel_shared_with_another_company(
    http_desk: Desk, author: str
) -> None:
    desk = http_desk
    await learned(desk)
    value = desk.gateway.key_value(desk.key("production").id)
    message = await desk.slack.say(author, PARTNER, f"is this one yours? {value}")
    card = (await desk.eventually(lambda: cards(desk, "production")))[0]
    await desk.app.responder.drain(grace=10)
    if author == ADA:
        await desk.eventually(lambda: desk.dm(ADA, "key"))
    assert desk.messages(PARTNER) == []
    assert [m for m in desk.slack.messages(PARTNER, author) if m.ts != expect(SlackMessage, message).ts] == []
    assert desk.slack.dm(OLGA) == []
    called = [call for call in desk.slack.calls if PARTNER in str(call.arguments.get("channel", ""))]
    assert [call.method for call in called if call.method.startswith(("chat.", "reactions."))] == []
    assert "partner" not in text_of(card).lower() or f"<#{PARTNER}>" in text_of(card)


# Above every other rule of the sandbox.
DENIED = """[[rules]]
name = "not here"
who  = ["*"]
do   = ["usage.read", "key.list", "request.list", "audit.read"]
on   = "any"
when = { channel_in = ["C0KEYS"] }
deny = "Not in front of everybody."

[[rules]]"""


async def test_what_a_rule_keeps_out_of_a_channel_is_not_told_there(desk_with: OpenDesk) -> None:
    async with desk_with(policy=seed.POLICY.replace("[[rules]]", DENIED, 1)) as desk:
        key = await owned(desk, ADA, name="mine")
        for command in ("list", "requests", "audit", f"audit {key.id}", "usage", "usage all", f"usage {key.id}"):
            answer = await answer_to(desk, seed.ADMIN, command)
            assert "Not in front of everybody." in str(answer), command
