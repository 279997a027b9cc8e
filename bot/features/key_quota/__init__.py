"""Raise or lower a key's quota by a delta, or take its limit away or back. `/apikey quota KEY [+AMOUNT]`."""

from bot.features.key_quota.listeners import register
from bot.features.key_quota.operation import OPERATION

__all__ = ["OPERATION", "register"]
