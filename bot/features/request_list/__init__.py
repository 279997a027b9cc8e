"""See requests: `/apikey requests`, waiting and recent ones."""

from bot.features.request_list.listeners import register

__all__ = ["register"]
