"""The gateway's default limits: 180 calls in 180 seconds and 20 reveals in 20 minutes from one address.

What an operation costs, kills while lookers-on flood, many kills, reveals that belong to people.
"""

import asyncio
from collections.abc import Sequence

import pytest

from bot.approvals.models import Status
from bot.gateway.errors import GatewayLimited
from bot.gateway.models import KeyId
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import Record
from tests.scenarios.alerting import SAM, learned
from tests.scenarios.conftest import OpenDesk
from tests.scenarios.desk import Desk, view_text
from tests.scenarios.operating import do, open_form, owned
from tests.scenarios.policies import ROLES
from tests.scenarios.test_incident import confirm, make, preview, progress

pytestmark = pytest.mark.thorough

ADA = seed.ENGINEER
LIMITED = "upstream-g2"
OWN = f"""{ROLES}
[[rules]]
name  = "own keys are free"
who   = ["engineer"]
do    = ["key.create", "key.disable", "key.show", "key.reveal", "key.list"]
allow = true

[[rules]]
name  = "security disables"
who   = ["security"]
do    = ["key.disable", "key.show"]
on    = "any"
allow = true
"""


def refusals(desk: Desk) -> int:
    return sum(seen.status == 429 for seen in desk.gateway.requests)


async def quiet(desk: Desk) -> int:
    """How many calls there were, once the start is over."""
    await learned(desk)
    before = -1
    while before != len(desk.gateway.requests):
        before = len(desk.gateway.requests)
        await asyncio.sleep(0.3)
    return before


def limited(desk: Desk, since: int) -> int:
    """Calls since then that the gateway's limit counts; the use of a key itself is none of them."""
    return sum(seen.path.startswith("/api/") for seen in desk.gateway.requests[since:])


@pytest.mark.parametrize("profile", ["cometapi", LIMITED])
async def test_what_the_whole_bot_asks_for_a_new_key_and_for_showing_it(desk_with: OpenDesk, profile: str) -> None:
    async with desk_with(policy=OWN, profile=profile) as desk:
        before = await quiet(desk)
        await desk.ask(ADA, name="new one", remain_quota="1000", expired_time="30d", reason="x")
        await desk.settled(1)
        await quiet(desk)
        assert limited(desk, before) == 4
        before = await quiet(desk)
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey show {desk.key('new one').id}")
        await desk.eventually(lambda: "new one" in view_text(desk.slack.top_view(ADA)))
        await quiet(desk)
        assert limited(desk, before) == 1


@pytest.mark.parametrize("how", ["number", "name"])
# A record that hides the value costs one more: the value is asked for, to try the key itself.
@pytest.mark.parametrize(("profile", "calls"), [("cometapi", 3), (LIMITED, 4)])
async def test_what_the_whole_bot_asks_for_a_disable_with_its_proof(
    desk_with: OpenDesk, profile: str, calls: int, how: str
) -> None:
    async with desk_with(policy=OWN, profile=profile) as desk:
        key = await owned(desk, name="worn")
        await desk.app.client.named("").newest_keys()  # the index learns it
        before = await quiet(desk)
        typed = key.id if how == "number" else key.name
        view = await open_form(desk, ADA, f"/apikey disable {typed}", operation="key.disable")
        await desk.fill(ADA, view, reason="no longer needed")
        await desk.slack.submit(ADA, desk.slack.top_view(ADA))

        async def refused() -> bool:
            seen = (await desk.request(1)).progress.revocation
            return seen is not None and seen.refused_at is not None

        await desk.until(refused, otherwise="never refused")
        await quiet(desk)
        assert limited(desk, before) == calls


async def test_twelve_new_keys_are_revealed_at_once(desk_with: OpenDesk) -> None:
    async with desk_with(policy=OWN, profile=LIMITED) as desk:
        await quiet(desk)
        keys = [await owned(desk, name=f"team-{number}") for number in range(12)]
        await desk.app.client.named("").newest_keys()  # the index learns them, by their ends
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey list")
        shown = [await reveal(desk, key) for key in keys]
        assert all("sk-" in text for text in shown), shown
        assert refusals(desk) == 0


async def test_when_reveals_are_used_up_it_is_said_until_when(desk_with: OpenDesk) -> None:
    async with desk_with(policy=OWN, profile=LIMITED) as desk:
        await quiet(desk)
        key = await owned(desk)
        for _ in range(20):
            await reveal(desk, key)
        text = await reveal(desk, key)
        assert "shows only a few values in 20 minutes" in text
        assert "Try again in about" in text
        assert "UTC" in text
        await desk.pass_time(1_200)
        assert "sk-" in await reveal(desk, key)
        assert refusals(desk) == 0


async def reveal(desk: Desk, key: Record) -> str:
    """What the window shows after a click on the key's Reveal button."""
    for view in reversed(desk.slack.open_views(ADA)):
        await desk.slack.close_view(ADA, view)
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey show {key.id}")
    await desk.eventually(lambda: "key.reveal" in str(desk.slack.top_view(ADA).body))
    await desk.slack.click(ADA, desk.slack.top_view(ADA), "key.reveal", value=str(key.id))
    await desk.eventually(
        lambda: "sk-" in view_text(desk.slack.top_view(ADA)) or desk.slack.top_view(ADA).body["callback_id"] == "error"
    )
    return view_text(desk.slack.top_view(ADA))


