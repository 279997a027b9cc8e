"""The fields of the forms: whatever keyboards and web pages put into a text is taken out or named."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.errors import InputError
from bot.features.forms.fields import FormReader
from bot.features.key_quota.views import parse_submission as parse_quota_form
from tests.features.kit import NOW, UNITS, reader, seen
from tests.test_typed_text import INVISIBLE

FIELDS: dict[str, tuple[str, Any]] = {
    "remain_quota": ("100k", 100_000),
    "delta": ("+100k", 100_000),
    "reason": ("for the demo", "for the demo"),
    "group": ("vip", "vip"),
    "allow_ips": ("203.0.113.7", ("203.0.113.7",)),
}


def read(field: str, text: str) -> object:
    form = reader(**{field: text})
    if field == "delta":
        return parse_quota_form(form, seen())[0].delta
    readers: dict[str, Callable[[], object]] = {
        "remain_quota": lambda: form.quota(unlimited=False),
        "reason": form.reason,
        "group": lambda: form.group(None),
        "allow_ips": form.allowed_ips,
    }
    value = readers[field]()
    form.check()
    return value


@pytest.mark.parametrize("char", [char for char in INVISIBLE if char != "\u2028"])
@pytest.mark.parametrize("field", FIELDS)
def test_what_nobody_sees_changes_no_field(field: str, char: str) -> None:
    text, value = FIELDS[field]
    for dirty in (char + text, text + char, text[:2] + char + text[2:]):
        assert read(field, dirty) == value


@pytest.mark.parametrize("char", INVISIBLE)
def test_in_a_name_it_is_named(char: str) -> None:
    form = reader(name=f"pro{char}d")
    form.name(count_bytes=False)
    assert "take it out" in form.errors["name"]


def test_a_name_is_stored_in_composed_form() -> None:
    assert reader(name="cafe\u0301").name(count_bytes=False) == "caf\u00e9"


@pytest.mark.parametrize("name", ["12", "#12", "１２", '"12"', "٤١"])
def test_a_key_cannot_be_called_like_a_number(name: str) -> None:
    form = reader(name=name)
    form.name(count_bytes=False)
    assert "reads like the number of a key" in form.errors["name"]


@pytest.mark.parametrize("text", ["0", "$0", "0k", "０"])
def test_a_quota_of_nothing_needs_the_box(text: str) -> None:
    with pytest.raises(InputError, match="No limit"):
        read("remain_quota", text)
    form = FormReader(state=reader(remain_quota=text).state, now=NOW, units_per_usd=UNITS)
    assert form.quota(unlimited=True) == 0
    assert not form.errors
