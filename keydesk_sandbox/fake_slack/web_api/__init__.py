"""The Web API: dispatch, tokens, scopes, limits, faults, and the log of every call (slack.md G12, G14, G19, G22).

`COVERAGE` says, method by method, what this Slack does. Anything else is `unknown_method`.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from keydesk_sandbox.fake_slack.errors import ApiError, ConnectionDropped
from keydesk_sandbox.fake_slack.limits import ApiFault, Faults, Limited, Limits
from keydesk_sandbox.fake_slack.web_api import basics, blocks, chat, conversations, people, surfaces
from keydesk_sandbox.fake_slack.web_api.arguments import Arguments
from keydesk_sandbox.fake_slack.web_api.parts import Method, Parts

METHODS: Mapping[str, Method] = {
    **basics.METHODS,
    **blocks.METHODS,
    **chat.METHODS,
    **conversations.METHODS,
    **people.METHODS,
    **surfaces.METHODS,
}
COVERAGE: Mapping[str, str] = {name: method.covered for name, method in METHODS.items()}

KEPT = 2000


@dataclass(frozen=True, kw_only=True)
class ApiCall:
    """One Web API call. `answer` is None when the caller never got one; the token is masked."""

    at: float
    method: str
    arguments: Mapping[str, Any]
    token: str
    status: int
    answer: Mapping[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class ApiReply:
    """What goes over the wire. `body` None means a broken server page."""

    status: int
    body: dict[str, Any] | None
    headers: dict[str, str] = field(default_factory=dict)


class WebApi:
    """Answers calls in process; the routes only translate HTTP."""

    def __init__(self, parts: Parts, *, bot_token: str, app_token: str | None, limits: Limits, faults: Faults) -> None:
        self.calls: list[ApiCall] = []
        self._parts = parts
        self._bot_token = bot_token
        self._app_token = app_token
        self._limits = limits
        self._faults = faults

    async def call(self, name: str, values: Mapping[str, Any], *, token: str | None) -> ApiReply:
        """One call. Raises ConnectionDropped when a fault or the switch `down` breaks the connection."""
        arguments = Arguments(values)
        reply: ApiReply | None = None
        try:
            reply = await self._answer(name, arguments, token)
        finally:
            self.calls.append(
                ApiCall(
                    at=self._parts.core.clock(),
                    method=name,
                    arguments=arguments.values,
                    token=f"{token[:5]}…" if token else "",
                    status=reply.status if reply is not None else 0,
                    answer=reply.body if reply is not None else None,
                )
            )
            del self.calls[:-KEPT]
        return reply

    async def _answer(self, name: str, arguments: Arguments, token: str | None) -> ApiReply:
        down = self._parts.core.switches.down
        if down == "refused":
            raise ConnectionDropped
        if down == "503":
            return ApiReply(status=503, body=None)
        fault = self._faults.take(name)
        await self._before(fault)
        if fault is not None and fault.kind == "error_500":
            return ApiReply(status=500, body=None)
        if fault is not None and fault.kind == "refuse":
            return ApiReply(status=200, body={"ok": False, "error": fault.code})
        reply = self._judged(name, arguments, token)
        if fault is not None and fault.kind == "lost_answer":
            raise ConnectionDropped
        if fault is not None and fault.kind == "error_500_after":
            return ApiReply(status=500, body=None)
        return reply

    @staticmethod
    async def _before(fault: ApiFault | None) -> None:
        if fault is None:
            return
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.until is not None:
            await fault.until.wait()
        if fault.kind == "reset":
            raise ConnectionDropped

    def _judged(self, name: str, arguments: Arguments, token: str | None) -> ApiReply:
        headers = {"x-oauth-scopes": ",".join(self._parts.core.app.scopes)}
        try:
            method = _method(name)
            self._check_token(method, token)
            headers["x-accepted-oauth-scopes"] = ",".join(method.scopes)
            self._parts.need(*method.scopes)
            self._limits.check(name, arguments.text("channel") or None)
            self._refuse(name, arguments)
            return ApiReply(status=200, body={"ok": True, **method.run(self._parts, arguments)}, headers=headers)
        except Limited as limited:
            headers["Retry-After"] = str(limited.retry_after)
            return ApiReply(status=429, body={"ok": False, "error": "ratelimited"}, headers=headers)
        except ApiError as error:
            return ApiReply(status=200, body={"ok": False, "error": error.code, **error.extra}, headers=headers)

    def _refuse(self, name: str, arguments: Arguments) -> None:
        """What the switches refuse for good, whatever the method would have done."""
        switches = self._parts.core.switches
        if code := switches.refused_methods.get(name):
            raise ApiError(code)
        blocks.refuse_types(switches.refused_blocks, arguments)

    def _check_token(self, method: Method, token: str | None) -> None:
        if not token:
            raise ApiError("not_authed")
        if token not in {self._bot_token, self._app_token}:
            raise ApiError("invalid_auth")
        if (token == self._app_token) is not method.app_token:
            raise ApiError("not_allowed_token_type")
        if self._parts.core.switches.token != "valid" and not method.app_token:  # noqa: S105 - a state, not a token
            raise ApiError(self._parts.core.switches.token)


def _method(name: str) -> Method:
    if name not in METHODS:
        raise ApiError("unknown_method", req_method=name)
    return METHODS[name]


__all__ = ["COVERAGE", "METHODS", "Call", "Reply", "WebApi"]
