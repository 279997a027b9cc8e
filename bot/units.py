"""Amounts and times as people type and read them: `100k`, `$5`, `10 萬`, `30d`, `٣ أيام`. Knows only numbers and text.

Every error is a ValueError whose text is a sentence for the person who typed. Amounts are exact (Decimal). Digits of
every script, full-width signs and dashes are read as the plain ones (typed_text.py). Words for units are read in every
language, whatever that of the person is.
Limits: gateway-api.md, section 6 (remaining quota 0 … 1,000,000,000 × 500,000 units).
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

from bot.languages import tr, trc, trn
from bot.typed_text import clean_number, fold_word

MAX_QUOTA = 1_000_000_000 * 500_000
MAX_DURATION = 100 * 365 * 86_400
UNITS_PER_USD = 500_000

_SCALES = {
    10**3: "k 千 ألف ألفا آلاف",
    10**4: "萬 万",
    10**5: "十萬 十万",
    10**6: "m 百萬 百万 مليون مليونا ملايين",
    10**7: "千萬 千万",
    10**8: "億 亿",
    10**9: "b 十億 十亿 مليار مليارا مليارات",
}
_UNIT_WORDS = "units unit 單位 单位 وحدة وحدات"
# “US dollars” in full come as one word here (`_`): a space may stand there.
_DOLLAR_WORDS = (
    "us$ $ usd dollars dollar us_dollars us_dollar 美元 美金 دولار دولارا دولارات دولار_أمريكي دولارات_أمريكية"
)
# Yuan and New Taiwan dollars, or US dollars: only who typed it knows.
_SOME_MONEY = "元 圓 圆 塊 块 塊錢 块钱"
_TIMES = {
    60: "m 分 分鐘 分钟 دقيقة دقائق",
    3_600: "h 小時 小时 個小時 个小时 鐘頭 钟头 ساعة ساعات",
    86_400: "d 天 日 يوم يوما أيام",
    604_800: "w 週 周 星期 個星期 个星期 禮拜 礼拜 أسبوع أسبوعا أسابيع",
}


class NoAmount(ValueError):
    """It is nothing like an amount, so it may be something else. Any other ValueError: an amount with a mistake."""


class NoDuration(ValueError):
    """It is nothing like a length of time, so it may be something else."""


def _words(text: str) -> list[str]:
    return [fold_word(word).replace("_", " ") for word in text.split()]


def _any_of(words: Iterable[str]) -> str:
    """A pattern for one of the words; the longer ones are tried first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_FACTORS = {word: factor for factor, words in _SCALES.items() for word in _words(words)}
_DURATION_UNITS = {word: seconds for seconds, words in _TIMES.items() for word in _words(words)}
# Thousands may be parted by commas, spaces, apostrophes or underscores, one kind in one number.
_PARTED = r"[0-9]{1,3}(?:(?:,[0-9]{3})+|(?: [0-9]{3})+|(?:['’][0-9]{3})+)"
_NUMBER = rf"(?P<number>(?:{_PARTED}|[0-9]+(?:_[0-9]+)*)(?:\.[0-9]+)?)"
_FACTOR = rf"(?P<factor>{_any_of(_FACTORS)})"
_DOLLARS = _any_of(_words(_DOLLAR_WORDS))
# `100k`, `7 units`, `10 萬單位`.
_UNITS = re.compile(rf"{_NUMBER}(?: ?{_FACTOR})?(?: ?(?:{_any_of(_words(_UNIT_WORDS))}))?")
# `$5`, `US $5`, `$5k`; `5 USD`, `5k USD`, `10 萬美元`.
_MONEY_BEFORE = re.compile(rf"(?:(?:usd?) ?\$|{_DOLLARS}) ?{_NUMBER}(?: ?{_FACTOR})?")
_MONEY_AFTER = re.compile(rf"{_NUMBER}(?: ?{_FACTOR})? ?(?:{_DOLLARS})")
_WHICH_MONEY = re.compile(rf"{_NUMBER}(?: ?{_FACTOR})? ?(?:{_any_of(_words(_SOME_MONEY))})")
# 1.000 is one here and a thousand there; so are a second point and a comma behind a point.
_TWO_WAYS = re.compile(
    r"[^0-9]*[1-9][0-9]{0,2}\.[0-9]{3}(?! ?[kKmMbB0-9])[^0-9.,]*|.*[0-9]\.[0-9]{3}[.,][0-9].*", re.DOTALL
)
_DECIMAL_COMMA = re.compile(r"[^0-9]*[0-9]+,[0-9]{1,2}[^0-9]*")
_DURATION = re.compile(rf"([0-9]{{1,9}}) ?({_any_of(_DURATION_UNITS)})")
_HOW_QUOTA = tr("Write units like 100000, 100k or 1.5M, or money like $5 or 5 USD.")
_HOW_DURATION = tr("Write a whole number and m, h, d or w: 30m, 4h, 3d, 2w.")


