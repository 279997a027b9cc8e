"""How spending looks: sums, pace, the day a key runs dry, models, a chart. Functions of values; no clients."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from bot.gateway.dollars import Dollars
from bot.gateway.models import EffectiveState, GatewayAccount, Key, OverPromise
from bot.gateway.numbers import shown_number
from bot.gateway.usage import AccountForecast, ModelShares
from bot.keys.spending import DAY, MONTH, Forecast, Spending, forecast
from bot.keys.text import over_promise_text, quota_bar, quota_text
from bot.languages import tr, trc, trn
from bot.slack.blocks import Block, Message, bold_name, context, date, fields, inert, mention, section
from bot.slack.charts import Chart
from bot.units import format_money

CHART_DAYS, MODELS, KEYS = 14, 6, 8
_DATE = "{date_short}"


class Source(StrEnum):
    """Where sums come from."""

    SAMPLES = "samples"
    LOG = "log"


@dataclass(frozen=True, kw_only=True)
class KeyUsage:
    """What one key spent. `models`: None = the gateway does not tell. `refilled`: by its allowance."""

    key: Key
    owner: str | None
    spending: Spending
    source: Source
    models: ModelShares | None
    refilled: str = ""


@dataclass(frozen=True, kw_only=True)
class PersonUsage:
    """What somebody's keys spent, the dearest first. `more`: keys that were not looked at. `budgets`: a line each."""

    person: str
    keys: Sequence[tuple[Key, Spending]]
    together: Spending
    more: int = 0
    budgets: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class AccountUsage:
    """What the account spent, and what it has. `top`: the keys that spent most in 30 days."""

    spending: Spending | None
    top: Sequence[tuple[Key, str | None, int]]
    models: ModelShares | None
    account: GatewayAccount | None
    promise: OverPromise | None
    month: AccountForecast | None = field(default=None)
    # Its name where there are several, else "".
    gateway: str = ""


def key_usage(usage: KeyUsage, *, now: float, units_per_usd: int) -> tuple[Message, Chart]:
    """The answer about one key."""
    key, spent = usage.key, usage.spending
    coming = _forecast(key, spent, now)
    pairs = [*_sums(spent, now, units_per_usd), *_pace(coming, units_per_usd)]
    pairs += [(tr("Left"), quota_text(key.remain_quota, unlimited=key.unlimited_quota, units_per_usd=units_per_usd))]
    if coming is not None and not key.unlimited_quota:
        pairs.append((tr("Runs dry"), dry_text(coming)))
    if usage.refilled:
        pairs.append((trc("label: what a key is refilled with", "Allowance"), usage.refilled))
    name = bold_name(key.name)
    headline = tr("Spending of key {name} (key {number})", name=name, number=shown_number(key.id))
    bar = quota_bar(key)
    blocks = [section("\n".join([headline, *([bar] if bar else [])])), *fields(pairs)]
    blocks += _models(
        usage.models, tr("By model, in 30 days, from the gateway's log of calls under this name"), units_per_usd
    )
    blocks.append(context(*_sources(spent, usage.source, now, quiet=coming is None)))
    return Message(headline, blocks), _chart(spent, now, units_per_usd)


def person_usage(usage: PersonUsage, *, now: float, dollars: Dollars) -> tuple[Message, Chart]:
    """The answer about somebody's keys together."""
    headline = trn(
        "Spending of {person}'s {count} key",
        "Spending of {person}'s {count} keys",
        len(usage.keys) + usage.more,
        person=mention(usage.person),
    )
    blocks = [section(headline), *(section(line) for line in usage.budgets)]
    blocks += fields(_sums(usage.together, now, dollars.usual))
    lines = [_key_line(key, spent, now, dollars.of(key.id)) for key, spent in usage.keys[:KEYS]]
    left = len(usage.keys) + usage.more - len(lines)
    if lines:
        heading = tr("The dearest in 30 days")
        blocks.append(section("\n".join([f"*{heading}*", *lines])))
    if left > 0:
        more = trn(
            "{count} more key; {command} shows each.",
            "{count} more keys; {command} shows each.",
            left,
            command="`/apikey usage KEY`",
        )
        blocks.append(context(more))
    blocks.append(context(*_sources(usage.together, Source.SAMPLES, now, quiet=False)))
    return Message(headline, blocks), _chart(usage.together, now, dollars.usual)


