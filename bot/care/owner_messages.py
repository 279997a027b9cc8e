"""Who is told what, and when: by quiet hours, by how much somebody was told today, and not all people in one round.

What may wait is told twice a day at most; three and more at once are one message, and what comes after that waits for
the next day, unless a key ends or runs dry before. What is told is written down in the transaction that wants the
message.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from bot.care import days, store, told
from bot.care.idle import store as idle_store
from bot.care.idle.judgement import IdleJudgement
from bot.care.judgement import CareJudgement
from bot.care.messages import CHANNEL, DIGEST, OWNER, SHOWN, body_of
from bot.care.notice import Crossing, Notice
from bot.care.told import Wants
from bot.db.engine import Database
from bot.permissions.care import CareTerms

# People who are told in one round, and those of them of whom Slack must be asked where they live.
MOST_PEOPLE, MOST_ASKED = 300, 50
# People whose messages are wanted in one transaction; the channel hears of their keys together.
TOGETHER = 50

Judgement = CareJudgement | IdleJudgement


@dataclass(kw_only=True, eq=False)
class OwnerMessages:
    """`known_zone`: seconds east of UTC of a person, None = Slack must be asked, which is `zone_of`. `gateway_now`: the
    gateway's clock.
    """

    database: Database
    outbox: Wants
    known_zone: Callable[[str], int | None]
    zone_of: Callable[[str], Awaitable[int | None]]
    channel: str
    clock: Callable[[], float]
    gateway_now: Callable[[int], float]

    def is_awake(self, person: str, terms: CareTerms) -> bool:
        """Whether somebody may be written to now. Whose zone is not known yet sleeps."""
        zone = self.known_zone(person)
        return zone is not None and not terms.is_quiet(self.clock(), zone)

    async def learn_zones(self, people: Iterable[str]) -> None:
        """Have Slack asked about some of those whose zone is not known: after a restart nobody's is."""
        unknown = sorted({person for person in people if self.known_zone(person) is None})
        for person in unknown[:MOST_ASKED]:
            await self.zone_of(person)

    async def tell(self, people: Mapping[str, Sequence[Judgement]], terms: CareTerms) -> bool:
        """Tell what may be told now. Whether somebody is still to be told."""
        # Whose keys no longer work comes first.
        order = sorted(people, key=lambda owner: (not any(map(_is_urgent, people[owner])), owner))
        now, waiting = order[:MOST_PEOPLE], len(order) > MOST_PEOPLE
        await self.learn_zones(now)
        today = await self.database.read(days.told, now)
        going: list[tuple[str, list[Judgement]]] = []
        for owner in now:
            parts = self._going_now(owner, people[owner], today.get(owner), terms)
            waiting = waiting or sum(len(one.notices) for one in parts) < sum(len(one.notices) for one in people[owner])
            going.append((owner, [one for one in parts if one.notices]))
        for first in range(0, len(going), TOGETHER):
            await self.database.run(self._tell, going[first : first + TOGETHER])
        return waiting

    def _going_now(
        self, owner: str, all_of_them: Sequence[Judgement], told_last: tuple[int, int] | None, terms: CareTerms
    ) -> list[Judgement]:
        day, number = told_last or (0, 0)
        today = number if day == self._day(owner) else 0
        coming = sum(len(one.notices) for one in all_of_them)
        awake, room = self.is_awake(owner, terms), today == 0 or today + coming < DIGEST

        def goes(notice: Notice) -> bool:
            return notice.kind.urgent or (awake and (room or not notice.waits(self.gateway_now(notice.key_id))))

        return [one.only(goes) for one in all_of_them]

    def _day(self, owner: str) -> int:
        return days.day_of(self.clock(), self.known_zone(owner) or 0)

    def _tell(self, c: sa.Connection, people: Sequence[tuple[str, Sequence[Judgement]]]) -> None:
        """Write down what is told and want the messages: one transaction."""
        dry: list[tuple[Judgement, Notice, str]] = []
        for owner, judgements in people:
            saved = [one for one in judgements if self.save(c, one)]
            notices = [notice for one in saved for notice in one.notices]
            if notices:
                self._want(c, OWNER, f"dm:{owner}", saved[0].name, [(notice, owner) for notice in notices])
                days.add(c, owner, day=self._day(owner), number=len(notices))
            seen = [(one, notice, owner) for one in saved for notice in one.notices if not one.is_given]
            dry += [found for found in seen if found[1].kind is Crossing.DRY]
        if dry:
            self._want(c, CHANNEL, self.channel, dry[0][0].name, [(notice, owner) for _, notice, owner in dry])

    def _want(self, c: sa.Connection, kind: str, target: str, name: str, notices: Sequence[tuple[Notice, str]]) -> None:
        """`notices`: each with whose key it is."""
        post_id = f"{kind}:{name}"
        body = body_of(len(notices), notices[:SHOWN])
        self.outbox.want(c, id=post_id, kind=kind, subject=name, target=target, body=body)
        told.note(c, post_id, notices, at=self.clock())

    def save(self, c: sa.Connection, one: Judgement) -> bool:
        """Remember a judgement, and close the messages that it says are over. False: somebody else changed the row."""
        if isinstance(one, CareJudgement):
            return store.save(c, one.before, one.told())
        if not idle_store.save(c, one.before, one.care):
            return False
        outcomes = dict(one.closes)
        open_now = told.still_open(c, [one.care.key_id]) if outcomes else []
        told.close(c, self.outbox, [(row, outcomes[row.kind]) for row in open_now if row.kind in outcomes])
        return True


def _is_urgent(one: Judgement) -> bool:
    return any(notice.kind.urgent for notice in one.notices)
