"""`/apikey why OPERATION [KEY]`: what would happen to me, and which rule says so."""

from bot.features.policy_explain.listeners import register

__all__ = ["register"]
