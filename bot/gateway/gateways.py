"""All gateways of one Keydesk together: a call about a key goes to the gateway whose key it is.

What is about one account and names no key (its models, its groups, its newest keys) is asked of one gateway: `of`,
`named` or `each` give it. One that is away does not hold up the others.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from pydantic import SecretStr

from bot.gateway.client import GatewayClient
from bot.gateway.errors import GatewayCallError, GatewayRemoved, KeyNotFound, no_call
from bot.gateway.held_values import HeldValues
from bot.gateway.listing import Listener
from bot.gateway.models import Key, KeyId, KeyValue
from bot.gateway.numbers import DEFAULT, block_of, know_names

T = TypeVar("T")


class KeyReader(Protocol):
    """What is asked about keys whichever gateway they are of: of all gateways, and of one client as well."""

    @property
    def each(self) -> Sequence[GatewayClient]:
        """Every gateway, that of the settings first."""

    @property
    def held(self) -> HeldValues:
        """Values of keys that were just disabled."""

    @property
    def has_listed(self) -> bool:
        """Whether every key was read at least once, so that whoever listened knows them all."""

    def of(self, key_id: int, /) -> GatewayClient:
        """The gateway of this key. Raises GatewayRemoved where it is not in the settings, KeyNotFound where none is."""

    def named(self, name: str, /) -> GatewayClient:
        """The gateway with this name, "" = that of the settings. Raises GatewayRemoved."""

    def listen(self, listener: Listener) -> None:
        """Have `listener` told of every record that is read, with its raw value. It must be quick and keep no value."""

    def now(self) -> float:
        """Our own clock, Unix seconds: for waits."""

    def server_now(self, key_id: int | None = None, /) -> float:
        """The clock of this key's gateway, Unix seconds; of that of the settings where no key is named."""

    async def get_key(self, key_id: KeyId, *, deadline: float | None = None) -> Key:
        """One record, fresh. Raises KeyNotFound for an unknown, foreign or deleted number."""

    async def get_keys(self, key_ids: Collection[int], *, deadline: float | None = None) -> dict[int, Key]:
        """Many records, fresh; those that are gone are left out. Raises where one of their gateways does not tell."""

    async def get_key_value(self, key_id: KeyId, *, deadline: float | None = None) -> KeyValue:
        """One record and its value, fresh; None as value where the gateway masks it."""

    async def reveal_key(self, key_id: KeyId, *, deadline: float | None = None) -> SecretStr:
        """The value, always with exactly one `sk-`. Raises GatewayRejected(VALUE_HIDDEN) where it cannot be had."""

    async def reveal_masked(self, key_id: KeyId, *, deadline: float | None = None) -> SecretStr:
        """The value of a key whose record does not show it."""

    async def reveal_keys(self, key_ids: Sequence[KeyId], *, deadline: float | None = None) -> dict[KeyId, SecretStr]:
        """Values of many masked keys; without those that their gateways do not give in time."""

    async def list_keys(self, *, deadline: float | None = None) -> list[Key]:
        """Every key of every gateway. Raises where one does not tell: for what must not miss a key."""

    async def find_keys(
        self, name: str, *, same: Callable[[str], bool] | None = None, deadline: float | None = None
    ) -> list[Key]:
        """Keys with exactly this name at the gateways that answer. Raises where none was found and one did not."""


