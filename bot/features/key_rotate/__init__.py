"""A new key with the same settings, then the end of the old one after an overlap. `/apikey rotate KEY`."""

from bot.features.key_rotate.listeners import register
from bot.features.key_rotate.operation import OPERATION

__all__ = ["OPERATION", "register"]
