"""Reads one reply of the gateway: is it JSON, a yes, and if not, which error (gateway-api.md, sections 4 and 5).

Judged by `success`, never by the HTTP status alone. A write is a sure "no" only when the gateway said so itself;
whatever else comes back leaves its outcome unknown. Knows no HTTP library and sends nothing.
"""

import json
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from bot.gateway.errors import (
    AUTH_REFUSALS,
    CallFacts,
    GatewayAuthError,
    GatewayBlocked,
    GatewayLimited,
    GatewayOutcomeUnknown,
    GatewayProtocolError,
    GatewayRejected,
    GatewayUnavailable,
    KeyNotFound,
    Refusal,
    refusal_of,
)
from bot.gateway.limiter import Limit
from bot.gateway.models import KeyId
from bot.languages import tr

logger = logging.getLogger(__name__)

SMALL_BODY = 256 * 1024
LIST_BODY = 8 * 1024 * 1024
TEXT_IN_LOG = 500

_KEY_LIKE = re.compile(
    r"sk-[0-9A-Za-z_-]{6,}"
    r"|(?<![0-9A-Za-z])(?!\d{14}[0-9A-Za-z]{16,26}(?![0-9A-Za-z+/]))[0-9A-Za-z+/]{28,}={0,2}(?![0-9A-Za-z])"
)
# A request id of the gateway (14 to 20 digits of time, then letters and digits; 30 or 39 in all) is no secret.
_REQUEST_ID = re.compile(r"\d{14}[0-9A-Za-z]{16,26}")
_ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

Model = TypeVar("Model", bound=BaseModel)


class CallKind(StrEnum):
    """READ is retried; ASK is a POST that changes nothing and is not retried; WRITE is never retried here."""

    READ = "read"
    ASK = "ask"
    WRITE = "write"


@dataclass(frozen=True, kw_only=True)
class ApiCall:
    """One request. `doing` is the call in words; `bulk` = nobody waits for it, unless it is for a kill.

    `counts`: in which of the gateway's limits it is counted.
    """

    doing: str
    method: str
    path: str
    kind: CallKind = CallKind.READ
    params: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    key_id: KeyId | None = None
    limit: int = SMALL_BODY
    bulk: bool = False
    counts: tuple[Limit, ...] = (Limit.CALLS,)


@dataclass(frozen=True, kw_only=True)
class ApiReply:
    """What came back. `whole` is false when the body was cut, longer than allowed, or its compression broken.

    `blocked` = a service in front of the gateway answered: it says so itself, or it is a 403 in HTML.
    """

    status: int
    request_id: str | None
    body: bytes
    whole: bool = True
    blocked: bool = False
    retry_after: float | None = None


class NotJsonError(ValueError):
    """The body is not one JSON object."""


