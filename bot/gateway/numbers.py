"""A key's number inside Keydesk: the block of its gateway and the number that the gateway itself gave it.

Every gateway numbers its keys from 1, so a number alone would name several keys. Inside Keydesk it is the block times
10**12 plus the gateway's own. Block 0 is the gateway of the settings, whose keys keep their numbers. The block is added
where records come in and taken off where requests go out, both in this room alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.gateway.models import KeyId

BLOCK = 10**12
"""No gateway has so many keys, so a block holds all the numbers of one."""
DEFAULT = "default"
"""The name of the gateway in the settings (COMETAPI_…)."""


@dataclass(eq=False)
class KeyNumbers:
    """The numbers of one gateway's keys. `block`: as the database remembers it; told before the first call."""

    name: str = DEFAULT
    block: int = 0

    def inside(self, own: int) -> KeyId:
        """The number inside Keydesk of the key that the gateway calls `own`. Raises ValueError outside a block."""
        if not 0 <= own < BLOCK:
            raise ValueError(own)
        return KeyId(self.block * BLOCK + own)

    def own(self, key_id: int) -> int:
        """The number that the gateway itself knows."""
        return int(key_id) - self.block * BLOCK


def block_of(key_id: int) -> int:
    """The block that a number inside Keydesk lies in."""
    return int(key_id) // BLOCK


def first_of(block: int) -> int:
    """The number below every key of a block."""
    return block * BLOCK


def in_block(name: str, block: int) -> str:
    """The name under which the database keeps a fact of one gateway; that of the settings keeps its name of old."""
    return f"{name}:{block}" if block else name


_names: dict[int, str] = {}


def know_names(names: Mapping[int, str]) -> None:
    """Take the names of all gateways that Keydesk ever had, by block, for the words that people read."""
    _names.clear()
    _names.update(names)


def shown_number(key_id: int | str | None) -> int | str | None:
    """The number as people read and type it: `12`, and where there is more than one gateway `prod/12`.

    It may be handed in as a row or a button keeps it; None, where a key is not known yet, stays None.
    """
    name = "" if key_id is None else gateway_of(int(key_id))
    return f"{name}/{int(key_id) - first_of(block_of(int(key_id)))}" if name and key_id is not None else key_id


def block_named(name: str) -> int:
    """The block of a gateway's keys; that of the settings' gateway where there never was one of this name."""
    return next((block for block, known in _names.items() if known == name), 0)


def number_at(name: str, own: int) -> KeyId | None:
    """The key with this number at a gateway that people name; None where there is no such gateway."""
    return KeyId(first_of(block_named(name)) + own) if name in _names.values() and 0 < own < BLOCK else None


def gateway_of(key_id: int) -> str:
    """The name of the key's gateway; "" where there has never been more than one, so that nobody reads of it."""
    return _names.get(block_of(key_id), "") if len(_names) > 1 else ""
