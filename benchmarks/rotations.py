"""Two hundred rotations of one key after the other beside somebody who spends: how far the sum over the line is off.

An answer of the gateway takes 50 ms here and 13 calls a second are paid, so a call is charged in two of three
exchanges, between the read and the write of a change as often as anywhere else.
"""

import asyncio
import random
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from bot.gateway.connection import connect
from bot.gateway.models import KeyId
from bot.gateway.writes import WriteStatus, move_quota
from keydesk_sandbox.fake_gateway import FakeGateway
from keydesk_sandbox.fake_gateway.wire import HttpCall

ROTATIONS = 200
ANSWER_SECONDS, CALLS_PER_SECOND = 0.05, 13
GRANTED = 1_000_000_000
PAT = "fakePatForBenchmarks0123456789+/"


class _Journal:
    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}

    async def recall(self, name: str) -> Any | None:
        return self._kept.get(name)

    async def record(self, name: str, value: Mapping[str, Any]) -> None:
        self._kept[name] = dict(value)


def measure() -> dict[str, float]:
    """Units that the sum remain + used over all keys is off after all rotations, and gateway calls of one."""
    return asyncio.run(_measure())


async def _measure() -> dict[str, float]:
    fake = FakeGateway(access_token=PAT, seed=7, user_id=42)
    fake.switch("ip_limit", None)
    chance = random.Random(5)
    client = connect(
        base_url="https://gateway.test",
        access_token=SecretStr(PAT),
        user_id=None,
        transport=fake.transport(),
        clock=fake.clock,
        sleep=fake.clock.sleep,
        rng=random.Random(3),
    )
    numbers = [fake.add_key(name="key", remain_quota=GRANTED).id]

    def spend(_call: HttpCall) -> None:
        fake.clock.advance(ANSWER_SECONDS)
        for number in numbers[-2:]:
            if chance.random() < ANSWER_SECONDS * CALLS_PER_SECOND and fake.key(number).remain_quota > 0:
                fake.charge(number, chance.randrange(50, 3_000))

    fake.on("request", spend, times=None)
    before = len(fake.requests)
    for _ in range(ROTATIONS):
        numbers.append(fake.add_key(name=f"key {len(numbers)}", remain_quota=0).id)
        old, new = (KeyId(number) for number in numbers[-2:])
        for keep_half in (True, False):
            # The start of an overlap, and its end.
            journal = _Journal()
            while (result := await move_quota(client, old, new, journal, keep_half=keep_half)).again_after:
                fake.advance(result.again_after)
            if result.status is not WriteStatus.DONE:
                raise RuntimeError(result.sentence)
    calls = (len(fake.requests) - before) / ROTATIONS
    await client.aclose()
    records = [fake.key(number) for number in numbers]
    off = sum(record.remain_quota + record.used_quota for record in records) - GRANTED
    return {"units off after 200 rotations": off, "gateway calls a rotation moves its quota with": calls}
