"""Two real processes on PostgreSQL: whichever is asked about a leaked key looks afresh, with the index's lease or not.

`make thorough` asks about a value of nobody; the keys that are made and found take longer and are in `make soak`.
"""

import functools

import pytest
import sqlalchemy as sa

from keydesk_sandbox import seed
from tests.crash.house import House, Process
from tests.scenarios.desk import view_text

SAM, CHANNEL = seed.SECURITY, seed.SECURITY_CHANNEL


async def ask(house: House, replica: Process, text: str) -> None:
    """Somebody uses the shortcut on a message, at this replica."""
    house.slack.changes.reload(SAM)
    house.slack.bot_url = None
    message = await house.slack.post_as_app(CHANNEL, text)
    house.slack.bot_url = f"http://127.0.0.1:{replica.port}/slack/events"
    assert (await house.slack.shortcut(SAM, "disable_leaked_key", CHANNEL, message.ts)).ok


def window(house: House) -> str:
    views = house.slack.open_views(SAM)
    return view_text(views[-1]) if views else ""


def _names(house: House, name: str) -> bool:
    return name in window(house)


def lease_holder(c: sa.Connection) -> str | None:
    holder: str | None = c.scalar(sa.text("SELECT holder FROM lease WHERE name = 'fingerprints'"))
    return holder


@pytest.mark.soak
@pytest.mark.postgres
async def test_whoever_is_asked_looks_afresh(pg_house: House) -> None:
    house = pg_house
    replicas = [await house.start(), await house.start()]
    for replica in replicas:
        house.processes.remove(replica)
        house.processes.append(replica)
        await house.says("/readyz", '"ready":true')
    holder = await house.desk.until(
        lambda: house.database.read(lease_holder), otherwise="nobody has the lease of the index"
    )
    assert sorted(f":{replica.pid}:" in holder for replica in replicas) == [False, True]
    for number, replica in enumerate(replicas):
        record = house.gateway.add_key(name=f"made-{number}", unlimited_quota=True)
        await ask(house, replica, f"look: {house.gateway.key_value(record.id)}")
        await house.desk.eventually(functools.partial(_names, house, f"made-{number}"))
        assert "Disable now" in window(house)
        assert "another account" not in window(house)
    # Nobody can look now: it is said so, and the window corrects itself.
    for number, replica in enumerate(replicas):
        house.gateway.arm("refused", times=None)
        record = house.gateway.add_key(name=f"late-{number}", unlimited_quota=True)
        await ask(house, replica, f"look: {house.gateway.key_value(record.id)}")
        await house.desk.eventually(lambda: "could not be looked up yet" in window(house))
        assert "another account" not in window(house)
        house.gateway.disarm()
        await house.desk.eventually(functools.partial(_names, house, f"late-{number}"))
        assert "Disable now" in window(house)


@pytest.mark.thorough
@pytest.mark.postgres
async def test_a_value_of_nobody_is_called_so_by_both_after_a_look(pg_house: House) -> None:
    house = pg_house
    for replica in [await house.start(), await house.start()]:
        await ask(house, replica, "look: sk-" + "Q7" * 24)
        await house.desk.eventually(lambda: "another account" in window(house))
