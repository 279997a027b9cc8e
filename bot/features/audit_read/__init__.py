"""Who did what, when and why: `/apikey audit [KEY]`, for those who may."""

from bot.features.audit_read.listeners import DESCRIPTION, register

DESCRIPTIONS = (DESCRIPTION,)

__all__ = ["DESCRIPTIONS", "register"]
