"""Incident mode in words: what follows `/apikey disable` or `enable` when more than one key is meant. Pure.

disable 12 13 "old ci"                    these keys, by number or exact name
disable all of @ada                       every key of a person
disable created before 2026-03-01         every key older than that (UTC; a time may follow: 2026-03-01 12:00)
disable all of @ada created before …      both must hold
enable batch 4                            take a batch back
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.errors import InputError
from bot.keys.reference import words
from bot.languages import tr, trc, trn
from bot.redaction import holds_secret
from bot.slack.inputs import MENTION
from bot.typed_text import clean_number

MOST_NAMED = 200
_PERSON = re.compile(rf"all\s+of\s+{MENTION.pattern}", re.IGNORECASE)
_NAMELESS = re.compile(r"all\s+of\s+(?P<who>\S+)", re.IGNORECASE)
_BEFORE = re.compile(r"created\s+before\s+(?P<day>\S+)(?:\s+(?P<time>\d{1,2}:\d{2}))?", re.IGNORECASE)
_BATCH = re.compile(r"batch\s+#?(?P<id>\d{1,9})", re.IGNORECASE)


@dataclass(frozen=True)
class BatchScope:
    """Which keys are meant. Several fields: all must hold.

    `listing`: KEYs as they were typed (keys/lookup.py reads them). `before`: Unix seconds. `batch`: to take back.
    """

    listing: str = ""
    person: str = ""
    before: float | None = None
    batch: int | None = None

    @property
    def text(self) -> str:
        """The keys that are meant, in words, for the window, the message and the record."""
        if self.batch is not None:
            return tr("the keys of batch {number}", number=self.batch)
        if self.listing:
            return tr("keys by name or number")
        person = f"<@{self.person}>"
        if self.before is None:
            return tr("all keys of {person}", person=person)
        moment = datetime.fromtimestamp(self.before, UTC).strftime("%Y-%m-%d %H:%M UTC")
        if not self.person:
            return trc("which keys are meant", "created before {moment}", moment=moment)
        return tr("all keys of {person}, created before {moment}", person=person, moment=moment)


def is_batch(text: str) -> bool:
    """Whether more than one key may be meant, so that this is not the form for a single key."""
    plain = clean_number(text)
    if any(pattern.match(plain) for pattern in (_NAMELESS, _BEFORE, _BATCH, MENTION)):
        return True
    return len(words(text, commas=True)) > 1


def parse(text: str, word: str = "disable") -> BatchScope:
    """What is meant. `word`: of the command, for the suggestion. Raises InputError."""
    # Of a list every KEY is looked up as it was typed; all else is words, people, dates and numbers.
    listing, text = text.strip(), clean_number(text)
    if holds_secret(listing):
        raise InputError({"key": tr("That is the value of a key, not its name. Use numbers or exact names.")})
    if batch := _BATCH.fullmatch(text):
        return BatchScope(batch=int(batch["id"]))
    person, before = _PERSON.search(text), _BEFORE.search(text)
    if person or before:
        rest = _BEFORE.sub("", _PERSON.sub("", text)).strip()
        if rest:
            sentence = tr("I do not understand “{typed}” beside the rest; leave it out.", typed=rest[:60])
            raise InputError({"key": sentence})
        moment = None if before is None else _moment(before["day"], before["time"])
        return BatchScope(person=person["id"] if person else "", before=moment)
    if nameless := _NAMELESS.match(text):
        who = nameless["who"][:40]
        raise InputError(
            {
                "key": tr(
                    "I do not know who “{typed}” is; choose the person from Slack's list after typing @.", typed=who
                )
            }
        )
    if somebody := MENTION.search(text):
        # A slip must not disable all that somebody has: it has to be said.
        who = f"<@{somebody['id']}>"
        sentence = tr(
            "{person} is a person, not a key. `/apikey {word} all of @…` means every key of {person}.",
            person=who,
            word=word,
        )
        raise InputError({"key": sentence})
    number = len(words(listing, commas=True))
    if number > MOST_NAMED:
        raise InputError(
            {
                "key": trn(
                    "That names {count} key; at most {most} at a time.",
                    "That names {count} keys; at most {most} at a time.",
                    number,
                    most=MOST_NAMED,
                )
            }
        )
    return BatchScope(listing=listing)


def _moment(day: str, time: str | None) -> float:
    try:
        # Without a time a day begins at midnight, UTC; the window shows it before anything happens.
        return datetime.strptime(f"{day} {time or '00:00'} +0000", "%Y-%m-%d %H:%M %z").timestamp()
    except ValueError:
        message = tr("“{typed}” is no date; write it like 2026-03-01, or 2026-03-01 12:00 (UTC).", typed=day[:40])
        raise InputError({"key": message}) from None
