"""Whatever is delivered, delivered twice at once and once more later, to one process and to two: one effect, quickly.

`make thorough` sends all kinds to one process, `make soak` to two replicas as well.
"""

import asyncio
import time
from typing import Any

import httpx
import pytest

from bot.alerts import store as alert_store
from bot.approvals.models import Status
from keydesk_sandbox import alerts, seed
from keydesk_sandbox.fake_slack import SlackMessage, triggers
from keydesk_sandbox.fake_slack.answers import AppAnswer, parse_body
from keydesk_sandbox.fake_slack.deliveries import encode
from tests.crash.house import House, Process
from tests.narrow import expect

ADA, MIRA, SAM = seed.ENGINEER, seed.MANAGER, seed.SECURITY
CHANNEL, ROOM = seed.KEYS_CHANNEL, seed.SECURITY_CHANNEL
BIG = {"name": "big", "remain_quota": "2M", "expired_time": "30d", "reason": "to test"}
ACK_SECONDS = 3.0
# All that Slack sends us: no window of ours asks to be told when it is closed.
SLACK_KINDS = {
    "command", "block_actions", "block_suggestion", "view_submission", "shortcut", "message_action", "event_callback",
}  # fmt: skip


class Echo:
    """Sends each payload to every process twice at once, and keeps all answers and what was sent."""

    def __init__(self, house: House, processes: list[Process]) -> None:
        self.answers: list[AppAnswer] = []
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.alerts: list[alerts.Sent] = []
        self.ids: dict[bytes, set[int]] = {}
        self._house = house
        self._processes = processes * 2
        deliveries: Any = house.slack.deliveries
        deliveries.send = self.send

    async def send(self, kind: str, payload: dict[str, Any], *, retry: int = 0, reason: str = "") -> AppAnswer:
        del retry, reason
        self.sent.append((kind, payload))
        raw, content_type = encode(kind, payload)
        headers = {"Content-Type": content_type, **self._house.slack.deliveries._signed(raw)}
        return (await self._post(alerts.Sent("/slack/events", headers, raw)))[0]

    async def alert(self, source: str, text: str) -> None:
        """An alert, as its source sends it."""
        body = alerts.body_of(source, number=1, text=text)
        sent = alerts.signed(source, body, secret=self._house.world.alert_secrets[source], now=time.time())
        self.alerts.append(sent)
        await self._alert(sent)

    async def _alert(self, sent: alerts.Sent) -> None:
        found = {answer.body["id"] for answer in await self._post(sent)}
        self.ids.setdefault(sent.body, set()).update(found)

    async def _post(self, sent: alerts.Sent) -> list[AppAnswer]:
        answers = await asyncio.gather(*(self._one(process, sent) for process in self._processes))
        self.answers += answers
        return answers

    async def _one(self, process: Process, sent: alerts.Sent) -> AppAnswer:
        begun = asyncio.get_running_loop().time()
        async with httpx.AsyncClient(trust_env=False) as client:
            url = f"http://127.0.0.1:{process.port}{sent.path}"
            response = await client.post(url, content=sent.body, headers=dict(sent.headers), timeout=10)
        return AppAnswer(
            status=response.status_code,
            body=parse_body(response.content),
            seconds=asyncio.get_running_loop().time() - begun,
            failure=None if response.is_success else "http_error",
        )

    async def everything_again(self) -> None:
        """Later: all of it, in order."""
        for kind, payload in list(self.sent):
            await self.send(kind, payload)
        for sent in self.alerts:
            await self._alert(sent)

    def kinds(self) -> set[str]:
        """What was sent, in Slack's words."""
        return {payload.get("type", "command") for _, payload in self.sent}


async def _newest(house: House) -> int:
    """PostgreSQL gives a number to each of the copies, so none need be the next one."""
    return (await house.requests())[0].id


