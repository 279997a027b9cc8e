"""Right payloads, spoilt in many ways, as bytes for a socket. Knows Slack's and the alerts' proofs, and no bot.

Cheap on purpose (some 0.1 ms each): only the path to what is changed is copied, and nothing goes through an HTTP library.
"""

import hashlib
import hmac
import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote_plus, urlencode

from keydesk_sandbox import alerts

Headers = list[tuple[str, str]]
NASTY: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**63, 10**400, 1e308, float("nan"), float("inf"), "", " ", "\x00", "a\x00b", "\ud800",
    "\udfff\ud800", "ünï😀", "\u202e\u200b", "a" * 5000, "<@U0ADA>", "1" * 400, "key.create", "*", "../..", "{}",
    "'; DROP TABLE requests; --", [], {}, [[]], {"": {}}, {"\x00": "\ud800"}, ["x"] * 300, [[[[[[[["deep"]]]]]]]],
)  # fmt: skip
TYPES = ("application/x-www-form-urlencoded", "application/json", "text/plain", "", "multipart/form-data; boundary=x",
         "application/json; charset=utf-16", "APPLICATION/JSON")  # fmt: skip
TIMES = ("", "-1", "1e9", "９９", "nan", "+1", " 1", "1_0", "0" * 500, "9" * 12, "9" * 19, "1.", "1.5.5", "\x80")
PROOFS = ("", "x", "v0=", "v1=", "sha256=", "v0=" + "0" * 64, "0" * 500, "é", "Bearer", "Bearer ", "Basic eDp5")
_DEEP = 5_000
# What no JSON library would write.
RAW = (
    b"", b"{", b"{}", b"[]", b"null", b'"x"', b"0", b"payload=", b"payload=null", b"payload=[]", b"payload=%", b"&&&=",
    b"\xef\xbb\xbf{}", '{"id": "x"}'.encode("utf-16"), b"\xff\xfe\x00", b'{"id": "\xed\xa0\x80"}', b"\x1f\x8b\x08\x00",
    b"[" * _DEEP, b"[" * _DEEP + b"]" * _DEEP, b'{"a":' * _DEEP, b'{"event":' * 900 + b"1" + b"}" * 900,
    b'{"id": ' + b"9" * 5_000 + b"}", b'{"id": 1' + b"0" * 4_000 + b', "text": "x"}', b'{"id": 1e999}',
    b'{"id": "a", "id": {"id": []}}', b"&".join(b"a%d=b" % n for n in range(500)),
    b'{"type": "event_callback", "event_id": "E", "event": {"type": "message", "text": ' + b"[" * 600 + b"]" * 600 + b"}}",
)  # fmt: skip
# Texts that are slow to look at, or many, just below and above what is taken.
HUGE = (
    "a" * 990_000, "b" * 1_000_001, "sk-" * 300_000, "sk-abcd" + "*" * 900_000, "abcd******" * 90_000, "sk-\n> " * 150_000,
    ("A1" * 24 + " ") * 18_000, "sk-" + "Z9" * 400_000, "\t \n" * 300_000, "ü" * 400_000, "https://" * 100_000,
)  # fmt: skip
_ALERT_PATHS = ("nothing", "", "GENERIC", "generic/x", "%00", "%ff", "generic%2f..", "a" * 2_000, "..", "generic?x=1")


