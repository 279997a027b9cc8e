"""The sandbox's page and its gateway panel: thin routes over one or more FakeGateways. Knows nothing of Slack.

    GET  /                            the page; its files are below /page/
    GET  /sandbox/api/first           {"id"}: the person the page begins with
    GET  /sandbox/api/gateway         {"account","accounts","profile","now","keys","calls","faults","kinds","switches"}
    POST /sandbox/api/gateway/use     {"id","units"}     a paid model call with that key; the gateway may refuse it
    POST /sandbox/api/gateway/console {"id","change"}    what somebody does in the gateway's console; id null: a new key
    POST /sandbox/api/gateway/fault   {"name", options}  arm a fault; name "none" takes all of them away
    POST /sandbox/api/gateway/switch  {"name","value"}   change one answer of the deployment
    POST /sandbox/api/gateway/clock   {"seconds"}        move the clock ahead

`?account=NAME` and "account" in a body say which of several accounts is meant; without one it is the first.
A POST answers {"ok": true, …} or {"ok": false, "error": sentence}; a malformed one is HTTP 400. Key values never leave.
"""

import ipaddress
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from .fake_gateway import KINDS, FakeGateway, GatewayFault, GatewaySwitches, LoggedCall, Record

Endpoint = Callable[[Request], Awaitable[Response]]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
PAGE = Path(__file__).parent / "page"
CALLS_SHOWN = 50
LONGEST_JUMP = 10 * 365 * 86_400.0  # seconds: a clock moved to the year 12000 breaks date arithmetic everywhere

# The page shows text that others wrote. Should it ever be left unescaped, the browser still runs and loads nothing.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
# What the panel may set of a key, as somebody in the gateway's console could.
CONSOLE_FIELDS = {"name": str, "remain_quota": int, "status": int, "group": str}
_STATES = {2: "disabled", 3: "expired", 4: "exhausted"}


class MalformedError(Exception):
    """The body is not what the route takes; the sentence says why. HTTP 400."""


class RefusedError(Exception):
    """Well formed, but it cannot be done; the sentence says why. HTTP 200 with ok false."""


def panel_routes(
    *,
    gateways: Mapping[str, FakeGateway],
    first_person: str,
    advance: Callable[[float], Awaitable[None]] | None = None,
) -> list[BaseRoute]:
    """The page and the panel, to be served at the same address as FakeSlack's routes.

    `gateways`: name of the account → its gateway, that of the settings first. `first_person` is the Slack user id the
    page plays at first. `advance` moves every clock of the sandbox by seconds; by default the gateway's.
    """

    async def alone(seconds: float) -> None:
        next(iter(gateways.values())).advance(seconds)

    panel = _Panel(gateways=gateways, advance=advance or alone)

    async def first(_: Request) -> Response:
        return JSONResponse({"id": first_person}, headers={"Cache-Control": "no-store"})

    posts = {"use": panel.use, "console": panel.console, "fault": panel.fault, "switch": panel.switch}
    return [
        Route("/", _index),
        Mount("/page", app=_PageFiles(directory=PAGE)),
        Route("/sandbox/api/first", first),
        Route("/sandbox/api/gateway", _local(panel.state)),
        *(Route(f"/sandbox/api/gateway/{name}", _local(_post(act)), methods=["POST"]) for name, act in posts.items()),
        Route("/sandbox/api/gateway/clock", local_post(panel.clock), methods=["POST"]),
    ]


async def _index(_: Request) -> Response:
    return FileResponse(PAGE / "index.html", headers=HEADERS)


