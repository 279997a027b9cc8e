"""Puts what is known back as it was."""

from collections.abc import Iterator
from contextlib import contextmanager

from bot.redaction.known import _Known


@contextmanager
def known_as_before() -> Iterator[None]:
    own, keys = _Known.own, _Known.keys
    yield
    _Known.own, _Known.keys = own, keys
    _Known.changes += 1
