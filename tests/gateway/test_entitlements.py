"""The lists of models and groups, in each shape that a deployment uses."""

from typing import Any

import pytest

from bot.gateway.entitlements import MOST_MODELS, groups_of, model_ids, status_of, units_per_dollar
from bot.gateway.errors import CallFacts, GatewayProtocolError

FACTS = CallFacts(operation="GET", key_id=None, request_id=None, reference="r", status=200)


@pytest.mark.parametrize(
    "data",
    [
        ["b", "a", "a"],
        [{"id": "a"}, {"model_name": "b"}],
        [{"id": "", "name": "a"}, {"model": "b"}],
        {"1": ["a"], "2": None, "3": ["b", "a"]},
    ],
)
def test_models_are_sorted_and_each_once(data: Any) -> None:
    assert model_ids(data, FACTS) == ["a", "b"]


@pytest.mark.parametrize("data", [None, "a", [1], [{}], {"1": "a"}, [{"id": 7}]])
def test_a_list_of_models_of_another_shape_is_refused(data: Any) -> None:
    with pytest.raises(GatewayProtocolError):
        model_ids(data, FACTS)


def test_there_are_only_so_many_models() -> None:
    with pytest.raises(GatewayProtocolError, match="more than"):
        model_ids([str(number) for number in range(MOST_MODELS + 1)], FACTS)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (["vip", "default"], [("default", "", ""), ("vip", "", "")]),
        ({"vip": {"ratio": 2, "desc": "fast"}}, [("vip", "fast", "2")]),
        ({"vip": 0.5}, [("vip", "", "0.5")]),
        ([2, 1], [("1", "", ""), ("2", "", "")]),
        ({"1": 2}, [("1", "", "2")]),
    ],
)
def test_groups_by_name(data: Any, found: list[tuple[str, str, str]]) -> None:
    assert [(one.name, one.description, one.ratio) for one in groups_of(data, FACTS)] == found


@pytest.mark.parametrize("data", [None, "vip", {"vip": [1]}])
def test_groups_of_another_shape_are_refused(data: Any) -> None:
    with pytest.raises(GatewayProtocolError):
        groups_of(data, FACTS)


@pytest.mark.parametrize(
    ("value", "units"),
    [
        (500_000, 500_000), ("500000", 500_000), (" 500000 ", 500_000), (500_000.0, 500_000), (0, None), (-1, None), (0.5, None),
        ("0x1", None), (True, None), (None, None), (10**15, None), ("9" * 16, None),
    ],
)  # fmt: skip
def test_units_of_a_dollar_are_a_whole_number_above_zero(value: Any, units: int | None) -> None:
    assert units_per_dollar(value) == units


def test_a_status_of_nonsense_tells_nothing() -> None:
    assert status_of([1]) == status_of({"version": 7, "quota_per_unit": "x"})
    assert status_of({"version": "v1" * 40}).version == ("v1" * 25)
