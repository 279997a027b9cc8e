"""See requests: `/apikey requests`, waiting and recent ones."""

from bot.features.request_list.listeners import DESCRIPTION, register

DESCRIPTIONS = (DESCRIPTION,)

__all__ = ["DESCRIPTIONS", "register"]
