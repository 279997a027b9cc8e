"""What people can do to keys, described once: the types (models.py), what a run may ask of a key's
line (lineage.py) and about owners (ownership.py), what a key is refilled with (allowance.py), what all keys of somebody
may be given (budget.py), and the list of all operations (registry.py).
"""

from bot.operations.allowance import Allowance, AllowanceTerms, Coverage, is_refilled
from bot.operations.budget import Budget, role_holder, role_of
from bot.operations.models import (
    OWNER_FIELD,
    Change,
    Description,
    Effect,
    Expiry,
    Filled,
    Frozen,
    Inspection,
    Look,
    NewOwner,
    Offer,
    Offered,
    Operation,
    Work,
    facts_of,
)
from bot.operations.ownership import Ownership
from bot.operations.registry import Registry

__all__ = [
    "OWNER_FIELD",
    "Allowance",
    "AllowanceTerms",
    "Budget",
    "Change",
    "Coverage",
    "Description",
    "Effect",
    "Expiry",
    "Filled",
    "Frozen",
    "Inspection",
    "Look",
    "NewOwner",
    "Offer",
    "Offered",
    "Operation",
    "Ownership",
    "Registry",
    "Work",
    "facts_of",
    "is_refilled",
    "role_holder",
    "role_of",
]
