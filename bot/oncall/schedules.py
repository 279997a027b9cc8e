"""Who is on call now, in Slack's terms; where that is not known, the fallback that the policy names.

PagerDuty is asked at most every three minutes per schedule, and not in the way of whoever clicks. Its answer holds the
shifts from ten minutes ago to ten minutes from now: it counts for ten minutes at most, a shift begins and ends on the
second without another question, and whoever was on call decides for ten minutes longer, so that a call that came just
before the end can still be answered. When PagerDuty is silent, refuses or names nobody whom Slack knows as a full
member, the fallback stands in. Nobody else ever does.
"""

import asyncio
import logging
import math
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from bot.errors import BotError
from bot.languages import english, said, tr
from bot.languages.formats import all_of
from bot.oncall.pagerduty import PagerDuty, PagerDutyError, Shift

logger = logging.getLogger(__name__)

PREFIX = "pagerduty:"
FRESH_SECONDS, JITTER = 180.0, 0.2
COUNTS_SECONDS = 600.0
AFTERWARDS_SECONDS = 600.0
RETRY_SECONDS = 30.0
# A first look may be waited for, since without it the fallback decides; later looks are not. Slack waits 3 seconds for
# an answer, and what it is asked itself takes up to 1.2 of them.
PATIENCE_SECONDS = 0.8
# People of one schedule whom Slack is asked for.
MOST_PEOPLE = 30

Member = Callable[[str], Awaitable[str | None]]
"""E-mail address → the Slack user id of a full member, None where Slack knows none. Raises BotError with the reason."""


@dataclass(frozen=True, kw_only=True)
class OnCall:
    """A full member is on call from `start` until `end`."""

    slack_user_id: str
    start: float
    end: float


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """What PagerDuty said at `at`. `strangers`: names of those on call then whom Slack does not know."""

    at: float
    people: tuple[OnCall, ...]
    strangers: tuple[str, ...]


async def _nobody(_email: str) -> str | None:
    return None