async def flood(desk: Desk, calls: int = 400) -> int:
    """Reads for people, as fast as they can be asked. How many of them the gateway got."""
    key_id = KeyId(desk.key("production").id)

    async def one() -> int:
        try:
            await desk.app.client.get_key(key_id, deadline=1.0)
        except GatewayLimited:
            return 0
        return 1

    return sum(await asyncio.gather(*(one() for _ in range(calls))))


async def test_a_kill_is_done_within_ten_seconds_while_lookers_on_flood(desk_with: OpenDesk) -> None:
    async with desk_with(policy=OWN, profile=LIMITED) as desk:
        await quiet(desk)
        key = desk.gateway.add_key(name="leaked", unlimited_quota=True)
        assert await flood(desk) <= 140
        waited = desk.ahead
        assert (await do(desk, SAM, "disable", key, reason="leaked")).ok
        again = asyncio.create_task(flood(desk))
        row = await desk.settled(1)
        assert row.status is Status.SUCCEEDED

        async def refused() -> float | None:
            seen = (await desk.request(1)).progress.revocation
            return None if seen is None else seen.refused_at

        await desk.until(refused, otherwise="never refused")
        assert desk.ahead - waited <= 10
        assert await again == 0
        assert refusals(desk) == 0


async def batch(desk: Desk, records: Sequence[Record]) -> None:
    """Disable them by one command."""
    await preview(desk, f"disable {' '.join(str(record.id) for record in records)}")
    await confirm(desk, f"DISABLE {len(records)}")


# Its clock moves on with the work that is waited for, so counting lines makes it late.
@pytest.mark.timed
async def test_a_hundred_and_twenty_keys_are_disabled_and_proved_within_the_limit(desk_with: OpenDesk) -> None:
    async with desk_with(policy=OWN, profile=LIMITED) as desk:
        await quiet(desk)
        records = make(desk, 120)
        before = len(desk.gateway.requests)
        await batch(desk, records)
        # What is waited for, as the clocks were moved: how long the machine takes is for `make bench` to say.
        waited = desk.ahead
        await desk.eventually(lambda: all(desk.gateway.key(record.id).status == 2 for record in records))
        assert desk.ahead - waited <= 10
        await desk.eventually(lambda: progress(desk, "Refused by the gateway: 120 of 120"))
        assert desk.ahead - waited <= 15
        calls = [seen for seen in desk.gateway.requests[before:] if seen.path.startswith("/api/")]
        assert refusals(desk) == 0
        assert sum(seen.method == "PUT" for seen in calls) == 120
        assert len(calls) <= 140


async def test_more_keys_than_the_limit_takes_go_as_fast_as_it_allows_and_the_card_says_how_long(
    desk_with: OpenDesk,
) -> None:
    async with desk_with(policy=OWN, profile=LIMITED) as desk:
        await quiet(desk)
        make(desk, 400)
        await preview(desk, "disable created before 2200-01-01")
        before, asked, alive = (
            len(desk.gateway.requests),
            desk.clock(),
            [key for key in await desk.app.client.list_keys() if key.status != 2],
        )
        await confirm(desk, f"DISABLE {len(alive)}")
        text = (await desk.eventually(lambda: progress(desk, " more, until ")))[0]
        assert "about 6 minutes more" in text or "about 5 minutes more" in text
        assert "the gateway takes 60 calls a minute" in text
        while not all(desk.gateway.key(key.id).status == 2 for key in alive):
            assert desk.clock() - asked <= 1_000
            await desk.eventually(lambda: desk._nothing_but_time_is_waited_for())
            # Less than what makes a record too old to be written from.
            await desk.pass_time(2)
        # Hardly a call beside the writes, so it is as fast as the limit allows: three windows, 360 seconds.
        calls = sum(seen.path.startswith("/api/") for seen in desk.gateway.requests[before:])
        assert calls <= 1.3 * len(alive)
        assert sum(seen.method == "PUT" and seen.status == 200 for seen in desk.gateway.requests) == len(alive)
        await desk.eventually(lambda: progress(desk) and not progress(desk, " more, until "))
        assert refusals(desk) == 0


async def test_a_refusal_stops_everybody_and_the_batch_goes_on(desk_with: OpenDesk) -> None:
    async with desk_with(policy=OWN) as desk:
        await quiet(desk)
        records = make(desk, 30)
        desk.gateway.arm("empty_429", method="PUT", times=3)
        await batch(desk, records)
        await desk.eventually(lambda: progress(desk, "30 of 30"))
        assert {desk.gateway.key(record.id).status for record in records} == {2}


async def test_the_form_of_a_kill_opens_when_people_have_no_calls_left(desk_with: OpenDesk) -> None:
    async with desk_with(policy=OWN, profile=LIMITED) as desk:
        await quiet(desk)
        await flood(desk)
        view = await open_form(desk, ADA, "/apikey show 101", operation="key.show")
        assert "limits how often" in view_text(view)
        view = await open_form(desk, SAM, "/apikey disable 101", operation="key.disable")
        assert view.body["callback_id"] == "key.disable"
