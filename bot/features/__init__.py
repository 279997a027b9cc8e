"""One folder per thing people can do; folders never import each other. `FOLDERS` is the list, in help order.

A folder names its `register`, and its `OPERATION` when it changes keys or its `DESCRIPTIONS` when it only reads. They
are imported by name, so that a new folder is one line here. What they share: `forms` (fields, preview, submission)
and `lists` (rows of keys and requests).
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from bot.deps import Deps
from bot.operations import Description, Operation, Registry
from bot.slack.router import Router

FOLDERS = (
    "key_create",
    "key_reveal",
    "key_list",
    "key_update",
    "key_quota",
    "key_allowance",
    "budget_change",
    "key_disable",
    "key_end",
    "key_enable",
    "key_rotate",
    "key_delete",
    "key_adopt",
    "key_transfer",
    "request_list",
    "policy_explain",
    "audit_read",
    "usage_read",
    "home",
    "help",
)


def _described(feature: Any) -> tuple[Description, ...]:
    operation: Operation | None = getattr(feature, "OPERATION", None)
    more: tuple[Description, ...] = getattr(feature, "DESCRIPTIONS", ())
    return more if operation is None else (operation.description, *more)


_MODULES = tuple(import_module(f"bot.features.{name}") for name in FOLDERS)
FEATURES: tuple[Callable[[Router, Deps], None], ...] = tuple(module.register for module in _MODULES)
OPERATIONS = Registry(
    [module.OPERATION for module in _MODULES if hasattr(module, "OPERATION")],
    [description for module in _MODULES for description in _described(module)],
)
