"""A context variable that has a value inside of a `with` block. Knows nothing else of Keydesk.

Each delivery opens several; a generator of contextlib takes four times as long.
"""

from contextvars import ContextVar, Token
from typing import Generic, TypeVar

T = TypeVar("T")


class Scoped(Generic[T]):
    """Inside of the block, and in tasks that it starts, the variable has this value. One object for one block."""

    __slots__ = ("_token", "_value", "_variable")
    _token: Token[T]

    def __init__(self, variable: ContextVar[T], value: T) -> None:
        self._variable = variable
        self._value = value

    def __enter__(self) -> None:
        self._token = self._variable.set(self._value)

    def __exit__(self, *_error: object) -> None:
        self._variable.reset(self._token)
