"""Who did what, when and why: `/apikey audit [KEY]`, for those who may."""

from bot.features.audit_read.listeners import register

__all__ = ["register"]
