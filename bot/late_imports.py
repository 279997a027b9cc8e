"""Imports a library without the modules that it names but that this process never uses.

A start and the memory at rest are made of imports, and a library decides what it imports: DBOS names SQLAlchemy's ORM
in annotations, and psycopg where the database is SQLite. Late modules stand in for such modules while the library is
imported. A name taken from one is a late name: it may stand in an annotation and in `isinstance`, and whoever calls it,
or looks anything up in it, gets the real module's, which is imported then. So nothing stops working; it is only later.
It cannot be a base class or stand in `except`, which the import of such a library says at once.
"""

import contextlib
import importlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any


@contextlib.contextmanager
def late_imports(*names: str) -> Iterator[None]:
    """While this lasts, importing one of these modules gives a late one, unless it has been imported already."""
    late = {name: _LateModule(name) for name in names if name not in sys.modules}
    sys.modules.update(late)
    try:
        yield
    finally:
        for name in late:
            del sys.modules[name]


class _LateModule(ModuleType):
    """Gives late names while it stands in, and what the real module has from then on."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is not self:
            return getattr(importlib.import_module(self.__name__), name)
        inner = sys.modules.get(f"{self.__name__}.{name}")
        return inner if isinstance(inner, _LateModule) else _LateName(name, (), {"__module__": self.__name__})


class _LateName(type):
    """The type of late names. They are classes because an annotation must be one."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> "_LateName":
        if bases:
            raise TypeError(f"{bases[0].__module__}.{bases[0].__name__} is imported late and cannot be a base class")
        return super().__new__(cls, name, bases, namespace)

    def __call__(cls, *arguments: Any, **named: Any) -> Any:
        return _real(cls)(*arguments, **named)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(_real(cls), name)

    def __getitem__(cls, item: Any) -> "_LateName":
        return cls

    def __instancecheck__(cls, instance: object) -> bool:
        # Nothing can be of a class that was never made.
        return cls.__module__ in sys.modules and isinstance(instance, _real(cls))


def _real(name: type) -> Any:
    return getattr(importlib.import_module(name.__module__), name.__name__)
