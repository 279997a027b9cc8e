"""The last step of a form: the wish goes to the flow with what is left of Slack's time, the receipt takes its place."""

from types import SimpleNamespace
from typing import Any

from bot.approvals.flow import Asked
from bot.approvals.models import ApprovalRequest, Status
from bot.features import OPERATIONS
from bot.features.forms.submission import submit_form
from bot.features.key_end.operation import EndKey
from bot.slack.delivery import Kind
from tests.approvals.kit import new_request
from tests.features.kit import ADA
from tests.slack.kit import make_delivery


class Flow:
    async def submit(self, asked: Asked) -> ApprovalRequest:
        self.asked = asked
        return ApprovalRequest(**dict(new_request()), id=3, version=1, status=Status.PENDING, lapses_at=None)


async def test_the_wish_is_submitted_once_and_its_window_is_watched() -> None:
    flow, watched = Flow(), []
    deps: Any = SimpleNamespace(
        flow=flow,
        left=lambda _delivery: 1.25,
        channel="C0KEYS",
        windows=SimpleNamespace(watch=lambda view_id, request: watched.append((view_id, request.id))),
    )
    delivery = make_delivery(Kind.VIEW_SUBMISSION, id="sub:1", payload={"view": {"id": "V1"}})
    operation, wanted = OPERATIONS["key.end"], EndKey(key_id=7)
    ack = await submit_form(deps, delivery, operation, ADA, wanted, reason="over", channel="C0ELSE")
    asked = flow.asked
    assert (asked.actor, asked.operation, asked.wanted, asked.reason) == (ADA, operation, wanted, "over")
    assert (asked.channel_id, asked.delivery_id, asked.deadline) == ("C0ELSE", "sub:1", 1.25)
    assert ack.view["callback_id"] == "receipt"
    assert watched == [(delivery.view_id, 3)]
