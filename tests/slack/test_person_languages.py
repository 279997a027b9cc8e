"""Whose language: what they chose, else their Slack's, else English; kept over a restart, asked for once."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.db.engine import Database
from bot.slack.delivery import Delivery, Kind
from bot.slack.person_languages import PersonLanguages, SeenLocales, language_of, message_language
from tests.slack.kit import make_delivery
from tests.slack.outboxes import post_row

ADA = "U0ADA"


class Slack:
    """Says which locale people have, and counts how often it is asked."""

    def __init__(self, **locales: str) -> None:
        self.locales, self.asked = locales, 0
        self.show: Callable[[dict[str, Any]], None] = lambda _user: None

    async def ask(self, person: str, _team: str) -> None:
        self.asked += 1
        if person in self.locales:
            self.show({"id": person, "locale": self.locales[person]})


def people(database: Database, slack: Slack, now: float = 1_000.0) -> PersonLanguages:
    seen = SeenLocales()
    slack.show = seen.note
    return PersonLanguages(database, seen=seen, ask=slack.ask, clock=lambda: now)


def by(person: str = ADA, kind: Kind = Kind.COMMAND, **event: Any) -> Delivery:
    return replace(make_delivery(), user_id=person, kind=kind, payload={"event": event})


async def test_somebody_new_is_asked_about_once_and_known_after_a_restart(database: Database) -> None:
    slack = Slack(U0ADA="zh-TW")
    languages = people(database, slack)
    assert [(await languages.of(by())).tag for _ in range(3)] == ["zh-Hant"] * 3
    assert slack.asked == 1
    silent = Slack()
    assert (await people(database, silent).of(by())).tag == "zh-Hant"
    assert silent.asked == 0


async def test_who_has_a_language_that_nobody_translated_reads_english_and_is_not_asked_about_again(
    sqlite_database: Database,
) -> None:
    slack = Slack(U0ADA="tlh")
    languages = people(sqlite_database, slack)
    assert [(await languages.of(by())).tag for _ in range(2)] == ["en"] * 2
    assert slack.asked == 1


async def test_a_choice_counts_more_than_slacks_locale_until_it_is_taken_back(sqlite_database: Database) -> None:
    languages = people(sqlite_database, Slack(U0ADA="zh-TW"))
    await languages.choose(ADA, "ar")
    assert (await languages.of(by())).tag == "ar"
    assert await languages.chosen(ADA) == "ar"
    await languages.choose(ADA, "")
    assert (await languages.of(by())).tag == "zh-Hant"


async def test_who_changes_the_language_of_their_slack_is_answered_in_the_new_one(sqlite_database: Database) -> None:
    languages = people(sqlite_database, Slack(U0ADA="zh-TW"))
    assert (await languages.of(by())).tag == "zh-Hant"
    languages.seen.note({"id": ADA, "locale": "ar-SA"})
    assert (await languages.of(by())).tag == "ar"


async def test_of_events_only_the_home_asks_for_the_language(sqlite_database: Database) -> None:
    slack = Slack(U0ADA="zh-CN")
    languages = people(sqlite_database, slack)
    assert (await languages.of(by(kind=Kind.EVENT, type="message"))).tag == "en"
    assert slack.asked == 0
    assert (await languages.of(by(kind=Kind.EVENT, type="app_home_opened"))).tag == "zh-Hans"


async def test_a_database_that_is_away_does_not_stop_the_answer(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    languages = people(sqlite_database, Slack(U0ADA="zh-TW"))

    async def away(*_args: Any) -> None:
        raise OSError

    monkeypatch.setattr(sqlite_database, "read", away)
    assert (await languages.of(by())).tag == "en"
    assert (await languages.of(by(""))).tag == "en"


async def test_a_direct_message_is_in_its_readers_language_and_a_channels_in_that_of_channels(
    sqlite_database: Database,
) -> None:
    languages = people(sqlite_database, Slack(U0ADA="zh-TW"))
    await languages.of(by())
    of = message_language("ar,C0TEAM=zh-Hans")
    row = post_row(target=f"dm:{ADA}")
    assert (await sqlite_database.read(lambda c: of(c, row))).tag == "zh-Hant"
    assert (await sqlite_database.read(lambda c: of(c, replace(row, target="C0ALL")))).tag == "ar"
    assert (await sqlite_database.read(lambda c: of(c, replace(row, target="C0TEAM")))).tag == "zh-Hans"
    assert (await sqlite_database.read(language_of, "U0NEW")).tag == "en"
