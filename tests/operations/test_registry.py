"""The registry of operations: by name and by word, and no name twice."""

import pytest

from bot.features import OPERATIONS
from bot.operations import Registry
from tests.narrow import present


def test_an_operation_is_found_by_its_name_and_by_its_command() -> None:
    assert OPERATIONS["key.create"].name == "key.create"
    assert len(OPERATIONS) == len(list(OPERATIONS))
    assert present(OPERATIONS.named("edit")).name == "key.update"


def test_a_name_twice_is_refused() -> None:
    one = OPERATIONS["key.end"]
    with pytest.raises(ValueError, match="one name"):
        Registry([one], [one.description, one.description])
