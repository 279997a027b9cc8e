"""JSON and numbers as a strict Go server reads them. Contract: sections 1 and 6, 19.5 and 19.6. Knows no endpoint.

Integers only where integers belong, member names without case, unknown members ignored, `null` leaves the zero value,
the last of two equal members wins, whatever follows the first value is not looked at.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, NoReturn

INT, BOOL, STRING, POINTER, INTS = "int", "bool", "string", "*string", "[]int"
_INT64 = range(-(2**63), 2**63)
_MANY_DIGITS = 40  # more of them cannot matter: the number is out of range already
_ZERO: Final[Mapping[str, Any]] = {INT: 0, BOOL: False, STRING: "", POINTER: None, INTS: ()}


class BadJsonError(Exception):
    """The body cannot be read; the argument is the text a Go server would answer."""


class _Number(str):
    """A number as it was written: `1`, `1.0` and `1e0` are three things."""

    __slots__ = ()


class _Members(list[tuple[str, Any]]):
    """The members of an object in the order in which they came."""


def read_object(body: bytes, shape: Mapping[str, str]) -> dict[str, Any]:
    """Every member of `shape` with its value or its Go zero value; BadJsonError otherwise."""
    found = dict.fromkeys(shape)
    result = {name: _ZERO[kind] for name, kind in shape.items()}
    value = _first_value(body)
    if value is None:
        return result
    if not isinstance(value, _Members):
        raise BadJsonError(f"json: cannot unmarshal {_kind(value)} into Go value of type object")
    exact = set(found)
    folded = {name.casefold(): name for name in shape}
    for member, raw in value:
        name = member if member in exact else folded.get(member.casefold())
        if name is None:
            continue
        if raw is None:
            if shape[name] == POINTER:
                result[name] = None
            continue
        result[name] = _as(shape[name], name, raw)
    return result


def _first_value(body: bytes) -> Any:
    text = body.decode("utf-8", errors="replace").lstrip(" \t\r\n")
    if not text:
        raise BadJsonError("EOF")
    decoder = json.JSONDecoder(
        parse_int=_Number, parse_float=_Number, parse_constant=_no_constant, object_pairs_hook=_Members
    )
    try:
        value, _end = decoder.raw_decode(text)
    except json.JSONDecodeError as error:
        if error.pos >= len(text) or error.msg.startswith("Unterminated"):
            raise BadJsonError("unexpected EOF") from error
        raise BadJsonError(f"invalid character {text[error.pos]!r} in the body") from error
    except RecursionError as error:
        raise BadJsonError("invalid character: exceeded max depth") from error
    return value


def _no_constant(name: str) -> NoReturn:
    raise BadJsonError(f"invalid character {name[0]!r} looking for beginning of value")


def _kind(value: Any) -> str:
    if isinstance(value, _Number):
        return f"number {value}"
    if isinstance(value, _Members):
        return "object"
    return {str: "string", bool: "bool", list: "array"}[type(value)]


def _as(kind: str, name: str, raw: Any) -> Any:
    if kind == INT and isinstance(raw, _Number) and _is_int64(raw):
        return int(raw)
    if kind == BOOL and isinstance(raw, bool):
        return raw
    if kind in (STRING, POINTER) and isinstance(raw, str) and not isinstance(raw, _Number):
        # A lone surrogate has no UTF-8 form; Go puts the replacement character there.
        return raw.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if kind == INTS and type(raw) is list:
        return tuple(_as(INT, name, item) for item in raw if item is not None)
    raise BadJsonError(f"json: cannot unmarshal {_kind(raw)} into Go struct field .{name} of type {kind}")


def _is_int64(number: _Number) -> bool:
    digits = number.removeprefix("-")
    return digits.isdigit() and len(digits) < 20 and int(number) in _INT64


def atoi(text: str) -> tuple[int, str]:
    """A number and Go's complaint, "" if none: 0 for nonsense, the border for what does not fit."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not (digits.isascii() and digits.isdigit()):
        return 0, f'strconv.Atoi: parsing "{text}": invalid syntax'
    number = int(digits[:_MANY_DIGITS]) * (-1 if text.startswith("-") else 1)
    if number not in _INT64:
        border = _INT64.stop - 1 if number > 0 else _INT64.start
        return border, f'strconv.Atoi: parsing "{text}": value out of range'
    return number, ""
