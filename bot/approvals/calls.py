"""Who is called to decide a request, and how: a mention on its card or in its thread, or the card as a direct message.

Who is called is who may answer the open stage now, by the policy; whoever took the request is called alone. Nobody is
called twice within an hour for the same request, a large group not for any two, and for at most five new requests of
one person in an hour: more stand in the channel and are reminded of later. Who asked not to be called is not sent
a direct message; they may decide all the same.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.approver_check import WhoIs
from bot.approvals.cards.notifications import Notifications
from bot.approvals.models import ApprovalRequest, NewRequest, Progress, Status
from bot.db import named_values
from bot.db.engine import Database
from bot.durable.engine import Again, Engine
from bot.languages import joined, tr
from bot.oncall import Schedules
from bot.permissions.models import ActorKind, Approval, Given
from bot.permissions.roles import EVERYBODY
from bot.permissions.rules import Policy
from bot.permissions.stages import open_stage, roles_who_may_answer
from bot.slack.blocks import mention, mention_all

JOB = "call"
AN_HOUR = 3600.0
# A group of more people than this is mentioned once an hour; one that is not known counts as small.
LARGE_GROUP = 10
# New requests of one person in an hour that call anybody; asking and withdrawing must not ring all day.
MOST_OF_ONE_PERSON = 5
# A large group is mentioned again for the same person after so long, that their noise leaves room for others.
TURNS_OF_ONE_PERSON = 6 * AN_HOUR
# A stage of more people than this is mentioned in the thread instead of getting direct messages.
MOST_MESSAGES = 25
# While Slack does not say who is in a group.
PAUSE, PATIENCE = 5.0, 120.0


@dataclass(frozen=True, kw_only=True)
class Calls:
    """`group_size`: people of a group as last seen, None = not seen. `people`: as in approver_check.py. `schedules`:
    as last seen here; whoever calls from a durable job looks first.
    """

    database: Database
    engine: Engine
    policy: Callable[[], Policy]
    group_size: Callable[[str], int | None]
    people: Callable[[Iterable[str]], Awaitable[frozenset[str] | None]]
    who_is: WhoIs
    notifications: Notifications
    schedules: Schedules
    clock: Callable[[], float]

    def deciders(self, request: ApprovalRequest) -> frozenset[str]:
        """Ids of the people and groups who may answer the open stage now; empty when that is everybody."""
        return self.schedules.called(self._ids_of(request))

    def _ids_of(self, request: ApprovalRequest) -> frozenset[str]:
        approval = request.approval
        return frozenset() if approval is None else self._ids(approval, request.given, request.asked_at)

    def _ids(self, approval: Approval, given: tuple[Given, ...], asked_at: float) -> frozenset[str]:
        """Ids of people, groups and schedules."""
        roles = roles_who_may_answer(approval, given, asked_at=asked_at, now=self.clock())
        ids = self.policy().roles.ids(roles)
        return frozenset() if EVERYBODY in ids else ids

    def on_card(self, c: sa.Connection, approval: Approval, new: NewRequest) -> Progress:
        """Whom the card of a new request mentions: who may answer its first stage, unless they get messages instead."""
        ids = self._ids(approval, (), new.asked_at)
        progress = Progress(silence=self.schedules.silence(ids))
        if approval.notify == "dm":
            return progress
        called = self._mentioned(c, self.schedules.called(ids), new.requester_id)
        return progress.model_copy(
            update={"called": tuple(sorted(called)), "called_at": new.asked_at if called else None}
        )

    def stage_opened(self, c: sa.Connection, request: ApprovalRequest) -> tuple[ApprovalRequest, str]:
        """An approval was given, another stage waits: the request, and the mention of its people ("" = none)."""
        approval = request.approval
        waiting = None if approval is None else open_stage(approval, request.given, asked_at=request.asked_at)
        if approval is None or waiting is None or waiting.counted:
            return request, ""
        if approval.notify in {"dm", "both"}:
            self.start(c, request, f"stage{waiting.index}")
        if approval.notify == "dm":
            return self._called(c, request, frozenset()), ""
        called = self._mentioned(c, self.deciders(request), request.requester_id)
        return self._called(c, request, called), mention_all(called)

    def remind(
        self, c: sa.Connection, request: ApprovalRequest, sentence: str, *, name: str, by_person: bool = False
    ) -> None:
        """Say in the thread that it waits, and call those who may decide, unless they were called within the hour.

        `by_person`: somebody who waits asks for it, which they may once an hour.
        """
        notify = request.approval.notify if request.approval else None
        recent = not by_person and self.clock() - (request.progress.called_at or 0.0) < AN_HOUR
        if notify == "channel" and not recent and not request.taken_by:
            called = self._mentioned(c, self.deciders(request), request.requester_id)
            sentence = joined(mention_all(called), sentence)
            self._called(c, request, request.progress.called, at=self.clock() if called else None)
        elif not recent:
            self.start(c, request, name)
        self.notifications.remind(c, request, sentence, name=name)

    def reviewers(self, c: sa.Connection, request: ApprovalRequest) -> None:
        """Something was done by break-glass: mention those who could have decided it, who look at it afterwards."""
        called = self._mentioned(c, self.deciders(request), request.requester_id)
        who = mention(request.requester_id)
        sentence = tr("{who} had this done at once by break-glass. Please review it.", who=who)
        self.notifications.story(c, request, joined(mention_all(called), sentence))

    def start(self, c: sa.Connection, request: ApprovalRequest, name: str) -> None:
        """Write to each decider, in a durable job. `name` tells one call of a request from the next."""
        self.engine.start(c, JOB, f"req:{request.id}:{JOB}:{name}", f"{request.id}:{name}")

    async def run(self, argument: str) -> Again | None:
        """The durable job: direct messages to those who may decide, by `ID:NAME`."""
        number, _, name = argument.partition(":")
        request = await self.database.read(store.find, int(number))
        if request is None or request.status is not Status.PENDING or request.approval is None:
            return None
        if request.taken_by and await self._members({request.taken_by}):
            await self.database.run(self._write, request.id, name, frozenset({request.taken_by}))
            return None
        ids = self.deciders(request)
        people = await self.people(ids)
        if people is None and self.clock() - request.asked_at < PATIENCE:
            return Again(PAUSE)
        if people is None or len(people) > MOST_MESSAGES:
            await self.database.run(self._mention, request.id, name, ids)
        else:
            await self.database.run(self._write, request.id, name, await self._members(people))
        return None

    async def _members(self, people: Iterable[str]) -> frozenset[str]:
        """Those who are full members now: a user group may hold guests, people of other companies, who has left."""
        known = [await self.who_is(person, "") for person in sorted(people)]
        return frozenset(one.slack_user_id for one in known if one.kind is ActorKind.MEMBER)

    def _write(self, c: sa.Connection, request_id: int, name: str, people: frozenset[str]) -> None:
        request = store.find(c, request_id, lock=True)
        if request is None or request.status is not Status.PENDING or request.approval is None:
            return
        done = {vote.by for vote in request.votes}
        done |= set() if request.approval.self_approval else {request.requester_id}
        wanted = [person for person in sorted(people - done) if not is_quiet(c, person)]
        written = [self.notifications.call(c, request, person, name=name) for person in wanted]
        if written:
            messages = tuple(dict.fromkeys((*request.progress.messages, *written)))
            store.record_progress(c, request.id, messages=messages, called_at=self.clock())

    def _mention(self, c: sa.Connection, request_id: int, name: str, ids: frozenset[str]) -> None:
        request = store.find(c, request_id, lock=True)
        if request is None or request.status is not Status.PENDING:
            return
        called = self._mentioned(c, ids, request.requester_id)
        if called:
            self._called(c, request, request.progress.called, at=self.clock())
            waits = tr("Request {number} waits for your decision.", number=request.number)
            sentence = joined(mention_all(called), waits)
            self.notifications.remind(c, request, sentence, name=f"{name}:mention")

    def _mentioned(self, c: sa.Connection, ids: frozenset[str], requester_id: str) -> frozenset[str]:
        """Of these ids, whom to mention now. Who asked is not called; a large group only once an hour."""
        now, called = self.clock(), set()
        for one in ids - {requester_id}:
            if (self.group_size(one) or 0) > LARGE_GROUP:
                note = f"called:{one}"
                at, last = named_values.get(c, note) or (0.0, "")
                # One person's requests take every sixth hour of a group at most.
                if now - at < (TURNS_OF_ONE_PERSON if last == requester_id else AN_HOUR):
                    continue
                named_values.put(c, note, [now, requester_id])
            called.add(one)
        return frozenset(called)

    def _called(
        self, c: sa.Connection, request: ApprovalRequest, ids: Iterable[str], *, at: float | None = None
    ) -> ApprovalRequest:
        when = at if at is not None else self.clock() if ids else request.progress.called_at
        silence = self.schedules.silence(self._ids_of(request))
        progress: Progress = store.record_progress(
            c, request.id, called=tuple(sorted(ids)), called_at=when, silence=silence
        )
        return request.model_copy(update={"progress": progress})


def is_quiet(c: sa.Connection, slack_user_id: str) -> bool:
    """Whether somebody asked not to be sent direct messages about what waits for a decision."""
    return bool(named_values.get(c, _quiet(slack_user_id)))


def be_quiet(c: sa.Connection, slack_user_id: str, quiet: bool) -> None:
    """Store that this person wants no direct messages about requests; `quiet` False: wants them again."""
    if quiet:
        named_values.put(c, _quiet(slack_user_id), value=True)
    else:
        named_values.remove(c, _quiet(slack_user_id))


def _quiet(slack_user_id: str) -> str:
    return f"quiet:{slack_user_id}"
