"""One folder per thing people can do; folders never import each other. `FEATURES` is the list, in help order."""

from collections.abc import Callable

from bot.deps import Deps
from bot.features import (
    audit_read,
    help,  # noqa: A004  # the command's own word
    home,
    key_create,
    key_delete,
    key_disable,
    key_enable,
    key_list,
    key_quota,
    key_reveal,
    key_rotate,
    key_update,
    policy_explain,
    request_list,
)
from bot.operations import Operation
from bot.slack.router import Router

FEATURES: tuple[Callable[[Router, Deps], None], ...] = (
    key_create.register,
    key_list.register,
    key_update.register,
    key_quota.register,
    key_disable.register,
    key_enable.register,
    key_rotate.register,
    key_delete.register,
    key_reveal.register,
    request_list.register,
    policy_explain.register,
    audit_read.register,
    home.register,
    help.register,
)
OPERATIONS: dict[str, Operation] = {
    operation.name: operation
    for operation in (
        key_create.OPERATION,
        key_update.OPERATION,
        key_quota.OPERATION,
        key_disable.OPERATION,
        key_enable.OPERATION,
        key_rotate.OPERATION,
        key_delete.OPERATION,
    )
}
