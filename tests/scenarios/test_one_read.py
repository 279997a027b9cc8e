"""A form on a key opens after one read of the gateway, however slow that is."""

import pytest

from keydesk_sandbox import seed
from tests.scenarios.desk import Desk
from tests.scenarios.operating import owned

ADA = seed.ENGINEER


@pytest.mark.parametrize("how", ["number", "name"])
@pytest.mark.parametrize("word", ["edit", "quota", "disable", "rotate", "delete", "end", "show"])
async def test_one_read_is_enough(http_desk: Desk, word: str, how: str) -> None:
    desk = http_desk
    key = await owned(desk, name="mykey")
    await desk.eventually(lambda: desk.app.alerts.index.complete)
    before = len(desk.gateway.requests)
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey {word} {key.id if how == 'number' else 'mykey'}")
    await desk.app.responder.drain(grace=10)
    operation = f"key.{'update' if word == 'edit' else word}"
    assert desk.slack.top_view(ADA).body["callback_id"] == operation
    about = [seen.path for seen in desk.gateway.requests[before:] if "token" in seen.path]
    assert len(about) <= 1, about