def account_usage(usage: AccountUsage, *, now: float, units_per_usd: int) -> tuple[Message, Chart | None]:
    """The answer about the account."""
    headline, spent = tr("Spending of the gateway's account"), usage.spending
    if usage.gateway:
        headline = tr("Spending of the account at the gateway {gateway}", gateway=usage.gateway)
    pairs = [] if spent is None else _sums(spent, now, units_per_usd)
    if usage.account is not None:
        pairs.append((tr("Balance"), quota_text(usage.account.quota, unlimited=False, units_per_usd=units_per_usd)))
        coming = None if spent is None else forecast(spent, remain=usage.account.quota, now=now)
        pairs += _pace(coming, units_per_usd)
        if coming is not None:
            pairs.append((tr("The account runs dry"), dry_text(coming)))
    blocks = [section(headline), *(fields(pairs) if pairs else [])]
    blocks += [section(f":warning: {line}") for line in _promise_lines(usage.promise, units_per_usd)]
    if usage.month is not None:
        blocks.append(context(*_month(usage.month)))
    if usage.top:
        lines = [_top_line(*one, units_per_usd) for one in usage.top]
        heading = tr("The dearest keys in 30 days")
        blocks.append(section("\n".join([f"*{heading}*", *lines])))
    blocks += _models(usage.models, tr("By model, in 30 days, as the gateway counts"), units_per_usd)
    if spent is None:
        blocks.append(context(tr("What was spent is known as soon as all keys were listed once.")))
        return Message(headline, blocks), None
    blocks.append(context(*_sources(spent, Source.SAMPLES, now, quiet=False)))
    return Message(headline, blocks), _chart(spent, now, units_per_usd)


def in_one(answers: Sequence[tuple[Message, Chart | None]]) -> tuple[Message, Chart | None]:
    """Answers about several gateways as one; a chart stands in the answer about a single one alone."""
    if len(answers) == 1:
        return answers[0]
    blocks = [block for message, _ in answers for block in message.blocks]
    return Message(answers[0][0].text, blocks), None


def dry_text(coming: Forecast) -> str:
    """When it runs dry at this pace, with the range of the usual days."""
    if coming.dry_at is None:
        return tr("not within a year at this pace")
    if coming.earliest is None or coming.latest is None:
        return tr("{moment} at this pace", moment=date(coming.dry_at, style=_DATE))
    return tr(
        "{moment} at this pace (between {earliest} and {latest})",
        moment=date(coming.dry_at, style=_DATE),
        earliest=date(coming.earliest, style=_DATE),
        latest=date(coming.latest, style=_DATE),
    )


def _forecast(key: Key, spent: Spending, now: float) -> Forecast | None:
    return forecast(spent, remain=key.remain_quota, now=now) if key.state(now) is EffectiveState.ACTIVE else None


def _sums(spent: Spending, now: float, units_per_usd: int) -> list[tuple[str, str]]:
    today = spent.days(1, now=now)[0][1]
    sums = [
        (tr("Today"), today),
        (tr("7 days"), spent.last(7 * DAY, now=now)),
        (tr("30 days"), spent.last(MONTH, now=now)),
    ]
    return [(label, format_money(units, units_per_usd)) for label, units in sums]


def _pace(coming: Forecast | None, units_per_usd: int) -> list[tuple[str, str]]:
    if coming is None:
        return []
    per_day, per_month = (
        format_money(round(coming.per_day), units_per_usd),
        format_money(coming.per_month, units_per_usd),
    )
    return [(tr("Pace"), tr("{day} a day, {month} a month", day=per_day, month=per_month))]


