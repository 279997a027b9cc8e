"""Everything that Slack sends, sent to both replicas twice at once and once more later: one effect, quick answers."""

import asyncio
from typing import Any

import httpx
import pytest

from bot.approvals.models import Status
from bot.sandbox import seed
from bot.sandbox.fake_slack.answers import Answer, parse_body
from bot.sandbox.fake_slack.deliveries import encode
from tests.crash.house import House, Process

ADA, MIRA, CHANNEL = seed.ENGINEER, seed.MANAGER, seed.KEYS_CHANNEL
BIG = {"name": "big", "remain_quota": "2M", "expired_time": "30d", "reason": "to test"}
ACK_SECONDS = 3.0


class Echo:
    """Sends each payload to every process `times` times at once, and keeps all answers and payloads."""

    def __init__(self, house: House, processes: list[Process], *, times: int = 2) -> None:
        self.answers: list[Answer] = []
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self._deliveries = house.slack.deliveries
        self._processes = processes
        self._times = times
        house.slack.deliveries.send = self.send

    async def send(self, kind: str, payload: dict[str, Any], *, retry: int = 0, reason: str = "") -> Answer:
        del retry, reason
        self.sent.append((kind, payload))
        posts = [self._post(process, kind, payload) for process in self._processes for _ in range(self._times)]
        answers = await asyncio.gather(*posts)
        self.answers += answers
        return answers[0]

    async def _post(self, process: Process, kind: str, payload: dict[str, Any]) -> Answer:
        raw, content_type = encode(kind, payload)
        headers = {"Content-Type": content_type, **self._deliveries._signed(raw)}
        begun = asyncio.get_running_loop().time()
        async with httpx.AsyncClient(trust_env=False) as client:
            url = f"http://127.0.0.1:{process.port}/slack/events"
            response = await client.post(url, content=raw, headers=headers, timeout=10)
        return Answer(
            status=response.status_code,
            body=parse_body(response.content),
            seconds=asyncio.get_running_loop().time() - begun,
            failure=None if response.status_code == 200 else "http_error",
        )

    async def everything_again(self) -> None:
        """Later: all of it, in order."""
        for kind, payload in list(self.sent):
            await self.send(kind, payload)


@pytest.mark.postgres
async def test_every_delivery_twice_to_both_replicas(pg_house: House) -> None:
    house = pg_house
    echo = Echo(house, [await house.start(), await house.start()])
    assert (await house.desk.ask(ADA, **BIG)).ok
    # PostgreSQL gives a number to each of the copies, so none need be the next one.
    asking = (await house.requests())[0].id
    card = await house.desk.eventually(lambda: house.desk.card(asking))
    await house.slack.click(MIRA, card, "approve")
    assert (await house.settled(asking)).status is Status.SUCCEEDED
    key = house.desk.key("big")
    await house.slack.shortcut(ADA, "new_key")
    await house.slack.open_home(ADA)
    await house.slack.changes.set_group("S0MANAGERS", [MIRA])
    await house.slack.command(ADA, CHANNEL, f"/apikey disable {key.id}")
    await house.desk.eventually(lambda: house.slack.top_view(ADA).body["callback_id"] == "key.disable")
    assert (await house.slack.submit(ADA, house.slack.top_view(ADA))).ok
    disabling = (await house.requests())[0].id
    assert (await house.settled(disabling)).status is Status.SUCCEEDED
    await echo.everything_again()
    await asyncio.sleep(0.5)
    assert {kind for kind, _ in echo.sent} == {"slash_commands", "interactive", "events_api"}
    assert [answer for answer in echo.answers if not answer.ok] == []
    assert max(answer.seconds for answer in echo.answers) < ACK_SECONDS
    assert len(await house.requests()) == 2
    assert house.names().count("big") == 1
    assert house.gateway.key(key.id).status == 2
    await house.desk.eventually(lambda: house.posted().get(f"req:{disabling}:confirmation"))
    assert set(house.posted().values()) == {1}
    facts = [line["fact"] for line in await house.desk.audit() if line["request_id"] == asking]
    assert sorted(facts) == ["applied", "applying", "approved", "asked"]
    assert house.verdict().problems == ()
    # The copies of a command find its one trigger used; nothing else went wrong.
    wrong = [line for process in house.processes for line in process.said().splitlines() if "Traceback" in line]
    assert [line for line in wrong if "exchanged_trigger_id" not in line] == []
