"""The `[care]` table of the policy: what owners are told about their keys before they stop working, and when.

Everything can be switched off, and what is left out stays as it is by itself.
"""

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.languages import tr
from bot.permissions.source_map import Path
from bot.permissions.toml_document import TomlDocument, kind, short
from bot.units import UNITS_PER_USD

DAY = 86_400
# Keys of leavers are told of, and nothing is disabled by itself.
ONLY_TELL = "tell"
LEAST_LEAVERS, MOST_LEAVERS = 3600, 30 * DAY
MOST_STAGES, MOST_STAGE, MOST_DAYS, MOST_TIMES = 10, 365 * DAY, 30, 1_000
_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class CareTerms:
    """`expiry`: seconds before the end, none = nothing about expiry. `quota_low`: the share that is left, `quota_days`:
    days that it lasts; 0 = not by this. `quiet`: minutes of a day, from and to; None = at any time. `idle_never`,
    `idle_unused`: seconds after which the owner of a key that was never billed, or is billed no longer, is asked
    whether it is needed, 0 = not asked; `idle_answer`: seconds after which a key is disabled where nobody answers, 0 =
    never.

    `leavers`: seconds until the keys of somebody who left are disabled, 0 = they are only told, None = not even that.
    `leavers_at_once`: when more people than this are gone at once, security is asked first.

    `anomaly_times`, `anomaly_per_hour`: how many times what is usual, and units an hour, a key spends when its owner is
    told; 0 times = not told.
    `weekly`: whether whoever decides requests gets a card on Monday morning.
    `unknown_keys`, `drift`: whether keys that were made, or changed, outside Keydesk are told.
    """

    expiry: tuple[int, ...] = (14 * DAY, 7 * DAY, 3 * DAY, DAY)
    quota_low: float = 0.2
    quota_days: int = 3
    quiet: tuple[int, int] | None = (20 * 60, 8 * 60)
    idle_never: int = 30 * DAY
    idle_unused: int = 90 * DAY
    idle_answer: int = 14 * DAY
    leavers: int | None = DAY
    leavers_at_once: int = 20
    anomaly_times: float = 3.0
    anomaly_per_hour: int = 5 * UNITS_PER_USD
    unknown_keys: bool = True
    weekly: bool = False
    drift: bool = True

    @property
    def of_quota(self) -> bool:
        """Whether anything is told about quota."""
        return bool(self.quota_low or self.quota_days)

    def is_quiet(self, at: float, offset: int) -> bool:
        """Whether a person should not be written to at this moment. `offset`: their seconds east of UTC."""
        if self.quiet is None:
            return False
        minute, (begin, end) = (at + offset) % DAY / 60, self.quiet
        return begin <= minute < end if begin < end else minute >= begin or minute < end


USUAL = CareTerms()


def read_care(document: TomlDocument, value: object) -> CareTerms:
    """The table; the mistakes in it are noted in the document."""
    path: Path = ("care",)
    table = document.table(path, value, "care") or {}
    document.only(path, table, _READERS, "care")
    read = {name: reader(document, table[key]) for key, (name, reader) in _READERS.items() if key in table}
    return CareTerms(**{"anomaly_per_hour": 5 * document.units_per_usd} | read)


def _expiry(document: TomlDocument, value: object) -> tuple[int, ...]:
    path: Path = ("care", "expiry")
    stages = set[int]()
    for place, text in document.texts(path, value, "expiry", most=MOST_STAGES) or ():
        seconds = document.duration(place, text, "expiry")
        if seconds is not None and seconds > MOST_STAGE:
            document.wrong(place, tr("{what} is longer than a year", what="expiry"))
        elif seconds is not None:
            stages.add(seconds)
    return tuple(sorted(stages, reverse=True))


def _share(document: TomlDocument, value: object) -> float:
    if value is False:
        return 0.0
    if isinstance(value, float) and 0 < value < 1:
        return value
    wrong = tr("quota_low must be a share such as 0.2, or false, not {value}", value=_shown(value))
    document.wrong(("care", "quota_low"), wrong)
    return USUAL.quota_low


