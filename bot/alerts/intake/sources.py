"""The body of each source → one form. Parses bodies whose signature was checked, and validates every field.

Bodies: generic (docs/alerts.md), GitHub `secret_scanning_alert` (REST and webhook reference of GitHub), GitGuardian's
custom webhook events, Alertmanager's webhook version 4. Only texts are taken; no address in them is ever called.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from bot.alerts.detection.scanner import ScanResult, find, harmless
from bot.alerts.detection.text_extraction import strings
from bot.languages import Sentence, tr, trn
from bot.slack.delivery import text_of

# The kind of GitHub's events that are alerts.
GITHUB_EVENT = "secret_scanning_alert"
TITLE_LIMIT, TEXT_LIMIT, URL_LIMIT, KIND_LIMIT = 200, 500, 1000, 100
_PLAIN_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.:/#-]{0,119}")
_URL = re.compile(r"https?://[^\s<>|\"']+")
_NAME = re.compile(r"[0-9A-Za-z_.-]{1,100}")
_MOST_ALERTS = 1_000


class MalformedAlert(ValueError):
    """The body is not what the source sends. The text names the place, never the content."""


@dataclass(frozen=True, kw_only=True)
class GithubAlert:
    """Where the leaked secret can be fetched: every part is checked, since it becomes part of a path."""

    owner: str
    repository: str
    number: int


@dataclass(frozen=True, kw_only=True)
class IncomingAlert:
    """An alert as it came. `title`, `text` and `url` hold nothing that could be a key; `found` is in memory only."""

    source: str
    their_id: str
    title: str
    text: str
    url: str
    found: ScanResult = field(repr=False)
    place: Mapping[str, Any] = field(default_factory=dict)
    # What the source says of its alert with this delivery. `event_id` differs where it says something new; `opens`:
    # that the leak goes on, so that an alert which somebody closed as false is open again; `recurs`: that the same
    # words after others begin anew.
    event_id: str = ""
    event: str = ""
    opens: bool = False
    recurs: bool = False


def parse(source: str, body: bytes) -> IncomingAlert | None:
    """The alert, None for a delivery that is none (a kind of event that is not about leaked secrets).

    Raises MalformedAlert.
    """
    try:
        document = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise MalformedAlert("not JSON in UTF-8") from error
    if source == "gitlab" and isinstance(document, list):
        document = {"tokens": document}
    if not isinstance(document, dict):
        raise MalformedAlert("no object")
    return _PARSERS[source](document, body)


def form_payload(body: bytes) -> bytes:
    """The JSON in a form-encoded delivery of GitHub, whose field is called `payload`. Raises MalformedAlert."""
    try:
        fields = parse_qs(body.decode("ascii"), strict_parsing=True, max_num_fields=10)
    except ValueError as error:
        raise MalformedAlert("not a form") from error
    if len(fields.get("payload", ())) != 1:
        raise MalformedAlert("payload")
    return fields["payload"][0].encode()


def _generic(document: Mapping[str, Any], body: bytes) -> IncomingAlert:
    secrets = document.get("secrets", [])
    if isinstance(secrets, str):
        secrets = [secrets]
    if not isinstance(secrets, list):
        raise MalformedAlert("secrets")
    texts = [item for item in secrets if isinstance(item, str)]
    texts += [text_of(document, "text"), text_of(document, "title")]
    title = text_of(document, "title")
    event = f"Webhook: {title}" if title else tr("Webhook: delivered with other words")
    return _incoming("generic", document.get("id"), body, document, texts, title=title, event=event, opens=True)


# Actions of GitHub's `secret_scanning_alert`, whether the leak goes on then, and what is said of it. Others tell
# nothing of a leak.
_GITHUB_ACTIONS = {
    "created": (True, tr("GitHub: created")),
    "reopened": (True, tr("GitHub: reopened")),
    "publicly_leaked": (True, tr("GitHub: publicly leaked")),
    "validated": (True, tr("GitHub: validated")),
    "resolved": (False, tr("GitHub: resolved")),
    "revoked": (False, tr("GitHub: revoked")),
}


def _github(document: Mapping[str, Any], body: bytes) -> IncomingAlert | None:
    action = text_of(document, "action")
    if action not in _GITHUB_ACTIONS:
        return None
    alert, repository = _object(document, "alert"), _object(document, "repository")
    number, full_name = alert.get("number"), text_of(repository, "full_name")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1 or number > 2**53:
        raise MalformedAlert("alert.number")
    owner, _, name = full_name.partition("/")
    if not (_NAME.fullmatch(owner) and _NAME.fullmatch(name)) or {owner, name} & {".", ".."}:
        raise MalformedAlert("repository.full_name")
    kind = harmless(text_of(alert, "secret_type_display_name") or text_of(alert, "secret_type"), KIND_LIMIT)
    place = harmless(full_name, TITLE_LIMIT)
    title = tr("GitHub found a secret in {repository}", repository=place)
    opens, event = _GITHUB_ACTIONS[action]
    return _incoming(
        "github",
        # An alert changes its state; it stays the same alert.
        f"{GITHUB_EVENT}:{full_name}#{number}",
        body,
        {"url": alert.get("html_url")},
        strings(document),
        title=tr("GitHub found {kind} in {repository}", kind=kind, repository=place) if kind else title,
        # That it was created and is open goes without saying.
        text="" if action == "created" else " · ".join(part for part in (action, text_of(alert, "state")) if part),
        place={"owner": owner, "repository": name, "number": number},
        event=event,
        opens=opens,
    )


def _gitguardian(document: Mapping[str, Any], body: bytes) -> IncomingAlert:
    incident = document.get("incident")
    incident = incident if isinstance(incident, Mapping) else {}
    detector = incident.get("detector")
    kind = text_of(detector, "display_name") if isinstance(detector, Mapping) else ""
    message, action = text_of(document, "message"), text_of(document, "action")
    return _incoming(
        "gitguardian",
        incident.get("id"),
        body,
        {"url": incident.get("gitguardian_url")},
        strings(document),
        title=f"GitGuardian: {kind or message or 'incident'}",
        text=message,
        event=f"GitGuardian: {action.replace('_', ' ') or 'incident'}",
        opens=any(word in action for word in _GITGUARDIAN_OPENS),
    )


_GITGUARDIAN_OPENS = ("triggered", "reopened", "regress", "occurrence")


def _gitlab(document: Mapping[str, Any], body: bytes) -> IncomingAlert:
    """GitLab's token revocation API: a list of `{"type": …, "token": …, "location": …}`."""
    listed = document.get("tokens")
    if not isinstance(listed, list) or not all(isinstance(one, Mapping) for one in listed):
        raise MalformedAlert("tokens")
    first: Mapping[str, Any] = listed[0] if listed else {}
    return _incoming(
        "gitlab",
        None,
        body,
        {"url": first.get("location")},
        [text_of(one, "token") for one in listed],
        title=trn("GitLab found a token in a repository", "GitLab found {count} tokens in a repository", len(listed)),
        text=text_of(first, "type"),
    )


