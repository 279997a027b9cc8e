"""A secret as the name of a person, a group, a model or a file is said and stored nowhere. On both databases."""

import copy
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from keydesk_sandbox import seed
from tests.attacks.test_no_text_holds_a_secret import found_in
from tests.attacks.tricks import CORE
from tests.scenarios.alerting import everything, learned
from tests.scenarios.desk import Desk, open_desk
from tests.scenarios.forging import last
from tests.scenarios.operating import open_form, owned

ADA, SAM, MIRA = seed.ENGINEER, seed.SECURITY, seed.MANAGER
SECRET = f"sk-{CORE}"


@pytest.fixture
async def desk(tmp_path: Path, database_url: str) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path, database_url=database_url) as opened:
        yield opened


def surfaces(desk: Desk) -> dict[str, str]:
    said = [m for channel in desk.slack.workspace.channels for m in desk.slack.messages(channel)]
    ours = [m for m in said if m.author and m.author.user_id == seed.BOT_USER]
    return {
        "rows, calls": everything(desk),
        "messages": repr([(m.text, m.blocks) for m in ours]) + repr([desk.slack.dm(u) for u in (ADA, SAM, MIRA)]),
        "answers": json.dumps([d.answer.body for d in desk.slack.sent if d.answer], default=str),
    }


def nowhere(desk: Desk) -> None:
    assert [name for name, text in surfaces(desk).items() if found_in(text, [CORE])] == []


async def test_a_name_in_the_workspace(desk: Desk) -> None:
    for field in ("name", "real_name", "display_name", "title"):
        if field in desk.slack.workspace.people[ADA].__dataclass_fields__:
            await desk.slack.changes.change_person(ADA, **{field: SECRET})
    await desk.ask(ADA, name="big", remain_quota="2M", expired_time="90d", reason="to test")
    await desk.eventually(lambda: desk.card(None))
    await desk.slack.open_home(MIRA)
    await desk.slack.click(MIRA, desk.card(None), "approve")
    await desk.settled((await desk.audit("asked"))[-1]["request_id"])
    await desk.app.responder.drain(grace=10)
    nowhere(desk)


async def test_a_group_and_a_model_of_the_gateway(desk: Desk) -> None:
    state = desk.gateway._state
    state.account.groups[SECRET] = (1.0, SECRET)
    state.models = (*state.models, SECRET)
    record = await owned(desk, group=SECRET, model_limits=SECRET, model_limits_enabled=True)
    for command, operation in (("show", "key.show"), ("edit", "key.update"), ("quota", "key.quota")):
        await open_form(desk, ADA, f"/apikey {command} {record.id}", operation=operation)
        await desk.app.responder.drain(grace=10)
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey new")
    for block in ("model_limits", "group"):
        await desk.slack.options(ADA, desk.slack.top_view(ADA), block, "sk")
    await desk.app.responder.drain(grace=10)
    nowhere(desk)


async def test_the_name_of_a_file(desk: Desk) -> None:
    await learned(desk)
    value = desk.gateway.key_value(desk.key("production").id)
    await desk.slack.say(ADA, seed.KEYS_CHANNEL, "see the file")
    event = copy.deepcopy(last(desk, "event_callback"))
    event["event_id"] = "Ev0FILE"
    event["event"] |= {"subtype": "file_share", "files": [{"id": "F0FILE", "name": f"{value}.txt", "title": value}]}
    assert (await desk.slack.deliveries.send("events_api", event)).ok
    await desk.eventually(lambda: desk.said("production", seed.SECURITY_CHANNEL))
    await desk.app.responder.drain(grace=10)
    core = value.removeprefix("sk-")
    assert [name for name, text in surfaces(desk).items() if found_in(text, [core])] == []
