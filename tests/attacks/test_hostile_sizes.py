"""A megabyte in a payload of Slack's costs everybody else nothing, whoever sends it."""

import copy
import time

import pytest

from bot.features.key_list.typed_query import parse
from bot.slack.delivery import Kind
from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack.answers import AppAnswer
from tests.alerts.detection.test_long_text import MOST_MILLISECONDS, loop_cost
from tests.scenarios.conftest import http_desk
from tests.scenarios.desk import Desk
from tests.scenarios.forging import last
from tests.slack.kit import make_delivery

__all__ = ["http_desk"]
ADA, OLGA = seed.ENGINEER, seed.OUTSIDER
UNITS = ["sk-", "sk-" + "a " * 24, "a" * 47 + " ", "xoxa-", "A+/"]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("team", [seed.TEAM, "T0STRANGERS"])
async def test_a_command_as_long_as_a_payload_can_be(http_desk: Desk, unit: str, team: str) -> None:
    desk = http_desk
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey help")
    payload = last(desk, "command") | {"text": unit * (900_000 // len(unit) // 2), "team_id": team}

    async def sent() -> AppAnswer:
        return await desk.slack.deliveries.send("slash_commands", copy.deepcopy(payload))

    # Ours and the sandbox's, which encodes, signs and sends it in the same thread.
    empty = await loop_cost(
        lambda: desk.slack.deliveries.send("slash_commands", payload | {"text": "x" * len(payload["text"])})
    )
    assert await loop_cost(sent) - empty < MOST_MILLISECONDS
    assert unit * 100 not in str(await desk.audit())


@pytest.mark.parametrize("unit", UNITS)
async def test_a_field_longer_than_slack_takes_is_refused(http_desk: Desk, unit: str) -> None:
    desk = http_desk
    await desk.ask(ADA, name="search", remain_quota="900k", expired_time="90d", reason="a plan")
    payload = last(desk, "view_submission")
    payload["view"]["id"] = "V0LARGE"
    payload["view"]["state"]["values"]["reason"]["value"]["value"] = unit * (400_000 // len(unit))
    answer = await desk.slack.deliveries.send("interactive", payload)
    assert "too long" in str(answer.body)
    assert len(await desk.audit("asked")) == 1


@pytest.mark.parametrize("unit", ["a ", "\u201c ", "by name "])
def test_words_take_a_time_that_grows_with_their_number(unit: str) -> None:
    def cost(number: int) -> float:
        began = time.process_time()
        parse(unit * number, me=ADA)
        return time.process_time() - began

    cost(10)
    # Ten times as much, where twice as many words took four times as long.
    assert min(cost(40_000) for _ in range(3)) < 40 * min(cost(4_000) for _ in range(3))


def test_a_value_longer_than_slack_takes_is_none() -> None:
    for size, value in ((2_000, "x" * 2_000), (2_001, "")):
        payload = {"actions": [{"action_id": "requests_narrow", "value": "x" * size}]}
        assert make_delivery(Kind.ACTION, payload=payload).action_value == value
