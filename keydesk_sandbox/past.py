"""A month of spending before the sandbox began: in the gateway's log and counters, and as Keydesk would have seen it.

So charts, forecasts and quota bars show something at first sight. The same every time.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import sqlalchemy as sa

from bot.gateway.models import GatewayAccount, Key, KeyId
from bot.keys import account_history, inventory_store
from bot.keys.inventory_store import PassMark
from keydesk_sandbox.fake_gateway import FakeGateway, Record

DAYS = 30
_DAY, _HOUR = 86_400, 3_600
# Name of a key → its model, the hours at which it is used on a working day, units a call, growth over the month.
_HABITS = {
    "production": ("gpt-4o", (8, 10, 11, 13, 15, 17, 19, 21), 180_000, 0.6),
    "ci-runner": ("gpt-4o-mini", (7, 9, 12, 16), 12_000, 0.2),
    "notebooks": ("claude-sonnet-4", (10, 14, 16), 5_500, 0.0),
}
Charge = tuple[float, int, int]
"""When, the number of the key, units."""


def spend(gateway: FakeGateway) -> None:
    """Have the gateway's keys spend a month long, up to now."""
    records = gateway.keys()
    for record in records:
        if record.name in _HABITS:
            charges = [(at, units) for at, _, units in _charges(gateway, record)]
            gateway.note_calls(record.id, _HABITS[record.name][0], charges)


def remember(c: sa.Connection, gateway: FakeGateway) -> None:
    """Write the inventory and its history as if Keydesk had looked all along."""
    found = gateway.keys()
    records = {record.id: record for record in found}
    begin, now = gateway.clock.now() - (DAYS + 1) * _DAY, gateway.clock.now()
    used = dict.fromkeys(records, 0)
    charges = sorted(charge for record in records.values() for charge in _charges(gateway, record))
    inventory_store.write(c, {key_id: (begin, _key(record, 0, begin)) for key_id, record in records.items()})
    account_history.write(c, _account(gateway, 0, sum(units for _, _, units in charges)), at=begin)
    left = sum(units for _, _, units in charges)
    for at, key_id, units in charges:
        used[key_id] += units
        left -= units
        inventory_store.write(c, {key_id: (at, _key(records[key_id], used[key_id], at))})
        account_history.write(c, _account(gateway, sum(used.values()), left), at=at)
    mark = PassMark(started_at=now, finished_at=now, keys=len(records), settled=True)
    inventory_store.finish_pass(c, mark)


def _charges(gateway: FakeGateway, record: Record) -> Iterator[Charge]:
    """What a key spent: less on weekends, a little more every week, a burst now and then."""
    if record.name not in _HABITS:
        return
    _, hours, units, growth = _HABITS[record.name]
    now = gateway.clock.now()
    today = now // _DAY * _DAY
    for day in range(-DAYS, 1):
        weekend = datetime.fromtimestamp(today + day * _DAY, UTC).weekday() >= 5
        factor = (1 + growth * (day + DAYS) / DAYS) * (2.5 if day == -9 else 1.0)
        for place, hour in enumerate(hours[: 1 if weekend else len(hours)]):
            at = today + day * _DAY + hour * _HOUR + 60 * (7 * place + record.id % 7)
            if at < now:
                yield at, record.id, round(units * factor * (0.8 + 0.1 * ((day + place) % 5)))


def _key(record: Record, used: int, at: float) -> Key:
    return Key(
        id=KeyId(record.id),
        user_id=record.user_id,
        name=record.name,
        status=record.status,
        created_time=record.created_time,
        accessed_time=int(at) if used else record.created_time,
        expired_time=record.expired_time,
        remain_quota=record.remain_quota + record.used_quota - used,
        used_quota=used,
        unlimited_quota=record.unlimited_quota,
        model_limits_enabled=record.model_limits_enabled,
        model_limits=record.model_limits,
        allow_ips=record.allow_ips,
        group=record.group,
        cross_group_retry=record.cross_group_retry,
        hint="…",
        masked=True,
    )


def _account(gateway: FakeGateway, used: int, left: int) -> GatewayAccount:
    account = gateway.account
    return GatewayAccount(
        id=account.id,
        username=account.username,
        group=account.group,
        quota=account.quota + left,
        used_quota=used,
        request_count=0,
    )
