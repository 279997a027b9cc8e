"""The routes: Web API, response_urls, Socket Mode, the page. Translates HTTP; decides nothing. Loopback only (G23)."""

import contextlib
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from keydesk_sandbox.fake_slack.errors import ApiError, ConnectionDropped
from keydesk_sandbox.fake_slack.page_routes import page_routes
from keydesk_sandbox.fake_slack.simulator import SlackSimulator
from keydesk_sandbox.fake_slack.sockets import Link

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1", ""})
CONNECTION = "fake_slack.connection"  # uvicorn's transport, for faults that break it
ONLY_LOCAL = "This Slack answers to this machine only."


def build_app(slack: SlackSimulator) -> ASGIApp:
    """The ASGI app of one simulator."""

    async def api(request: Request) -> Response:
        return await _api(slack, request)

    async def respond(request: Request) -> Response:
        return await _respond(slack, request)

    async def socket(websocket: WebSocket) -> None:
        await _socket(slack, websocket)

    inner = Starlette(
        routes=[
            Route("/api/{method:path}", api, methods=["GET", "POST"]),
            Route("/response/{id}", respond, methods=["POST"]),
            WebSocketRoute("/socket/{ticket}", socket),
            *page_routes(slack),
        ]
    )

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _is_local(scope):
            await PlainTextResponse(ONLY_LOCAL, status_code=403)(scope, receive, send)
            return
        if scope["type"] == "websocket" and not _is_local(scope):
            await send({"type": "websocket.close", "code": 1008})
            return
        scope[CONNECTION] = getattr(getattr(send, "__self__", None), "transport", None)
        await inner(scope, receive, send)

    return app


def _is_local(scope: Scope) -> bool:
    """Whether caller, Host and Origin are this machine: a web page elsewhere may not drive the sandbox."""
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    client = scope.get("client")
    hosts = [
        client[0] if client else "",
        urlsplit(f"//{headers.get(b'host', '')}").hostname or "",
        urlsplit(headers.get(b"origin", "")).hostname or "",
    ]
    return all(host in LOOPBACK for host in hosts)


class _Dropped(Response):
    """Breaks the connection: under uvicorn for real, elsewhere by an answer that never ends."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - the ASGI signature
        transport = scope[CONNECTION]
        if transport is not None:
            transport.abort()
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


async def _api(slack: SlackSimulator, request: Request) -> Response:
    values: dict[str, Any] = dict(request.query_params)
    content_type = request.headers.get("content-type", "").partition(";")[0].strip()
    if request.method == "POST":
        if content_type == "application/json":
            try:
                body = await request.json()
            except ValueError:
                return JSONResponse({"ok": False, "error": "invalid_json"})
            if not isinstance(body, dict):
                return JSONResponse({"ok": False, "error": "json_not_object"})
            values |= body
        elif content_type == "application/x-www-form-urlencoded":
            values |= dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    field_token = values.pop("token", None)
    token = bearer.strip() if scheme.lower() == "bearer" else field_token
    try:
        reply = await slack.web_api.call(request.path_params["method"], values, token=token)
    except ConnectionDropped:
        return _Dropped()
    if reply.body is None:
        return PlainTextResponse("upstream error", status_code=reply.status, media_type="text/html")
    return JSONResponse(reply.body, status_code=reply.status, headers=reply.headers)


async def _respond(slack: SlackSimulator, request: Request) -> Response:
    try:
        body = await request.json()
    except ValueError:
        return PlainTextResponse("invalid_payload", status_code=400)
    if not isinstance(body, dict):
        return PlainTextResponse("invalid_payload", status_code=400)
    try:
        slack.response_urls.take(request.path_params["id"], body)
    except ApiError as error:
        gone = error.code in {"used_url", "expired_url", "message_not_found"}
        answer = {"ok": False, "error": error.code, **error.extra}
        return JSONResponse(answer, status_code=404 if gone else 400)
    return PlainTextResponse("ok")


async def _socket(slack: SlackSimulator, socket: WebSocket) -> None:
    if not slack.hub.redeem(socket.path_params["ticket"]):
        await socket.close(code=1008)
        return
    await socket.accept()

    async def say(text: str) -> None:
        try:
            await socket.send_text(text)
        except (WebSocketDisconnect, RuntimeError) as error:
            raise ConnectionError("the app has closed this link") from error

    async def end() -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await socket.close()

    def cut() -> None:
        transport = socket.scope[CONNECTION]
        if transport is not None:
            transport.abort()

    link = Link(id=slack.core.new_id("L"), send=say, end=end, cut=cut)
    try:
        if not await slack.hub.join(link, debug_reconnects=socket.query_params.get("debug_reconnects") == "true"):
            await end()
            return
        while True:
            slack.hub.receive(link, await socket.receive_text())
    except (WebSocketDisconnect, OSError, RuntimeError, KeyError, json.JSONDecodeError):
        pass
    finally:
        slack.hub.leave(link)
