"""The last step of every form that asks for something: hand the wish to the flow, show its receipt. No decisions."""

from bot.approvals.flow import Asked
from bot.deps import Deps
from bot.features.forms.receipt import receipt
from bot.features.forms.urgent import is_urgent
from bot.operations import Frozen, Operation
from bot.permissions.models import Actor
from bot.slack.delivery import Delivery, Replace


async def submit_form(
    deps: Deps, delivery: Delivery, operation: Operation, actor: Actor, wanted: Frozen, *, reason: str, channel: str
) -> Replace:
    """Ask the flow within what is left of Slack's time; the request's number takes the form's place.

    `channel`: where the form was opened, "" = nowhere. Raises what the flow raises; the form stays filled then.
    """
    asked = Asked(
        actor=actor,
        operation=operation,
        wanted=wanted,
        reason=reason,
        channel_id=channel,
        delivery_id=delivery.id,
        deadline=deps.left(delivery),
        urgent=is_urgent(delivery.state),
    )
    request = await deps.flow.submit(asked)
    deps.windows.watch(delivery.view_id, request)
    return Replace(receipt(request, operation, channel=deps.channel))
