"""What people can do to keys, described once: the types (models.py), what a run may ask of a key's
line (lineage.py), and the list of all operations (registry.py).
"""

from bot.operations.models import (
    Change,
    Description,
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
from bot.operations.registry import Registry

__all__ = [
    "Change",
    "Description",
    "Effect",
    "Expiry",
    "Frozen",
    "Inspection",
    "Look",
    "Offer",
    "Offered",
    "Operation",
    "Registry",
    "Work",
    "facts_of",
]
