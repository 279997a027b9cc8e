"""For the type checker: a value that a test knows to be there, or to be of one class. Either is asserted."""

from typing import Any, TypeVar

import httpx

T = TypeVar("T")


def fields(answer: httpx.Response) -> dict[str, Any]:
    """The JSON object in an answer."""
    return expect(dict, answer.json())


def present(value: T | None) -> T:
    """The value, which is not None."""
    assert value is not None
    return value


def expect(kind: type[T], value: object) -> T:
    """The value, which is an instance of `kind`."""
    assert isinstance(value, kind), value
    return value
