"""Show the value of a key, to its owner alone, in a modal, once per click. It is fetched then and kept nowhere."""

from bot.features.key_reveal.listeners import register
from bot.features.key_reveal.views import DESCRIPTION

DESCRIPTIONS = (DESCRIPTION,)

__all__ = ["DESCRIPTIONS", "register"]