def _days(document: TomlDocument, value: object) -> int:
    path: Path = ("care", "quota_days")
    if value is False:
        return 0
    return document.integer(path, value, "quota_days", least=1, most=MOST_DAYS) or USUAL.quota_days


def _hours(document: TomlDocument, value: object) -> tuple[int, int] | None:
    if value is False:
        return None
    match = _HOURS.fullmatch(value) if isinstance(value, str) else None
    if match is not None and match[1] + match[2] != match[3] + match[4]:
        return int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    wrong = tr(
        "quiet_hours must be two different times like {example}, or false, not {value}",
        example='"20:00-08:00"',
        value=_shown(value),
    )
    document.wrong(("care", "quiet_hours"), wrong)
    return USUAL.quiet


def _time(name: str, document: TomlDocument, value: object) -> int:
    """Seconds, at least a day: whoever must answer may be away over night."""
    path: Path = ("care", name)
    if value is False:
        return 0
    seconds = document.duration(path, value, name)
    if seconds is not None and not DAY <= seconds <= MOST_STAGE:
        document.wrong(path, tr("{what} must be a day to a year", what=name))
    return seconds or getattr(USUAL, name)


def _leavers(document: TomlDocument, value: object) -> int | None:
    path: Path = ("care", "leavers")
    if value is False:
        return None
    if value == ONLY_TELL:
        return 0
    seconds = document.duration(path, value, "leavers")
    if seconds is not None and not LEAST_LEAVERS <= seconds <= MOST_LEAVERS:
        wrong = tr(
            "leavers must be between {least} and {most}, “{word}”, or false", least="1h", most="30d", word=ONLY_TELL
        )
        document.wrong(path, wrong)
    return seconds or USUAL.leavers


def _switch(name: str, document: TomlDocument, value: object) -> bool:
    if isinstance(value, bool):
        return value
    document.wrong(("care", name), tr("{what} must be true or false, not {value}", what=name, value=_shown(value)))
    return bool(getattr(USUAL, name))


def _leavers_at_once(document: TomlDocument, value: object) -> int:
    number = document.integer(("care", "leavers_at_once"), value, "leavers_at_once", least=1, most=10_000)
    return number or USUAL.leavers_at_once


def _times(document: TomlDocument, value: object) -> float:
    if value is False:
        return 0.0
    if isinstance(value, int | float) and not isinstance(value, bool) and 1 < value <= MOST_TIMES:
        return float(value)
    wrong = tr("anomaly_times must be a number such as 3, or false, not {value}", value=_shown(value))
    document.wrong(("care", "anomaly_times"), wrong)
    return USUAL.anomaly_times


def _per_hour(document: TomlDocument, value: object) -> int:
    units = document.quota(("care", "anomaly_per_hour"), value, "anomaly_per_hour")
    return USUAL.anomaly_per_hour if units is None else units


def _shown(value: object) -> str:
    return (
        f"“{short(value)}”" if isinstance(value, str) else str(value) if isinstance(value, int | float) else kind(value)
    )


# Key → the field of the terms, and what reads it: it gives the usual value for one that it complained about.
_READERS: Mapping[str, tuple[str, Callable[[TomlDocument, object], Any]]] = {
    "expiry": ("expiry", _expiry),
    "quota_low": ("quota_low", _share),
    "quota_days": ("quota_days", _days),
    "quiet_hours": ("quiet", _hours),
    "idle_never": ("idle_never", functools.partial(_time, "idle_never")),
    "idle_unused": ("idle_unused", functools.partial(_time, "idle_unused")),
    "anomaly_times": ("anomaly_times", _times),
    "weekly": ("weekly", functools.partial(_switch, "weekly")),
    "anomaly_per_hour": ("anomaly_per_hour", _per_hour),
    "idle_answer": ("idle_answer", functools.partial(_time, "idle_answer")),
    "leavers": ("leavers", _leavers),
    "leavers_at_once": ("leavers_at_once", _leavers_at_once),
    "unknown_keys": ("unknown_keys", functools.partial(_switch, "unknown_keys")),
    "drift": ("drift", functools.partial(_switch, "drift")),
}
