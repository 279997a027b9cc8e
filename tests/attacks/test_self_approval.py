"""A yes of one's own counts where the rule says so, once, and for as long as it says so. On both databases."""

from pathlib import Path

import pytest

from bot.approvals.models import Status
from keydesk_sandbox import seed
from tests.scenarios.desk import Desk, open_desk
from tests.scenarios.policies import ROLES

MIRA, OMAR, SAM = seed.MANAGER, seed.SECOND_MANAGER, seed.SECURITY
FIELDS = {"name": "big", "remain_quota": "100k", "expired_time": "30d", "reason": "to test"}


def policy(terms: str) -> str:
    return f"""{ROLES}
[[rules]]
name  = "who asked may decide too"
who   = ["manager", "security"]
do    = ["key.create"]
approval = {{ {terms} }}
"""


async def asked(desk: Desk, user: str = MIRA) -> int:
    assert (await desk.ask(user, **FIELDS)).ok
    await desk.eventually(lambda: desk.card(None))
    return int((await desk.audit("asked"))[-1]["request_id"])


async def approve(desk: Desk, user: str, number: int) -> Status:
    await desk.slack.click(user, desk.card(None), "approve")
    await desk.app.responder.drain(grace=10)
    return (await desk.request(number)).status


async def test_one_own_yes_is_one_yes_of_two(tmp_path: Path, database_url: str) -> None:
    terms = policy('from = ["manager"], count = 2, self_approval = true')
    async with open_desk(tmp_path, database_url=database_url, policy=terms) as desk:
        number = await asked(desk)
        for _ in range(3):
            assert await approve(desk, MIRA, number) is Status.PENDING
        assert len((await desk.request(number)).votes) == 1
        await approve(desk, OMAR, number)
        assert (await desk.settled(number)).status is Status.SUCCEEDED


async def test_an_own_yes_counts_no_more_once_the_rule_does_not_say_so(tmp_path: Path, database_url: str) -> None:
    terms = policy('from = ["manager"], count = 2, self_approval = true')
    async with open_desk(tmp_path, database_url=database_url, policy=terms) as desk:
        number = await asked(desk)
        assert await approve(desk, MIRA, number) is Status.PENDING
        desk.world.policy_path.write_text(terms.replace(", self_approval = true", ""), encoding="utf-8")
        assert desk.app.policy.look()
        await approve(desk, OMAR, number)
        row = await desk.settled(number)
        assert row.status is Status.FAILED
        assert "approved this but may not any more" in str(row.outcome)
        assert [record for record in desk.gateway.keys(deleted=True) if record.name == "big"] == []


@pytest.mark.parametrize("user", [MIRA, SAM])
async def test_one_person_is_not_every_stage(tmp_path: Path, database_url: str, user: str) -> None:
    """Somebody with both roles who asked: their one yes does not open the door by itself."""
    stages = 'stages = [{ from = ["manager"] }, { from = ["security"] }], self_approval = true'
    async with open_desk(tmp_path, database_url=database_url, policy=policy(stages)) as desk:
        for group in ("S0MANAGERS", "S0SECURITY"):
            await desk.slack.changes.set_group(group, [user])
        number = await asked(desk, user)
        for _ in range(3):
            assert await approve(desk, user, number) is Status.PENDING
