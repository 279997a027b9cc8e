"""The time to the refusal: counted once per request, from the order."""

from bot.alerts.revocation_time import RevocationTime
from bot.approvals.models import ApprovalRequest, Progress, RevocationProgress, Status
from tests.approvals.kit import NOW, new_request


def request(number: int, refused_at: float | None) -> ApprovalRequest:
    check = RevocationProgress(refused_at=refused_at)
    new = new_request(f"sub:{number}")
    return ApprovalRequest(
        **dict(new), id=number, version=1, status=Status.SUCCEEDED, lapses_at=None, progress=Progress(revocation=check)
    )


def test_each_refusal_is_counted_once_from_the_order_on() -> None:
    seconds: list[float] = []
    time = RevocationTime(seconds.append)
    for _ in range(2):
        time.follow(request(1, None))
        time.follow(request(1, NOW + 12.5))
    time.follow(request(2, NOW - 3.0))
    assert seconds == [12.5, 0.0]


def test_a_request_without_a_check_is_not_counted() -> None:
    seconds: list[float] = []
    new = ApprovalRequest(**dict(new_request()), id=1, version=1, status=Status.SUCCEEDED, lapses_at=None)
    RevocationTime(seconds.append).follow(new)
    assert seconds == []
