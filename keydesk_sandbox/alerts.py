"""Alerts as their senders make them, signed with the sandbox's secrets: for the page and for tests.

The bodies have the shapes of each sender's documentation. Knows nothing of the bot: it speaks wire, like the fakes.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

GENERIC, GITHUB, GITLAB, GITGUARDIAN, ALERTMANAGER = "generic", "github", "gitlab", "gitguardian", "alertmanager"


@dataclass(frozen=True)
class Sent:
    """One POST: path, headers, body."""

    path: str
    headers: Mapping[str, str]
    body: bytes


def signed(source: str, body: bytes, *, secret: str, now: float) -> Sent:
    """A body with the proof of its sender."""
    timestamp = str(int(now))
    headers = {"Content-Type": "application/json"}
    if source == GENERIC:
        headers["X-Keydesk-Timestamp"] = timestamp
        headers["X-Keydesk-Signature"] = "v1=" + _hex(secret.encode(), f"v1:{timestamp}:".encode() + body)
    elif source == GITHUB:
        headers["X-GitHub-Event"] = "secret_scanning_alert"
        headers["X-Hub-Signature-256"] = "sha256=" + _hex(secret.encode(), body)
    elif source == GITGUARDIAN:
        headers["Timestamp"] = timestamp
        headers["Gitguardian-Signature"] = "sha256=" + _hex((timestamp + secret).encode(), body)
    elif source == GITLAB:
        headers["Authorization"] = secret
    else:
        headers["Authorization"] = f"Bearer {secret}"
    return Sent(f"/alerts/{source}", headers, body)


def _hex(key: bytes, message: bytes) -> str:
    return hmac.digest(key, message, hashlib.sha256).hex()


def body_of(source: str, *, number: int, text: str) -> bytes:
    """An alert of that kind whose text holds `text`: a key, a masked one, or nothing of the sort."""
    return json.dumps(_BODIES[source](number, text)).encode()


def _generic(number: int, text: str) -> dict[str, Any]:
    return {
        "id": f"scan-{number}",
        "title": "Key found in a public paste",
        "text": "The nightly scan found a key.",
        "url": f"https://scanner.example.com/findings/{number}",
        "secrets": [text],
    }


def _github(number: int, text: str) -> dict[str, Any]:
    # GitHub's webhook names the alert and does not hold the secret; a custom pattern's display name may hold words.
    repository = "lighthouse/search"
    return {
        "action": "created",
        "alert": {
            "number": number,
            "state": "open",
            "secret_type": "lighthouse_gateway_key",
            "secret_type_display_name": "Gateway key",
            "html_url": f"https://github.com/{repository}/security/secret-scanning/{number}",
            "url": f"https://api.github.com/repos/{repository}/secret-scanning/alerts/{number}",
            "resolution_comment": text,
        },
        "repository": {"full_name": repository, "private": True},
        "sender": {"login": "octocat", "type": "User"},
    }


def _gitlab(number: int, text: str) -> list[dict[str, Any]]:
    location = f"https://gitlab.example.com/lighthouse/search/-/blob/main/deploy-{number}.yaml"
    return [{"type": "lighthouse_gateway_key", "token": text, "location": location}]


def _gitguardian(number: int, text: str) -> dict[str, Any]:
    return {
        "source": "GitGuardian",
        "action": "incident_triggered",
        "message": "A new incident has been detected.",
        "incident": {
            "id": number,
            "detector": {"name": "generic_high_entropy_secret", "display_name": "Generic High Entropy Secret"},
            "gitguardian_url": f"https://dashboard.gitguardian.com/workspace/1/incidents/{number}",
            "status": "TRIGGERED",
            "severity": "high",
            "occurrence": {"filepath": "deploy/values.yaml", "matches": [{"name": "apikey", "match": text}]},
        },
    }


def _alertmanager(number: int, text: str) -> dict[str, Any]:
    labels = {"alertname": "KeyUsedFromUnknownNetwork", "severity": "critical"}
    annotations = {"summary": "A key is used from a network it never came from", "key": text}
    return {
        "version": "4",
        "groupKey": f'{{}}:{{alertname="KeyUsedFromUnknownNetwork", case="{number}"}}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "keydesk",
        "groupLabels": {"alertname": labels["alertname"]},
        "commonLabels": labels,
        "commonAnnotations": annotations,
        "externalURL": "https://alertmanager.example.com",
        "alerts": [
            {
                "status": "firing",
                "labels": labels,
                "annotations": annotations,
                "startsAt": "2026-01-01T00:00:00Z",
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "https://prometheus.example.com/graph",
                "fingerprint": f"{number:016x}",
            }
        ],
    }


_BODIES: Mapping[str, Callable[[int, str], Any]] = {
    GENERIC: _generic,
    GITHUB: _github,
    GITLAB: _gitlab,
    GITGUARDIAN: _gitguardian,
    ALERTMANAGER: _alertmanager,
}
