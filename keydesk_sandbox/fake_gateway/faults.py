"""Faults on demand: what can go wrong between a client and the gateway. Contract: section 19.11. Knows no endpoint.

A fault says whether the request reaches the gateway, when, and what of the answer comes back:

    kind             lands      the client sees
    lost_reply       at once    the connection is cut before a byte of the answer
    lost_request     never      the same
    refused          never      no connection at all (under a real server: the same as lost_request)
    late             after N s  the same at once (`then="hang"`: nothing, until it gives up)
    slow             at once    the true answer after N s
    cut_body         at once    half of the answer, then the connection is cut
    hang             at once    nothing, ever (`lands=False`: and nothing was done)
    duplicate        twice      the second answer (`delay`: the first answer, and the second request N s later)
    html             at once    an HTML page with `status` (200, 502, 503, 504, 524 …)
    big_html         at once    the same, 10 MB of it
    empty            at once    `status` and no body
    empty_429        never      429 and no body
    panic            never      500 and the JSON of a server panic
    truncated_gzip   at once    the true answer, gzipped and cut short, with a matching length
    bad_gzip         at once    the true answer, said to be gzipped, but not
    redirect         never      301 or 307 to `location`, another host by default
    wrong            at once    the true answer with one thing wrong: `how`
"""

import gzip
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from .wire import HttpCall, HttpReply, html_page, json_reply

Ending = Literal["complete", "cut", "hang", "refused"]
Landing = Literal["now", "never", "late", "twice", "now and late"]

_BIG = 10 * 1024 * 1024
_TOO_BIG = 2**63
_LANDS: Final[Mapping[str, bool]] = {
    "lost_reply": True,
    "lost_request": False,
    "refused": False,
    "late": True,
    "slow": True,
    "cut_body": True,
    "hang": True,
    "duplicate": True,
    "html": True,
    "big_html": True,
    "empty": True,
    "empty_429": False,
    "panic": False,
    "truncated_gzip": True,
    "bad_gzip": True,
    "redirect": False,
    "wrong": True,
}
KINDS: Final = tuple(_LANDS)


@dataclass(frozen=True, kw_only=True)
class GatewayFault:
    """One fault. Strikes the next `times` requests (None: all) that match, after letting `skip` of them pass.

    `method` None means every method; `path` is a regular expression for the whole path. `lands` overrides what the
    kind does: True = the gateway does the work, False = it does not. `delay` is in seconds.
    """

    kind: str
    method: str | None = None
    path: str = r".*"
    times: int | None = 1
    skip: int = 0
    lands: bool | None = None
    delay: float = 0.0
    then: Ending = "cut"  # of `late`: how the connection ends
    status: int = 0  # 0: 200 for html, 503 for empty, 301 or 307 for redirect
    location: str = "https://elsewhere.test/"
    how: str = "success_string"  # of `wrong`: a name in WRONGS

    def __post_init__(self) -> None:
        if self.kind not in _LANDS:
            raise ValueError(f"no fault {self.kind!r}; there are {', '.join(KINDS)}")
        if self.kind == "wrong" and self.how not in WRONGS:
            raise ValueError(f"nothing goes wrong like {self.how!r}; there are {', '.join(WRONGS)}")
        re.compile(self.path)

    def matches(self, call: HttpCall) -> bool:
        return self.method in (None, call.method) and re.fullmatch(self.path, call.path) is not None

    def landing(self) -> Landing:
        """When the gateway does the work."""
        if not (_LANDS[self.kind] if self.lands is None else self.lands):
            return "never"
        if self.kind == "late":
            return "late"
        if self.kind == "duplicate":
            return "now and late" if self.delay else "twice"
        return "now"


@dataclass(frozen=True, kw_only=True)
class HttpDelivery:
    """How an answer goes out: after `delay` seconds, `reply` (None: not a byte), and then how the connection ends."""

    reply: HttpReply | None
    delay: float = 0.0
    ending: Ending = "complete"


def deliver(fault: GatewayFault | None, reply: HttpReply | None, call: HttpCall) -> HttpDelivery:
    """What the client gets to see. `reply` is the gateway's own answer, None when the call has not landed (yet)."""
    if fault is None or fault.kind == "duplicate":
        return HttpDelivery(reply=reply)
    if fault.kind in ("lost_reply", "lost_request"):
        return HttpDelivery(reply=None, ending="cut", delay=fault.delay)
    if fault.kind == "refused":
        return HttpDelivery(reply=None, ending="refused")
    if fault.kind in ("late", "hang"):
        return HttpDelivery(reply=None, ending="hang" if fault.kind == "hang" else fault.then)
    if fault.kind in ("slow", "cut_body"):
        ending: Ending = "complete" if reply and fault.kind == "slow" else "cut"
        return HttpDelivery(reply=reply, delay=fault.delay, ending=ending)
    return HttpDelivery(reply=_replacement(fault, reply or json_reply({}), call), delay=fault.delay)


