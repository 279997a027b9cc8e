"""Socket Mode's link breaks in every way in the middle of a flow: nothing is lost, one effect.

Slack's own tries are few, so people do what they do: the same again until it is answered. `make test` runs one trouble
at every stage and one redelivery; the other troubles and the long silences are in `make soak`.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from bot.approvals.models import Status
from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack.answers import SentPayload
from keydesk_sandbox.fake_slack.sockets import Link
from tests.crash.house import House, Nursery, open_house
from tests.crash.policy import BIG

ADA, MIRA, CHANNEL = seed.ENGINEER, seed.MANAGER, seed.KEYS_CHANNEL
Trouble = Callable[[House], Awaitable[None]]


@pytest.fixture
async def linked(tmp_path: Path, sqlite_url: str, nursery: Nursery) -> AsyncIterator[House]:
    """A world in Socket Mode without any process yet."""
    async with open_house(tmp_path, database_url=sqlite_url, nursery=nursery, socket_mode=True) as opened:
        yield opened


async def _disabled(house: House) -> None:
    """An administrator turns Socket Mode off, and on again when Keydesk has noticed."""
    await house.ready(house.processes[-1])
    # Which word Slack says then is not documented; ours is a stand-in.
    house.slack.faults.add("apps.connections.open", "refuse", code="forbidden", times=10_000)
    await house.slack.hub.disconnect("link_disabled")
    await house.says("/readyz", "Socket Mode is not connected")
    house.slack.faults.armed.clear()


async def _stranger(house: House) -> None:
    """Another environment with the same app token: Slack gives each payload to one of the two, which never answers."""

    async def nothing(*_: str) -> None:
        pass

    house.slack.deliveries.ack_seconds = 1.0
    await house.slack.hub.join(Link(id="stranger", send=nothing, end=nothing), debug_reconnects=False)


async def _cut(house: House) -> None:
    house.slack.hub.cut()


TROUBLES: dict[str, Trouble] = {
    "warning": lambda house: house.slack.hub.disconnect("warning"),
    "refresh_requested": lambda house: house.slack.hub.disconnect("refresh_requested"),
    "too_many_websockets": lambda house: house.slack.hub.disconnect("too_many_websockets"),
    "link_disabled": _disabled,
    "cut": _cut,
    "stranger": _stranger,
}
_SOAK = TROUBLES.keys() - {"cut"}


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.soak][: name in _SOAK]) for name in TROUBLES])
async def test_the_link_breaks_at_every_stage_of_a_request(linked: House, name: str) -> None:
    house, trouble = linked, TROUBLES[name]
    process = await house.start()
    house.gateway.arm("slow", method="POST", path="/api/token/", delay=0.5)
    await house.slack.command(ADA, CHANNEL, "/apikey new")
    view = house.slack.top_view(ADA)
    await house.desk.fill(ADA, view, **BIG)
    await trouble(house)
    await house.persist(lambda: house.slack.submit(ADA, view))
    await trouble(house)
    card = await house.desk.eventually(lambda: house.desk.card(1))
    await trouble(house)
    await house.persist(lambda: house.slack.click(MIRA, card, "approve"))
    await trouble(house)
    await _one_effect(house)
    await house.ready(process)


@pytest.mark.thorough
async def test_what_could_not_be_acknowledged_comes_again(linked: House) -> None:
    """Done, but the link broke under the ack: people repeat it, and Slack sends the same envelopes once more."""
    house = linked
    await house.start()
    key = house.gateway.keys()[0]
    lost: list[SentPayload] = []

    async def losing(step: Callable[[], Awaitable[object]]) -> None:
        """Once without an ack, so long until a link was there to lose it; the second time is the test's."""
        house.slack.hub.lose_acks = 1
        while house.slack.hub.lose_acks:
            await step()
            await asyncio.sleep(0.02)
        lost.append(house.slack.sent[-1])
        await house.desk.eventually(lambda: house.slack.hub.links)

    await losing(lambda: house.slack.command(ADA, CHANNEL, "/apikey new"))
    view = house.slack.top_view(ADA)
    await house.desk.fill(ADA, view, **BIG)
    await losing(lambda: house.slack.submit(ADA, view))
    await house.persist(lambda: house.slack.submit(ADA, view))
    card = await house.desk.eventually(lambda: house.desk.card(1))
    await losing(lambda: house.slack.click(MIRA, card, "approve"))
    await _one_effect(house)
    house.slack.switches.event_retries = False
    await losing(lambda: house.slack.say(ADA, CHANNEL, f"it is sk-{key.key}"))
    for delivery in lost:
        retry = int(delivery.kind == "events_api")
        assert (await house.slack.hub.send(delivery.kind, delivery.payload, retry=retry)).ok
    await house.desk.eventually(lambda: house.posted().get("alert:1:called:0"))
    await _one_effect(house)
    # One alert, and each message about it once.
    told = {name: times for name, times in house.posted().items() if name.startswith("alert:")}
    assert {name.split(":")[1] for name in told} == {"1"}
    assert (told["alert:1:card"], set(told.values())) == (1, {1})


@pytest.mark.soak
async def test_the_link_breaks_while_an_answer_is_being_found(linked: House) -> None:
    house = linked
    await house.start()
    await house.desk.ask(ADA, **BIG)
    card = await house.desk.eventually(lambda: house.desk.card(1))
    # Who can approve was asked for the card; a click asks again when that is three seconds old.
    await asyncio.sleep(3.2)
    house.slack.faults.add("users.info", "delay", delay=0.5)
    click = asyncio.create_task(house.slack.click(MIRA, card, "approve"))
    await house.desk.eventually(lambda: not house.slack.faults.armed)
    house.slack.hub.cut()
    assert not (await click).ok
    await house.persist(lambda: house.slack.click(MIRA, card, "approve"))
    await _one_effect(house)


@pytest.mark.soak
@pytest.mark.postgres
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_one_of_two_links_belongs_to_a_dead_or_frozen_process(
    tmp_path: Path, postgres_url: str, nursery: Nursery, how: signal.Signals
) -> None:
    async with open_house(tmp_path, database_url=postgres_url, nursery=nursery, socket_mode=True) as house:
        first, second = await house.start(), await house.start()
        assert len(house.slack.hub.links) == 2
        house.slack.deliveries.ack_seconds = 1.0
        await house.slack.command(ADA, CHANNEL, "/apikey new")
        view = house.slack.top_view(ADA)
        await house.desk.fill(ADA, view, **BIG)
        first.kill(how)
        await house.persist(lambda: house.slack.submit(ADA, view))
        card = await house.desk.eventually(lambda: house.desk.card(1))
        # Several, so that some of them wait in the frozen one's link.
        await asyncio.gather(*(house.slack.click(MIRA, card, "approve") for _ in range(6)))
        await house.persist(lambda: house.slack.click(MIRA, card, "approve"))
        await _one_effect(house)
        first.kill(signal.SIGCONT)
        await asyncio.sleep(3)
        await _one_effect(house)
        assert second.alive


async def _one_effect(house: House) -> None:
    assert (await house.settled(1)).status is Status.SUCCEEDED
    await house.shown()
    await house.desk.eventually(lambda: "approved by" in str(house.desk.card(1).blocks))
    assert house.names().count("big") == 1
    assert len(await house.requests()) == 1
    facts = [line["fact"] for line in await house.desk.audit() if line["request_id"] == 1]
    assert sorted(facts) == ["applied", "applying", "approved", "asked"], facts
    assert house.verdict().problems == ()
