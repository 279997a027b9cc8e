import json
from typing import Any

import pytest

from bot.alerts.detection.text_extraction import message_texts, strings
from bot.alerts.intake.sources import MalformedAlert, parse, stored_id
from keydesk_sandbox import alerts as senders
from tests.alerts.kit import core
from tests.narrow import present

KEY = f"sk-{core(1)}"


@pytest.mark.parametrize("source", ["generic", "github", "gitlab", "gitguardian", "alertmanager"])
def test_the_body_of_each_source_gives_its_key_and_keeps_none(source: str) -> None:
    body = senders.body_of(source, number=3, text=KEY)
    incoming = parse(source, body)
    assert incoming is not None
    assert core(1) in {one.core for one in incoming.found.candidates}
    kept = json.dumps([incoming.their_id, incoming.title, incoming.text, incoming.url, dict(incoming.place)])
    assert core(1)[:20] not in kept
    assert incoming.title
    again, other = parse(source, body), parse(source, senders.body_of(source, number=4, text=KEY))
    assert again is not None
    assert other is not None
    assert again.their_id == incoming.their_id != other.their_id
    assert core(1)[:8] not in repr(incoming)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"x"', b"{", b"\xff", b"[" * 100_000, b'{"secrets": 7}'])
def test_what_a_generic_alert_cannot_be(body: bytes) -> None:
    with pytest.raises(MalformedAlert):
        parse("generic", body)


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("github", {"action": "created", "alert": {"number": "1"}, "repository": {"full_name": "a/b"}}),
        ("github", {"action": "created", "alert": {"number": 1}, "repository": {"full_name": "../../user"}}),
        ("github", {"action": "created", "alert": {"number": 1}, "repository": {"full_name": "a/b/c?x="}}),
        ("github", {"action": "created", "alert": {"number": 1}, "repository": {"full_name": "../.."}}),
        ("github", {"action": "created", "alert": [], "repository": {}}),
        ("alertmanager", {"alerts": {}}),
        ("alertmanager", {"alerts": [], "commonLabels": []}),
    ],
)
def test_bodies_that_could_lead_elsewhere_are_refused(source: str, body: dict[str, Any]) -> None:
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
        return present(parse("generic", json.dumps({"id": "1", "url": value}).encode())).url

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


def github(action: str, number: int = 7) -> bytes:
    body = json.loads(senders.body_of("github", number=number, text="x"))
    return json.dumps({**body, "action": action}).encode()


@pytest.mark.parametrize(
    ("action", "opens"),
    [
        ("created", True),
        ("reopened", True),
        ("publicly_leaked", True),
        ("validated", True),
        ("resolved", False),
        ("revoked", False),
    ],
)
def test_each_documented_action_of_github_says_something_of_the_same_alert(action: str, opens: bool) -> None:
    incoming = parse("github", github(action))
    assert incoming is not None
    assert incoming.their_id == "secret_scanning_alert:lighthouse/search#7"
    assert (incoming.event, incoming.opens) == (f"GitHub: {action.replace('_', ' ')}", opens)
    again = parse("github", github(action))
    assert again is not None
    assert again.event_id == incoming.event_id
    others = [parse("github", github(other)) for other in ("created", "resolved") if other != action]
    assert all(other is not None and other.event_id != incoming.event_id for other in others)


@pytest.mark.parametrize("action", ["assigned", "unassigned", "", "dismissed"])
def test_what_tells_of_no_leak_is_no_alert(action: str) -> None:
    assert parse("github", github(action)) is None


def test_alertmanager_begins_another_episode_only_with_another_beginning() -> None:
    def of(status: str, start: str, summary: str) -> tuple[str, bool]:
        body = json.loads(senders.body_of("alertmanager", number=1, text=summary))
        body["alerts"][0]["startsAt"] = start
        incoming = parse("alertmanager", json.dumps({**body, "status": status}).encode())
        assert incoming is not None
        return incoming.event_id, incoming.opens

    first = of("firing", "2026-01-01T00:00:00Z", "5 requests")
    assert of("firing", "2026-01-01T00:00:00Z", "7 requests") == first
    assert of("resolved", "2026-01-01T00:00:00Z", "7 requests")[0] != first[0]
    assert not of("resolved", "2026-01-01T00:00:00Z", "7 requests")[1]
    assert of("firing", "2026-01-02T00:00:00Z", "5 requests")[0] != first[0]


@pytest.mark.parametrize(
    ("action", "opens"),
    [
        ("incident_triggered", True),
        ("incident_reopened", True),
        ("incident_regression", True),
        ("incident_resolved", False),
        ("incident_ignored", False),
        ("incident_assigned", False),
    ],
)
def test_gitguardian_says_what_becomes_of_an_incident(action: str, opens: bool) -> None:
    body = json.loads(senders.body_of("gitguardian", number=1, text="x"))
    incoming = parse("gitguardian", json.dumps({**body, "action": action}).encode())
    assert incoming is not None
    assert incoming.opens is opens
    assert incoming.event


@pytest.mark.parametrize("body", [b"{}", b'{"tokens": 1}', b"[1]", b'[["x"]]'])
def test_what_gitlab_does_not_send(body: bytes) -> None:
    with pytest.raises(MalformedAlert):
        parse("gitlab", body)