class Spoiler:
    """One wrong request after the other; the same seed, the same ones (but for the time).

    `payloads`: right ones, kind and content. `texts`: what alerts hold, keys for instance. `secrets`: of the alerts.
    `trigger`: makes one that still opens a window.
    """

    def __init__(
        self,
        payloads: Sequence[tuple[str, dict[str, Any]]],
        *,
        signing_secret: str,
        secrets: Mapping[str, str],
        texts: Sequence[str],
        trigger: Callable[[], str],
        seed_number: int,
    ) -> None:
        self._payloads = payloads
        self._signing_secret = signing_secret.encode()
        self._secrets = secrets
        self._sources = tuple(secrets)
        self._trigger = trigger
        self._random = random.Random(seed_number)
        self._alerts = [
            (source, json.loads(alerts.body_of(source, number=number, text=text)))
            for source in self._sources
            for number, text in enumerate(texts, 1)
        ]

    def request(self) -> bytes:
        """A whole HTTP request to one of our doors."""
        path, headers, body = self._to_slack() if self._random.random() < 0.5 else self._to_alerts()
        method = "POST" if self._random.random() < 0.99 else self._random.choice(("GET", "PUT", "DELETE", "OPTIONS"))
        lines = [f"{method} {path} HTTP/1.1", "Host: keydesk.test", *(f"{name}: {value}" for name, value in headers)]
        head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""])
        return head.encode("latin-1", "replace") + body

    def _to_slack(self) -> tuple[str, Headers, bytes]:
        kind, payload = self._random.choice(self._payloads)
        body, content_type = self._slack_body(kind, payload)
        stamp = str(int(time.time()) + self._drift())
        digest = hmac.digest(self._signing_secret, b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hex()
        headers = [("X-Slack-Request-Timestamp", stamp), ("X-Slack-Signature", f"v0={digest}")]
        return "/slack/events", self._doubtful(headers, content_type), body

    def _slack_body(self, kind: str, payload: dict[str, Any]) -> tuple[bytes, str]:
        chance = self._random.random()
        if chance < 0.03:
            return self._random.choice(RAW), self._random.choice(TYPES[:2])
        if chance < 0.032:
            payload = {**payload, self._random.choice(list(payload)): self._random.choice(HUGE)}
        elif chance < 0.15:
            payload = self._fresh(payload)
        return self._cut(_encoded(kind, self._spoilt(payload))), TYPES[kind == "events_api"]

    def _fresh(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Not a repeat: of a window, a click or a message of its own."""
        number = self._random.getrandbits(64)
        changes: dict[str, Any] = {"trigger_id": self._trigger()} if "trigger_id" in payload else {}
        if isinstance(payload.get("view"), dict):
            changes["view"] = {**payload["view"], "id": f"V{number}"}
        if "event_id" in payload:
            changes["event_id"] = f"Ev{number}"
        return {**payload, **changes}

    def _to_alerts(self) -> tuple[str, Headers, bytes]:
        rng = self._random
        source, document = rng.choice(self._alerts)
        chance = rng.random()
        # What is taken costs a row, a card and durable work, ten times as much as what is not.
        if chance < 0.4:
            body = rng.choice(RAW)
        else:
            if chance < 0.403:
                # Some sources send a list.
                huge, entries = rng.choice(HUGE), list(document)
                document = [*entries, huge] if isinstance(document, list) else {**document, rng.choice(entries): huge}
            body = self._cut(json.dumps(self._spoilt(document)).encode())
        secret = self._secrets[source] if rng.random() < 0.5 else "wrong"
        sent = alerts.signed(source, body, secret=secret, now=time.time() + self._drift())
        headers = [(name, value) for name, value in sent.headers.items() if name != "Content-Type"]
        if source == "github" and rng.random() < 0.05:
            headers.append(("X-GitHub-Event", rng.choice(("ping", "", "x"))))
        path = sent.path
        if rng.random() < 0.1:
            path = f"/alerts/{rng.choice((*_ALERT_PATHS, *self._sources))}"
        return path, self._doubtful(headers, "application/json"), body

    def _drift(self) -> int:
        """Mostly none; else seconds on either side of what is borne."""
        return 0 if self._random.random() < 0.96 else self._random.choice((-299, -301, -86_400, 29, 40, 301, 10**9))

    def _doubtful(self, headers: Headers, content_type: str) -> Headers:
        """The headers, mostly as they must be; some twice, missing or with rubbish in them."""
        rng = self._random
        if rng.random() < 0.03:
            content_type = rng.choice(TYPES)
        headers = [("Content-Type", content_type), *headers]
        chance = rng.random()
        if chance > 0.1:
            return headers
        index = rng.randrange(len(headers))
        name, value = headers[index]
        if chance < 0.02:
            del headers[index]
        elif chance < 0.05:
            headers.insert(rng.randrange(len(headers)), (name, rng.choice((value, *PROOFS))))
        else:
            headers[index] = name, rng.choice(TIMES + PROOFS)
        return headers

    def _spoilt(self, payload: dict[str, Any]) -> dict[str, Any]:
        for _ in range(self._random.choice((0, 1, 1, 1, 2, 3, 8))):
            payload = self._spoil(payload, top=True)
        return payload

    def _spoil(self, value: Any, *, top: bool = False) -> Any:
        """One place in it changed; what is beside the path is shared with the original."""
        rng = self._random
        if isinstance(value, dict) and value and (top or rng.random() < 0.9):
            value = dict(value)
            name = rng.choice(list(value))
            chance = rng.random()
            if chance < 0.15:
                del value[name]
            elif chance < 0.25:
                other = rng.choice(list(value))
                value[name], value[other] = value[other], value[name]
            elif chance < 0.3:
                value[str(rng.choice(NASTY))[:50]] = value[name]
            else:
                value[name] = self._spoil(value[name])
            return value
        if isinstance(value, list) and value and rng.random() < 0.8:
            value = list(value)
            index = rng.randrange(len(value))
            value[index] = self._spoil(value[index])
            return value
        return value if top else rng.choice(NASTY)

    def _cut(self, raw: bytes) -> bytes:
        rng = self._random
        if rng.random() > 0.1:
            return raw
        at = rng.randrange(len(raw) + 1)
        return rng.choice((raw[:at], raw[at:], raw[:at] + bytes(rng.randbytes(8)) + raw[at:], b"", raw * 2))


def _encoded(kind: str, payload: dict[str, Any]) -> bytes:
    """As Slack does it, and also what cannot be text."""
    if kind == "events_api":
        return json.dumps(payload).encode()
    if kind == "slash_commands":
        return urlencode(payload, errors="surrogatepass").encode()
    return b"payload=" + quote_plus(json.dumps(payload)).encode()
