"""Amounts and times as people type and read them: `100k`, `$5`, `30d`. Knows only numbers and text.

Every error is a ValueError whose text is a sentence for the person who typed. Amounts are exact (Decimal). Digits of
every script, full-width signs and dashes are read as the plain ones (typed_text.py).
Limits: gateway-api.md, section 6 (remaining quota 0 … 1,000,000,000 × 500,000 units).
"""

import re
from datetime import UTC, datetime
from decimal import Decimal

from bot.typed_text import clean_number

MAX_QUOTA = 1_000_000_000 * 500_000
MAX_DURATION = 100 * 365 * 86_400
UNITS_PER_USD = 500_000

_FACTORS = {"": 1, "k": 1_000, "m": 1_000_000, "b": 1_000_000_000}
# Thousands may be parted by commas, spaces, apostrophes or underscores, one kind in one number.
_PARTED = r"[0-9]{1,3}(?:(?:,[0-9]{3})+|(?: [0-9]{3})+|(?:['’][0-9]{3})+)"
_NUMBER = rf"(?P<number>(?:{_PARTED}|[0-9]+(?:_[0-9]+)*)(?:\.[0-9]+)?)"
_UNITS = re.compile(rf"{_NUMBER} ?(?P<factor>[kKmMbB]?)(?: ?units?)?")
_DOLLARS = r"(?:USD|usd|US\$|us\$|\$|[dD]ollars?)"
_MONEY = re.compile(
    rf"(?:(?:USD ?|usd ?|US ?|us ?)?\$ ?{_NUMBER} ?(?P<factor>[kKmM]?)"
    rf"|(?:USD|usd) ?{_NUMBER.replace('number', 'second')}|{_NUMBER.replace('number', 'after')} ?{_DOLLARS})"
)
# 1.000 is one here and a thousand there; so are a second point and a comma behind a point.
_TWO_WAYS = re.compile(
    r"[^0-9]*[1-9][0-9]{0,2}\.[0-9]{3}(?! ?[kKmMbB0-9])[^0-9.,]*|.*[0-9]\.[0-9]{3}[.,][0-9].*", re.DOTALL
)
_DECIMAL_COMMA = re.compile(r"[^0-9]*[0-9]+,[0-9]{1,2}[^0-9]*")
_DURATION_UNITS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"([0-9]{1,9}) ?([mhdw])")
_HOW_QUOTA = "Write units like 100000, 100k or 1.5M, or money like $5 or 5 USD."
_HOW_DURATION = "Write a whole number and m, h, d or w: 30m, 4h, 3d, 2w."


def parse_quota(text: str, units_per_usd: int = UNITS_PER_USD) -> int:
    """Units meant by `text`: `100000`, `100k`, `1.5M`, `1,000,000`, `$5`, `5 USD`. 0 … MAX_QUOTA, else ValueError."""
    amount = clean_number(text)
    if not amount:
        raise ValueError(f"No amount is given. {_HOW_QUOTA}")
    if amount[0] in "+-":
        raise ValueError(f"“{_short(amount)}” has a sign; an amount has none. {_HOW_QUOTA}")
    units = _exact(amount, units_per_usd)
    if units != units.to_integral_value():
        raise ValueError(f"“{_short(amount)}” is {units.normalize():,f} units; only whole units exist.")
    if units > MAX_QUOTA:
        raise ValueError(f"“{_short(amount)}” is more than the gateway can store ({MAX_QUOTA:,} units).")
    return int(units)


def parse_delta(text: str, units_per_usd: int = UNITS_PER_USD) -> int:
    """Units to add (`+100k`, `100k`) or to take away (`-$5`); never 0. ValueError as parse_quota."""
    amount = clean_number(text)
    sign = -1 if amount[:1] == "-" else 1
    units = sign * parse_quota(amount[1:] if amount[:1] in {"+", "-"} else amount, units_per_usd)
    if units == 0:
        raise ValueError("A change of 0 changes nothing. Write how much to add (+100k) or to take away (-100k).")
    return units