def parse_quota(text: str, units_per_usd: int = UNITS_PER_USD, *, exact: bool = True) -> int:
    """Units meant by `text`: `100000`, `100k`, `1.5M`, `1,000,000`, `$5`, `5 USD`. 0 … MAX_QUOTA, else ValueError.

    `exact` False: of an amount that is no whole number of units, or more than fits, the next one below.
    """
    amount = clean_number(text)
    if not amount:
        raise ValueError(tr("No amount is given. {how}", how=_HOW_QUOTA))
    if amount[0] in "+-":
        raise ValueError(tr("“{typed}” has a sign; an amount has none. {how}", typed=_short(amount), how=_HOW_QUOTA))
    units = _exact(amount, units_per_usd)
    if not exact:
        return int(min(units, Decimal(MAX_QUOTA)))
    if units != units.to_integral_value():
        number = f"{units.normalize():,f}"
        raise ValueError(
            tr("“{typed}” is {number} units; only whole units exist.", typed=_short(amount), number=number)
        )
    if units > MAX_QUOTA:
        most = f"{MAX_QUOTA:,}"
        raise ValueError(
            tr("“{typed}” is more than the gateway can store ({most} units).", typed=_short(amount), most=most)
        )
    return int(units)


def parse_delta(text: str, units_per_usd: int = UNITS_PER_USD) -> int:
    """Units to add (`+100k`, `100k`) or to take away (`-$5`); never 0. ValueError as parse_quota."""
    amount = clean_number(text)
    sign = -1 if amount[:1] == "-" else 1
    units = sign * parse_quota(amount[1:] if amount[:1] in {"+", "-"} else amount, units_per_usd)
    if units == 0:
        raise ValueError(tr("A change of 0 changes nothing. Write how much to add (+100k) or to take away (-100k)."))
    return units


def format_quota(units: int, units_per_usd: int = UNITS_PER_USD) -> str:
    """`1.5M units ($3.00)`: exact units, shortened only where nothing is lost, and the money they are worth."""
    # Less than a cent says so, because $0.00 would read as free.
    worth, short = format_money(units, units_per_usd), short_quota(units)
    return trn("{number} unit ({money})", "{number} units ({money})", abs(units), number=short, money=worth)


def format_money(units: int, units_per_usd: int = UNITS_PER_USD) -> str:
    """`$3.00`: what units are worth, to the cent; what is not nothing and less than a cent says so."""
    money = f"{Decimal(abs(units)) / units_per_usd:,.2f}"
    return tr("under $0.01") if units and money == "0.00" else f"{'-' if units < 0 else ''}${money}"


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
    # Upper case is none of these units: `30M` would be months to some.
    match = _DURATION.fullmatch(duration if duration.isascii() else fold_word(duration))
    if match is None:
        raise NoDuration(tr("“{typed}” is not a duration. {how}", typed=_short(duration), how=_HOW_DURATION))
    seconds = int(match[1]) * _DURATION_UNITS[match[2]]
    if seconds == 0:
        raise ValueError(tr("“{typed}” is no time at all. {how}", typed=_short(duration), how=_HOW_DURATION))
    if seconds > MAX_DURATION:
        raise ValueError(tr("“{typed}” is longer than 100 years. {how}", typed=_short(duration), how=_HOW_DURATION))
    return seconds


def format_duration(seconds: float) -> str:
    """`3 days`, `1 hour 30 minutes`, `no end` for infinity: at most two units, rounded down, for reading."""
    if seconds == float("inf"):
        return tr("no end")
    left = int(seconds)
    if left < 0:
        return tr("minus {duration}", duration=format_duration(-left))
    days, left = divmod(left, 86_400)
    hours, left = divmod(left, 3_600)
    minutes, left = divmod(left, 60)
    parts = [
        *([trn("{count} day", "{count} days", days)] if days else []),
        *([trn("{count} hour", "{count} hours", hours)] if hours else []),
        *([trn("{count} minute", "{count} minutes", minutes)] if minutes else []),
        *([trn("{count} second", "{count} seconds", left)] if left else []),
    ]
    if not parts:
        return tr("0 seconds")
    return parts[0] if len(parts) == 1 else trc("a length of time", "{long} {short}", long=parts[0], short=parts[1])


def format_moment(expired_time: int) -> str:
    """A record's expiry (Unix seconds, -1 = never) for reading: `never`, or the moment in UTC."""
    if expired_time == -1:
        return trc("when a key expires", "never")
    try:
        return datetime.fromtimestamp(expired_time, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return tr("at Unix second {number}", number=expired_time)


def _exact(amount: str, units_per_usd: int) -> Decimal:
    if len(amount) > 60:
        raise ValueError(tr("“{typed}” is too long for an amount. {how}", typed=_short(amount), how=_HOW_QUOTA))
    if _TWO_WAYS.fullmatch(amount):
        raise ValueError(
            tr(
                "“{typed}” can be read in two ways: part thousands by commas (1,000,000) or not at all.",
                typed=_short(amount),
            )
        )
    if _DECIMAL_COMMA.fullmatch(amount):
        raise ValueError(
            tr("“{typed}” has a comma where this needs a point: 1.5 for one and a half.", typed=_short(amount))
        )
    words = fold_word(amount)
    if match := _UNITS.fullmatch(words):
        return _scaled(match)
    if match := _MONEY_BEFORE.fullmatch(words) or _MONEY_AFTER.fullmatch(words):
        return _scaled(match) * units_per_usd
    if _WHICH_MONEY.fullmatch(words):
        raise ValueError(
            tr("“{typed}” does not say which money it is; US dollars are written $10 or 10 USD.", typed=_short(amount))
        )
    raise NoAmount(tr("“{typed}” is not an amount. {how}", typed=_short(amount), how=_HOW_QUOTA))


def _scaled(match: re.Match[str]) -> Decimal:
    """The number, times what stands behind it: `1.5 萬` is 15,000."""
    return Decimal(re.sub(r"[,_ '’]", "", match["number"])) * _FACTORS.get(match["factor"], 1)


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
