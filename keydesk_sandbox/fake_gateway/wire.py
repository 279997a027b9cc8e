"""What goes over the wire: a call, a reply, and the line of the request log. Knows no endpoint and no server."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

JSON_TYPE = "application/json; charset=utf-8"
HTML_TYPE = "text/html; charset=utf-8"


@dataclass(frozen=True, kw_only=True)
class HttpCall:
    """One request as it arrived. Header names are lower-case; `query` is the raw text behind the question mark."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    client_ip: str = "127.0.0.1"
    host: str = ""

    def header(self, name: str) -> str:
        return self.headers.get(name.lower(), "")

    def parameter(self, name: str) -> str:
        """The first value of a query parameter, "" when it is missing or empty."""
        pairs = parse_qsl(self.query, keep_blank_values=True)
        return next((value for key, value in pairs if key == name), "")

    def client(self, *, forwarded: bool) -> str:
        """The address that the server takes for the client's."""
        if not forwarded:
            return self.client_ip
        return self.header("x-forwarded-for").split(",")[0].strip() or self.header("x-real-ip") or self.client_ip


@dataclass(frozen=True, kw_only=True)
class HttpReply:
    """One answer. `headers` are added to content type, length, date and request id, which the server side sets."""

    status: int = 200
    body: bytes = field(default=b"", repr=False)
    content_type: str = JSON_TYPE
    headers: tuple[tuple[str, str], ...] = ()

    def json(self) -> Any:
        return json.loads(self.body)


def json_reply(value: Any, *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> HttpReply:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return HttpReply(status=status, body=text.encode(), headers=headers)


_NO_DATA = object()


def success(data: Any = _NO_DATA) -> HttpReply:
    """The success envelope (section 4); without an argument it carries no `data` at all."""
    envelope: dict[str, Any] = {"success": True, "message": ""}
    if data is not _NO_DATA:
        envelope["data"] = data
    return json_reply(envelope)


def failure(message: str, *, status: int = 200, code: str | None = None) -> HttpReply:
    """Most failures are HTTP 200 with `success` false (section 4)."""
    envelope: dict[str, Any] = {"success": False, "message": message}
    if code is not None:
        envelope["code"] = code
    return json_reply(envelope, status=status)


def html_page(status: int, *, length: int = 0) -> HttpReply:
    """A page as an edge in front of the gateway sends it, `length` bytes at least."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "A timeout occurred"
    head = f"<!DOCTYPE html><html><head><title>{status} {phrase}</title></head><body><h1>{phrase}</h1>".encode()
    tail = b"</body></html>"
    filler = b"<!-- wait -->" * (max(0, length - len(head) - len(tail)) // 13 + 1)
    return HttpReply(status=status, body=head + filler + tail, content_type=HTML_TYPE)


@dataclass(kw_only=True)
class LoggedCall:
    """A line of the request log. Known secrets are replaced by their kind before anything is stored.

    `secrets` says where which secret was: `authorization: pat`, `query: key 101`. `status` is what was sent back,
    None when the connection was cut or nothing was ever answered. `landed` says when the gateway did the work: now,
    never, late, twice, now and late. `note` names the fault, if one struck.
    """

    at: float
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: str
    host: str
    client_ip: str
    secrets: tuple[str, ...]
    status: int | None = None
    landed: str = "now"
    note: str = ""

    @property
    def presented(self) -> str:
        """What stood in the Authorization header: none, pat, old pat, key <id> or unknown."""
        return next((s.split(": ", 1)[1] for s in self.secrets if s.startswith("authorization: ")), "none")

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)
