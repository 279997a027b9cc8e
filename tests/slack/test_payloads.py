"""A payload as Slack sends it becomes a Delivery, or is refused."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote_plus, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.slack.delivery import Kind
from bot.slack.payloads import MalformedPayload, _from_form, _unquoted, decode
from tests.slack import kit
from tests.slack.kit import read, taken


def test_a_command_tells_who_where_and_what() -> None:
    delivery = read(kit.command("new ci", trigger_id="9.9"))
    assert delivery.kind is Kind.COMMAND
    assert delivery.id == "cmd:T0HOME:9.9"
    assert (delivery.user_id, delivery.user_team_id, delivery.channel_id) == ("U0ANN", "T0HOME", "C0KEYS")
    assert (delivery.text, delivery.received_at) == ("new ci", kit.NOW)


def test_a_click_has_one_id_whoever_clicks() -> None:
    ann = read(kit.click())
    bob = read(kit.click(user={"id": "U0BOB", "team_id": "T0OTHER"}))
    assert ann.id == bob.id == "act:T0HOME:C0KEYS:100.1:approve:7"
    assert (bob.user_id, bob.user_team_id, bob.team_id) == ("U0BOB", "T0OTHER", "T0HOME")
    assert (ann.action_id, ann.action_value, ann.message_ts) == ("approve", "7", "100.1")


def test_two_buttons_with_one_action_id_are_two_clicks() -> None:
    assert read(kit.click("reveal", value="1")).id != read(kit.click("reveal", value="2")).id


def test_a_click_in_a_view_may_come_again_later() -> None:
    first = kit.click(view=kit.view()) | {"container": {"type": "view"}}
    again = kit.click(view=kit.view()) | {"container": {"type": "view"}}
    again["actions"][0]["action_ts"] = "2.5"
    assert read(first).id == read(dict(first)).id
    assert read(first).id != read(again).id
    assert read(first).in_modal


def test_an_id_fits_its_column() -> None:
    assert len(read(kit.click("x" * 300, value="v" * 500)).id) == 255


def test_a_submission_has_the_id_of_its_view() -> None:
    delivery = read(kit.submission(view=kit.view(private_metadata="7")))
    assert delivery.id == "sub:T0HOME:V0FORM"
    assert delivery.callback_id == "key.create"
    assert delivery.private_metadata == "7"
    assert delivery.state["name"]["value"]["value"] == "ci"


def test_the_team_of_an_organisations_payload_is_the_views() -> None:
    view = kit.view(app_installed_team_id="T0HOME")
    delivery = read(kit.submission(view=view, team=None, user={"id": "W1", "team_id": "E0ORG"}))
    assert (delivery.team_id, delivery.user_team_id) == ("T0HOME", "E0ORG")
    assert read(kit.interaction("shortcut", team=None)).team_id == "T0HOME"


def test_an_event_has_slacks_own_id() -> None:
    body = {"type": "event_callback", "event_id": "Ev7", "team_id": "T0HOME"}
    delivery = read(body | {"event": {"type": "user_change", "user": {"id": "U1", "team_id": "T0HOME"}}})
    assert (delivery.id, delivery.user_id, delivery.event["type"]) == ("evt:Ev7", "U1", "user_change")
    opened = read(body | {"event": {"type": "app_home_opened", "user": "U2", "channel": "D2"}})
    assert (opened.user_id, opened.channel_id) == ("U2", "D2")


def test_options_tell_what_was_typed() -> None:
    delivery = read(
        kit.interaction("block_suggestion", block_id="model_limits", action_id="value", value="gp", view=kit.view())
    )
    assert (delivery.kind, delivery.query, delivery.action_id) == (Kind.OPTIONS, "gp", "value")


def test_a_message_shortcut_brings_the_message() -> None:
    message = {"ts": "5.5", "text": "sk-leaked"}
    delivery = read(
        kit.interaction("message_action", callback_id="leak", message=message, message_ts="5.5", channel={"id": "C1"})
    )
    assert (delivery.message_ts, delivery.message["text"], delivery.channel_id) == ("5.5", "sk-leaked", "C1")


def test_everything_missing_is_empty_and_nothing_is_guessed() -> None:
    delivery = read(kit.interaction("shortcut", callback_id="new_key"))
    assert (delivery.view, delivery.view_id, delivery.state, delivery.action) == (None, "", {}, {})
    assert (delivery.message_ts, delivery.channel_id, delivery.response_url, delivery.private_metadata) == (
        "",
        "",
        "",
        "",
    )
    assert not delivery.in_modal


@pytest.mark.parametrize(
    "body",
    [
        {"command": "/apikey"},
        {"command": "/apikey", "team_id": "T", "user_id": "U", "trigger_id": 5},
        {"type": "block_actions"},
        {"type": "block_actions", "user": "U1", "actions": []},
        {"type": "block_actions", "user": {"id": "U1"}, "actions": []},
        {"type": "block_actions", "user": {"id": "U1"}, "actions": [5]},
        {"type": "view_submission", "user": {"id": "U1"}},
        {"type": "view_submission", "user": {"id": "U1"}, "view": []},
        {"type": "shortcut", "user": {"id": "U1"}},
        {"type": "event_callback"},
        {"type": "event_callback", "event": {"type": "x"}},
        {"type": "event_callback", "event": []},
    ],
)
def test_a_payload_without_what_it_needs_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(MalformedPayload):
        read(body)


def test_an_unknown_type_is_no_delivery() -> None:
    assert taken({"type": "a_new_thing"}) is None
    assert taken({"type": ["block_actions"]}) is None


@pytest.mark.parametrize(
    ("raw", "content_type"),
    [
        (b"", "application/json"),
        (b"{}", "application/json"),
        (b"[]", "application/json"),
        (b"null", "application/json"),
        (b"\xff\xfe", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"1" * 10_000, "application/json"),
        (b"payload=%5B1%5D", kit.FORM),
        (b"payload=", kit.FORM),
        (b"payload={", kit.FORM),
        (b"&".join(b"a%d=1" % n for n in range(500)), kit.FORM),
        (b'{"type":"x"}', "text/plain"),
        (b'{"type":"x"}', ""),
        (b"command=x", "multipart/form-data"),
    ],
)
def test_a_body_that_is_no_payload_is_refused(raw: bytes, content_type: str) -> None:
    with pytest.raises(MalformedPayload):
        decode(raw, content_type)


def test_texts_become_storable() -> None:
    body = decode(b'{"a":"x\\u0000y","\\ud83d":["\\ud83d\\udd11","\\ud83d"]}', "application/json")
    assert body == {"a": "xy", "\ufffd": ["🔑", "\ufffd"]}
    assert decode(b"command=%2Fa&text=a%00b", kit.FORM)["text"] == "ab"
    assert decode(b"payload=%7B%22a%22%3A%22%5Cud800%22%7D", kit.FORM) == {"a": "\ufffd"}


ESCAPES = st.binary(max_size=3).map(lambda some: "".join(f"%{byte:02x}" for byte in some).encode())


PLAIN = st.binary(max_size=8).map(lambda some: some.replace(b"%", b"").replace(b"&", b""))


@given(st.lists(ESCAPES | PLAIN).map(b"".join))
@example(b"=3D==0A=\r\n_+%0D%0A %3d")
@example(b"%e2%82%ff a%00")
def test_a_value_is_read_as_the_standard_library_reads_it(raw: bytes) -> None:
    # Through latin-1, which keeps every byte: what is not ASCII comes escaped.
    expected = unquote_plus(raw.decode("latin-1"), encoding="latin-1").encode("latin-1").decode("utf-8", "replace")
    assert _unquoted(raw) == expected


@given(st.text(), st.sampled_from([quote, quote_plus]))
def test_what_people_type_comes_through(text: str, encode: Callable[[str], str]) -> None:
    payload = json.dumps({"a": text.replace("\0", "")}, ensure_ascii=False)
    assert decode(b"payload=" + encode(payload).encode(), kit.FORM) == json.loads(payload)


@pytest.mark.parametrize("raw", [b"payload=%7B%22a%22:%22100%%22%7D", b"payload=%7B%22a%22:1%7D&b=%zz"])
def test_an_escape_that_is_none_stays_as_it_is(raw: bytes) -> None:
    assert decode(raw, kit.FORM) in ({"a": "100%"}, {"a": 1})


@given(st.lists(st.tuples(st.text(max_size=6), st.text(max_size=12)), min_size=1, max_size=12))
def test_a_form_is_read_as_the_standard_library_reads_it(pairs: list[tuple[str, str]]) -> None:
    raw = urlencode(pairs, errors="replace").encode()
    expected = dict(parse_qsl(raw.decode(), keep_blank_values=True))
    if "payload" not in expected:
        assert _from_form(raw, raw.decode()) == expected


@pytest.mark.parametrize(
    "raw", [b"a=1&&b", b"a=%zz&b=1", b"a=%", b"=x", b"a=1=2&b=+", "a=\xff\u00e9&b=%C3%A9".encode(), b"a=1&a=2"]
)
def test_odd_forms_too(raw: bytes) -> None:
    assert _from_form(raw, raw.decode()) == dict(parse_qsl(raw.decode(), keep_blank_values=True, errors="replace"))


def test_what_happens_in_a_view_happens_in_no_channel() -> None:
    """Slack names none there, so one that is named is forged."""
    named = {"channel": {"id": "C0KEYS"}, "container": {"type": "view", "channel_id": "C0KEYS"}}
    assert read(kit.click(view=kit.view()) | named).channel_id == ""
    assert read(kit.click() | named).channel_id == "C0KEYS"
