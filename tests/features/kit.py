"""What the tests of forms and operations on one key share: a filled form, a look and a run on a fake gateway."""

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC
from typing import Any

from bot.features.forms.fields import FormReader
from bot.features.forms.key_form import Seen
from bot.gateway.client import GatewayClient
from bot.gateway.dollars import Dollars
from bot.gateway.models import EffectiveState, Key, KeyId
from bot.operations import Allowance, Budget, Look, Work
from bot.permissions.models import Actor, ActorKind
from tests.approvals.kit import Offered
from tests.gateway.kit import MemoryJournal

NOW = 1_790_000_000.0
UNITS = 500_000
ADA = Actor(slack_user_id="U0ADA", team_id="T0TEST")


def seen(**changes: Any) -> Seen:
    """A key as an open form knows it."""
    values: dict[str, Any] = {
        "key_id": 7,
        "name": "search",
        "hint": "…wxyz",
        "state": EffectiveState.ACTIVE,
        "remain_quota": 300_000,
        "unlimited_quota": False,
        "expired": False,
        "channel": "C0KEYS",
    }
    return Seen(**values | changes)


def reader(**fields: Any) -> FormReader:
    """A filled form: a text or choice, a list of ticked values, a moment (a number)."""
    found: dict[str, Any] = {}
    for block_id, value in fields.items():
        if isinstance(value, list):
            item: dict[str, Any] = {"selected_options": [{"value": one} for one in value]}
        elif isinstance(value, int):
            item = {"selected_date_time": value}
        elif block_id in {"expired_time", "overlap", "refill"}:
            item = {"selected_option": {"value": value}}
        else:
            item = {"value": value}
        found[block_id] = {"value": item}
    return FormReader(state=found, now=NOW, units_per_usd=UNITS)


def block_ids(view: dict[str, Any]) -> list[str]:
    """The input blocks of a modal, top down."""
    return [block["block_id"] for block in view["blocks"] if block["type"] == "input"]


def look_on(
    client: GatewayClient,
    *,
    owner: str | None = "U0ADA",
    successor: int | None = None,
    allowance: Allowance | None = None,
    budget: tuple[Budget, int | None] | None = None,
    **more: Any,
) -> Look:
    """A look at a gateway where every key belongs to `owner`."""

    async def owner_of(_key_id: KeyId, _born_at: int | None = None) -> str | None:
        return owner

    async def successor_of(_key_id: KeyId, _born_at: int | None = None) -> int | None:
        return successor

    async def unended(_key_id: KeyId, _born_at: int | None = None) -> list[int]:
        return []

    async def allowance_of(_key_id: KeyId, _born_at: int | None = None) -> Allowance | None:
        return allowance

    async def budget_of(_holder: str) -> tuple[Budget, int | None] | None:
        return budget

    values: dict[str, Any] = {
        "reader": client,
        "inventory": Offered(),
        "owner_of": owner_of,
        "successor_of": successor_of,
        "unended": unended,
        "allowance_of": allowance_of,
        "budget_of": budget_of,
        "time_zone": UTC,
        "ownership": MemoryOwnership(owner),
        "now": client.now(),
        "dollars": Dollars(usual=UNITS),
        "until": float("inf"),
    }
    return Look(**values | more)


class MemoryOwnership:
    """Every key belongs to `owner`, and everybody is a full member, except those in `kinds`."""

    def __init__(self, owner: str | None = None, *, known: bool = True, **kinds: ActorKind) -> None:
        self.owner = owner
        self.known = known
        self.kinds = kinds

    async def standing(self, slack_user_id: str) -> Actor:
        kind = self.kinds.get(slack_user_id, ActorKind.MEMBER)
        return Actor(slack_user_id=slack_user_id, team_id="T0TEST", kind=kind)

    async def owner_of(self, _key_id: int, _born_at: int | None = None) -> str | None:
        return self.owner

    async def account_is_known(self, _key_id: int) -> bool:
        return self.known


class MemoryLineage:
    """One line of keys without a database: nobody else writes to it, and it remembers what the run did."""

    def __init__(
        self, *, heir: int | None = None, waits_for: str = "", out_of_use: str = "", claimed: str = ""
    ) -> None:
        self.heir = heir
        self.told = {"waits_for": waits_for, "out_of_use": out_of_use, "claim": claimed}
        self.links: list[tuple[int, int, bool]] = []

    @contextlib.asynccontextmanager
    async def holding(self, _key_id: int) -> AsyncIterator[None]:
        yield

    async def waits_for(self, _key_id: int) -> str:
        return self.told["waits_for"]

    async def out_of_use(self, _key_id: int) -> str:
        return self.told["out_of_use"]

    async def claim(self, _old: Key) -> str:
        return self.told["claim"]

    async def link(self, old: Key, new: Key, *, shares: bool) -> None:
        self.links.append((int(old.id), int(new.id), shares))

    async def heir_of(self, _key_id: int) -> int | None:
        return self.heir


def work_on(client: GatewayClient, before: Key | None, journal: MemoryJournal | None = None, **more: Any) -> Work:
    """A run that was approved now, of something asked now."""
    values: dict[str, Any] = {
        "client": client,
        "journal": journal or MemoryJournal(),
        "request_id": 1,
        "approved_at": client.now(),
        "before": before,
        "seen_at": client.now(),
        "known": before is not None,
        "lineage": MemoryLineage(),
        "ownership": MemoryOwnership(None),
        "time_zone": UTC,
        "processing": 15.0,
    }
    return Work(**values | more)