def _alertmanager(document: Mapping[str, Any], body: bytes) -> IncomingAlert:
    listed = document.get("alerts")
    if not isinstance(listed, list):
        raise MalformedAlert("alerts")
    labels, annotations = _object(document, "commonLabels"), _object(document, "commonAnnotations")
    name = text_of(labels, "alertname") or "alert"
    words = text_of(annotations, "summary") or text_of(annotations, "description")
    status = text_of(document, "status") or "firing"
    starts = sorted({text_of(one, "startsAt") for one in listed[:_MOST_ALERTS] if isinstance(one, Mapping)} - {""})
    # A group fires again and again while it lasts; it is one alert. Its members have fingerprints of their own.
    members = sorted({text_of(one, "fingerprint") for one in listed[:_MOST_ALERTS] if isinstance(one, Mapping)})
    return _incoming(
        "alertmanager",
        f"{text_of(document, 'groupKey')}{members}",
        body,
        {"url": document.get("externalURL")},
        strings(document),
        title=f"Alertmanager: {name} ({status})",
        text=words,
        event=f"Alertmanager: {status}" + (f" since {starts[0]}" if starts and status == "firing" else ""),
        # Its annotations hold numbers that change with each delivery; only another beginning is another episode.
        event_id=f"{status} {starts}",
        opens=status == "firing",
        recurs=True,
    )


