"""No secret at rest: key values and the access token are nowhere but in the reveal window of the key's owner."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import GatewayFault
from tests.scenarios.desk import Desk, view_text

ADA, MIRA = seed.ENGINEER, seed.MANAGER


class _Raw(logging.Handler):
    """Records as they were made, before anything is taken out."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(f"{record.getMessage()} {vars(record)!r}")


@pytest.fixture
def raw() -> Iterator[_Raw]:
    handler, ours = _Raw(), logging.getLogger("bot")
    ours.addHandler(handler)
    ours.setLevel(logging.DEBUG)
    yield handler
    ours.removeHandler(handler)
    ours.setLevel(logging.NOTSET)


async def test_no_secret_is_anywhere_but_in_the_owners_window(
    desk: Desk, log: io.StringIO, raw: _Raw, tmp_path: Path
) -> None:
    await _a_busy_day(desk)
    secrets = {desk.world.access_token, desk.world.signing_secret, desk.world.bot_token}
    values = {desk.gateway.key_value(record.id).removeprefix("sk-") for record in desk.gateway.keys(deleted=True)}
    assert len(values) >= 5
    hidden = secrets | values

    assert log.getvalue().count("\n") > 3
    assert not [secret for secret in hidden if secret in log.getvalue()]
    assert not [text for text in raw.texts if any(secret in text for secret in hidden)]
    assert _files_with(hidden, tmp_path) == []

    showing = [call for call in desk.slack.calls if any(value in str(call) for value in values)]
    assert {call.method for call in showing} == {"views.update"}
    assert len(showing) == 1
    assert not [call for call in desk.slack.calls if any(secret in str(call) for secret in secrets)]
    acks = json.dumps([d.answer.body for d in desk.slack.sent if d.answer], default=str)
    assert not [secret for secret in hidden if secret in acks]
    everything = repr([m for channel in desk.slack.workspace.channels for m in desk.slack.messages(channel)])
    assert not [secret for secret in hidden if secret in everything]


def _files_with(hidden: set[str], folder: Path) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "policy.toml"]
    assert "keydesk.sqlite" in {path.name for path in files}
    return [path.name for path in files if any(secret.encode() in path.read_bytes() for secret in hidden)]


async def _a_busy_day(desk: Desk) -> None:
    """Asking, approving, editing, listing, revealing, a gateway in trouble, and a value pasted where it does not belong."""
    await desk.ask(ADA, name="tiny", remain_quota="1")
    await desk.settled(1)
    notice = (await desk.eventually(lambda: desk.dm(ADA, "is ready")))[0]
    await desk.slack.close_view(ADA, desk.slack.top_view(ADA), clear=True)
    await desk.slack.click(ADA, notice, "reveal")
    value = desk.gateway.key_value(desk.key("tiny").id)
    await desk.eventually(lambda: value in view_text(desk.slack.top_view(ADA)))
    await desk.slack.close_view(ADA, desk.slack.top_view(ADA), clear=True)

    desk.gateway.arm(GatewayFault(kind="html", method="POST"))
    answer = await desk.ask(ADA, name="big", remain_quota="2M", reason=f"instead of {value}")
    assert "looks like the value of a key" in answer.body["errors"]["reason"]
    await desk.fill(ADA, desk.slack.top_view(ADA), reason="instead of the old one")
    await desk.slack.submit(ADA, desk.slack.top_view(ADA))
    await desk.slack.close_view(ADA, desk.slack.top_view(ADA), clear=True)
    await desk.slack.click(MIRA, await desk.eventually(lambda: desk.card(2)), "approve")
    await desk.settled(2)
    await desk.edit(ADA, desk.key("big").id, name="bigger")
    await desk.slack.close_view(ADA, desk.slack.top_view(ADA), clear=True)
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey list")
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey show {desk.key('tiny').id}")
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey show {value}")
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey {value}")
    await desk.slack.open_home(ADA)
    await desk.eventually(lambda: desk.app.responder.busy == 0)
