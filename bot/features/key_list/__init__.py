"""See keys: `/apikey list` and `/apikey show KEY`. Own ones, or all with the right."""

from bot.features.key_list.listeners import register

__all__ = ["register"]
