"""`/apikey usage [KEY | @person | all]`. Reads only: permission is checked, no row is needed.

Sums come from the samples of counters; where those do not reach back far enough, from the gateway's log. The answer
follows in a moment, since the gateway is asked for models.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from bot.deps import BACKGROUND_SECONDS, LISTENER_SECONDS, Deps
from bot.errors import InputError
from bot.features.lists.key_pages import key_page
from bot.features.usage_read.views import (
    AccountUsage,
    KeyUsage,
    PersonUsage,
    Source,
    account_usage,
    in_one,
    key_usage,
    person_usage,
)
from bot.gateway.client import GatewayClient
from bot.gateway.dollars import Dollars
from bot.gateway.errors import GatewayCallError
from bot.gateway.models import Key, OverPromise
from bot.gateway.numbers import block_of, first_of, gateway_of
from bot.gateway.usage import ModelShares
from bot.keys import owners
from bot.keys.budget_text import left_text
from bot.keys.key_query import KeyQuery
from bot.keys.lookup import FIELD, one
from bot.keys.spending import MONTH, Amount, Spending, together
from bot.languages import tr
from bot.operations import Description
from bot.permissions.models import Actor
from bot.slack.blocks import Message
from bot.slack.charts import Chart, Charts
from bot.slack.delivery import Ack, Delivery
from bot.slack.inputs import MENTION
from bot.slack.router import Router
from bot.typed_text import clean_line

DESCRIPTION = Description(
    name="usage.read",
    command="usage",
    usage="[KEY | @person | all]",
    help=tr("what was spent, the pace, and when it runs dry"),
)
NAME = DESCRIPTION.name
# Keys of one person that are added up, and those of the account that are named.
_LOOKED_AT, _TOP = 200, 5
T = TypeVar("T")
Answer = tuple[Message, Chart | None]


@dataclass(frozen=True)
class UsageReadListeners:
    """The command."""

    deps: Deps

    async def read(self, delivery: Delivery) -> Ack:
        """Nothing typed: one's own keys."""
        deps = self.deps
        actor = await deps.actor(delivery)
        await deps.flow.admit(actor, NAME)
        text = clean_line(delivery.text)
        person = MENTION.fullmatch(text)
        if text.casefold() == "all":
            await self._check(actor, delivery, own=False)
            work: Callable[[], Awaitable[Answer]] = self._account
        elif person is not None or not text:
            whose = actor.slack_user_id if person is None else person["id"]
            await self._check(actor, delivery, own=whose == actor.slack_user_id)
            work = _bound(self._person, whose)
        else:
            key = await self._key(delivery, actor, delivery.text.strip())
            work = _bound(self._of_key, key)

        async def answer() -> None:
            message, chart = await work()
            await Charts(database=deps.database, clock=deps.clock).tell(delivery, message, chart)

        delivery.responder.later(answer(), delivery=delivery)
        return None

    async def _check(self, actor: Actor, delivery: Delivery, *, own: bool) -> None:
        """Raises PermissionDenied (recorded) without the right. Whoever may read any may read their own."""
        rights = [
            self.deps.access.decide_unread(actor, NAME, own=one, channel=delivery.channel_id)
            for one in ([True, False] if own else [False])
        ]
        if not any(right.allowed for right in rights):
            await self.deps.flow.refuse(actor, NAME, rights[0])

    async def _key(self, delivery: Delivery, actor: Actor, text: str) -> Key:
        deps, channel = self.deps, delivery.channel_id
        matches = await deps.lookup.whole(text, deadline=deps.left(delivery))
        seen = await deps.access.visible(actor, NAME, matches, channel=channel)
        if not seen:
            await deps.access.turn_away(actor, NAME, matches, text, channel=channel)
        key = one(seen, text).key
        await self._check(actor, delivery, own=await deps.access.is_own(actor, key))
        return key

    async def _of_key(self, key: Key) -> Answer:
        deps, now = self.deps, self.deps.clock()
        # The log is filed by name: what a namesake spent is not told to whoever gave a key of theirs its name.
        alone = await deps.known.is_named_alone(key)
        models = await self._told(
            deps.reader.of(key.id).usage.of_key(
                key, alone=alone, start=now - MONTH, end=now, deadline=BACKGROUND_SECONDS
            )
        )
        if models is not None and not alone and not models.models:
            models = None
        known = (await deps.known.spending([key.id], now=now)).get(int(key.id), Spending((), now))
        spent, source = _best(known, models, now)
        usage = KeyUsage(
            key=key,
            owner=await deps.database.read(owners.owner_of, key.id, key.created_time),
            spending=spent,
            source=source,
            models=models,
            refilled=(await deps.refilled([int(key.id)])).get(int(key.id), ""),
        )
        return key_usage(usage, now=now, units_per_usd=deps.dollars.of(key.id))

    async def _person(self, whose: str) -> Answer:
        deps, now = self.deps, self.deps.clock()
        page = await key_page(deps, KeyQuery(owner=whose), number=1, rows=_LOOKED_AT, deadline=BACKGROUND_SECONDS)
        if page is None:
            raise InputError({FIELD: tr("What was spent is known as soon as all keys were listed once.")})
        known = page.keys
        spent = await deps.known.spending([one.key.id for one in known], now=now)
        worth = {key_id: _worth(deps.dollars, key_id, one) for key_id, one in spent.items()}
        dearest = sorted(known, key=lambda one: -worth[one.key.id].last(MONTH, now=now))
        usage = PersonUsage(
            person=whose,
            keys=[(one.key, spent[one.key.id]) for one in dearest],
            together=together(worth.values()),
            more=page.total - len(known),
            budgets=[
                left_text(one, None, units_per_usd=deps.dollars.usual) for one in await deps.counts.budgets.of(whose)
            ],
        )
        return person_usage(usage, now=now, dollars=deps.dollars)

    async def _account(self) -> Answer:
        """What the account spent; of several gateways one after the other."""
        return in_one([await self._of_account(client) for client in self.deps.reader.each])

    async def _of_account(self, client: GatewayClient) -> Answer:
        deps, now, usage = self.deps, self.deps.clock(), client.usage
        block, gateway = client.numbers.block, gateway_of(first_of(client.numbers.block))
        models, month, account, promise, top = await asyncio.gather(
            self._told(usage.of_account(start=now - MONTH, end=now, deadline=BACKGROUND_SECONDS)),
            self._told(usage.account_forecast(deadline=BACKGROUND_SECONDS)),
            deps.inventory.account(deadline=LISTENER_SECONDS, gateway=gateway),
            deps.known.promise(now=client.server_now(), block=block),
            deps.known.spent_most(_TOP, seconds=MONTH, now=now, block=block),
        )
        over = None
        if account is not None and promise is not None:
            over = OverPromise(promised=promise.units, balance=account.quota, unlimited=promise.unlimited)
        found = AccountUsage(
            spending=await deps.known.account_spending(now=now, block=block),
            top=[(known.key, known.owner_id, units) for known, units in top],
            models=models,
            account=account,
            promise=over,
            month=month,
            gateway=gateway,
        )
        return account_usage(found, now=now, units_per_usd=deps.dollars.in_block(block))

    @staticmethod
    async def _told(asked: Awaitable[T]) -> T | None:
        """What the gateway tells of spending is optional: no answer is no error."""
        try:
            return await asked
        except GatewayCallError:
            return None  # told to the log by the wire


def _worth(dollars: Dollars, key_id: int, spent: Spending) -> Spending:
    """What a key spent, in units of the settings' gateway: keys of several are added by the dollars."""
    return spent.counted(lambda units: dollars.exchanged(units, block=block_of(key_id)))


def _best(known: Spending, models: ModelShares | None, now: float) -> tuple[Spending, Source]:
    """The samples where they reach back a month, or the log knows less; else the log."""
    if known.since <= now - MONTH or models is None or not models.whole or not models.charged:
        return known, Source.SAMPLES
    amounts = tuple(Amount(float(at), at + 1.0, units) for at, units in sorted(models.charged))
    return Spending(amounts, now - MONTH), Source.LOG


def _bound(work: Callable[[T], Awaitable[Answer]], about: T) -> Callable[[], Awaitable[Answer]]:
    return lambda: work(about)


def register(router: Router, deps: Deps) -> None:
    """Name the command."""
    listeners = UsageReadListeners(deps)
    router.command(DESCRIPTION.command, listeners.read, usage=DESCRIPTION.usage, help=DESCRIPTION.help)