class Schedules:
    """`fallbacks`: today's schedules (`pagerduty:ID`) and, for each, the ids of people and groups who stand in.

    Without a client, that is without a token, every schedule is silent.
    """

    def __init__(
        self,
        *,
        fallbacks: Callable[[], Mapping[str, frozenset[str]]] = dict,
        client: PagerDuty | None = None,
        member: Member = _nobody,
        clock: Callable[[], float],
        jitter: Callable[[], float] = random.random,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._fallbacks = fallbacks
        self._client = client
        self._member = member
        self._clock = clock
        self._jitter = jitter
        self._patience = patience
        self._answers: dict[str, _Answer] = {}
        self._silence: dict[str, str] = {}
        self._next_look: dict[str, float] = {}
        self._flights: dict[str, asyncio.Task[None]] = {}
        # By the loop's time: whoever comes while one is late already does not wait for it as well.
        self._begun: dict[str, float] = {}

    async def look(self) -> None:
        """Ask for what is due; waits, a moment, only for schedules of which nothing is known. Never raises."""
        wanted = self._fallbacks()
        for name in self._answers.keys() - wanted.keys():
            del self._answers[name]
        pending = {name: flight for name in wanted if (flight := self._due(name)) and self._is_unknown(name)}
        now = asyncio.get_running_loop().time()
        rest = max((self._begun[name] + self._patience - now for name in pending), default=0.0)
        if rest > 0:
            await asyncio.wait(pending.values(), timeout=rest)

    async def look_now(self) -> None:
        """Ask for every schedule and wait for the answers: for the start, and for the command line."""
        self._next_look.clear()
        flights = [flight for name in self._fallbacks() if (flight := self._due(name))]
        await asyncio.gather(*flights)

    def held_by(self, slack_user_id: str, groups: frozenset[str]) -> frozenset[str]:
        """The schedules by which somebody has a role now. `groups`: the Slack groups that this person is in."""
        names = groups | {slack_user_id}
        return frozenset(name for name in self._fallbacks() if not names.isdisjoint(self._holders(name)))

    def called(self, ids: Iterable[str]) -> frozenset[str]:
        """The same ids with each schedule replaced by whoever is on call now, or by its fallback. Asks nothing."""
        return _replaced(ids, lambda name: self._on_call(name, afterwards=0.0) or self._fallback(name))

    def holders(self, ids: Iterable[str]) -> frozenset[str]:
        """The same ids with each schedule replaced by all who have a role by it now. Asks nothing."""
        return _replaced(ids, self._holders)

    def _holders(self, name: str) -> frozenset[str]:
        those = self._on_call(name, afterwards=AFTERWARDS_SECONDS)
        return those if self._on_call(name, afterwards=0.0) else those | self._fallback(name)

    def _fallback(self, name: str) -> frozenset[str]:
        return self._fallbacks().get(name, frozenset())

    def silence(self, ids: Iterable[str]) -> str:
        """Why the fallback is called for one of these ids, in a sentence; "" where it is not. Asks nothing."""
        names = sorted(one for one in ids if one.startswith(PREFIX) and not self._on_call(one, afterwards=0.0))
        return self._sentence(names[0]) if names else ""

    def is_silent(self, name: str) -> bool:
        """Whether it was not told who is on call, rather than that nobody of Slack is."""
        return self._answer(name) is None

    def shifts_now(self, name: str) -> tuple[OnCall, ...]:
        """Who is on call now, once per person, with the last end of their shifts."""
        now, answer = self._clock(), self._answer(name)
        on = [one for one in (answer.people if answer else ()) if one.start <= now < one.end]
        on.sort(key=lambda one: (one.slack_user_id, one.end))
        return tuple(list(shifts)[-1] for _, shifts in groupby(on, key=lambda one: one.slack_user_id))

    def problems(self) -> tuple[str, ...]:
        """What is wrong with each schedule, as last seen. Asks nothing."""
        found = []
        for name in sorted(self._fallbacks()):
            if not self._on_call(name, afterwards=0.0):
                found.append(self._sentence(name))
            elif strangers := self._answers[name].strangers:
                found.append(_unknown_people(name, strangers))
        return tuple(said(text) for text in found if text)

    async def close(self) -> None:
        """End what is still being asked."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    def _answer(self, name: str) -> _Answer | None:
        answer = self._answers.get(name)
        return answer if answer is not None and self._clock() - answer.at <= COUNTS_SECONDS else None

    def _on_call(self, name: str, *, afterwards: float) -> frozenset[str]:
        """Slack user ids; empty where nobody is known to be. `afterwards`: seconds that a shift still counts."""
        now, answer = self._clock(), self._answer(name)
        people = answer.people if answer else ()
        return frozenset(one.slack_user_id for one in people if one.start <= now < one.end + afterwards)

    def _is_unknown(self, name: str) -> bool:
        """Whether it is worth waiting for: nothing was told, and it was not asked a moment ago either."""
        return self._answer(name) is None and self._clock() - self._next_look.get(name, -math.inf) > RETRY_SECONDS

    def _due(self, name: str) -> asyncio.Task[None] | None:
        """The running question about a schedule, a new one if one is due."""
        if name in self._flights or self._clock() < self._next_look.get(name, 0.0):
            return self._flights.get(name)
        loop = asyncio.get_running_loop()
        flight = self._flights[name] = loop.create_task(self._fly(name))
        self._begun[name] = loop.time()
        return flight

    async def _fly(self, name: str) -> None:
        wait = FRESH_SECONDS * (1 + JITTER * (2 * self._jitter() - 1))
        try:
            self._answers[name] = await self._ask(name)
        except PagerDutyError as error:
            self._note(name, error.reason)
            wait = max(RETRY_SECONDS, error.retry_after)
        except BotError as error:
            self._note(name, error.sentence)
            wait = RETRY_SECONDS
        else:
            if self._silence.pop(name, None) is not None:
                logger.info("PagerDuty tells again who is on call in %s", name)
        finally:
            self._flights.pop(name, None)
            self._next_look[name] = self._clock() + wait

    def _note(self, name: str, reason: str) -> None:
        """Remember why nothing is known. Said in the log once, not at every look."""
        if self._silence.get(name) != reason:
            logger.warning("who is on call in %s is not known: %s", name, english(reason))
        self._silence[name] = reason

    async def _ask(self, name: str) -> _Answer:
        if self._client is None:
            raise PagerDutyError(tr("KEYDESK_PAGERDUTY_TOKEN is not set"))
        now = self._clock()
        since, until = now - AFTERWARDS_SECONDS, now + COUNTS_SECONDS
        shifts = await self._client.shifts(name.removeprefix(PREFIX), since=since, until=until)
        people: list[OnCall] = []
        strangers: list[str] = []
        by_person: dict[tuple[str, str], list[Shift]] = {}
        for shift in shifts:
            by_person.setdefault((shift.email.lower(), shift.name), []).append(shift)
        for (email, person), theirs in list(by_person.items())[:MOST_PEOPLE]:
            slack_user_id = await self._member(email) if email else None
            if slack_user_id is not None:
                people += [OnCall(slack_user_id=slack_user_id, start=one.start, end=one.end) for one in theirs]
            elif any(one.start <= now < one.end for one in theirs):
                strangers.append(person or tr("somebody without a name"))
        return _Answer(at=now, people=tuple(people), strangers=tuple(strangers))

    def _sentence(self, name: str) -> str:
        """Why nobody of this schedule is called, as last seen; "" while it was not asked. Whoever asks has seen that
        nobody is.
        """
        answer, schedule = self._answer(name), name.removeprefix(PREFIX)
        if answer is not None and answer.strangers:
            return _unknown_people(name, answer.strangers)
        if answer is not None:
            return tr(
                "Nobody is on call in PagerDuty's schedule {schedule} now, so the policy's fallback is called.",
                schedule=schedule,
            )
        reason = self._silence.get(name) or (tr("it has not answered yet") if name in self._flights else "")
        if not reason:
            return ""
        return tr(
            "PagerDuty does not tell who is on call in schedule {schedule}: {reason}. The policy's fallback is called.",
            schedule=schedule,
            reason=reason,
        )


def _replaced(ids: Iterable[str], people: Callable[[str], frozenset[str]]) -> frozenset[str]:
    found = (people(one) if one.startswith(PREFIX) else frozenset({one}) for one in ids)
    return frozenset[str]().union(*found)


def _unknown_people(name: str, strangers: tuple[str, ...]) -> str:
    return tr(
        "PagerDuty's schedule {schedule} has {people} on call, but Slack knows no full member by their e-mail address.",
        schedule=name.removeprefix(PREFIX),
        people=all_of(list(strangers)),
    )
