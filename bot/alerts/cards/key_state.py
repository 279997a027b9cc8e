"""How the keys of an alert stand, by the rows: what the views and the listeners ask. No clients."""

from collections.abc import Mapping

from bot.alerts.models import Alert, AlertAction
from bot.approvals.models import FINAL, WAITING, ApprovalRequest, Status
from bot.gateway.models import EffectiveState

# After so long an order counts as held up; an old key is late so long after its overlap.
PROMPT_SECONDS, LATE_SECONDS = 60.0, 600.0
Requests = Mapping[int, ApprovalRequest]
"""The requests behind an alert's actions, by their id."""


def is_out_of_use(alert: Alert, key_id: int, requests: Requests) -> bool:
    """Whether the key is disabled or gone: by the request of this alert if there is one, else by the last read."""
    action = alert.actions.get(key_id)
    request = requests.get(action.request_id) if action is not None else None
    if request is not None and action is not None and action.operation == "key.disable":
        return request.status is Status.SUCCEEDED
    seen = alert.keys.get(key_id)
    return seen is not None and (seen.gone or seen.state == EffectiveState.DISABLED.value)


def is_enabled_again(alert: Alert, key_id: int, requests: Requests) -> bool:
    """Whether the key was seen active after the order to disable it was done: its refusal is history then."""
    action, seen = alert.actions.get(key_id), alert.keys.get(key_id)
    request = requests.get(action.request_id) if action is not None and action.operation == "key.disable" else None
    if seen is None or seen.gone or seen.state != EffectiveState.ACTIVE.value or request is None:
        return False
    done_at = request.settled_at if request.status is Status.SUCCEEDED else None
    return done_at is not None and seen.looked_at > done_at


def refused_at(action: AlertAction | None, requests: Requests) -> float | None:
    """When the gateway refused the key itself, None = not yet."""
    request = requests.get(action.request_id) if action is not None else None
    seen = None if request is None else request.progress.revocation
    return None if seen is None else seen.refused_at


def is_being_tried(action: AlertAction | None, requests: Requests) -> bool:
    """Whether the key is disabled, and the gateway was not seen to refuse it yet, nor given up on."""
    request = requests.get(action.request_id) if action is not None else None
    if action is None or request is None or action.operation != "key.disable" or request.status is not Status.SUCCEEDED:
        return False
    check = request.progress.revocation
    return check is None or (check.refused_at is None and not check.ended)


def is_still_accepted(action: AlertAction | None, requests: Requests) -> bool:
    """Whether the gateway took the disabled key to the end of the trials."""
    request = requests.get(action.request_id) if action is not None else None
    check = None if request is None else request.progress.revocation
    return check is not None and check.ended and check.refused_at is None and check.accepted_last is not None


def open_keys(alert: Alert, requests: Requests) -> list[int]:
    """Keys of the alert about which something can still be done."""
    return [
        key_id
        for key_id in alert.possible_keys
        if is_enabled_again(alert, key_id, requests)
        or (not is_out_of_use(alert, key_id, requests) and not _in_hand(alert.actions.get(key_id), requests))
    ]


def living_keys(alert: Alert, requests: Requests, *, now: float | None = None) -> list[int]:
    """Those that work, as far as was seen, and that nothing is about to stop.

    `now`: an order that is not done a minute after it was given does not count as stopping the key, nor a replacement
    whose old key should have ended ten minutes ago. None: any order that is under way counts. What waits for
    somebody's approval stops nothing.
    """
    return [
        key_id
        for key_id in alert.possible_keys
        if is_working(alert, key_id, requests) and not _is_stopping(alert.actions.get(key_id), requests, now)
    ]


def stopping_keys(alert: Alert, requests: Requests, *, now: float) -> list[int]:
    """Those that work still and that an order under way is about to stop."""
    living = living_keys(alert, requests, now=now)
    return [key_id for key_id in alert.possible_keys if is_working(alert, key_id, requests) and key_id not in living]


def is_stopping(alert: Alert, key_id: int, requests: Requests, *, now: float) -> bool:
    """Whether the key works still and an order under way is about to stop it."""
    return is_working(alert, key_id, requests) and _is_stopping(alert.actions.get(key_id), requests, now)


def is_working(alert: Alert, key_id: int, requests: Requests) -> bool:
    """Whether the key works, as far as was seen."""
    seen = alert.keys.get(key_id)
    if seen is not None and (seen.gone or seen.state != EffectiveState.ACTIVE.value):
        return False
    return is_enabled_again(alert, key_id, requests) or not is_out_of_use(alert, key_id, requests)


def _is_stopping(action: AlertAction | None, requests: Requests, now: float | None) -> bool:
    request = requests.get(action.request_id) if action is not None else None
    if action is None or request is None or request.status in WAITING:
        return False
    if request.status in FINAL:
        overlap = request.progress.overlap
        replaced = _is_replaced(action, requests)
        return replaced and (now is None or overlap is None or now < overlap.at + LATE_SECONDS)
    return now is None or now - action.clicked_at < PROMPT_SECONDS


def _is_replaced(action: AlertAction | None, requests: Requests) -> bool:
    request = requests.get(action.request_id) if action is not None else None
    return request is not None and request.operation == "key.rotate" and request.status is Status.SUCCEEDED


def _in_hand(action: AlertAction | None, requests: Requests) -> bool:
    request = requests.get(action.request_id) if action is not None else None
    if _is_replaced(action, requests):
        # The leaked key lives until its successor is revealed: it can be ended now.
        return False
    # What waits for somebody's approval is no order yet: whoever may give one need not wait for it.
    return request is not None and request.status not in WAITING and not came_to_nothing(request)


def came_to_nothing(request: ApprovalRequest) -> bool:
    """Whether an order is over and changed nothing."""
    return request.status in FINAL and request.status is not Status.SUCCEEDED
