"""JSON and numbers as a strict server reads them."""

from typing import Any

import pytest

from keydesk_sandbox.fake_gateway.gojson import BOOL, INT, INTS, POINTER, STRING, BadJsonError, atoi, read_object

SHAPE = {"n": INT, "on": BOOL, "name": STRING, "ips": POINTER, "ids": INTS}
ZERO: dict[str, Any] = {"n": 0, "on": False, "name": "", "ips": None, "ids": ()}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"{}", {}),
        (b"null", {}),
        (b'{"N": 1, "other": [1.5]}', {"n": 1}),
        (b'{"n": 1, "n": 2}', {"n": 2}),
        (b'{"n": null, "name": null}', {}),
        (b'{"ids": [1, null, 2], "ips": "x"} and more', {"ids": (1, 2), "ips": "x"}),
        (b'{"name": "\\ud800"}', {"name": "\ufffd"}),
        (b'{"n": 9223372036854775807}', {"n": 2**63 - 1}),
    ],
)
def test_what_is_read(body: bytes, found: dict[str, Any]) -> None:
    assert read_object(body, SHAPE) == ZERO | found


@pytest.mark.parametrize(
    "body",
    [
        b"", b"  ", b"{", b'{"n": 1.0}', b'{"n": 1e0}', b'{"n": "1"}', b'{"on": 1}', b'{"name": 7}', b"[]", b"NaN",
        b'{"n": 9223372036854775808}', b'{"ids": 1}',
    ],
)  # fmt: skip
def test_what_is_refused(body: bytes) -> None:
    with pytest.raises(BadJsonError):
        read_object(body, SHAPE)


@pytest.mark.parametrize(
    ("text", "number", "complaint"),
    [
        ("7", 7, ""), ("-7", -7, ""), ("+7", 7, ""), ("", 0, "invalid syntax"), ("1_0", 0, "invalid syntax"),
        ("٧", 0, "invalid syntax"), ("9" * 30, 2**63 - 1, "out of range"), ("-" + "9" * 30, -(2**63), "out of range"),
    ],
)  # fmt: skip
def test_numbers_of_a_query(text: str, number: int, complaint: str) -> None:
    found, said = atoi(text)
    assert found == number
    assert complaint in said
    assert bool(said) == bool(complaint)
