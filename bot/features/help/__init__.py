"""`/apikey` and `/apikey help`: what can be done, with buttons."""

from bot.features.help.listeners import register

__all__ = ["register"]