async def _keys(house: House) -> tuple[int, int]:
    """A key asked for, approved and made; then disabled by its owner. Returns both requests."""
    slack, desk = house.slack, house.desk
    assert (await desk.ask(ADA, **BIG, model_limits="gpt-4o-mini")).ok
    asking = await _newest(house)
    card = await desk.eventually(lambda: desk.card(asking))
    await house.click(MIRA, card, "approve", until=lambda: "big" in house.names())
    assert (await house.settled(asking)).status is Status.SUCCEEDED
    await slack.shortcut(ADA, "new_key")
    await desk.eventually(lambda: slack.top_view(ADA).body["callback_id"] == "key.create")
    await slack.close_view(ADA, slack.top_view(ADA))
    await slack.open_home(ADA)
    await slack.changes.set_group("S0MANAGERS", [MIRA])
    await slack.command(ADA, CHANNEL, f"/apikey disable {desk.key('big').id}")
    await desk.eventually(lambda: slack.top_view(ADA).body["callback_id"] == "key.disable")
    assert (await slack.submit(ADA, slack.top_view(ADA))).ok
    disabling = await _newest(house)
    assert (await house.settled(disabling)).status is Status.SUCCEEDED
    return asking, disabling


async def _leaks(house: House, echo: Echo) -> int:
    """The same key in an alert of every source and in a message; disabled by a click. Returns the request."""
    slack, desk = house.slack, house.desk
    leaked = desk.key("production")
    value = house.gateway.key_value(leaked.id)
    for source in house.world.alert_secrets:
        await echo.alert(source, value)
    message = await slack.say(ADA, CHANNEL, f"look: {value}")
    await slack.shortcut(SAM, "disable_leaked_key", CHANNEL, expect(SlackMessage, message).ts)
    card = await desk.eventually(lambda: next(m for m in desk.messages(ROOM) if "disable" in str(m.blocks)))
    await house.click(SAM, card, "disable", until=lambda: house.gateway.key(leaked.id).status == 2)
    killing = await _newest(house)
    assert (await house.settled(killing)).status is Status.SUCCEEDED
    return killing


async def everything_counts_once(house: House, processes: list[Process]) -> None:
    """All kinds of deliveries, all of them again, and every effect once."""
    echo = Echo(house, processes)
    asking, disabling = await _keys(house)
    killing = await _leaks(house, echo)
    await echo.everything_again()
    confirmations = [f"req:{number}:confirmation" for number in (asking, disabling, killing)]
    await house.desk.eventually(lambda: set(confirmations) <= set(house.posted()))
    await house.slack.settle()
    assert echo.kinds() == SLACK_KINDS
    assert [answer for answer in echo.answers if not answer.ok] == []
    assert max(answer.seconds for answer in echo.answers) < ACK_SECONDS
    assert len(await house.requests()) == 3
    assert house.names().count("big") == 1
    assert house.gateway.key(house.desk.key("big").id).status == 2
    assert set(house.posted().values()) == {1}
    # One alert per source, and one for the message.
    assert [len(ids) for ids in echo.ids.values()] == [1] * len(house.world.alert_secrets)
    assert len(await house.database.read(alert_store.recent)) == len(house.world.alert_secrets) + 1
    lines = await house.desk.audit()
    facts = [line["fact"] for line in lines if line["request_id"] == asking]
    assert sorted(facts) == ["applied", "applying", "approved", "asked"]
    assert [line["fact"] for line in lines].count("applied") == 3
    assert house.verdict().problems == ()
    # A copy of what opens a form finds its one trigger used: the form is there, so nothing is said.
    said = [m.text for user in (ADA, MIRA, SAM) for m in house.slack.messages(CHANNEL, viewer=user) if m.ephemeral_to]
    assert [text for text in said if "could not open" in text] == []
    assert [answer for answer in echo.answers if "could not open" in str(answer.body)] == []
    assert [line for process in processes for line in process.said().splitlines() if "Traceback" in line] == []


@pytest.fixture(autouse=True)
def patient_triggers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack's 3 s for opening a form are not what is tested here, and a busy machine may need more."""
    monkeypatch.setattr(triggers, "LIFE", 60.0)


@pytest.mark.thorough
async def test_every_delivery_twice_to_one_process(house: House) -> None:
    await everything_counts_once(house, [await house.start()])


@pytest.mark.soak
@pytest.mark.postgres
async def test_every_delivery_twice_to_both_replicas(pg_house: House) -> None:
    await everything_counts_once(pg_house, [await pg_house.start(), await pg_house.start()])
