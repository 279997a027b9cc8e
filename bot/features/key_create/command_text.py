"""Reads `/apikey new staging-bot $5 30d gpt-4o because load test` into fields of the form. Decides nothing.

What is understood is filled in and shown, and the person sends the form; what is not is said. Words are tried as an
amount, a length of time, how often it is refilled and a model, in every language; the first run of words that are none
of these is the name.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from bot.features.forms.allowance_fields import REFILL_FIELD
from bot.features.forms.fields import EXPIRY, GATEWAY, MODELS, NAME, NAME_LIMIT, NEVER_CHOICE, QUOTA, REASON, UNLIMITED
from bot.features.forms.wishes import expiry_fields
from bot.languages import languages, said, speaking, tr, trc
from bot.operations import Expiry, Filled
from bot.periods import find_period
from bot.slack.blocks import harmless, inert
from bot.typed_text import clean_line, clean_number, fold_word, unquoted
from bot.units import NoAmount, NoDuration, parse_duration, parse_quota

# So many words may make one amount or time: `10 萬 美元`, `1 000 000 units`.
_SPAN = 4
_LONGEST = 60
# A plain number below this is a part of the name (`bot 2`): it would be less than two cents.
_SMALLEST = 10_000
_BEGINS = re.compile(r"[-+]?(?:[0-9]|us ?\$|\$|usd\b)", re.IGNORECASE)
_PLAIN = re.compile(r"[0-9]+")
_ENGLISH_TIMES = re.compile(r"([0-9]{1,9}) ?(minute|hour|day|week)s?")
_MODEL = re.compile(r"(?=.*[a-z])(?=.*[0-9./:-])[a-z0-9][a-z0-9._:/@-]*", re.IGNORECASE)
_QUOTED = re.compile(r"\S*[\"“„«「『][^\"”“»」』]*[\"”“»」』]|\S+")
# Words that a reason begins with. The Arabic and Chinese ones may be written together with what follows.
_BECAUSE = trc("words that begin a reason, between commas, no spaces in a word", "because")
_NEVER = trc("words for a key without an end, between commas, no spaces in a word", "never")
_UNLIMITED = trc("words for a key without a limit, between commas, no spaces in a word", "unlimited")
_ON = trc("words before the name of a gateway, between commas, no spaces in a word", "on,at,gateway")
_BETWEEN = re.compile(r"[,，、،]")


@dataclass
class CommandText:
    """`fields`: what was understood, by block id. `problems`: sentences about what was not quite. `unread`: words."""

    fields: dict[str, Filled] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    @property
    def only_a_name(self) -> bool:
        """Whether there is nothing to tell that the form does not show at once."""
        return self.fields.keys() <= {NAME} and not self.problems and not self.unread


def read_command(
    text: str,
    *,
    models: Collection[str] | None,
    now: float,
    units_per_usd: int,
    gateways: Collection[str] = (),
) -> CommandText:
    """What the text says. `models`: what the gateway lists, None where it does not tell, so that any id may be one.

    `gateways`: where there are several, their names; `on prod` says at which the key is made.
    """
    found = CommandText()
    words, reason = _split(text)
    words, gateway = _without_gateway(words, gateways)
    if gateway:
        found.fields[GATEWAY] = gateway
    if reason:
        found.fields[REASON] = reason
    known = None if models is None else {model.casefold(): model for model in models}
    never, unlimited = _all_languages(_NEVER), _all_languages(_UNLIMITED)
    name: list[str] = []
    closed, at = False, 0
    while at < len(words):
        used = _amount(found, words[at:], units_per_usd) or _time(found, words[at:], now)
        used = used or _period(found, words[at:])
        if not used and fold_word(words[at]) in never:
            used = _take(found, EXPIRY, NEVER_CHOICE, 1)
        elif not used and fold_word(words[at]) in unlimited:
            used = _take(found, UNLIMITED, value=True, size=1)
        used = used or _models(found, words[at], known, closed=closed)
        if used:
            closed, at = closed or bool(name), at + used
            continue
        (found.unread if closed else name).append(words[at])
        at += 1
    if name:
        whole = clean_line(" ".join(name))
        found.fields[NAME] = (unquoted(whole) or whole)[: 2 * NAME_LIMIT]
    return found


def gateway_in(text: str, gateways: Collection[str]) -> str:
    """The gateway that a command names, "" = none: its models are looked up before the rest is read."""
    return _without_gateway(_split(text)[0], gateways)[1]


def _without_gateway(words: list[str], gateways: Collection[str]) -> tuple[list[str], str]:
    """`on prod`, in every language, taken out of the words; what is no gateway's name stays."""
    before = _all_languages(_ON) if gateways else frozenset()
    for at, word in enumerate(words[:-1]):
        name = words[at + 1].casefold()
        if fold_word(word) in before and name in gateways:
            return [*words[:at], *words[at + 2 :]], name
    return words, ""


