"""Three days in which nobody does anything: who is called to a request and to an alert, and when.

The table is printed (`pytest -s`), and asserted: nobody is forgotten, and of a request nobody is called twice in an hour.
"""

import functools
import itertools
import re
import sys

import pytest

from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack.messages import SlackMessage
from tests.scenarios.alerting import cards, learned, send
from tests.scenarios.conftest import OpenDesk, http_desk
from tests.scenarios.desk import Desk, text_of
from tests.scenarios.policies import asking

pytestmark = pytest.mark.thorough

__all__ = ["http_desk"]
ADA, MIRA, OMAR = seed.ENGINEER, seed.MANAGER, seed.SECOND_MANAGER
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
_CALLED = re.compile(r"<!subteam\^(S0[A-Z]+)>")
Row = tuple[float, str, str]


def _posts(desk: Desk, channel: str) -> list[SlackMessage]:
    return [message for message in desk.messages(channel) if not message.ephemeral_to]


def _printed(title: str, table: list[Row]) -> None:
    lines = [f"{at / HOUR:7.2f} h  {who:12} {how}" for at, who, how in table]
    sys.stdout.write("\n".join(["", title, *lines, ""]))


class Watch:
    """Notes whom each new message calls, at the time of the bot's clock."""

    def __init__(self, desk: Desk, channel: str) -> None:
        self.desk, self.channel, self.began = desk, channel, desk.app.clock()
        self.table: list[Row] = []
        self._seen: set[tuple[str, str]] = set()

    def look(self) -> int:
        """How many calls there were so far."""
        at = self.desk.app.clock() - self.began
        for message in _posts(self.desk, self.channel):
            self._note(self.channel, message, _CALLED.findall(text_of(message)), at)
        for person in (MIRA, OMAR):
            for message in self.desk.dm(person, "asks for a new key"):
                self._note(person, message, [person], at)
        return len(self.table)

    def _note(self, place: str, message: SlackMessage, called: list[str], at: float) -> None:
        if (place, message.ts) not in self._seen:
            self._seen.add((place, message.ts))
            how = "direct message" if place.startswith("U") else "in the thread" if message.thread_ts else "on the card"
            self.table += [(at, who, how) for who in dict.fromkeys(called)]


async def _pass(desk: Desk, watch: Watch, seconds: float) -> None:
    await desk.pass_time(seconds)
    watch.look()


async def test_an_undecided_request_calls_its_deciders_and_nobody_twice_in_an_hour(desk_with: OpenDesk) -> None:
    terms = 'from = ["manager"], expires = "3d", remind = "4h", notify = "both"'
    async with desk_with(policy=asking(terms)) as desk:
        watch = Watch(desk, seed.KEYS_CHANNEL)
        await desk.ask(ADA, name="big", remain_quota="2M", expired_time="90d")
        await desk.eventually(lambda: watch.look() >= 3)
        # Each wait for a reminder is twice as long as the one before: after 4, 12, 28 and 60 hours.
        for number, hours in enumerate((4, 8, 16, 32), 1):
            for _ in range(hours):
                await _pass(desk, watch, HOUR)
            await _pass(desk, watch, MINUTE)
            await desk.eventually(functools.partial(desk.said, f"(reminder {number})", seed.KEYS_CHANNEL))
            await desk.eventually(functools.partial(_called, watch, 3 + 2 * number))
        await _pass(desk, watch, 12 * HOUR)
        await desk.eventually(lambda: desk.dm(ADA, "expired"))
        watch.look()
        _printed("An undecided request over three days", watch.table)
        assert len(_top(desk, seed.KEYS_CHANNEL, "req:")) <= 2
        assert {who for _, who, _ in watch.table} >= {"S0MANAGERS", MIRA, OMAR}
        for who in {who for _, who, _ in watch.table}:
            times = [at for at, called, _ in watch.table if called == who]
            assert all(later - earlier >= HOUR for earlier, later in itertools.pairwise(times)), who
        assert max(at for at, who, _ in watch.table if who == MIRA) > 2 * DAY


