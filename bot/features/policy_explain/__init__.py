"""`/apikey why OPERATION [KEY]`: what would happen to me, and which rule says so."""

from bot.features.policy_explain.listeners import DESCRIPTION, register

DESCRIPTIONS = (DESCRIPTION,)

__all__ = ["DESCRIPTIONS", "register"]
