"""A record as the gateway gives it, for tests of what is known of keys."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from bot.db.engine import Database
from bot.gateway.errors import CallFacts
from bot.gateway.gateways import KeyReader
from bot.gateway.models import Key
from bot.gateway.numbers import KeyNumbers
from bot.gateway.records import key_and_value
from bot.keys.inventory_writer import InventoryWriter
from bot.keys.list_pass import ListPass
from tests.gateway.answers import ROW

FACTS = CallFacts(operation="reading", key_id=None, request_id=None, reference="0", status=None)


def record(key_id: int, **changes: Any) -> Key:
    return key_and_value({**ROW, "id": key_id, "name": f"key {key_id}", **changes}, FACTS, KeyNumbers())[0]


async def _nobody(_keys: Sequence[Key]) -> None:
    """Nobody else wants the list."""


def list_pass(
    database: Database,
    reader: KeyReader,
    clock: Callable[[], float],
    *,
    listed: Callable[[Sequence[Key]], Awaitable[None]] = _nobody,
) -> ListPass:
    writer = InventoryWriter(database=database, clock=clock)
    return ListPass(reader=reader.each[0], database=database, writer=writer, listed=listed, clock=clock)
