"""Change a key: name, expiry, models, allowed IPs, group, cross-group retry. `/apikey edit KEY`."""

from bot.features.key_update.listeners import register
from bot.features.key_update.operation import OPERATION

__all__ = ["OPERATION", "register"]
