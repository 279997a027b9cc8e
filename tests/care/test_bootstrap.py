"""Every kind of care is wired: what draws its messages is known, and none of two kinds is the same."""

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from bot.approvals.models import Origin, OriginKind, Progress, Status
from bot.care import bootstrap, messages
from bot.care.drift import store as drift_store
from bot.gateway.dollars import Dollars
from tests.scenarios.conftest import http_desk
from tests.scenarios.desk import Desk

__all__ = ["http_desk"]


def test_each_kind_of_post_is_drawn_by_one() -> None:
    each = [kind for drawers in bootstrap.DRAWERS for kind in drawers(dollars=Dollars())]
    assert [kind for kind, number in Counter(each).items() if number > 1] == []
    assert set(bootstrap.drawers(dollars=Dollars())) == set(each) >= {messages.OWNER, messages.CHANNEL}


async def test_each_kind_has_a_round_of_its_own_name(http_desk: Desk) -> None:
    kinds = http_desk.app.care.schedule.kinds
    assert len({kind.name for kind in kinds}) == len(kinds) == len(bootstrap.BUILDERS)


@pytest.mark.parametrize(
    ("status", "checkpoints", "written"),
    [
        (Status.SUCCEEDED, {}, True),
        (Status.FAILED, {"quota": {"sent": 1}}, True),
        (Status.FAILED, {}, False),
    ],
)
@pytest.mark.parametrize("origin", [OriginKind.PERSON, OriginKind.ALLOWANCE, OriginKind.LEAVER])
async def test_every_run_that_came_so_far_counts_as_a_write_whatever_led_to_it(
    http_desk: Desk, status: Status, checkpoints: dict[str, Any], origin: OriginKind, *, written: bool
) -> None:
    """A refill too, which is announced to nobody."""
    desk = http_desk
    request = SimpleNamespace(
        key_id=77, status=status, origin=Origin(kind=origin), progress=Progress(checkpoints=checkpoints)
    )
    settled: Any = desk.app.care.settled
    await desk.app.database.run(settled, request, None, None)
    row = await desk.app.database.read(drift_store.find, 77)
    assert (row is not None and row.was_written) is written
    assert settled in desk.app.approvals.execution._followers
