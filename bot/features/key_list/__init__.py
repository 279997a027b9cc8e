"""See keys: `/apikey list` and `/apikey show KEY`. Own ones, or all with the right."""

from bot.features.key_list.listeners import register
from bot.features.key_list.views import LISTED, SHOWN

DESCRIPTIONS = (LISTED, SHOWN)

__all__ = ["DESCRIPTIONS", "register"]
