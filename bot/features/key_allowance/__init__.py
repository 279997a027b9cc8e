"""A quota that is refilled once per period. `/apikey allowance KEY AMOUNT per month`, `/apikey allowance KEY off`."""

from bot.features.key_allowance.listeners import register
from bot.features.key_allowance.operation import OPERATION

__all__ = ["OPERATION", "register"]
