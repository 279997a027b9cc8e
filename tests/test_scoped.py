"""A context variable has its value inside of the block, also when the block raises, and blocks nest."""

from contextvars import ContextVar

import pytest

from bot.scoped import Scoped

_VALUE: ContextVar[str] = ContextVar("value", default="outside")


def test_the_value_is_there_inside_and_blocks_nest() -> None:
    with Scoped(_VALUE, "first"):
        with Scoped(_VALUE, "second"):
            assert _VALUE.get() == "second"
        assert _VALUE.get() == "first"
    assert _VALUE.get() == "outside"


def test_an_error_passes_and_the_value_is_gone() -> None:
    with pytest.raises(ZeroDivisionError), Scoped(_VALUE, "inside"):
        _ = 1 / 0
    assert _VALUE.get() == "outside"
