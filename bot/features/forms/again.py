"""*Ask again*: the form of an old request, filled with its wish. What it asks for is decided as any other wish."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from bot.approvals import store
from bot.approvals.cards.again import again_action
from bot.approvals.cards.listeners import NO_REQUEST
from bot.approvals.models import ApprovalRequest
from bot.deps import Deps
from bot.errors import ApprovalConflict
from bot.features.forms.fields import REASON
from bot.features.forms.key_command import KeyCommand, row_id
from bot.gateway.models import Key
from bot.languages import said
from bot.operations import Filled, Operation
from bot.permissions.models import Actor
from bot.redaction import redact
from bot.slack.delivery import Ack, Delivery
from bot.slack.router import Router

Refill = Callable[[Delivery, Actor, Key, str, Mapping[str, Filled]], Awaitable[dict[str, Any]]]
"""delivery, actor, the key freshly read, the rest of a command, the fields → the modal."""


async def old_request(deps: Deps, delivery: Delivery, operation: Operation) -> ApprovalRequest:
    """The request of the button, for those who may look at it. Raises ApprovalConflict."""
    request = await deps.database.read(store.find, row_id(delivery.action_value))
    if request is None or request.operation != operation.name:
        raise ApprovalConflict(said(NO_REQUEST))
    actor = await deps.actor(delivery)
    requester = await deps.directory.actor(request.requester_id, request.requester_team)
    if not deps.actions.may_look(request, actor, requester):
        raise ApprovalConflict(said(NO_REQUEST))
    return request


def old_fields(deps: Deps, request: ApprovalRequest, operation: Operation) -> dict[str, Filled]:
    """What its form held, as far as it makes sense now."""
    wanted = operation.input_model.model_validate(request.input)
    reason = redact(said(request.reason), wide=False)
    return {**operation.form_fields(wanted, now=deps.clock()), REASON: reason}


def register_again(router: Router, deps: Deps, operation: Operation, refill: Refill) -> None:
    """Name the button for an operation on a key."""

    async def again(delivery: Delivery) -> Ack:
        request = await old_request(deps, delivery, operation)
        fields = old_fields(deps, request, operation)

        async def build(opened: Delivery, actor: Actor, key: Key, rest: str) -> dict[str, Any]:
            return await refill(opened, actor, key, rest, fields)

        command = KeyCommand(deps, operation.description, build)
        return await command.by_number(with_channel(deps, delivery), request.key_id or 0)

    router.action(again_action(operation), again)


def with_channel(deps: Deps, delivery: Delivery) -> Delivery:
    """A policy cannot name a direct message: what is asked from there counts as asked in the channel for requests."""
    named = delivery.channel_id and not delivery.channel_id.startswith("D")
    return delivery if named else replace(delivery, channel_id=deps.channel)
