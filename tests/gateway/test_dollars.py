"""Which number of units makes a dollar for which key."""

from collections.abc import Iterator

import pytest

from bot.gateway.dollars import Dollars
from bot.gateway.numbers import BLOCK, know_names

DOLLARS = Dollars(usual=500_000, others={2: 1_000_000, 3: 3})


@pytest.fixture(autouse=True)
def _names() -> Iterator[None]:
    know_names({0: "default", 1: "lab", 2: "prod", 3: "odd"})
    yield
    know_names({})


def test_a_key_counts_by_its_gateway() -> None:
    assert [DOLLARS.of(key_id) for key_id in (None, 7, BLOCK + 7, 2 * BLOCK + 7)] == [
        500_000,
        500_000,
        500_000,
        1_000_000,
    ]
    assert [DOLLARS.at(name) for name in ("", None, "default", "lab", "prod", "gone")] == [500_000] * 4 + [
        1_000_000,
        500_000,
    ]


def test_amounts_of_several_gateways_are_added_by_the_dollars() -> None:
    assert DOLLARS.exchanged(7, block=0) == 7
    assert DOLLARS.exchanged(1_000_000, block=2) == 500_000
    assert DOLLARS.exchanged(500_000, block=0, into=2) == 1_000_000
    assert DOLLARS.together([(7, 500_000), (2 * BLOCK + 7, 1_000_000)]) == 1_000_000


def test_a_part_of_a_unit_counts_whole() -> None:
    """So that no rule lets more through because of the exchange."""
    assert DOLLARS.exchanged(1, block=2) == 1
    assert DOLLARS.exchanged(1, block=0, into=3) == 1
    assert DOLLARS.exchanged(500_001, block=0, into=3) == 4


def test_what_may_be_given_still_is_rounded_down() -> None:
    """One unit of a dollar's 500,000 is not a third of a dollar elsewhere."""
    assert DOLLARS.afforded(500_001, into=3) == 3
    assert DOLLARS.afforded(1, into=3) == 0
    assert DOLLARS.afforded(-1, into=3) == -1
    assert DOLLARS.afforded(500_000, into=2) == 1_000_000
