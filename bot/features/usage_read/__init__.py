"""What was spent: `/apikey usage [KEY | @person | all]`."""

from bot.features.usage_read.listeners import DESCRIPTION, register

DESCRIPTIONS = (DESCRIPTION,)

__all__ = ["DESCRIPTIONS", "register"]
