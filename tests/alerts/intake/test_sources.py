import json

import pytest

from bot.alerts.detection.text_extraction import message_texts, strings
from bot.alerts.intake.sources import MalformedAlert, parse, stored_id
from keydesk_sandbox import alerts as senders
from tests.alerts.kit import core

KEY = f"sk-{core(1)}"


@pytest.mark.parametrize("source", ["generic", "github", "gitguardian", "alertmanager"])
def test_the_body_of_each_source_gives_its_key_and_keeps_none(source: str) -> None:
    body = senders.body_of(source, number=3, text=KEY)
    incoming = parse(source, body)
    assert core(1) in {one.core for one in incoming.found.candidates}
    kept = json.dumps([incoming.their_id, incoming.title, incoming.text, incoming.url, dict(incoming.place)])
    assert core(1)[:20] not in kept
    assert incoming.title
    assert parse(source, body).their_id == incoming.their_id
    assert parse(source, senders.body_of(source, number=4, text=KEY)).their_id != incoming.their_id
    assert core(1)[:8] not in repr(incoming)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"x"', b"{", b"\xff", b"[" * 100_000, b'{"secrets": 7}'])
def test_what_a_generic_alert_cannot_be(body: bytes) -> None:
    with pytest.raises(MalformedAlert):
        parse("generic", body)


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("github", {"alert": {"number": "1"}, "repository": {"full_name": "a/b"}}),
        ("github", {"alert": {"number": 1}, "repository": {"full_name": "../../user"}}),
        ("github", {"alert": {"number": 1}, "repository": {"full_name": "a/b/c?x="}}),
        ("github", {"alert": {"number": 1}, "repository": {"full_name": "../.."}}),
        ("github", {"alert": [], "repository": {}}),
        ("alertmanager", {"alerts": {}}),
        ("alertmanager", {"alerts": [], "commonLabels": []}),
    ],
)
def test_bodies_that_could_lead_elsewhere_are_refused(source: str, body: dict[str, object]) -> None:
    with pytest.raises(MalformedAlert):
        parse(source, json.dumps(body).encode())


def test_an_id_that_could_be_a_key_is_kept_as_a_hash_only() -> None:
    assert stored_id("scan-1", b"") == "scan-1"
    assert stored_id(17, b"") == "17"
    assert stored_id(KEY, b"").startswith("sha256:")
    assert stored_id("a" * 500, b"").startswith("sha256:")
    assert stored_id(None, b"x") == stored_id("", b"x") != stored_id(None, b"y")
    assert stored_id(True, b"x") == stored_id(None, b"x")


def test_an_address_is_shown_only_when_it_is_one_and_without_its_query() -> None:
    def url(value: object) -> str:
        return parse("generic", json.dumps({"id": "1", "url": value}).encode()).url

    assert url("https://example.com/a?key=1#x") == "https://example.com/a"
    for wrong in (
        "javascript:alert(1)",
        "https://user@host/",
        f"https://example.com/{core(1)}",
        7,
        "https://a b",
        "//x",
    ):
        assert url(wrong) == ""


def test_every_text_of_a_message_is_read_and_pieces_of_a_line_are_one() -> None:
    section = {
        "type": "rich_text_section",
        "elements": [{"type": "text", "text": KEY[:20]}, {"type": "text", "text": KEY[20:]}],
    }
    message = {
        "text": "a &amp; b",
        "blocks": [{"type": "rich_text", "block_id": "x", "elements": [section]}],
        "attachments": [{"text": "attached", "fields": [{"title": "t", "value": "v"}]}],
        "files": [{"title": "file"}],
    }
    texts = list(message_texts(message))
    assert {"a & b", KEY, "attached", "v", "file"} <= set(texts)


def test_depth_and_breadth_are_bounded() -> None:
    deep: object = "end"
    for _ in range(50_000):
        deep = [deep]
    assert list(strings(deep)) == ["end"]
    assert len(list(strings(["x"] * 300_000))) < 300_000