async def test_an_untouched_alert_calls_security_until_somebody_acts(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    watch = Watch(desk, seed.SECURITY_CHANNEL)
    await send(desk, "generic", desk.gateway.key_value(desk.key("production").id))
    await desk.eventually(lambda: cards(desk, "production"))
    await desk.eventually(lambda: watch.look() >= 1)
    for count, minutes in ((2, 6), (3, 11), (5, 46)):
        await desk.pass_time(minutes * MINUTE)
        await desk.eventually(functools.partial(_called, watch, count))
    calls = 5
    for _ in range(17):
        await desk.pass_time(4 * HOUR + MINUTE)
        calls += 2  # security, and the administrators to whom it escalated
        await desk.eventually(functools.partial(_called, watch, calls))
    _printed("An untouched alert over three days", watch.table)
    assert len(cards(desk, "production")) == 1
    security = [at for at, who, _ in watch.table if who == "S0SECURITY"]
    assert security[-1] > 2.8 * DAY
    assert all(later - earlier <= 5 * HOUR for earlier, later in itertools.pairwise(security))
    # After the first hour nobody is called twice within one.
    late = [at for at in security if at > HOUR]
    assert all(later - earlier >= HOUR for earlier, later in itertools.pairwise(late))
    assert next(at for at, who, _ in watch.table if who == "S0ADMINS") >= HOUR


def _called(watch: Watch, number: int) -> bool:
    return watch.look() >= number


def _top(desk: Desk, channel: str, about: str) -> list[SlackMessage]:
    """Messages of their own about requests (`req:`) or alerts (`alert:`): what else Keydesk finds in the time that
    passes, such as keys made outside, comes in between.
    """
    return [m for m in _posts(desk, channel) if not m.thread_ts and _post_id(m).startswith(about)]


def _post_id(message: SlackMessage) -> str:
    return str((message.metadata or {}).get("event_payload", {}).get("id", ""))


async def test_the_channel_has_one_message_per_approved_request_and_two_at_most_per_undecided_one(
    desk_with: OpenDesk,
) -> None:
    """By the usual terms: mentioned in the channel at first, reminded by direct message."""
    async with desk_with(policy=asking('from = ["manager"], expires = "3d", remind = "4h"')) as desk:
        await desk.ask(ADA, name="approved", remain_quota="2M", expired_time="90d")
        await desk.slack.click(MIRA, await desk.eventually(desk.card), "approve")
        await desk.settled()
        await desk.eventually(lambda: "Created" in text_of(desk.card()))
        approved = len(_top(desk, seed.KEYS_CHANNEL, "req:"))
        await desk.ask(ADA, name="undecided", remain_quota="2M", expired_time="90d")
        await desk.eventually(lambda: desk.card(2))
        reaching: set[str] = set()
        for number, hours in enumerate((4, 8, 16, 32), 1):
            posts = _top(desk, seed.KEYS_CHANNEL, "req:")[approved:]
            reaching |= {m.ts for m in posts if "<!subteam^S0MANAGERS>" in text_of(m)}
            await desk.pass_time(hours * HOUR + MINUTE)
            await desk.eventually(functools.partial(desk.said, f"(reminder {number})", seed.KEYS_CHANNEL))
        await desk.eventually(lambda: desk.dm(MIRA, "asks for a new key") and desk.dm(OMAR, "asks for a new key"))
        await desk.pass_time(13 * HOUR)
        await desk.eventually(lambda: desk.dm(ADA, "expired"))
        posts = _top(desk, seed.KEYS_CHANNEL, "req:")[approved:]
        sys.stdout.write(
            f"\ntop-level messages: {approved} per approved request; {len(posts)} per undecided one in three days, "
            f"{len(reaching)} reaching a decider\n"
        )
        assert approved == 1
        assert 1 <= len(posts) <= 2
        assert {m.ts for m in posts} == reaching


async def test_the_channel_has_one_message_per_key_that_leaked_in_four_sources(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    value = desk.gateway.key_value(desk.key("production").id)
    for source in ("generic", "github", "gitguardian", "alertmanager"):
        await send(desk, source, value)
    await desk.eventually(lambda: cards(desk, "Seen 4 times"))
    await desk.pass_time(20 * MINUTE)
    posts = _top(desk, seed.SECURITY_CHANNEL, "alert:")
    sys.stdout.write(f"\ntop-level messages: {len(posts)} per key that leaked in four sources, calls in its thread\n")
    assert len(posts) == 1