def _models(shares: ModelShares | None, title: str, units_per_usd: int) -> list[Block]:
    if shares is None:
        return [context(tr("The gateway does not tell what was spent by model."))]
    if not shares.models:
        return []
    lines = [
        trn(
            "• {model}: {money} in {count} call",
            "• {model}: {money} in {count} calls",
            one.calls,
            model=inert(one.model) or tr("(no name)"),
            money=format_money(one.units, units_per_usd),
        )
        for one in shares.models[:MODELS]
    ]
    if len(shares.models) > MODELS:
        rest = shares.models[MODELS:]
        money = format_money(sum(one.units for one in rest), units_per_usd)
        lines.append(trn("• {count} more model: {money}", "• {count} more models: {money}", len(rest), money=money))
    if not shares.whole:
        lines.append(tr("Only the newest calls; the log is longer."))
    return [section("\n".join([f"*{title}*", *lines]))]


def _sources(spent: Spending, source: Source, now: float, *, quiet: bool) -> list[str]:
    """Where the sums come from, since when, and why nothing is forecast."""
    if source is Source.LOG:
        lines: list[str] = [tr("Sums from the gateway's log of calls under this name; days are those of UTC.")]
    else:
        lines = [tr("Sums from counters that are read every few minutes; days are those of UTC.")]
        if spent.since > now - MONTH:
            lines.append(tr("Nothing is known before {moment}.", moment=date(spent.since)))
    if quiet:
        lines.append(tr("A forecast needs three days of spending."))
    return lines


def _key_line(key: Key, spent: Spending, now: float, units_per_usd: int) -> str:
    money, name = format_money(spent.last(MONTH, now=now), units_per_usd), bold_name(key.name)
    coming = None if key.unlimited_quota else _forecast(key, spent, now)
    if coming is None or coming.dry_at is None:
        return tr("• {name} (key {number}): {money}", name=name, number=shown_number(key.id), money=money)
    moment = date(coming.dry_at, style=_DATE)
    return tr(
        "• {name} (key {number}): {money}, dry {moment} at this pace",
        name=name,
        number=shown_number(key.id),
        money=money,
        moment=moment,
    )


def _top_line(key: Key, owner: str | None, units: int, units_per_usd: int) -> str:
    money, name = format_money(units, units_per_usd), bold_name(key.name)
    if owner is None:
        return tr("• {name} (key {number}): {money}, nobody's", name=name, number=shown_number(key.id), money=money)
    return tr(
        "• {name} (key {number}): {money}, {person}",
        name=name,
        number=shown_number(key.id),
        money=money,
        person=mention(owner),
    )


def _promise_lines(promise: OverPromise | None, units_per_usd: int) -> list[str]:
    text = "" if promise is None else over_promise_text(promise, units_per_usd=units_per_usd)
    return [text] if text else []


def _month(month: AccountForecast) -> list[str]:
    lines: list[str] = []
    if month.calls is not None:
        lines.append(
            trn(
                "The gateway counts {count} call this month.",
                "The gateway counts {count} calls this month.",
                month.calls,
            )
        )
    if month.days_left is not None and month.days_left > 0:
        days = round(month.days_left)
        lines.append(
            trn(
                "The gateway says the balance lasts {count} day.",
                "The gateway says the balance lasts {count} days.",
                days,
            )
        )
    return lines or [tr("The gateway tells nothing of the month.")]


def _chart(spent: Spending, now: float, units_per_usd: int) -> Chart:
    points = []
    for start, units in spent.days(CHART_DAYS, now=now):
        day = datetime.fromtimestamp(start, UTC)
        points.append((f"{day:%m-%d}", round(units / units_per_usd, 2), format_money(units, units_per_usd)))
    return Chart(title=tr("Spent by day, in dollars"), series=tr("Spent"), axis=tr("Dollars"), points=points)
