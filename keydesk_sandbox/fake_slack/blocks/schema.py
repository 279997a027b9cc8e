"""A small schema language whose errors use Slack's wording (slack.md G5). Knows no block.

A check is a function of a value and its JSON pointer that yields a BlockProblem for each fault.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class BlockProblem:
    """One fault, as Slack words it."""

    text: str
    pointer: str

    def __str__(self) -> str:
        return f"{self.text} [json-pointer:{self.pointer}]"


Check = Callable[[Any, str], Iterator[BlockProblem]]


def string(*, most: int | None = None, least: int = 0, form: Callable[[str], bool] | None = None) -> Check:
    """A string of `least` to `most` characters; `form` is one more condition on it."""

    def check(value: Any, at: str) -> Iterator[BlockProblem]:
        if not isinstance(value, str):
            yield BlockProblem("must provide a string", at)
        elif most is not None and len(value) > most:
            yield BlockProblem(f"must be less than {most + 1} characters", at)
        elif len(value) < least:
            yield BlockProblem(f"must be more than {least - 1} characters", at)
        elif form is not None and not form(value):
            yield BlockProblem("failed to match the pattern", at)

    return check


def boolean(value: Any, at: str) -> Iterator[BlockProblem]:
    """True or false."""
    if not isinstance(value, bool):
        yield BlockProblem("must provide a boolean", at)


def integer(*, least: int | None = None, most: int | None = None) -> Check:
    """A whole number within the given bounds."""

    def check(value: Any, at: str) -> Iterator[BlockProblem]:
        if isinstance(value, bool) or not isinstance(value, int):
            yield BlockProblem("must provide an integer", at)
        elif most is not None and value > most:
            yield BlockProblem(f"must be less than {most + 1}", at)
        elif least is not None and value < least:
            yield BlockProblem(f"must be greater than {least - 1}", at)

    return check


def number(value: Any, at: str) -> Iterator[BlockProblem]:
    """Any number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield BlockProblem("must provide a number", at)


def enum(*allowed: Any) -> Check:
    """One of the given values."""

    def check(value: Any, at: str) -> Iterator[BlockProblem]:
        if value not in allowed:
            yield BlockProblem("must be a valid enum value", at)

    return check


def array(item: Check, *, most: int | None = None, least: int = 0) -> Check:
    """A list of `least` to `most` items."""

    def check(value: Any, at: str) -> Iterator[BlockProblem]:
        if not isinstance(value, list):
            yield BlockProblem("must provide an array", at)
            return
        if most is not None and len(value) > most:
            yield BlockProblem(f"no more than {most} items allowed", at)
        if len(value) < least:
            yield BlockProblem(f"must provide at least {least} items", at)
        for index, entry in enumerate(value):
            yield from item(entry, f"{at}/{index}")

    return check


def record(
    required: Mapping[str, Check], optional: Mapping[str, Check] | None = None, *, extra: Check | None = None
) -> Check:
    """An object with exactly these fields; `extra` judges the whole once every field is right."""
    fields = {**required, **(optional or {})}

    def check(value: Any, at: str) -> Iterator[BlockProblem]:
        if not isinstance(value, dict):
            yield BlockProblem("must provide an object", at)
            return
        found = False
        for name in required:
            if name not in value:
                found = True
                yield BlockProblem(f"missing required field: {name}", at)
        for name, entry in value.items():
            inner = fields.get(name)
            if inner is None:
                found = True
                yield BlockProblem(f"invalid additional property: {name}", at)
                continue
            for problem in inner(entry, f"{at}/{name}"):
                found = True
                yield problem
        if extra is not None and not found:
            yield from extra(value, at)

    return check


def by_type(table: Mapping[str, Check]) -> Check:
    """An object whose `type` picks its check; others are unsupported here."""

    def check(value: Any, at: str) -> Iterator[BlockProblem]:
        if not isinstance(value, dict):
            yield BlockProblem("must provide an object", at)
        elif "type" not in value:
            yield BlockProblem("missing required field: type", at)
        elif not isinstance(value["type"], str) or value["type"] not in table:
            yield BlockProblem(f"unsupported type: {value['type']}", f"{at}/type")
        else:
            yield from table[value["type"]](value, at)

    return check


def free(value: Any, at: str) -> Iterator[BlockProblem]:  # noqa: ARG001 - a Check that accepts everything
    """Anything goes."""
    yield from ()


def an_object(value: Any, at: str) -> Iterator[BlockProblem]:
    """Any object."""
    if not isinstance(value, dict):
        yield BlockProblem("must provide an object", at)
