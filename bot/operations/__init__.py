"""What people can do to keys, described once: types of an operation's parts, in models.py."""

from bot.operations.models import (
    Change,
    Effect,
    Expiry,
    Frozen,
    Inspection,
    Look,
    Offer,
    Offered,
    Operation,
    Work,
    facts_of,
)

__all__ = [
    "Change",
    "Effect",
    "Expiry",
    "Frozen",
    "Inspection",
    "Look",
    "Offer",
    "Offered",
    "Operation",
    "Work",
    "facts_of",
]