def json_object(body: bytes) -> dict[str, Any]:
    """The body as a JSON object. Raises NotJsonError; NaN, bad UTF-8 and absurd nesting are not JSON."""
    try:
        document = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
        if _ESCAPED_SURROGATE.search(body):
            # Half a character is a legal escape, but no database and no Slack takes it.
            json.dumps(document, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise NotJsonError from error
    if not isinstance(document, dict):
        raise NotJsonError
    return document


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def without_secrets(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` fit for the log: bounded, on one line, known secrets and whatever looks like one taken out."""
    text = text[: 4 * TEXT_IN_LOG]
    for secret in secrets:
        text = text.replace(secret, "[secret]")
    return _KEY_LIKE.sub("[secret]", _CONTROL.sub(" ", text))[:TEXT_IN_LOG]


def request_id_text(value: str, secrets: Iterable[str] = ()) -> str:
    """A request id fit for people and for the log: as it is when it has the gateway's form, else without secrets."""
    secrets = tuple(secrets)
    if _REQUEST_ID.fullmatch(value) and not any(secret in value for secret in secrets):
        return value
    return without_secrets(value, secrets)[:100]


def interpret(call: ApiCall, reply: ApiReply, facts: CallFacts) -> dict[str, Any]:
    """The JSON object of a sure yes. Raises the GatewayCallError that the reply means."""
    document = _document(reply)
    if reply.blocked and document is None:
        _unsure_unless(call, facts, call.kind is not CallKind.WRITE)
        raise GatewayBlocked(_BLOCKED, facts=facts)
    if reply.status == 401:
        raise GatewayAuthError(_auth_refusal(document), facts=facts)
    if reply.status == 429:
        _unsure_unless(call, facts, not reply.body or document is not None)
        raise GatewayLimited(facts=facts)
    if reply.status >= 500:
        _unsure_unless(call, facts, call.kind is not CallKind.WRITE)
        raise GatewayUnavailable(
            tr("The gateway has trouble. Nothing was changed."), facts=facts, advice=tr("Try again in a minute.")
        )
    if document is None:
        _unsure_unless(call, facts, call.kind is not CallKind.WRITE)
        _unreadable(reply, facts)
    return _judged(call, reply, facts, document)


def _document(reply: ApiReply) -> dict[str, Any] | None:
    if not reply.whole:
        return None
    try:
        return json_object(reply.body)
    except NotJsonError:
        return None


def _judged(call: ApiCall, reply: ApiReply, facts: CallFacts, document: dict[str, Any]) -> dict[str, Any]:
    success = document.get("success")
    if success is True and 200 <= reply.status < 300:
        return document
    if success is False:
        _refuse(call, facts, _refusal(document), forbidden=reply.status == 403)
    if reply.status == 404 and "error" in document:
        raise GatewayRejected(Refusal.NOT_OFFERED, facts=facts)
    if 400 <= reply.status < 500 and "error" in document:
        _refuse(call, facts, _refusal(document), forbidden=reply.status == 403)
    _unsure_unless(call, facts, call.kind is not CallKind.WRITE)
    raise GatewayProtocolError(_WRONG_ADDRESS, facts=facts)


def _refuse(call: ApiCall, facts: CallFacts, refusal: Refusal, *, forbidden: bool) -> NoReturn:
    if refusal in AUTH_REFUSALS:
        raise GatewayAuthError(refusal, facts=facts)
    if forbidden and refusal is Refusal.UNKNOWN:
        raise GatewayAuthError(Refusal.ROLE_TOO_LOW, facts=facts)
    if refusal is Refusal.NOT_FOUND and call.key_id is not None:
        raise KeyNotFound(facts=facts)
    raise GatewayRejected(refusal, facts=facts)


def _auth_refusal(document: dict[str, Any] | None) -> Refusal:
    refusal = _refusal(document or {})
    return refusal if refusal in AUTH_REFUSALS else Refusal.BAD_PAT


def _refusal(document: dict[str, Any]) -> Refusal:
    message, code = document.get("message"), document.get("code")
    error = document.get("error")
    if isinstance(error, dict):
        message, code = error.get("message"), error.get("code")
    return refusal_of(message if isinstance(message, str) else "", code=code if isinstance(code, str) else "")


def _unsure_unless(call: ApiCall, facts: CallFacts, sure: bool) -> None:
    if call.kind is CallKind.WRITE and not sure:
        raise GatewayOutcomeUnknown(
            tr("The gateway did not say clearly whether it made the change; it is being read back."),
            facts=facts,
        )


_BLOCKED = tr(
    "A protection service in front of the gateway (a CDN) asks for a browser check or blocks this machine; "
    "its operator must let Keydesk's address through."
)
_WRONG_ADDRESS = tr("What answered is not the gateway's API; an administrator should check COMETAPI_BASE_URL.")


def _unreadable(reply: ApiReply, facts: CallFacts) -> NoReturn:
    if not reply.whole and len(reply.body) < SMALL_BODY:
        raise GatewayUnavailable(
            tr("The gateway's answer broke off. Nothing was changed."), facts=facts, advice=tr("Try again.")
        )
    raise GatewayProtocolError(_WRONG_ADDRESS, facts=facts)


def parse(model: type[Model], data: Any, facts: CallFacts) -> Model:
    """`data` as `model`. Raises GatewayProtocolError, and logs which members were wrong but not their values."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        wrong = [
            f"{'.'.join(map(str, line['loc']))}: {line['type']}" for line in error.errors(include_input=False)[:20]
        ]
        logger.warning("gateway answered with a wrong shape", extra={"wrong": wrong, "reference": facts.reference})
        raise GatewayProtocolError(
            tr("The gateway's answer does not have the documented shape; an administrator should look at the log."),
            facts=facts,
        ) from None
