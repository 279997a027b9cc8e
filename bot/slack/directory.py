"""Slack user → Actor, as Slack sees them now: full member, guest, outsider, gone, and in which groups.

Read live, cached for a minute, refreshed by events. For what only shows, the last ten minutes stand in when Slack is
silent. A decision that counts asks again (`fresh`): what was not seen within three seconds is not known then, the
actor is UNKNOWN and the policy refuses. Only groups that the policy names are looked at (Tier 2: 20 calls a minute),
and people who have no role cause no further call. A schedule of PagerDuty counts as a group of whoever is on call
(bot/oncall). Knows no policy and no request.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

from bot.languages import said, tr
from bot.oncall import Schedules
from bot.permissions.models import Actor, ActorKind
from bot.slack.delivery import Ack, Delivery, text_of
from bot.slack.errors import SlackError, SlackRefused, SlackUnavailable
from bot.slack.group_problems import lasting_problem, silence
from bot.slack.membership import actor_of
from bot.slack.rate_limits import CallWindow
from bot.slack.router import Router

logger = logging.getLogger(__name__)

FRESH_SECONDS = 60.0
# Of a `fresh` look: the checks of one click need one call, and a group that is asked for all the time needs no more
# than its share of a minute.
JUST_NOW_SECONDS = 3.0
STALE_SECONDS = 600.0
PATIENCE_SECONDS = 1.2
# Tier 4 and Tier 2 with some room; a 429 from another replica's share is answered from the cache.
PEOPLE_PER_MINUTE = 95
GROUPS_PER_MINUTE = 20
_MOST_PEOPLE = 5_000

EVENTS = (
    "user_change",
    "team_join",
    "subteam_created",
    "subteam_updated",
    "subteam_members_changed",
    "subteam_self_added",
    "subteam_self_removed",
)

T = TypeVar("T")


class DirectoryWeb(Protocol):
    """The part of web.SlackWebClient that is needed here."""

    async def read(self, method: str, **params: Any) -> dict[str, Any]: ...
    async def write(self, method: str, *, interactive: bool = False, **arguments: Any) -> dict[str, Any]: ...


@dataclass(frozen=True)
class _Known(Generic[T]):
    """Something Slack said at `at` (Unix seconds). `due`: an event says that it has changed since."""

    value: T
    at: float
    due: bool = False


class Directory:
    """Who people are. `group_ids`: the groups that today's policy names; `team_id`: our workspace.

    `schedules`: who is on call. `counts`: whether the policy gives this person anything; who has nothing is not worth
    a fresh look. Each of `seen` gets every user object that Slack shows, with the person's locale.
    """

    def __init__(
        self,
        *,
        web: DirectoryWeb,
        team_id: str,
        group_ids: Callable[[], frozenset[str]],
        clock: Callable[[], float],
        counts: Callable[[Actor], bool] = lambda _actor: True,
        patience: float = PATIENCE_SECONDS,
        seen: Sequence[Callable[[Mapping[str, Any]], None]] = (),
        schedules: Schedules | None = None,
    ) -> None:
        self._web = web
        self._team_id = team_id
        self._group_ids = group_ids
        self._clock = clock
        self._patience = patience
        self._counts = counts
        self._listeners = seen
        self.schedules = schedules or Schedules(clock=clock)
        self._people: OrderedDict[str, _Known[Actor]] = OrderedDict()
        self._groups: dict[str, _Known[frozenset[str]]] = {}
        self._problems: dict[str, str] = {}
        self._dms: OrderedDict[str, str] = OrderedDict()
        self._flights: dict[str, asyncio.Task[None]] = {}
        self._dirty: set[str] = set()
        self._people_window = CallWindow(per_minute=PEOPLE_PER_MINUTE, clock=clock)
        self._groups_window = CallWindow(per_minute=GROUPS_PER_MINUTE, clock=clock)

    async def actor(self, slack_user_id: str, user_team_id: str, *, fresh: bool = False) -> Actor:
        """Who somebody is now; never raises. `fresh`: as Slack says at this moment, for what changes anything.

        `user_team_id`, as the payload has it, is no proof: on Enterprise Grid it is one fixed workspace of the person,
        whichever they act in. Answers within about 1.2 s whatever Slack does.
        """
        await self.schedules.look()
        groups = self._group_ids()
        oldest = self._clock() - (JUST_NOW_SECONDS if fresh else STALE_SECONDS)
        seen = self._assemble(slack_user_id, groups, oldest=self._clock() - FRESH_SECONDS, team_id=user_team_id)
        if fresh and seen.kind is not ActorKind.UNKNOWN and not self._counts(seen):
            return seen
        flights = [self._look_at_person(slack_user_id, fresh=fresh)]
        if not fresh and self._has_nothing(slack_user_id, groups, team_id=user_team_id):
            pass  # groups are looked at for those who are in one; an event says who was added
        elif not fresh or seen.kind in {ActorKind.MEMBER, ActorKind.UNKNOWN}:
            # Rights come from groups, so only the membership in them has to be fresh.
            flights += [
                self._look_at_group(name, fresh=fresh and self._in_group(slack_user_id, name))
                for name in sorted(groups)
            ]
        pending = [flight for flight in flights if flight is not None]
        if pending:
            # Not gathered with a time-out: what comes later still fills the cache.
            await asyncio.wait(pending, timeout=self._patience)
        return self._assemble(slack_user_id, groups, oldest=oldest, team_id=user_team_id)

    async def standing(self, slack_user_id: str) -> Actor:
        """What somebody is here as Slack says at this moment, without their groups; UNKNOWN when it does not say.

        Also of people to whom the policy gives nothing, at whom `actor` does not look anew.
        """
        flight = self._look_at_person(slack_user_id, fresh=True)
        if flight is not None:
            await asyncio.wait([flight], timeout=self._patience)
        known = self._people.get(slack_user_id)
        if known is not None and self._clock() - known.at <= JUST_NOW_SECONDS:
            return known.value
        return Actor(slack_user_id=slack_user_id, team_id=self._team_id, kind=ActorKind.UNKNOWN)

    def _has_nothing(self, slack_user_id: str, groups: frozenset[str], *, team_id: str) -> bool:
        """Whether the policy gives nothing to this person, as far as was seen in the last ten minutes."""
        last = self._assemble(slack_user_id, groups, oldest=self._clock() - STALE_SECONDS, team_id=team_id)
        return last.kind is not ActorKind.UNKNOWN and not self._counts(last)

    def _assemble(self, slack_user_id: str, groups: frozenset[str], *, oldest: float, team_id: str) -> Actor:
        """The actor by what was seen since `oldest`; groups that the person is not in may be older."""
        unknown = Actor(slack_user_id=slack_user_id, team_id=team_id or self._team_id, kind=ActorKind.UNKNOWN)
        known = self._people.get(slack_user_id)
        person = self._usable(known)
        if known is None or person is None:
            return unknown
        if person.kind is not ActorKind.MEMBER:
            return person
        memberships = {group_id: self._usable(self._groups.get(group_id)) for group_id in groups}
        if any(members is None for members in memberships.values()):
            # A rule about the missing group might deny, so incomplete groups count as unknown.
            return unknown
        mine = frozenset(name for name, members in memberships.items() if members and slack_user_id in members)
        if min([known.at, *(self._groups[name].at for name in mine)]) < oldest:
            return unknown
        return replace(person, groups=mine | self.schedules.held_by(slack_user_id, mine))

    def _in_group(self, slack_user_id: str, group_id: str) -> bool:
        known = self._groups.get(group_id)
        return known is None or slack_user_id in known.value

    def _usable(self, known: _Known[T] | None) -> T | None:
        return known.value if known is not None and self._clock() - known.at <= STALE_SECONDS else None

    def _look_at_person(self, slack_user_id: str, *, fresh: bool) -> asyncio.Task[None] | None:
        known = self._people.get(slack_user_id)
        return self._look(
            f"user {slack_user_id}", known, self._people_window, lambda: self._ask_person(slack_user_id), fresh=fresh
        )

    def _look_at_group(self, group_id: str, *, fresh: bool) -> asyncio.Task[None] | None:
        known = self._groups.get(group_id)
        return self._look(
            f"group {group_id}", known, self._groups_window, lambda: self._ask_group(group_id), fresh=fresh
        )

    def _look(
        self,
        name: str,
        known: _Known[T] | None,
        window: CallWindow,
        ask: Callable[[], Awaitable[None]],
        *,
        fresh: bool,
    ) -> asyncio.Task[None] | None:
        """The running question about `name`, a new one if one is due, None when the cache is good enough."""
        if name in self._flights:
            return self._flights[name]
        age = self._clock() - known.at if known is not None else float("inf")
        if age < (JUST_NOW_SECONDS if fresh else FRESH_SECONDS) and not (known is not None and known.due):
            return None
        if not window.take() and age <= STALE_SECONDS:
            return None
        flight = asyncio.get_running_loop().create_task(self._fly(name, window, ask))
        self._flights[name] = flight
        return flight

    async def _fly(self, name: str, window: CallWindow, ask: Callable[[], Awaitable[None]]) -> None:
        try:
            await ask()
        except SlackError as error:
            code = error.code if isinstance(error, SlackRefused) else ""
            if isinstance(error, SlackUnavailable) and error.retry_after is not None:
                window.hold(error.retry_after)
            if name.startswith("group "):
                self._problems[name] = silence(name.removeprefix("group "), code)
            logger.warning("asking Slack about %s failed: %s", name, code or "no answer")
        finally:
            self._flights.pop(name, None)
            self._overtaken(name)

    def _overtaken(self, name: str) -> None:
        """An event came while Slack was being asked: the answer may be the older of the two."""
        if name not in self._dirty:
            return
        self._dirty.discard(name)
        kind, _, key = name.partition(" ")
        if kind == "user" and key in self._people:
            self._people[key] = replace(self._people[key], due=True)
        elif kind == "group" and key in self._groups:
            self._groups[key] = replace(self._groups[key], due=True)

    def _seen(self, user: Mapping[str, Any]) -> None:
        for listener in self._listeners:
            listener(user)

    async def _ask_person(self, slack_user_id: str) -> None:
        try:
            answer = await self._web.read("users.info", user=slack_user_id, include_locale=True)
        except SlackRefused as error:
            if error.code not in {"user_not_found", "users_not_found", "user_not_visible"}:
                raise
            self._keep(Actor(slack_user_id=slack_user_id, team_id=self._team_id, kind=ActorKind.UNKNOWN))
            return
        user = answer.get("user")
        if isinstance(user, Mapping):
            self._seen(user)
            self._keep(actor_of(user, slack_user_id=slack_user_id, team_id=self._team_id))

    def _keep(self, actor: Actor, *, due: bool = False) -> None:
        self._people[actor.slack_user_id] = _Known(actor, self._clock(), due)
        self._people.move_to_end(actor.slack_user_id)
        if len(self._people) > _MOST_PEOPLE:
            self._people.popitem(last=False)

    async def _ask_group(self, group_id: str) -> None:
        name = f"group {group_id}"
        try:
            answer = await self._web.read("usergroups.users.list", usergroup=group_id)
        except SlackRefused as error:
            lasting = lasting_problem(error.code, group_id)
            if lasting is None:
                raise
            self._problems[name] = lasting
            self._groups[group_id] = _Known(frozenset(), self._clock())
            return
        found = answer.get("users")
        users = frozenset(item for item in found if isinstance(item, str)) if isinstance(found, list) else frozenset()
        self._groups[group_id] = _Known(users, self._clock())
        self._problems.pop(name, None)
        if not users:
            self._problems[name] = tr("The user group {group} is empty, so nobody has its roles.", group=group_id)

    async def close(self) -> None:
        """End what is still being asked; nobody waits for it any more."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
        await self.schedules.close()

    async def members(self, group_id: str) -> frozenset[str]:
        """The user ids in a group; empty when Slack does not tell."""
        flight = self._look_at_group(group_id, fresh=False)
        if flight is not None:
            await asyncio.wait([flight], timeout=self._patience)
        return self._usable(self._groups.get(group_id)) or frozenset()

    async def people(self, ids: Iterable[str]) -> frozenset[str]:
        """The people behind ids of people, groups and schedules; of a group that Slack does not tell about, nobody."""
        people, _ = await self._behind(ids, self.schedules.called)
        return people

    async def all_people(self, ids: Iterable[str]) -> frozenset[str] | None:
        """The same; None when Slack does not tell who is in one of the groups."""
        people, complete = await self._behind(ids, self.schedules.called)
        return people if complete else None

    async def all_holders(self, ids: Iterable[str]) -> frozenset[str] | None:
        """The same with everybody who has a role by a schedule: for what is counted over them."""
        people, complete = await self._behind(ids, self.schedules.holders)
        return people if complete else None

    async def _behind(
        self, ids: Iterable[str], whom: Callable[[Iterable[str]], frozenset[str]]
    ) -> tuple[frozenset[str], bool]:
        """The people, and whether Slack told about every group. `whom`: what stands for schedules."""
        await self.schedules.look()
        wanted = whom(ids)
        groups = sorted(one for one in wanted if one.startswith("S"))
        flights = [self._look_at_group(group_id, fresh=False) for group_id in groups]
        pending = [flight for flight in flights if flight is not None]
        if pending:
            await asyncio.wait(pending, timeout=self._patience)
        return self._last_seen(wanted)

    def _last_seen(self, wanted: frozenset[str]) -> tuple[frozenset[str], bool]:
        known = [self._usable(self._groups.get(one)) for one in wanted if one.startswith("S")]
        members = (group for group in known if group is not None)
        return frozenset(one for one in wanted if one[:1] in {"U", "W"}).union(*members), None not in known

    def seen_people(self, ids: Iterable[str]) -> frozenset[str]:
        """The people behind ids of people, groups and schedules, as last seen. Asks nothing."""
        people, _ = self._last_seen(self.schedules.called(ids))
        return people

    def seen_actor(self, slack_user_id: str) -> Actor:
        """Who somebody is by what Slack said within the last minute; UNKNOWN when it said nothing. Asks nothing."""
        oldest = self._clock() - FRESH_SECONDS
        return self._assemble(slack_user_id, self._group_ids(), oldest=oldest, team_id="")

    def group_size(self, group_id: str) -> int | None:
        """How many people are in a group, as last seen; None when it was not. Asks nothing."""
        known = self._groups.get(group_id)
        return None if known is None else len(known.value)

    async def refresh(self) -> None:
        """Load every group of the policy, so that the first click finds them; then `problems` is complete."""
        flights = [self._look_at_group(group_id, fresh=True) for group_id in sorted(self._group_ids())]
        await asyncio.gather(self.schedules.look_now(), *(flight for flight in flights if flight is not None))

    def problems(self) -> tuple[str, ...]:
        """What hinders the policy: groups that are missing, empty or not readable. As last seen; asks nothing."""
        names = {f"group {group_id}" for group_id in self._group_ids()}
        # One missing scope or plan hits every group alike and is said once.
        found = dict.fromkeys(said(text) for name, text in sorted(self._problems.items()) if name in names)
        return (*found, *self.schedules.problems())

    async def dm_channel(self, slack_user_id: str) -> str:
        """The channel of our DM with somebody. Raises SlackUnavailable, or SlackRefused for bots and people gone."""
        known = self._dms.get(slack_user_id)
        if known is not None:
            return known
        answer = await self._web.write("conversations.open", users=slack_user_id)
        channel = str(answer["channel"]["id"])
        self._dms[slack_user_id] = channel
        if len(self._dms) > _MOST_PEOPLE:
            self._dms.popitem(last=False)
        return channel

    def register(self, router: Router) -> None:
        """Listen to the events that make what we know old."""
        for name in EVENTS:
            router.event(name, self.on_event)

    async def on_event(self, delivery: Delivery) -> Ack:
        """Take what the event says at once, and ask Slack again at the next use: events come late and out of order."""
        event = delivery.event
        user, subteam = event.get("user"), event.get("subteam")
        if isinstance(user, Mapping) and text_of(user, "id"):
            self._seen(user)
            actor = actor_of(user, slack_user_id=text_of(user, "id"), team_id=self._team_id)
            self._keep(actor, due=True)
            self._note_change(f"user {actor.slack_user_id}")
        elif isinstance(subteam, Mapping):
            self._group_changed(text_of(subteam, "id"), subteam.get("users"), (), ())
        else:
            added, removed = event.get("added_users"), event.get("removed_users")
            self._group_changed(text_of(event, "subteam_id"), None, added, removed)
        return None

    def _group_changed(self, group_id: str, users: object, added: object, removed: object) -> None:
        known = self._groups.get(group_id)
        if known is None:
            return
        members = _ids(users) if isinstance(users, list) else (known.value | _ids(added)) - _ids(removed)
        self._groups[group_id] = _Known(members, known.at, due=True)
        self._note_change(f"group {group_id}")

    def _note_change(self, name: str) -> None:
        if name in self._flights:
            self._dirty.add(name)


def _ids(found: object) -> frozenset[str]:
    return frozenset(item for item in found if isinstance(item, str)) if isinstance(found, list) else frozenset()
