"""Reads what the model side says when a key itself is used (gateway-api.md, section 11). Sends nothing."""

from bot.gateway.models import CheckOutcome, KeyCheck
from bot.gateway.replies import ApiReply, NotJsonError, json_object


def unreachable(reason: str) -> KeyCheck:
    """A check that told nothing."""
    return KeyCheck(outcome=CheckOutcome.UNCLEAR, status=None, reason=reason)


def judge_key_check(reply: ApiReply) -> KeyCheck:
    """Accepted, refused or unclear. Only a 401 in the gateway's own JSON proves that a key is dead.

    A 403 (address, group, model, balance) comes after the key was recognised: alive for somebody, so unclear.
    """
    try:
        document = json_object(reply.body) if reply.whole else {}
    except NotJsonError:
        document = {}
    has_error = isinstance(document.get("error"), dict)
    if reply.status == 200 and isinstance(document.get("data"), list) and not has_error:
        return KeyCheck(outcome=CheckOutcome.ACCEPTED, status=reply.status, reason="accepted")
    if reply.status == 401 and has_error:
        return KeyCheck(outcome=CheckOutcome.REFUSED, status=reply.status, reason="invalid_key")
    if reply.status == 403 and has_error:
        return KeyCheck(outcome=CheckOutcome.UNCLEAR, status=reply.status, reason="recognised")
    reason = "rate_limited" if reply.status == 429 else "trouble" if reply.status >= 500 else "not_the_gateway"
    return KeyCheck(outcome=CheckOutcome.UNCLEAR, status=reply.status, reason=reason)
