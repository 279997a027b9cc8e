"""Another owner for a key, who accepts it. `/apikey give KEY @person`."""

from bot.features.key_transfer.listeners import register
from bot.features.key_transfer.operation import OPERATION

__all__ = ["OPERATION", "register"]
