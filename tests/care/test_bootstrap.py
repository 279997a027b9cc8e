"""Every kind of care is wired: what draws its messages is known, and none of two kinds is the same."""

from collections import Counter

from bot.care import bootstrap, messages
from tests.scenarios.conftest import http_desk
from tests.scenarios.desk import Desk

__all__ = ["http_desk"]


def test_each_kind_of_post_is_drawn_by_one() -> None:
    each = [kind for drawers in bootstrap.DRAWERS for kind in drawers(units_per_usd=500_000)]
    assert [kind for kind, number in Counter(each).items() if number > 1] == []
    assert set(bootstrap.drawers(units_per_usd=500_000)) == set(each) >= {messages.OWNER, messages.CHANNEL}


async def test_each_kind_has_a_round_of_its_own_name(http_desk: Desk) -> None:
    kinds = http_desk.app.care.schedule.kinds
    assert len({kind.name for kind in kinds}) == len(kinds) == len(bootstrap.BUILDERS)
