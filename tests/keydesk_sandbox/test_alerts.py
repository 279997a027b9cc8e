"""Each sender's alert carries its text and the proof that its documentation describes."""

import hashlib
import hmac
import json

import pytest

from keydesk_sandbox.alerts import ALERTMANAGER, GENERIC, GITGUARDIAN, GITHUB, GITLAB, body_of, signed

SECRET, NOW = "a secret of tests", 1_800_000_000.0
SOURCES = [GENERIC, GITHUB, GITLAB, GITGUARDIAN, ALERTMANAGER]


@pytest.mark.parametrize("source", SOURCES)
def test_the_text_is_in_the_body_and_the_secret_goes_to_the_path_of_its_source(source: str) -> None:
    body = body_of(source, number=3, text="a text to find")
    assert "a text to find" in body.decode()
    json.loads(body)
    sent = signed(source, body, secret=SECRET, now=NOW)
    assert (sent.path, sent.body, sent.headers["Content-Type"]) == (f"/alerts/{source}", body, "application/json")


@pytest.mark.parametrize("source", SOURCES)
def test_another_number_is_another_alert(source: str) -> None:
    assert body_of(source, number=1, text="x") != body_of(source, number=2, text="x")


def digest(message: bytes, key: str = SECRET) -> str:
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()


def test_the_proofs_are_those_of_the_senders() -> None:
    body, stamp = b'{"a": 1}', "1800000000"
    assert dict(signed(GENERIC, body, secret=SECRET, now=NOW).headers) == {
        "Content-Type": "application/json",
        "X-Keydesk-Timestamp": stamp,
        "X-Keydesk-Signature": "v1=" + digest(f"v1:{stamp}:".encode() + body),
    }
    assert signed(GITHUB, body, secret=SECRET, now=NOW).headers["X-Hub-Signature-256"] == "sha256=" + digest(body)
    guardian = signed(GITGUARDIAN, body, secret=SECRET, now=NOW).headers
    assert guardian["Gitguardian-Signature"] == "sha256=" + digest(body, stamp + SECRET)
    assert signed(GITLAB, body, secret=SECRET, now=NOW).headers["Authorization"] == SECRET
    assert signed(ALERTMANAGER, body, secret=SECRET, now=NOW).headers["Authorization"] == f"Bearer {SECRET}"
