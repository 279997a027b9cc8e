"""What happens to the keys of somebody who has left: told at once, and disabled when the time is over.

Who left, and who came back, is what Slack says about that one person at the moment: before the keys are told, and once
more before they are disabled. Silence of Slack is waited for, and disables nothing.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from bot.approvals.models import Judgement, NewRequest, Origin, OriginKind
from bot.audit import Fact, append
from bot.care.kind import CareKind, CareParts
from bot.care.leavers import store
from bot.care.leavers.messages import CARD, DISABLE, disable_delivery
from bot.care.leavers.roll_call import JOB as ROLL_CALL
from bot.care.leavers.roll_call import LOOK, RollCall, look_soon, register_answers
from bot.care.leavers.store import Departure, LeftKey
from bot.durable.engine import Again
from bot.keys import owners
from bot.languages import tr
from bot.permissions.entitlements import who_decides_for
from bot.permissions.models import ActorKind, Decision, Facts
from bot.permissions.roles import EVERYBODY
from bot.slack.delivery import Ack, Delivery, text_of
from bot.slack.router import Router

logger = logging.getLogger(__name__)

DUE = "leaver_due"
RULE = "[care] leavers"
# More deciders than this are mentioned in the channel of requests instead of getting a message each.
MOST_MESSAGES = 10
# Until Slack is asked again who somebody is. Who it does not know for an hour is left to the next daily look.
SILENT_SECONDS, PATIENCE = 60.0, 3600.0
# Keys whose disabling is ordered in one transaction.
TOGETHER = 20


@dataclass(kw_only=True, eq=False)
class Departures:
    """Tells of leavers' keys and disables them in time."""

    parts: CareParts

    async def on_user_change(self, delivery: Delivery) -> Ack:
        """Slack says that somebody changed: who left, or came back, is looked at in a job that outlives a crash."""
        user = delivery.event.get("user")
        person = text_of(user, "id") if isinstance(user, Mapping) else ""
        if person and isinstance(user, Mapping) and self.parts.terms().leavers is not None:
            await self.parts.deps.database.run(self._notice, person, bool(user.get("deleted")), delivery.id)
        return None

    def _notice(self, c: sa.Connection, person: str, deleted: bool, delivery_id: str) -> None:
        if store.untold_keys(c, person) if deleted else store.is_away(c, person):
            look_soon(self.parts, c, person, delivery_id)

    async def look(self, argument: str) -> Again | None:
        """The durable job: ask Slack about one person, and act on the answer."""
        deps = self.parts.deps
        person, _, asked_at = argument.partition(":")
        if self.parts.terms().leavers is None:
            return None
        kind = (await deps.directory.standing(person)).kind
        if kind is ActorKind.UNKNOWN:
            return Again(SILENT_SECONDS) if deps.clock() - float(asked_at) < PATIENCE else None
        if kind is not ActorKind.DEACTIVATED:
            await deps.database.run(self._came_back, person)
            return None
        called, managers = await self._deciders(person)
        await deps.database.run(self._open, person, called, managers)
        return None

    async def _deciders(self, person: str) -> tuple[frozenset[str], frozenset[str]]:
        """Who decides about this person's keys: ids to mention in the channel, or people to write to."""
        deps = self.parts.deps
        names = await deps.database.read(store.roles_of, person)
        ids = who_decides_for(deps.policy(), {*names, person}) - {EVERYBODY}
        people = await deps.directory.all_people(ids)
        if people is None or len(people) > MOST_MESSAGES:
            return deps.directory.schedules.called(ids), frozenset()
        known = [await deps.directory.actor(one, "") for one in sorted(people - {person})]
        return frozenset(), frozenset(one.slack_user_id for one in known if one.kind is ActorKind.MEMBER)

    def _open(self, c: sa.Connection, person: str, called: frozenset[str], managers: frozenset[str]) -> None:
        """Write the departure down, tell of it and set the time: one transaction."""
        now, seconds = self.parts.deps.clock(), self.parts.terms().leavers
        due_at = now + seconds if seconds else None
        departure = store.open_departure(c, person, store.untold_keys(c, person), at=now, due_at=due_at)
        if departure is None:
            return
        told = {"person": person, "keys": len(departure.keys), "due": due_at}
        append(c, fact=Fact.LEFT, at=now, actor=None, details=told)
        if due_at is not None:
            self.parts.engine.start(c, DUE, f"departure:{departure.id}:due", str(departure.id), delay=due_at - now)
        targets = {self.parts.security_channel, *(f"dm:{one}" for one in managers)}
        targets |= {self.parts.deps.channel} if called else set()
        posts = []
        for target in sorted(targets):
            post_id = f"departure:{departure.id}:{target}"
            body = {"called": sorted(called)} if target == self.parts.deps.channel else {}
            self._want(c, post_id, departure.id, target, body)
            posts.append(post_id)
        store.keep_posts(c, departure.id, posts)

    def _want(
        self, c: sa.Connection, post_id: str, departure_id: int, target: str, body: Mapping[str, object] | None = None
    ) -> None:
        self.parts.outbox.want(c, id=post_id, kind=CARD, subject=str(departure_id), target=target, body=body)

    def redraw(self, c: sa.Connection, departure: Departure) -> None:
        """Something about these keys changed."""
        for post_id in departure.posts:
            self._want(c, post_id, departure.id, post_id.removeprefix(f"departure:{departure.id}:"))

    def key_changed(self, c: sa.Connection, key_id: int) -> None:
        """A key was changed here, by whatever way."""
        departure = store.of_key(c, key_id)
        if departure is not None:
            self.redraw(c, departure)

    def _came_back(self, c: sa.Connection, person: str) -> None:
        now = self.parts.deps.clock()
        for departure in store.come_back(c, person, at=now):
            append(c, fact=Fact.LEFT, at=now, actor=None, details={"person": person, "returned": True})
            self.redraw(c, departure)

    async def due(self, argument: str) -> Again | None:
        """The durable job: the time is over. Slack is asked once more whether the person has left."""
        deps = self.parts.deps
        departure = await deps.database.read(store.find, int(argument))
        if departure is None or not departure.waits:
            return None
        if not self.parts.terms().leavers:
            await deps.database.run(self._give_up, departure.id)
            return None
        kind = (await deps.directory.standing(departure.person_id)).kind
        if kind is ActorKind.UNKNOWN:
            return Again(SILENT_SECONDS)
        if kind is not ActorKind.DEACTIVATED:
            await deps.database.run(self._came_back, departure.person_id)
            return None
        for first in range(0, len(departure.keys), TOGETHER):
            await deps.database.run(self._order, departure.id, departure.keys[first : first + TOGETHER])
        await deps.database.run(self._finish, departure.id)
        return None

    def _give_up(self, c: sa.Connection, departure_id: int) -> None:
        store.give_up(c, departure_id)
        if (departure := store.find(c, departure_id)) is not None:
            self.redraw(c, departure)

    def _order(self, c: sa.Connection, departure_id: int, keys: tuple[LeftKey, ...]) -> None:
        departure = store.find(c, departure_id, lock=True)
        if departure is None or not departure.waits:
            return
        for key in keys:
            line = owners.find(c, key.key_id)
            still = owners.owner_of(c, key.key_id, key.born_at) == departure.person_id
            if still and line is not None and line.disabled_at is None:
                self.parts.requests.granted.insert(c, self._request(departure, key))

    def _finish(self, c: sa.Connection, departure_id: int) -> None:
        departure = store.find(c, departure_id, lock=True)
        if departure is not None and departure.waits:
            store.finish(c, departure_id, at=self.parts.deps.clock())
            self.redraw(c, departure)

    def _request(self, departure: Departure, key: LeftKey) -> NewRequest:
        deps = self.parts.deps
        sentence = tr("The policy disables the keys of people who have left when nobody takes them over.")
        wanted = deps.operations[DISABLE].input_model.model_validate(
            {"key_id": key.key_id, "left": departure.person_id}
        )
        return NewRequest(
            delivery_id=disable_delivery(departure, key.key_id),
            origin=Origin(kind=OriginKind.LEAVER, person_id=departure.person_id),
            operation=DISABLE,
            requester_id=self.parts.requests.bot_user_id,
            requester_team=self.parts.requests.team_id,
            channel_id=self.parts.security_channel,
            key_id=key.key_id,
            key_name=key.name,
            reason=tr("Its owner has left, and nobody took it over in time."),
            input=wanted.model_dump(mode="json"),
            before=None,
            summary=(),
            judgement=Judgement(
                decision=Decision(outcome="allow", rule=RULE, sentence=sentence), facts=Facts(), own=False
            ),
            asked_at=deps.clock(),
        )


def build(parts: CareParts, router: Router) -> CareKind:
    """The event, the daily look with its question, and the jobs."""
    departures, roll_call = Departures(parts=parts), RollCall(parts=parts)
    router.event("user_change", departures.on_user_change)
    register_answers(router, roll_call)
    return CareKind(
        name="leavers",
        round=roll_call.round,
        jobs={LOOK: departures.look, DUE: departures.due, ROLL_CALL: roll_call.run},
        key_changed=departures.key_changed,
    )
