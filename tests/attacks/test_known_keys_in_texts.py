"""A key of the account that is typed glued, in pieces, encoded or by its half is refused, and stored and said nowhere."""

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import Record
from tests.attacks.test_no_text_holds_a_secret import REFUSED, found_in
from tests.attacks.tricks import TRICKS_WITH_A_KNOWN_KEY
from tests.scenarios.alerting import everything, learned, post
from tests.scenarios.desk import Desk, open_desk, view_text
from tests.scenarios.operating import open_form, owned

ADA, SAM = seed.ENGINEER, seed.SECURITY
A_MINUTE = 61


@pytest.fixture
async def desk(tmp_path: Path, database_url: str) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path, database_url=database_url) as opened:
        await learned(opened)
        yield opened


def core_of(desk: Desk, record: Record) -> str:
    return desk.gateway.key_value(record.id).removeprefix("sk-")


async def test_no_form_takes_it_and_nothing_keeps_it(desk: Desk, log: io.StringIO) -> None:
    core = core_of(desk, desk.key("production"))
    mine = await owned(desk, name="own")
    told = [trick(core) for trick in TRICKS_WITH_A_KNOWN_KEY.values()]
    view = await open_form(desk, ADA, f"/apikey disable {mine.id}", operation="key.disable")
    for text in told:
        await desk.slack.type_in(ADA, view, "reason", f"see {text} , please")
        answer = await desk.slack.submit(ADA, desk.slack.top_view(ADA))
        assert REFUSED in (answer.body.get("errors") or {}).get("reason", ""), text
        await desk.pass_time(3.0)
    await desk.slack.close_view(ADA, desk.slack.top_view(ADA))
    for number, text in enumerate(told):
        for command in ("new {}", "show {}", f"disable {mine.id} {{}}", "why {}", "disable created before {}"):
            await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey {command.format(text)}")
        # Titles and texts are cut; a key that stands across the cut must not be half there.
        title = f"a leak {'-' * (number * 9)} {text}"
        body = {"id": f"n{number}", "title": title, "text": f"{title} {title}", "url": "https://x.test/1"}
        assert (await post(desk, "generic", json.dumps(body).encode())).status_code == 202
        await desk.pass_time(A_MINUTE)
        await desk.app.responder.drain(grace=10)
        for window in reversed(desk.slack.open_views(ADA)):
            assert found_in(view_text(window), [core]) == []
            await desk.slack.close_view(ADA, window)
    await desk.eventually(lambda: desk.said("Alert ", seed.SECURITY_CHANNEL))
    await desk.app.responder.drain(grace=10)
    said = [m for channel in desk.slack.workspace.channels for m in desk.slack.messages(channel)]
    surfaces = {
        "rows, calls": everything(desk),
        "messages": repr(said) + repr([desk.slack.dm(user) for user in (ADA, SAM)]),
        "answers": json.dumps([d.answer.body for d in desk.slack.sent if d.answer], default=str),
        "log": log.getvalue(),
    }
    assert {name: True for name, text in surfaces.items() if found_in(text, [core])} == {}
    assert await desk.audit("asked") == []
