"""The form of a new key: built, filled, read again; and every bad input, with its error under the right field."""

from typing import Any

import pytest

from bot.errors import InputError
from bot.features.forms.fields import FormReader, Prefill
from bot.features.key_create.operation import CreateKey
from bot.features.key_create.views import build_modal, parse_draft, parse_submission
from bot.gateway.models import Group
from bot.operations import Expiry

NOW = 1_790_000_000.0
DAY = 86_400
GROUPS = [Group(name="default", description="", ratio="1"), Group(name="auto", description="", ratio="auto")]


def state(**fields: Any) -> dict[str, Any]:
    """A filled form as Slack sends it: text, one choice, several choices (a list), a moment (a number)."""
    texts = {"name", "remain_quota", "allow_ips", "reason"}
    values: dict[str, Any] = {"name": "search", "remain_quota": "100k", "expired_time": "30d", **fields}
    found: dict[str, Any] = {}
    for block_id, value in values.items():
        if isinstance(value, list):
            item: dict[str, Any] = {"selected_options": [{"value": one} for one in value]}
        elif isinstance(value, int):
            item = {"selected_date_time": value}
        elif block_id in texts:
            item = {"value": value}
        else:
            item = {"selected_option": None if value is None else {"value": value}}
        found[block_id] = {"value": item}
    return found


def parse(*, count_bytes: bool = False, known: bool = True, **fields: Any) -> CreateKey:
    reader = FormReader(state=state(**fields), now=NOW, units_per_usd=500_000)
    return parse_submission(reader, groups=GROUPS if known else None, count_bytes=count_bytes)[0]


def errors(**fields: Any) -> dict[str, str]:
    with pytest.raises(InputError) as wrong:
        parse(**fields)
    return wrong.value.fields


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("name", {"name": None}, "Give the key a name."),
    ("name", {"name": "  \t "}, "Give the key a name."),
    ("name", {"name": "n" * 51}, "The name has 51 characters; the gateway takes at most 50 characters."),
    (
        "name",
        {"name": "é" * 26, "count_bytes": True},
        "26 characters, but 52 bytes; this gateway takes at most 50 bytes",
    ),
    ("name", {"name": "🔑" * 13, "count_bytes": True}, "13 characters, but 52 bytes"),
    ("name", {"name": "a\nb"}, "holds a line break"),
    ("name", {"name": "a\u2028b"}, "holds a line break"),
    ("name", {"name": "a\u202eb"}, "an invisible character (U+202E)"),
    ("name", {"name": "a\x07b"}, "an invisible character (U+0007)"),
    ("name", {"name": "\ud800"}, "an invisible character (U+D800)"),
    ("remain_quota", {"remain_quota": None}, "No amount is given."),
    ("remain_quota", {"remain_quota": "1e5"}, "“1e5” is not an amount."),
    ("remain_quota", {"remain_quota": "-1"}, "“-1” has a sign"),
    ("remain_quota", {"remain_quota": "+1"}, "“+1” has a sign"),
    ("remain_quota", {"remain_quota": "1.000.000"}, "can be read in two ways"),
    ("remain_quota", {"remain_quota": "0"}, "tick “No limit”"),
    ("remain_quota", {"remain_quota": "0.5"}, "only whole units exist"),
    ("remain_quota", {"remain_quota": "$"}, "is not an amount"),
    ("remain_quota", {"remain_quota": "NaN"}, "is not an amount"),
    ("remain_quota", {"remain_quota": "`100`"}, "is not an amount"),
    ("remain_quota", {"remain_quota": "999999999999999999999"}, "more than the gateway can store"),
    ("remain_quota", {"remain_quota": "9" * 60}, "more than the gateway can store"),
    ("expired_time", {"expired_time": None}, "Choose when the key expires."),
    ("expired_time", {"expired_time": "400d"}, "Choose when the key expires."),
    ("expired_time", {"expired_time": "custom"}, "Choose the day and the time"),
    ("expired_time_at", {"expired_time": "custom", "expired_time_at": int(NOW) - 1}, "That was 1 second ago"),
    ("expired_time_at", {"expired_time": "custom", "expired_time_at": int(NOW) - 3 * DAY}, "That was 3 days ago"),
    ("expired_time_at", {"expired_time": "custom", "expired_time_at": int(NOW)}, "choose a moment to come"),
    ("model_limits", {"model_limits": ["a,b"]}, "holds no commas"),
    ("model_limits", {"model_limits": [f"model-{n:04}" for n in range(100)], "known": False}, "too many models"),
    ("allow_ips", {"allow_ips": "10.0.0.0/33"}, "IPv4 takes /0 to /32"),
    ("allow_ips", {"allow_ips": "2001:db8::/129"}, "IPv6 takes /0 to /128"),
    ("allow_ips", {"allow_ips": "fe80::1%eth0"}, "has a zone"),
    ("allow_ips", {"allow_ips": "300.1.1.1"}, "“300.1.1.1” is not an IPv4 or IPv6 address or network."),
    ("allow_ips", {"allow_ips": "10.0.0.0/255.0.0.0"}, "has no valid prefix length"),
    ("allow_ips", {"allow_ips": "10.0.0.0/08"}, "has no valid prefix length"),
    ("allow_ips", {"allow_ips": "<!channel>"}, "“<!channel>” is not"),
    ("allow_ips", {"allow_ips": "one two"}, "1 more is wrong too."),
    (
        "allow_ips",
        {"allow_ips": "\n".join(f"10.0.{n // 256}.{n % 256}" for n in range(500))},
        "characters; at most 3,000",
    ),
    ("allow_ips", {"allow_ips": "build.example.com"}, "“build.example.com” is a host name"),
    ("group", {"group": "g" * 65}, "at most 64 characters"),
    ("group", {"group": "vip"}, "The account may not use the group “vip”. It may use: default, auto."),
    ("cross_group_retry", {"cross_group_retry": ["on"]}, "Only a group that routes automatically, such as “auto”"),
]