def _split(text: str) -> tuple[list[str], str]:
    """The words before the reason, quoted ones together, and the reason."""
    words = _QUOTED.findall(clean_line(text))
    because = _all_languages(_BECAUSE)
    for at, word in enumerate(words):
        plain = fold_word(word.rstrip(":："))
        if plain in because:
            return words[:at], " ".join(words[at + 1 :])
        if not plain.isascii() and at and plain.startswith(tuple(one for one in because if not one.isascii())):
            start = max(len(one) for one in because if plain.startswith(one))
            # 因為負載測試: the word is cut off. لأننا …: the ending belongs to it, so the word stays.
            first = word if _is_arabic(plain) else word[start:]
            return words[:at], " ".join([first, *words[at + 1 :]])
    return words, ""


def _is_arabic(word: str) -> bool:
    return "\u0600" <= word[0] <= "\u06ff"


def _all_languages(words: str) -> frozenset[str]:
    found: set[str] = set()
    for language in languages().values():
        with speaking(language):
            found.update(fold_word(one.strip()) for one in _BETWEEN.split(said(words)))
    return frozenset(found - {""})


def _spans(words: list[str]) -> Iterable[tuple[int, str]]:
    """The first words together, as many as may be one thing, the longest first."""
    for size in range(min(_SPAN, len(words)), 0, -1):
        span = clean_number(" ".join(words[:size]))
        if len(span) <= _LONGEST:
            yield size, span


def _amount(found: CommandText, words: list[str], units_per_usd: int) -> int:
    """How many words were an amount; 0 = none."""
    for size, span in _spans(words):
        plain = _PLAIN.fullmatch(span)
        if not _BEGINS.match(span) or _is_time(span) or (plain and int(span) < _SMALLEST):
            continue
        try:
            parse_quota(span, units_per_usd)
        except NoAmount:
            continue
        except ValueError as error:
            # A sign in front of other words; `5 元` belongs together.
            if size > 1 and span.isascii():
                continue
            found.problems.append(str(error))
            return size
        return _take(found, QUOTA, span, size)
    return 0


def _is_time(span: str) -> bool:
    try:
        _seconds(span)
    except NoDuration:
        return False
    except ValueError:
        return True
    return True


def _seconds(span: str) -> int:
    english = _ENGLISH_TIMES.fullmatch(fold_word(span))
    return parse_duration(f"{english[1]}{english[2][0]}" if english else span)


def _time(found: CommandText, words: list[str], now: float) -> int:
    """How many words were a length of time; 0 = none."""
    for size, span in _spans(words):
        try:
            seconds = _seconds(span)
        except NoDuration:
            continue
        except ValueError as error:
            found.problems.append(str(error))
            return size
        if EXPIRY in found.fields:
            return _take(found, EXPIRY, span, size)
        found.fields |= expiry_fields(Expiry(seconds=seconds), now=now)
        return size
    return 0


def _period(found: CommandText, words: list[str]) -> int:
    """How many words behind an amount were how often the key is refilled; 0 = none."""
    for size, span in _spans(words) if QUOTA in found.fields else ():
        period = find_period(span)
        if period is not None and not period[0] and not period[2]:
            return _take(found, REFILL_FIELD, str(period[1]), size)
    return 0


def _take(found: CommandText, block_id: str, value: Filled, size: int) -> int:
    """Fill a field once; what comes for it a second time is not understood."""
    if block_id in found.fields:
        found.unread.append(str(value))
    else:
        found.fields[block_id] = value
    return size


def _models(found: CommandText, word: str, known: dict[str, str] | None, *, closed: bool) -> int:
    """1 where the word is a model, or several with commas between them. Where the gateway lists none, what looks like
    an id and comes after the name and something else is one.
    """

    def model(part: str) -> str:
        if known is not None:
            return known.get(part.casefold(), "")
        return part if closed and _MODEL.fullmatch(part) else ""

    models = [model(part) for part in _BETWEEN.split(word) if part]
    if not models or not all(models):
        return 0
    before = found.fields.get(MODELS, ())
    found.fields[MODELS] = tuple(dict.fromkeys((*(before if isinstance(before, tuple) else ()), *models)))
    return 1


def problems_text(found: CommandText) -> list[str]:
    """Sentences about what was not understood, mrkdwn."""
    unread = (
        [tr("I did not understand “{words}” in your command.", words=inert(" ".join(found.unread)))]
        if found.unread
        else []
    )
    return [*map(harmless, found.problems), *unread]
