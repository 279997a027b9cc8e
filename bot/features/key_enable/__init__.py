"""Put a key back into use, with a new expiry or more quota where it needs them. `/apikey enable KEY`."""

from bot.features.key_enable.listeners import register
from bot.features.key_enable.operation import OPERATION

__all__ = ["OPERATION", "register"]