@pytest.mark.parametrize(("block", "fields", "words"), BAD)
def test_bad_input_is_told_under_its_own_field(block: str, fields: dict[str, Any], words: str) -> None:
    found = errors(**fields)
    assert list(found) == [block]
    assert words in found[block]


def test_every_wrong_field_is_told_at_once() -> None:
    found = errors(name="", remain_quota="x", allow_ips="x", expired_time=None, model_limits=["a,b"], group="x")
    assert set(found) == {"name", "remain_quota", "allow_ips", "expired_time", "model_limits", "group"}


GOOD: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"name": "n" * 50}, {"name": "n" * 50}),
    ({"name": "中" * 50}, {"name": "中" * 50}),
    ({"name": "ع" * 50}, {"name": "ع" * 50}),
    ({"name": "  padded  "}, {"name": "padded"}),
    ({"name": "🔑 מפתח"}, {"name": "🔑 מפתח"}),
    ({"name": "👩\u200d💻 می\u200cخواهم"}, {"name": "👩\u200d💻 می\u200cخواهم"}),
    ({"name": "生產\u3000金鑰"}, {"name": "生產\u3000金鑰"}),
    ({"name": "<!channel> `x`"}, {"name": "<!channel> `x`"}),
    ({"remain_quota": "100k"}, {"remain_quota": 100_000}),
    ({"remain_quota": "100 000"}, {"remain_quota": 100_000}),
    ({"remain_quota": "٣"}, {"remain_quota": 3}),
    ({"remain_quota": "1.5M"}, {"remain_quota": 1_500_000}),
    ({"remain_quota": "$5"}, {"remain_quota": 2_500_000}),
    ({"remain_quota": "5 USD"}, {"remain_quota": 2_500_000}),
    ({"remain_quota": "1,000,000"}, {"remain_quota": 1_000_000}),
    ({"remain_quota": None, "unlimited_quota": ["on"]}, {"remain_quota": 0, "unlimited_quota": True}),
    ({"expired_time": "never"}, {"expiry": Expiry()}),
    ({"expired_time": "365d"}, {"expiry": Expiry(seconds=365 * DAY)}),
    ({"expired_time": "custom", "expired_time_at": int(NOW) + 60}, {"expiry": Expiry(at=int(NOW) + 60)}),
    ({"model_limits": ["gpt-4o-mini", "gpt-4o-mini"]}, {"models": ("gpt-4o-mini",)}),
    ({"model_limits": ["anything"], "known": False}, {"models": ("anything",)}),
    (
        {"allow_ips": "10.0.0.1,10.0.0.2, 2001:DB8::1\n10.0.0.1"},
        {"allowed_ips": ("10.0.0.1", "10.0.0.2", "2001:DB8::1")},
    ),
    ({"allow_ips": "0.0.0.0/0\r\n::/0"}, {"allowed_ips": ("0.0.0.0/0", "::/0")}),
    ({"allow_ips": None}, {"allowed_ips": ()}),
    ({"group": "auto", "cross_group_retry": ["on"]}, {"group": "auto", "cross_group_retry": True}),
    ({"group": "vip", "known": False}, {"group": "vip"}),
    # A group that nobody lists may route automatically under another name.
    ({"group": "smart", "known": False, "cross_group_retry": ["on"]}, {"group": "smart", "cross_group_retry": True}),
    # Gateways differ in how long a list they keep; the read-back tells what was cut.
    (
        {"allow_ips": "\n".join(f"198.51.100.{n}" for n in range(100, 114))},
        {"allowed_ips": tuple(f"198.51.100.{n}" for n in range(100, 114))},
    ),
]


