"""End a key now, by its expiry; `/apikey edit KEY` gives it time again. `/apikey end KEY`."""

from bot.features.key_end.listeners import register
from bot.features.key_end.operation import OPERATION

__all__ = ["OPERATION", "register"]
