"""What all keys of a person or a role may be given per period. `/apikey budget @person AMOUNT per month`, `… off`."""

from bot.features.budget_change.listeners import register
from bot.features.budget_change.operation import OPERATION

__all__ = ["OPERATION", "register"]
