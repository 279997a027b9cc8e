"""Who may answer for keys that nobody answers for: whoever the policy lets disable any key without asking."""

from bot.deps import Deps
from bot.errors import PermissionDenied
from bot.languages import tr
from bot.permissions.models import Actor
from bot.slack.delivery import Delivery

DISABLE = "key.disable"
_ASKS_FIRST = tr("Somebody who may disable any key without asking has to say this.")


async def admit_for_any_key(deps: Deps, delivery: Delivery) -> Actor:
    """Whoever clicked, if they may. Raises PermissionDenied, and records it. Judged as Slack shows them now."""
    actor = await deps.actor(delivery, fresh=True)
    await deps.flow.admit(actor, DISABLE)
    decision = deps.access.decide_unread(actor, DISABLE, own=False, channel=delivery.channel_id)
    if decision.outcome == "deny":
        await deps.flow.refuse(actor, DISABLE, decision)
    if not (decision.allowed or (decision.approval is not None and decision.approval.break_glass)):
        raise PermissionDenied(_ASKS_FIRST, rule=decision.rule)
    return actor
