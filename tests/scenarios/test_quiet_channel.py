"""A quiet channel: what needed no approval is one message a day, everything else is as loud as before."""

from pathlib import Path

import pytest

from keydesk_sandbox import seed
from tests.scenarios.desk import Desk, open_desk, text_of


def day(desk: Desk) -> str:
    (message,) = [m for m in desk.messages() if "needed no approval" in text_of(m)]
    return text_of(message)


@pytest.mark.parametrize("noise", ["thread", "digest"])
async def test_a_days_own_results_are_one_message(tmp_path: Path, sqlite_url: str, noise: str) -> None:
    async with open_desk(tmp_path, database_url=sqlite_url, KEYDESK_CHANNEL_NOISE=noise) as desk:
        for number in (1, 2):
            await desk.ask(name=f"small-{number}", remain_quota="10k", expired_time="7d", reason="x")
            await desk.settled(number)
        await desk.eventually(lambda: "2 changes that needed no approval" in day(desk))
        loud = [m for m in desk.messages() if not m.thread_ts]
        assert len(loud) == 1
        wanted = 2 if noise == "thread" else 0
        await desk.eventually(lambda: len([m for m in desk.messages() if m.thread_ts == loud[0].ts]) == wanted)
        if noise == "digest":
            assert "small-1" in day(desk)
            assert "small-2" in day(desk)

        # What is asked of people has its card at once.
        await desk.ask(name="big", remain_quota="2M", reason="x")
        await desk.eventually(lambda: desk.card(3))
        await desk.eventually(lambda: desk.dm(seed.ENGINEER, "small-1"))