_PARSERS: Mapping[str, Callable[[Mapping[str, Any], bytes], IncomingAlert | None]] = {
    "generic": _generic,
    "github": _github,
    "gitguardian": _gitguardian,
    "gitlab": _gitlab,
    "alertmanager": _alertmanager,
}


def _incoming(
    source: str,
    their_id: object,
    body: bytes,
    document: Mapping[str, Any],
    texts: Any,
    *,
    title: str,
    text: str | None = None,
    place: Mapping[str, Any] | None = None,
    event: str = "",
    event_id: str | None = None,
    opens: bool = False,
    recurs: bool = False,
) -> IncomingAlert:
    found = find(texts)
    return IncomingAlert(
        source=source,
        their_id=stored_id(their_id, body),
        title=_shown(title) or tr("Alert from {source}", source=source),
        text=harmless(text_of(document, "text") if text is None else text, TEXT_LIMIT),
        url=_url(document.get("url")),
        found=found,
        place=place or {},
        event_id=_digest(body if event_id is None else event_id.encode("utf-8", "surrogatepass")),
        event=_shown(event),
        opens=opens,
        recurs=recurs,
    )


def slack_message(*, channel: str, ts: str, found: ScanResult, **place: Any) -> IncomingAlert:
    """A message as an alert: the same one for the guard and for everybody who uses the shortcut on it."""
    return IncomingAlert(
        source="slack",
        their_id=f"{channel}:{ts}",
        title="",
        text="",
        url="",
        found=found,
        place={"channel": channel, "ts": ts, **place},
    )


def more_messages(*, channel: str, by: str, minute: int, found: ScanResult) -> IncomingAlert:
    """The messages beyond the first few of one author in one minute, as one alert; `minute` since 1970."""
    return IncomingAlert(
        source="slack",
        their_id=f"{channel}:{by}:{minute}",
        title="",
        text="",
        url="",
        found=found,
        place={"channel": channel, "by": by},
    )


def stored_id(their_id: object, body: bytes) -> str:
    """The source's own id as it is stored: as it came if it is short and plain, else its hash; without one the body's.

    Hashed, because nothing keeps a sender from putting a key there.
    """
    plain = str(their_id) if isinstance(their_id, str | int) and not isinstance(their_id, bool) else ""
    if not plain.strip():
        return "sha256:" + hashlib.sha256(body).hexdigest()
    if _PLAIN_ID.fullmatch(plain) and harmless(plain, 200) == plain:
        return plain
    return "sha256:" + hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def _shown(text: str) -> str:
    """A text of the source, made harmless. Of a sentence of ours each argument was."""
    return text if isinstance(text, Sentence) else harmless(text, TITLE_LIMIT)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _url(value: object) -> str:
    """An address to show, without its query: only http(s), and nothing in it that could be a key."""
    address = value.split("?")[0].split("#")[0] if isinstance(value, str) else ""
    fits = len(address) <= URL_LIMIT and _URL.fullmatch(address) and "@" not in address
    return address if fits and harmless(address, URL_LIMIT) == address else ""


def _object(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = holder.get(name)
    if not isinstance(value, Mapping):
        raise MalformedAlert(name)
    return value
