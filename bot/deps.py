"""What a feature may use: the flow, the reading half of the gateway, and who people are. Built by services.py."""

import functools
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from bot.approvals.actions import RequestActions
from bot.approvals.cards.receipt_windows import ReceiptWindows
from bot.approvals.counts import Counts
from bot.approvals.flow import Flow
from bot.db.engine import Database
from bot.gateway.dollars import Dollars
from bot.gateway.gateways import KeyReader
from bot.gateway.numbers import DEFAULT, gateway_of
from bot.keys import allowances
from bot.keys.access import KeyAccess
from bot.keys.inventory import Inventory
from bot.keys.known_keys import KnownKeys
from bot.keys.lookup import KeyLookup
from bot.keys.text import refilled_text
from bot.operations import Registry
from bot.permissions.models import Actor
from bot.permissions.rules import Policy
from bot.slack.blocks import Block
from bot.slack.delivery import Delivery, Kind
from bot.slack.directory import Directory
from bot.slack.person_languages import PersonLanguages

# Of Slack's 3 s, for everything that a listener asks of others; the rest is for our own rows and the way back.
LISTENER_SECONDS = 2.0
# A background look, after the answer to Slack, may take longer; people still wait for it.
BACKGROUND_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class Deps:
    """What every feature's `register` is given."""

    flow: Flow
    counts: Counts
    actions: RequestActions
    reader: KeyReader
    inventory: Inventory
    known: KnownKeys
    database: Database
    directory: Directory
    policy: Callable[[], Policy]
    operations: Registry
    dollars: Dollars
    channel: str
    # By the name of the gateway, that of the settings first.
    addresses: Mapping[str, str]
    windows: ReceiptWindows
    count_name_bytes: Callable[[str], bool]
    languages: PersonLanguages
    clock: Callable[[], float]
    # What hinders Keydesk now, for those who can mend it: a broken policy file, groups that are empty, and the like.
    problems: Callable[[], Awaitable[Sequence[str]]]
    # Open alerts about living keys, as rows for the Home of somebody who may act on them.
    # Of several gateways, those that did not answer when they were asked last.
    silent_gateways: Callable[[], Sequence[str]]
    open_alerts: Callable[[Actor], Awaitable[Sequence[Block]]]
    # Of these keys those that an open alert names, with its number.
    in_open_alerts: Callable[[sa.Connection, Collection[int]], dict[int, int]]
    # Reviews of keys that wait for somebody, as rows for their Home.
    open_reviews: Callable[[Actor], Awaitable[Sequence[Block]]]

    @property
    def lookup(self) -> KeyLookup:
        """Which key is meant."""
        return KeyLookup(reader=self.reader, inventory=self.inventory)

    @property
    def access(self) -> KeyAccess:
        """Who may see a key, and what they may do with it."""
        return KeyAccess(
            database=self.database, policy=self.policy, account_group=self.counts.account_group, clock=self.clock
        )

    async def refilled(self, key_ids: Collection[int]) -> dict[int, str]:
        """What those of these keys that have an allowance are refilled with, and when next."""
        found = await self.database.read(allowances.standing, key_ids)
        told = functools.partial(refilled_text, now=self.clock(), time_zone=self.policy().time_zone)
        return {key_id: told(allowance, units_per_usd=self.dollars.of(key_id)) for key_id, allowance in found.items()}

    @property
    def gateways(self) -> tuple[str, ...]:
        """The names of the gateways where there are several, else nothing."""
        return tuple(self.addresses) if len(self.addresses) > 1 else ()

    def address_of(self, key_id: int) -> str:
        """Where the models of a key's gateway are reached; "" where it is not in the settings any more."""
        return self.addresses.get(gateway_of(key_id) or DEFAULT, "")

    def left(self, delivery: Delivery) -> float:
        """Seconds left for reads before this delivery must be answered."""
        return max(0.1, LISTENER_SECONDS - (self.clock() - delivery.received_at))

    async def actor(self, delivery: Delivery, *, fresh: bool = False) -> Actor:
        """Who did this, as Slack shows them; a form that was sent, and whatever is `fresh`, as Slack says now."""
        fresh = fresh or delivery.kind is Kind.VIEW_SUBMISSION
        return await self.directory.actor(delivery.user_id, delivery.user_team_id, fresh=fresh)