def format_quota(units: int, units_per_usd: int = UNITS_PER_USD) -> str:
    """`1.5M units ($3.00)`: exact units, shortened only where nothing is lost, and the money they are worth."""
    noun = "unit" if abs(units) == 1 else "units"
    money = f"{Decimal(abs(units)) / units_per_usd:,.2f}"
    sign = "-" if units < 0 else ""
    # Shown as less than a cent, because $0.00 would read as free.
    worth = "under $0.01" if units and money == "0.00" else f"{sign}${money}"
    return f"{short_quota(units)} {noun} ({worth})"


def short_quota(units: int) -> str:
    """`100k`, `2.65M`, `123,456`: shortened only where parse_quota reads the same number back."""
    size = abs(units)
    # Thousands get one decimal: more is not shorter to read than the plain number. Above them, three: no `2650k`.
    for letter, factor, smallest in (("B", 10**9, 10**6), ("M", 10**6, 10**3), ("k", 10**3, 10**2)):
        if size >= factor and size % smallest == 0:
            whole, rest = divmod(size, factor)
            if whole >= 10_000:  # above this the number with a unit is as long as the plain number
                break
            decimals = f".{rest:0{len(str(factor)) - 1}d}".rstrip("0.") if rest else ""
            return f"{'-' if units < 0 else ''}{whole}{decimals}{letter}"
    return f"{units:,}"


def parse_duration(text: str) -> int:
    """Seconds meant by `30m`, `4h`, `3d`, `2w`; more than 0 and at most 100 years, else ValueError."""
    duration = clean_number(text)
    match = _DURATION.fullmatch(duration)
    if match is None:
        raise ValueError(f"“{_short(duration)}” is not a duration. {_HOW_DURATION}")
    seconds = int(match[1]) * _DURATION_UNITS[match[2]]
    if seconds == 0:
        raise ValueError(f"“{_short(duration)}” is no time at all. {_HOW_DURATION}")
    if seconds > MAX_DURATION:
        raise ValueError(f"“{_short(duration)}” is longer than 100 years. {_HOW_DURATION}")
    return seconds


def format_duration(seconds: float) -> str:
    """`3 days`, `1 hour 30 minutes`, `no end` for infinity: at most two units, rounded down, for reading."""
    if seconds == float("inf"):
        return "no end"
    left = int(seconds)
    if left < 0:
        return f"minus {format_duration(-left)}"
    parts = []
    for noun, size in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s")
    return " ".join(parts[:2]) or "0 seconds"


def format_moment(expired_time: int) -> str:
    """A record's expiry (Unix seconds, -1 = never) for reading: `never`, or the moment in UTC."""
    if expired_time == -1:
        return "never"
    try:
        return datetime.fromtimestamp(expired_time, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return f"at Unix second {expired_time}"


def _exact(amount: str, units_per_usd: int) -> Decimal:
    if len(amount) > 60:
        raise ValueError(f"“{_short(amount)}” is too long for an amount. {_HOW_QUOTA}")
    if _TWO_WAYS.fullmatch(amount):
        raise ValueError(
            f"“{_short(amount)}” can be read in two ways: part thousands by commas (1,000,000) or not at all."
        )
    if _DECIMAL_COMMA.fullmatch(amount):
        raise ValueError(f"“{_short(amount)}” has a comma where this needs a point: 1.5 for one and a half.")
    if match := _UNITS.fullmatch(amount):
        return _decimal(match["number"]) * _FACTORS[match["factor"].lower()]
    if match := _MONEY.fullmatch(amount):
        number = _decimal(match["number"] or match["second"] or match["after"])
        return number * _FACTORS[(match["factor"] or "").lower()] * units_per_usd
    raise ValueError(f"“{_short(amount)}” is not an amount. {_HOW_QUOTA}")


def _decimal(number: str) -> Decimal:
    return Decimal(re.sub(r"[,_ '’]", "", number))


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