def _replacement(fault: GatewayFault, reply: HttpReply, call: HttpCall) -> HttpReply:
    """Another answer than the gateway's own, or its own one spoilt."""
    if fault.kind == "wrong":
        return WRONGS[fault.how](reply)
    if fault.kind in ("truncated_gzip", "bad_gzip"):
        return _badly_zipped(reply, truncated=fault.kind == "truncated_gzip")
    if fault.kind == "panic":
        error = {"message": "Panic detected, error: runtime error: index out of range", "type": "new_api_panic"}
        return json_reply({"error": error}, status=500)
    if fault.kind == "redirect":
        status = fault.status or (301 if call.method == "GET" else 307)
        return HttpReply(status=status, headers=(("Location", fault.location),))
    if fault.kind in ("empty", "empty_429"):
        return HttpReply(status=429 if fault.kind == "empty_429" else fault.status or 503)
    return html_page(fault.status or 200, length=_BIG if fault.kind == "big_html" else 0)


def _badly_zipped(reply: HttpReply, *, truncated: bool) -> HttpReply:
    zipped = gzip.compress(reply.body, mtime=0)
    body = zipped[: len(zipped) // 2] if truncated else reply.body
    return replace(reply, body=body, headers=(*reply.headers, ("Content-Encoding", "gzip")))


def _json_with(change: Callable[[Any], Any]) -> Callable[[HttpReply], HttpReply]:
    def wrong(reply: HttpReply) -> HttpReply:
        value = json.loads(reply.body)
        return replace(reply, body=json.dumps(change(value)).encode())

    return wrong


def _member(name: str, value: Any) -> Callable[[HttpReply], HttpReply]:
    return _json_with(lambda envelope: {**envelope, name: value})


def _without(name: str) -> Callable[[HttpReply], HttpReply]:
    return _json_with(lambda envelope: {k: v for k, v in envelope.items() if k != name})


def _in_records(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[HttpReply], HttpReply]:
    """Change every record in `data`: one record, a page of them or an array."""

    def walk(value: Any) -> Any:
        if isinstance(value, list):
            return [walk(item) for item in value]
        if isinstance(value, dict) and "items" in value:
            return {**value, "items": walk(value["items"])}
        return change(value) if isinstance(value, dict) else value

    return _in_data(walk)


def _in_data(change: Callable[[Any], Any]) -> Callable[[HttpReply], HttpReply]:
    """Change `data`. ValueError when there is nothing of the kind: a fault that changes nothing proves nothing."""

    def changed(envelope: Any) -> Any:
        try:
            return {**envelope, "data": change(envelope["data"])}
        except (KeyError, TypeError) as error:
            raise ValueError("the answer has no such data to go wrong") from error

    return _json_with(changed)


WRONGS: Final[Mapping[str, Callable[[HttpReply], HttpReply]]] = {
    "success_string": _member("success", "true"),
    "success_number": _member("success", 1),
    "success_missing": _without("success"),
    "message_number": _member("message", 5),
    "data_missing": _without("data"),
    "data_null": _member("data", None),
    "data_text": _member("data", "ok"),
    "not_an_object": _json_with(lambda envelope: [envelope]),
    "not_json": lambda reply: replace(reply, body=reply.body[:-1]),
    "bad_utf8": lambda reply: replace(reply, body=reply.body.replace(b'"', b"\xff", 1)),
    "id_string": _in_records(lambda r: {**r, "id": str(r.get("id"))}),
    "id_missing": _in_records(lambda r: {k: v for k, v in r.items() if k != "id"}),
    "status_missing": _in_records(lambda r: {k: v for k, v in r.items() if k != "status"}),
    "status_string": _in_records(lambda r: {**r, "status": "1"}),
    "quota_huge": _in_records(lambda r: {**r, "remain_quota": _TOO_BIG}),
    "quota_float": _in_records(lambda r: {**r, "remain_quota": 0.5}),
    "quota_missing": _in_records(lambda r: {k: v for k, v in r.items() if k != "remain_quota"}),
    "flag_number": _in_records(lambda r: {**r, "unlimited_quota": 0}),
    "name_null": _in_records(lambda r: {**r, "name": None}),
    "total_string": _in_data(lambda d: {**d, "total": str(d["total"])}),
    "items_missing": _in_data(lambda d: {"page": d["page"], "page_size": d["page_size"], "total": d["total"]}),
}


@dataclass(kw_only=True)
class Armed:
    """The faults that wait, in the order in which they were armed."""

    faults: list[GatewayFault] = field(default_factory=list)

    def strike(self, call: HttpCall) -> GatewayFault | None:
        """The first fault that matches; it is counted down, and gone when used up."""
        for index, fault in enumerate(self.faults):
            if not fault.matches(call):
                continue
            if fault.skip > 0:
                self.faults[index] = replace(fault, skip=fault.skip - 1)
                continue
            if fault.times is not None:
                left = fault.times - 1
                self.faults[index : index + 1] = [replace(fault, times=left)] if left > 0 else []
            return fault
        return None
