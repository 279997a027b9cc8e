"""Remove a key for good, after its name was typed. `/apikey delete KEY`."""

from bot.features.key_delete.listeners import register
from bot.features.key_delete.operation import OPERATION

__all__ = ["OPERATION", "register"]
