"""A record as the gateway gives it, for tests of what is known of keys."""

from typing import Any

from bot.gateway.errors import CallFacts
from bot.gateway.models import Key
from bot.gateway.records import key_and_value
from tests.gateway.answers import ROW

FACTS = CallFacts(operation="reading", key_id=None, request_id=None, reference="0", status=None)


def record(key_id: int, **changes: Any) -> Key:
    return key_and_value({**ROW, "id": key_id, "name": f"key {key_id}", **changes}, FACTS)[0]
