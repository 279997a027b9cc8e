"""Measures the time from the order to disable a key to the gateway's refusal of the key itself, once per request."""

from collections import OrderedDict
from collections.abc import Callable

from bot.approvals.models import ApprovalRequest

# A request is announced several times after its key was refused; those counted last are remembered.
_MOST = 10_000


class RevocationTime:
    """`count` gets the seconds."""

    def __init__(self, count: Callable[[float], None]) -> None:
        self._count = count
        self._counted: OrderedDict[int, None] = OrderedDict()

    def follow(self, request: ApprovalRequest) -> None:
        """A request changed: when its key is refused for the first time, count the seconds since it was asked for."""
        check = request.progress.revocation
        refused = None if check is None else check.refused_at
        if refused is None or request.id in self._counted:
            return
        self._counted[request.id] = None
        if len(self._counted) > _MOST:
            self._counted.popitem(last=False)
        self._count(max(0.0, refused - request.asked_at))
