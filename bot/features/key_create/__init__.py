"""Ask for a new key: `/apikey new`, the global shortcut, and the buttons that lead there."""

from bot.features.key_create.listeners import register
from bot.features.key_create.operation import OPERATION

__all__ = ["OPERATION", "register"]