class _PageFiles(StaticFiles):
    """Static files with the page's headers."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    *((name.lower().encode(), value.encode()) for name, value in HEADERS.items()),
                ]
            await send(message)

        await super().__call__(scope, receive, with_headers)


def _local(endpoint: Endpoint) -> Endpoint:
    """Only for this machine: a web page of somebody else may neither read the panel nor pull its levers."""

    async def guarded(request: Request) -> Response:
        hosts = (request.url.hostname, urlsplit(request.headers.get("origin", "")).hostname)
        if any(host and host not in LOOPBACK for host in hosts):
            return _answer(403, error="The sandbox answers to this machine only.")
        return await endpoint(request)

    return guarded


def _post(act: Callable[[dict[str, Any]], dict[str, Any]]) -> Endpoint:
    async def at_once(body: dict[str, Any]) -> dict[str, Any]:
        return act(body)

    return _post_slowly(at_once)


def local_post(act: Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]) -> Endpoint:
    """A route of the panel's kind for another part of the sandbox: JSON in and out, for this machine only."""
    return _local(_post_slowly(act))


def _post_slowly(act: Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        # A web page of somebody else can post forms here, but not JSON: the browser asks first and is refused.
        if not request.headers.get("content-type", "").startswith("application/json"):
            return _answer(400, error="Send JSON, with Content-Type: application/json.")
        try:
            return _answer(200, **await act(_parsed(await request.body())))
        except MalformedError as error:
            return _answer(400, error=str(error))
        except RefusedError as refusal:
            return _answer(200, error=str(refusal))

    return endpoint


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError as error:  # of JSON and of UTF-8
        raise MalformedError("The body is not JSON.") from error
    if not isinstance(value, dict):
        raise MalformedError("The body must be a JSON object.")
    return value


def _answer(status: int, /, *, error: str | None = None, **rest: Any) -> JSONResponse:
    body = {"ok": True, **rest} if error is None else {"ok": False, "error": error}
    return JSONResponse(body, status_code=status, headers={"Cache-Control": "no-store"})


class _Panel:
    """What the panel shows and does."""

    def __init__(self, *, gateways: Mapping[str, FakeGateway], advance: Callable[[float], Awaitable[None]]) -> None:
        self._gateways = gateways
        self._advance = advance

    async def state(self, request: Request) -> Response:
        """Everything the panel shows of one account."""
        names = list(self._gateways)
        asked = request.query_params.get("account", "")
        account = asked if asked in self._gateways else names[0]
        gateway = self._gateways[account]
        now = gateway.clock.now()
        body = {
            "account": account,
            "accounts": names,
            "profile": gateway.profile,
            "now": now,
            "keys": [key_row(record, now=now) for record in gateway.keys(deleted=True)],
            "calls": [_call_row(seen) for seen in reversed(gateway.requests[-CALLS_SHOWN:])],
            "faults": [asdict(fault) for fault in gateway.faults],
            "kinds": list(KINDS),
            "switches": asdict(gateway.switches),
        }
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    def use(self, body: dict[str, Any]) -> dict[str, Any]:
        """One paid call with the key, from an address it allows and for a model it allows."""
        gateway, key_id, units = account_of(self._gateways, body), _whole(body, "id"), _whole(body, "units")
        try:
            record = gateway.key(key_id)
        except KeyError:
            raise RefusedError(f"There is no key {key_id}.") from None
        value = gateway.key_value(key_id)
        model = record.model_limits.split(",")[0] if record.model_limits_enabled else ""
        refusal = gateway.call_model(value, model=model or "any-model", units=units, client_ip=_allowed_address(record))
        if refusal is None:
            return {"served": True, "status": 200}
        code = refusal.json().get("error", {}).get("code", "")
        return {"served": False, "status": refusal.status, "code": code}

    def console(self, body: dict[str, Any]) -> dict[str, Any]:
        """What somebody does in the gateway's own console, past Keydesk: a new key, or other settings of one."""
        change = body.get("change")
        if not isinstance(change, dict) or not change or change.keys() - CONSOLE_FIELDS.keys():
            raise MalformedError(f"`change` names some of {', '.join(CONSOLE_FIELDS)}.")
        if any(type(value) is not CONSOLE_FIELDS[name] for name, value in change.items()):
            raise MalformedError("A text is a text, and a number is a whole number.")
        gateway = account_of(self._gateways, body)
        if body.get("id") is None:
            return {"id": gateway.add_key(**change).id}
        key_id = _whole(body, "id")
        try:
            gateway.edit_behind(key_id, **change)
        except KeyError:
            raise RefusedError(f"There is no key {key_id}.") from None
        return {"id": key_id}

    def fault(self, body: dict[str, Any]) -> dict[str, Any]:
        """Arm one fault; `name` is its kind."""
        options = {name: value for name, value in body.items() if name not in {"name", "account"}}
        gateway, name = account_of(self._gateways, body), body.get("name")
        if name == "none":
            gateway.disarm()
            return {}
        unknown = options.keys() - {field.name for field in fields(GatewayFault)}
        if not isinstance(name, str) or unknown:
            raise MalformedError(f"A fault has a name and no {', '.join(sorted(unknown)) or 'other kind of name'}.")
        try:
            fault = GatewayFault(kind=name, **options)
        except (TypeError, ValueError, re.error) as error:
            raise MalformedError(f"That fault cannot be armed: {error}.") from error
        gateway.arm(fault)
        return {"armed": asdict(fault)}

    def switch(self, body: dict[str, Any]) -> dict[str, Any]:
        """Change one switch to a value of the type it has; null only where the switch knows it."""
        name, value = body.get("name"), body.get("value")
        known = {field.name: getattr(GatewaySwitches(), field.name) for field in fields(GatewaySwitches)}
        if name not in known:
            raise MalformedError(f"There is no switch {name!r}.")
        if isinstance(known[name], bool) and not isinstance(value, bool):
            raise MalformedError(f"The switch {name} is true or false.")
        account_of(self._gateways, body).switch(str(name), value)
        return {}

    async def clock(self, body: dict[str, Any]) -> dict[str, Any]:
        """Move the clocks ahead."""
        seconds = body.get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= LONGEST_JUMP:
            raise MalformedError("`seconds` is a number above 0, ten years at most: a clock cannot be moved back.")
        await self._advance(float(seconds))
        return {"now": next(iter(self._gateways.values())).clock.now()}


def account_of(gateways: Mapping[str, FakeGateway], body: Mapping[str, Any]) -> FakeGateway:
    """The gateway that a body means; the first where it names none. Raises MalformedError."""
    name = body.get("account", next(iter(gateways)))
    if not isinstance(name, str) or name not in gateways:
        raise MalformedError(f"`account` is one of {', '.join(gateways)}.")
    return gateways[name]


def key_row(record: Record, *, now: float) -> dict[str, Any]:
    """A key's record without its value, with its last four characters, `deleted` and the state it is really in."""
    row = asdict(record)
    value = row.pop("key")
    deleted = row.pop("deleted_at") is not None
    return {**row, "hint": value[-4:], "deleted": deleted, "state": "deleted" if deleted else _state(record, now)}


def _state(record: Record, now: float) -> str:
    """Section 9: the stored status first; then what the model side would find, written down or not."""
    if record.status != 1:
        return _STATES.get(record.status, "unknown")
    if record.past_expiry(now):
        return "expired"
    if record.unlimited_quota or record.remain_quota > 0:
        return "active"
    return "overdrawn" if record.remain_quota < 0 else "exhausted"


def _call_row(seen: LoggedCall) -> dict[str, Any]:
    """A line of the log; known secrets were taken out when it was written."""
    return {
        "at": seen.at,
        "method": seen.method,
        "path": seen.path,
        "query": seen.query,
        "status": seen.status,
        "note": seen.note,
    }


def _allowed_address(record: Record) -> str:
    for entry in (record.allow_ips or "").replace(",", "\n").split():
        try:
            return str(ipaddress.ip_network(entry, strict=False)[0])
        except ValueError:
            continue
    return "127.0.0.1"


def _whole(body: dict[str, Any], name: str) -> int:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise MalformedError(f"`{name}` is a whole number.")
    return value