@pytest.mark.parametrize(("fields", "wanted"), GOOD)
def test_good_input_is_read_as_meant(fields: dict[str, Any], wanted: dict[str, Any]) -> None:
    found = parse(**fields)
    assert {name: getattr(found, name) for name in wanted} == wanted


def test_the_modal_names_its_parts_as_product_md_says() -> None:
    view = build_modal(Prefill(), units_per_usd=500_000, channel="C0KEYS", chosen_expiry="custom")
    assert view["callback_id"] == "key.create"
    inputs = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
    assert set(inputs) == {
        "name", "remain_quota", "unlimited_quota", "expired_time", "expired_time_at", "model_limits", "allow_ips",
        "group", "cross_group_retry", "reason", "refill",
    }  # fmt: skip
    assert {element["action_id"] for element in inputs.values()} == {"value"}
    choices = [option["value"] for option in inputs["expired_time"]["options"]]
    assert sorted(choices) == sorted(["never", "7d", "30d", "90d", "365d", "custom"])
    for box in ("unlimited_quota", "cross_group_retry"):
        assert [option["value"] for option in inputs[box]["options"]] == ["on"]
    assert inputs["model_limits"]["type"] == "multi_external_select"
    assert [b["block_id"] for b in view["blocks"] if b["type"] != "input"] == ["decision"]


@pytest.mark.parametrize("fields", [{}, {"remain_quota": "x"}, {"expired_time": "custom"}, {"name": None}])
def test_a_form_being_filled_in_is_read_as_far_as_it_goes(fields: dict[str, Any]) -> None:
    reader = FormReader(state=state(**fields), now=NOW, units_per_usd=500_000)
    wanted, _reason, chosen = parse_draft(reader)
    assert (wanted is None) is bool(reader.errors)
    assert chosen == fields.get("expired_time", "30d")


@pytest.mark.parametrize(
    "junk", [{}, {"name": None}, {"name": {"value": 5}}, {"name": {"value": {"value": 5}}}, {"name": []}]
)
def test_a_state_of_another_shape_is_an_empty_form(junk: Any) -> None:
    reader = FormReader(state=junk, now=NOW, units_per_usd=500_000)
    with pytest.raises(InputError) as wrong:
        parse_submission(reader, groups=None, count_bytes=False)
    assert {"name", "remain_quota", "expired_time"} <= set(wrong.value.fields)
