"""Take a key out of use, at once, and prove it. `/apikey disable KEY`, the buttons, and the end of a rotation."""

from bot.features.key_disable.listeners import register
from bot.features.key_disable.operation import OPERATION

__all__ = ["OPERATION", "register"]
