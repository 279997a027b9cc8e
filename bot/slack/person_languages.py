"""In which language each person reads: what they chose on the Home, else Slack's locale of them, else English.

Slack's locale comes with every user object that the directory reads (`users.info` with include_locale, `user_change`).
It is kept in a row, so that a message that another process draws for the person is in their language, too.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from bot.db import named_values
from bot.db.engine import Database
from bot.languages import ENGLISH, Language, channel_languages, find, of_slack_locale
from bot.slack.delivery import Delivery, Kind, text_of
from bot.slack.post_store import PostRow

logger = logging.getLogger(__name__)

# Somebody else's process may have stored a choice since.
FRESH_SECONDS = 60.0
_MOST_PEOPLE = 5_000


def language_of(c: sa.Connection, slack_user_id: str) -> Language:
    """The language of this person, by the row."""
    return _Known.of(named_values.get(c, _name(slack_user_id))).language


def message_language(channels: str) -> Callable[[sa.Connection, PostRow], Language]:
    """In which language a message is read: a direct message in its reader's, all others by KEYDESK_LANGUAGE."""
    common, own = channel_languages(channels)
    return lambda c, row: language_of(c, row.dm_user) if row.dm_user else own.get(row.target, common)


@dataclass(frozen=True, kw_only=True)
class _Known:
    locale: str = ""
    chosen: str = ""

    @classmethod
    def of(cls, kept: object) -> "_Known":
        row = kept if isinstance(kept, Mapping) else {}
        return cls(locale=text_of(row, "locale"), chosen=text_of(row, "chosen"))

    @cached_property  # asked for with every delivery
    def language(self) -> Language:
        return (find(self.chosen) if self.chosen else None) or of_slack_locale(self.locale)


class SeenLocales:
    """What Slack said about people's locales since this process started; the directory tells it."""

    def __init__(self) -> None:
        self._locales: dict[str, str] = {}

    def note(self, user: Mapping[str, Any]) -> None:
        """Slack has shown somebody, with their locale or without."""
        person = text_of(user, "id")
        if person:
            self._locales.pop(person, None)
            self._locales[person] = text_of(user, "locale")
            if len(self._locales) > _MOST_PEOPLE:
                del self._locales[next(iter(self._locales))]

    def of(self, slack_user_id: str) -> str | None:
        """Slack's locale, "" where Slack says none; None for somebody it has not shown."""
        return self._locales.get(slack_user_id)


@dataclass(eq=False)
class PersonLanguages:
    """One per process. `ask`: has Slack asked who somebody is, which ends in `seen`; never raises, answers soon."""

    database: Database
    _: KW_ONLY
    seen: SeenLocales
    ask: Callable[[str, str], Awaitable[object]]
    clock: Callable[[], float] = time.time
    _people: OrderedDict[str, tuple[_Known, float]] = field(default_factory=OrderedDict, init=False)

    async def of(self, delivery: Delivery) -> Language:
        """The language of whoever did this; never raises. Asks Slack once for somebody who was never seen.

        Of events only the opening of the Home is answered at once: who writes in a channel is not looked up.
        """
        person = delivery.user_id
        if not person or (delivery.kind is Kind.EVENT and delivery.event.get("type") != "app_home_opened"):
            return ENGLISH
        try:
            return await self._of(person, delivery.user_team_id)
        except Exception:  # noqa: BLE001  # a database that is away is said by the handler, in the language last seen
            logger.warning("the language of %s could not be read", person)
            found = self._people.get(person)
            return of_slack_locale(self.seen.of(person) or "") if found is None else found[0].language

    async def _of(self, person: str, team_id: str) -> Language:
        known = self._fresh(person)
        if known is None:
            known = await self._read(person)
        if not known.locale and not known.chosen and self.seen.of(person) is None:
            await self.ask(person, team_id)
            known = await self._read(person)
        return known.language

    async def choose(self, slack_user_id: str, tag: str) -> None:
        """Store the language that somebody wants, "" for the one of their Slack."""
        await self.database.run(_store, slack_user_id, chosen=tag)
        self._people.pop(slack_user_id, None)

    async def chosen(self, slack_user_id: str) -> str:
        """The tag that somebody chose, "" for none."""
        return (await self._read(slack_user_id)).chosen

    def _fresh(self, person: str) -> _Known | None:
        found = self._people.get(person)
        if found is None or self.clock() - found[1] >= FRESH_SECONDS:
            return None
        return found[0] if (self.seen.of(person) or found[0].locale) == found[0].locale else None

    async def _read(self, person: str) -> _Known:
        known = _Known.of(await self.database.read(named_values.get, _name(person)))
        locale = self.seen.of(person)
        if locale and locale != known.locale:
            known = await self.database.run(_store, person, locale=locale)
        self._people[person] = (known, self.clock())
        self._people.move_to_end(person)
        if len(self._people) > _MOST_PEOPLE:
            self._people.popitem(last=False)
        return known


def _store(c: sa.Connection, /, slack_user_id: str, **changes: str) -> _Known:
    known = _Known.of(named_values.get(c, _name(slack_user_id)))
    row = {"locale": known.locale, "chosen": known.chosen} | changes
    named_values.put(c, _name(slack_user_id), row)
    return _Known.of(row)


def _name(slack_user_id: str) -> str:
    return f"language:{slack_user_id}"
