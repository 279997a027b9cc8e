"""What a key spent, in a sentence for whoever decides about it."""

import sqlalchemy as sa

from bot.gateway.models import EffectiveState
from bot.keys import inventory_store
from bot.keys.known_keys import spending_of
from bot.keys.spending import DAY, forecast
from bot.languages import tr, trn
from bot.slack.blocks import date
from bot.units import format_money


def spent_text(c: sa.Connection, key_id: int, *, now: float, units_per_usd: int) -> str:
    """`The key has spent $12.00 of $15.00 in 20 days; at this pace until 14 June.` "" for a key that was never read."""
    known = inventory_store.find(c, key_id)
    if known is None or known.gone_at is not None:
        return ""
    key, days = known.key, max(1, round((now - known.key.created_time) / DAY))
    spent, age = format_money(key.used_quota, units_per_usd), trn("{count} day", "{count} days", days)
    coming = forecast(spending_of(c, [key_id], now)[key_id], remain=key.remain_quota, now=now)
    if key.unlimited_quota:
        if coming is None:
            return tr("The key has spent {spent} in {age}.", spent=spent, age=age)
        month = format_money(coming.per_month, units_per_usd)
        return tr(
            "The key has spent {spent} in {age}; at this pace {month} a month.", spent=spent, age=age, month=month
        )
    total = format_money(key.total_quota, units_per_usd)
    if coming is None or key.state(now) is not EffectiveState.ACTIVE:
        return tr("The key has spent {spent} of {total} in {age}.", spent=spent, total=total, age=age)
    if coming.dry_at is None:
        return tr(
            "The key has spent {spent} of {total} in {age}; at this pace it lasts for more than a year.",
            spent=spent,
            total=total,
            age=age,
        )
    moment = date(coming.dry_at, style="{date_long}")
    return tr(
        "The key has spent {spent} of {total} in {age}; at this pace until {moment}.",
        spent=spent,
        total=total,
        age=age,
        moment=moment,
    )
