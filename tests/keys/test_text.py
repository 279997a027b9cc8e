"""The fields of a key in words."""

from typing import Any

import pytest

from bot.gateway.models import KeySettings
from bot.keys.text import (
    addresses_note,
    addresses_text,
    age_text,
    changed_lines,
    expiry_text,
    left_text,
    lifetime_text,
    list_text,
    new_key_lines,
    quota_bar,
    quota_text,
)
from bot.languages import find, speaking
from bot.operations import Change, Expiry
from tests.gateway.kit import wanted
from tests.keys.records import record
from tests.languages.conftest import Speak
from tests.narrow import present

UNITS = 500_000


def test_quota() -> None:
    assert quota_text(0, unlimited=True, units_per_usd=UNITS) == "unlimited"
    assert quota_text(1_500_000, unlimited=False, units_per_usd=UNITS) == "1.5M units ($3.00)"
    assert left_text(1_500_000, unlimited=False, units_per_usd=UNITS) == "1.5M units ($3.00) left"
    assert left_text(0, unlimited=True, units_per_usd=UNITS) == "unlimited quota"


def test_expiry() -> None:
    assert lifetime_text(-1, now=0) == "never expires"
    assert lifetime_text(1_790_000_000, now=1_790_000_001).startswith("expired ")
    assert lifetime_text(1_790_000_000, now=1_789_999_999).startswith("expires ")
    assert expiry_text(Expiry(seconds=86_400)).endswith("after approval")


def test_a_few_entries_in_full_and_many_by_number() -> None:
    assert list_text((), "every model") == "every model"
    assert list_text(("a", "b"), "x") == "a, b"
    assert list_text(tuple("abcdefghijklmn"), "x") == "a, b, c, d, e, f, g, h, i, j, k, l and 2 more"


def settings(**changes: Any) -> KeySettings:
    return wanted(**changes)


def test_a_new_key_says_all_that_it_is_to_have() -> None:
    lines = new_key_lines(settings(group="vip"), Expiry(seconds=86_400), units_per_usd=UNITS)
    assert [line.field for line in lines] == ["remain_quota", "expired_time", "model_limits", "allow_ips", "group"]
    assert {line.before for line in lines} == {None}


def test_a_change_says_only_what_differs() -> None:
    lines = changed_lines(settings(), settings(name="new"), expiry=None)
    assert [(line.field, line.before, line.after) for line in lines] == [("name", "ci runner", "new")]
    lines = changed_lines(settings(), settings(), expiry=Expiry(seconds=60))
    assert [line.field for line in lines] == ["expired_time"]


@pytest.mark.parametrize(
    ("entries", "note"),
    [
        ((), ""),
        (("203.0.113.7",), ""),
        (("10.0.0.0/8", "2001:db8::/32"), ""),
        (("0.0.0.0/0",), "this list lets everybody in"),
        (("::/0",), "this list lets everybody in"),
        (("0.0.0.0/1", "128.0.0.0/1"), "this list lets everybody in"),
        (("::ffff:0.0.0.0/96",), "this list lets everybody in"),
        (("203.0.113.7", "0.0.0.0/0"), "this list lets everybody in"),
        (("10.0.0.0/7", "::/1", "8000::/1"), "this list lets everybody in"),
        (("10.0.0.0/8", "11.0.0.0/8"), "this list lets in all of 10.0.0.0/7"),
        (("nonsense", "10.0.0.1"), ""),
    ],
)
def test_a_list_that_lets_everybody_in_says_so_on_cards_and_windows(entries: tuple[str, ...], note: str) -> None:
    assert addresses_note(entries) == note
    (line,) = changed_lines(settings(allowed_ips=("192.0.2.1",)), settings(allowed_ips=entries), expiry=None)
    assert (line.before, line.after) == ("192.0.2.1", addresses_text(entries))
    new = next(
        one
        for one in new_key_lines(settings(allowed_ips=entries), Expiry(seconds=60), units_per_usd=UNITS)
        if one.field == "allow_ips"
    )
    assert new.after == addresses_text(entries)
    assert note in new.after


# Every sentence of a new key's lines in a language of the tests: whatever English is left was not wrapped.
_SHOUTED = {
    "Quota": "KVOT",
    "label: when a key expires|Expires": "ENDAR",
    "Models": "MODELOJ",
    "Allowed IPs": "ADRESOJ",
    "Group": "GRUPO",
    "Cross-group retry": "ALIA",
    "a switch of a key|on": "JES",
    "{duration} after approval": "{duration} POST",
    "{model} (not in the list)": "{model} (NE)",
    "allowed addresses, and what they mean|{items} ({note})": "{items} ({note})",
    "this list lets everybody in": "CXIUJN",
}
_COUNTED = {"{number} unit ({money})": ("{number} X ({money})",) * 2, "{count} day": ("{count} T",) * 2}


def test_lines_made_in_english_and_stored_are_read_in_another_language(speak: Speak) -> None:
    settings = wanted(
        remain_quota=500_000,
        models=("gpt-4", "o1"),
        allowed_ips=("0.0.0.0/0",),
        group="vip",
        cross_group_retry=True,
    )
    lines = new_key_lines(settings, Expiry(seconds=86_400), units_per_usd=UNITS, unlisted={"o1"})
    kept = [line.model_dump(mode="json") for line in lines]
    with speak(_SHOUTED, _COUNTED):
        read = [Change.model_validate(line) for line in kept]
        assert [(line.label, line.after) for line in read] == [
            ("KVOT", "500k X ($1.00)"),
            ("ENDAR", "1 T POST"),
            ("MODELOJ", "gpt-4, o1 (NE)"),
            ("ADRESOJ", "0.0.0.0/0 (CXIUJN)"),
            ("GRUPO", "vip"),
            ("ALIA", "JES"),
        ]
    with speaking(present(find("zh-Hant"))):
        assert "gpt-4、o1" in Change.model_validate(kept[2]).after


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "as of a moment ago"),
        (59, "as of a moment ago"),
        (60, "as of 1 minute ago"),
        (7_199, "as of 119 minutes ago"),
        (7_200, "as of 2 hours ago"),
        (200_000, "as of 2 days ago"),
    ],
)
def test_how_old_a_list_is(seconds: float, words: str) -> None:
    assert age_text(1_000_000.0, 1_000_000.0 + seconds) == words


@pytest.mark.parametrize(
    ("used", "remain", "bar"),
    [
        (0, 100, "░░░░░░░░░░ 0 % used"),
        (1, 99_999, "█░░░░░░░░░ 1 % used"),
        (50, 50, "█████░░░░░ 50 % used"),
        (99_999, 1, "█████████░ 99 % used"),
        (100, 0, "██████████ 100 % used"),
        (110, -10, "██████████ 100 % used"),
        (-1, 100, "░░░░░░░░░░ 0 % used"),
        (0, 0, ""),
    ],
)
def test_a_bar_of_what_is_used(used: int, remain: int, bar: str) -> None:
    assert quota_bar(record(1, used_quota=used, remain_quota=remain, unlimited_quota=False)) == bar
    assert quota_bar(record(1, used_quota=used, remain_quota=remain, unlimited_quota=True)) == ""