class Gateways:
    """`clients`: by name, that of the settings first. `number` tells the blocks of their keys before the first call."""

    def __init__(self, clients: Mapping[str, GatewayClient]) -> None:
        self._clients = dict(clients)
        self._first = next(iter(self._clients.values()))
        self._blocks = {client.numbers.block: name for name, client in self._clients.items()}
        self.held = self._first.held
        for client in self.each[1:]:
            client.hold_values_in(self.held)

    def number(self, blocks: Mapping[str, int]) -> None:
        """Take the blocks of all gateways that Keydesk ever had, as the database remembers them, by name."""
        self._blocks = {block: name for name, block in blocks.items()}
        for name, client in self._clients.items():
            client.numbers.block = blocks[name]
        know_names(self._blocks)

    @property
    def each(self) -> Sequence[GatewayClient]:
        """Every gateway, that of the settings first."""
        return tuple(self._clients.values())

    @property
    def has_listed(self) -> bool:
        """Whether every key of every gateway was read at least once."""
        return all(client.has_listed for client in self.each)

    def of(self, key_id: int) -> GatewayClient:
        """The gateway of this key. Raises GatewayRemoved, or KeyNotFound where there never was one."""
        name = self._blocks.get(block_of(key_id))
        if name is None:
            raise KeyNotFound(facts=no_call("reading key", key_id))
        return self.named(name)

    def named(self, name: str) -> GatewayClient:
        """The gateway with this name, "" = that of the settings. Raises GatewayRemoved."""
        client = self._clients.get(name or DEFAULT)
        if client is None:
            raise GatewayRemoved(name)
        return client

    def listen(self, listener: Listener) -> None:
        """Have `listener` told of every record that any of them reads."""
        for client in self.each:
            client.listen(listener)

    def now(self) -> float:
        """Our own clock, Unix seconds."""
        return self._first.now()

    def server_now(self, key_id: int | None = None) -> float:
        """The clock of this key's gateway; of that of the settings where it is removed or no key is named."""
        name = None if key_id is None else self._blocks.get(block_of(key_id))
        return self._clients.get(name or DEFAULT, self._first).server_now()

    async def aclose(self) -> None:
        """Close the connections."""
        for client in self.each:
            await client.aclose()

    async def get_key(self, key_id: KeyId, *, deadline: float | None = None) -> Key:
        """One record, fresh."""
        return await self.of(key_id).get_key(key_id, deadline=deadline)

    async def get_key_value(self, key_id: KeyId, *, deadline: float | None = None) -> KeyValue:
        """One record and its value, fresh."""
        return await self.of(key_id).get_key_value(key_id, deadline=deadline)

    async def reveal_key(self, key_id: KeyId, *, deadline: float | None = None) -> SecretStr:
        """The value."""
        return await self.of(key_id).reveal_key(key_id, deadline=deadline)

    async def reveal_masked(self, key_id: KeyId, *, deadline: float | None = None) -> SecretStr:
        """The value of a key whose record does not show it."""
        return await self.of(key_id).reveal_masked(key_id, deadline=deadline)

    async def get_keys(self, key_ids: Collection[int], *, deadline: float | None = None) -> dict[int, Key]:
        """Many records, fresh. Raises where one of their gateways does not tell."""
        parts = [(self.of(ids[0]), ids) for ids in by_gateway(key_ids)]
        found = await asyncio.gather(*(client.get_keys(ids, deadline=deadline) for client, ids in parts))
        return {key_id: key for part in found for key_id, key in part.items()}

    async def reveal_keys(self, key_ids: Sequence[KeyId], *, deadline: float | None = None) -> dict[KeyId, SecretStr]:
        """Many values, of the gateways that answer. Raises where none does."""

        async def reveal(ids: Sequence[KeyId]) -> dict[KeyId, SecretStr]:
            return await self.of(ids[0]).reveal_keys(ids, deadline=deadline)

        told, error = await _what_comes(reveal(ids) for ids in by_gateway(key_ids))
        if error is not None and not told:
            raise error
        return {key_id: value for part in told for key_id, value in part.items()}

    async def list_keys(self, *, deadline: float | None = None) -> list[Key]:
        """Every key of every gateway. Raises where one does not tell."""
        lists = await asyncio.gather(*(client.list_keys(deadline=deadline) for client in self.each))
        return [key for keys in lists for key in keys]

    async def find_keys(
        self, name: str, *, same: Callable[[str], bool] | None = None, deadline: float | None = None
    ) -> list[Key]:
        """Keys with this name at those that answer. Raises where none was found and one did not."""
        told, error = await _what_comes(client.find_keys(name, same=same, deadline=deadline) for client in self.each)
        found = [key for keys in told for key in keys]
        if error is not None and not found:
            raise error
        return found


Untold = Mapping[str, Sequence[KeyId]]
"""Why keys could not be read, each reason with their numbers."""
ToldKeys = tuple[list[Key], Untold]
"""Keys that were read, and those that could not be."""


async def told_keys(reader: KeyReader, key_ids: Iterable[int], *, deadline: float) -> ToldKeys:
    """Many records, fresh, of the gateways that tell. Raises where none does."""
    told: list[Key] = []
    untold: dict[str, list[KeyId]] = {}
    errors: list[GatewayCallError] = []

    async def read(ids: Sequence[KeyId]) -> None:
        try:
            told.extend((await reader.get_keys(ids, deadline=deadline)).values())
        except GatewayCallError as error:
            errors.append(error)
            untold.setdefault(error.sentence, []).extend(ids)

    parts = by_gateway(key_ids)
    await asyncio.gather(*map(read, parts))
    if errors and len(errors) == len(parts):
        raise errors[0]
    return told, untold


def by_gateway(key_ids: Iterable[int]) -> list[list[KeyId]]:
    """The keys of each gateway apart, in the order in which they came."""
    parts: dict[int, list[KeyId]] = {}
    for key_id in key_ids:
        parts.setdefault(block_of(key_id), []).append(KeyId(key_id))
    return list(parts.values())


async def _what_comes(calls: Iterable[Awaitable[T]]) -> tuple[list[T], GatewayCallError | None]:
    """The answers that came, and the error of one that did not."""
    told: list[T] = []
    error: GatewayCallError | None = None

    async def one(call: Awaitable[T]) -> None:
        nonlocal error
        try:
            told.append(await call)
        except GatewayCallError as failed:
            error = failed

    await asyncio.gather(*map(one, calls))
    return told, error
