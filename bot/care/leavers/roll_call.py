"""A daily look at Slack's list of all people, since an event may be missed, and a question when too many are gone.

The list is not believed alone: each person who seems to have left is asked about by themselves (departures.py). When
it says that a third of all owners, or more than the policy expects, have left, people of security are asked first.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.audit import Fact, append
from bot.care.kind import CareParts
from bot.care.leavers import store
from bot.care.leavers.messages import CONFIRM, DISMISS, QUESTION, question_note
from bot.care.rights import admit_for_any_key
from bot.db import named_values
from bot.durable.engine import Again
from bot.errors import ApprovalConflict, BotError
from bot.languages import tr
from bot.permissions.models import ActorKind
from bot.slack.delivery import Ack, Delivery
from bot.slack.errors import SlackError
from bot.slack.router import Router

logger = logging.getLogger(__name__)

JOB, LOOK = "leavers_roll_call", "leaver"
EVERY = 86_400.0
# Slack does not tell now: asked again after so long.
AGAIN = 900.0
# So many may leave at once in the smallest workspace.
FEW = 3
# Who was said not to have left is not asked about again before this is over.
BELIEVED = 7 * 86_400.0
_MARK, _NUMBER = "leavers.roll_call", "leavers.question"


def look_soon(parts: CareParts, c: sa.Connection, person: str, occasion: str) -> None:
    """Have one person looked at by a durable job; once per occasion."""
    parts.engine.start(c, LOOK, f"leaver:{person}:{occasion}", f"{person}:{int(parts.deps.clock())}")


def too_many(gone: int, owners: int, *, most: int) -> bool:
    """Whether so many cannot have left by themselves: more than is expected, or more than a third of all."""
    return gone > most or (gone > FEW and gone * 3 > owners)


@dataclass(kw_only=True, eq=False)
class RollCall:
    """Once a day, after a list of all keys."""

    parts: CareParts

    async def round(self) -> bool:
        """Begin the daily look, when it is due; of several replicas one does."""
        if self.parts.terms().leavers is not None:
            await self.parts.deps.database.run(self._begin)
        return False

    def _begin(self, c: sa.Connection) -> None:
        now = self.parts.deps.clock()
        mark = named_values.get(c, _MARK) or 0.0
        # A clock that was moved back must not end the looks.
        if 0 <= now - mark < EVERY:
            return
        named_values.put(c, _MARK, now)
        self.parts.engine.start(c, JOB, f"leavers:{int(now // EVERY)}:{int(mark)}", str(int(now)))

    async def run(self, argument: str) -> Again | None:
        """The durable job: read the list, and have everybody looked at who seems to have left, or to be back."""
        deps = self.parts.deps
        owners = await deps.database.read(store.owners_with_untold_keys)
        away = await deps.database.read(store.away)
        if not owners and not away:
            return None
        try:
            kinds = await self.parts.people.kinds(owners | away)
        except SlackError as error:
            logger.info("Slack does not tell who has left: %s", error)
            return Again(AGAIN)
        gone = {person for person in owners if kinds.get(person) is ActorKind.DEACTIVATED}
        back = {person for person in away if kinds.get(person) not in {None, ActorKind.DEACTIVATED}}
        await deps.database.run(self._judge, argument, gone, back, len(owners))
        return None

    def _judge(
        self, c: sa.Connection, occasion: str, gone: Collection[str], back: Collection[str], owners: int
    ) -> None:
        open_question = self._open_question(c)
        if too_many(len(gone), owners, most=self.parts.terms().leavers_at_once):
            self._ask(c, open_question, sorted(gone), owners)
            gone = ()
        elif open_question is not None:
            self._answer(c, open_question, "over", by="")
        for person in sorted({*gone, *back}):
            look_soon(self.parts, c, person, occasion)

    def _open_question(self, c: sa.Connection) -> int | None:
        number = named_values.get(c, _NUMBER)
        kept = None if number is None else named_values.get(c, question_note(number))
        return number if kept is not None and not kept["answer"] else None

    def _ask(self, c: sa.Connection, number: int | None, people: list[str], owners: int) -> None:
        """A new question, or the open one with what the list says now; not about those who were said to be here."""
        now = self.parts.deps.clock()
        last: int = named_values.get(c, _NUMBER) or 0
        before: dict[str, Any] = named_values.get(c, question_note(last)) or {}
        if before.get("answer") == "not" and now - before["at"] < BELIEVED and set(people) <= set(before["people"]):
            return
        if number is None:
            named_values.remove(c, question_note(last))
            number = last + 1
            named_values.put(c, _NUMBER, number)
        kept = {"people": people, "total": owners, "at": now, "answer": "", "by": ""}
        named_values.put(c, question_note(number), kept)
        self._draw(c, number)

    def _draw(self, c: sa.Connection, number: int) -> None:
        target = self.parts.security_channel
        self.parts.outbox.want(c, id=f"leavers:question:{number}", kind=QUESTION, subject=str(number), target=target)

    def _answer(self, c: sa.Connection, number: int, answer: str, *, by: str) -> None:
        kept = named_values.get(c, question_note(number)) or {}
        named_values.put(c, question_note(number), {**kept, "answer": answer, "by": by})
        self._draw(c, number)

    async def answered(self, delivery: Delivery, answer: str) -> Ack:
        """Somebody says whether they have left: for those who may disable any key at once."""
        actor = await admit_for_any_key(self.parts.deps, delivery)
        value = delivery.action_value
        number = int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0
        error = await self.parts.deps.database.run(self._take, number, answer, actor.slack_user_id)
        if error is not None:
            raise error
        return None

    def _take(self, c: sa.Connection, number: int, answer: str, by: str) -> BotError | None:
        if number != self._open_question(c):
            return ApprovalConflict(tr("This was answered already; the message says how."))
        kept = named_values.get(c, question_note(number)) or {}
        now = self.parts.deps.clock()
        append(c, fact=Fact.LEFT, at=now, actor=by, details={"answer": answer, "people": len(kept["people"])})
        self._answer(c, number, answer, by=by)
        for person in kept["people"] if answer == "left" else ():
            look_soon(self.parts, c, person, f"question:{number}")
        return None


def register_answers(router: Router, roll_call: RollCall) -> None:
    """Name the buttons of the question."""

    async def left(delivery: Delivery) -> Ack:
        return await roll_call.answered(delivery, "left")

    async def here(delivery: Delivery) -> Ack:
        return await roll_call.answered(delivery, "not")

    router.action(CONFIRM, left)
    router.action(DISMISS, here)
