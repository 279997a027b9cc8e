"""An owner for a key that was made outside Keydesk, or that nobody owns. `/apikey adopt KEY @person`."""

from bot.features.key_adopt.listeners import register
from bot.features.key_adopt.operation import OPERATION

__all__ = ["OPERATION", "register"]
