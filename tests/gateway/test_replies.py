"""What one reply means: a yes, a sure no, or not known whether it was done."""

import json
from typing import Any

import pytest

from bot.gateway.errors import (
    CallFacts,
    GatewayAuthError,
    GatewayBlocked,
    GatewayLimited,
    GatewayOutcomeUnknown,
    GatewayProtocolError,
    GatewayRejected,
    GatewayUnavailable,
    KeyNotFound,
)
from bot.gateway.models import KeyId
from bot.gateway.replies import (
    ApiCall,
    ApiReply,
    CallKind,
    NotJsonError,
    interpret,
    json_object,
    request_id_text,
    without_secrets,
)

FACTS = CallFacts(operation="PUT", key_id=7, request_id=None, reference="r", status=200)
YES, NO = b'{"success": true, "data": 1}', b'{"success": false, "message": "record not found"}'
PAGE = b"<html>wait</html>"


def call(kind: CallKind) -> ApiCall:
    return ApiCall(doing="x", method="PUT", path="/api/token/", kind=kind, key_id=KeyId(7))


def reply(status: int, body: bytes, **more: Any) -> ApiReply:
    return ApiReply(status=status, body=body, request_id=None, **more)


@pytest.mark.parametrize(
    ("status", "body", "read", "write"),
    [
        (200, NO, KeyNotFound, KeyNotFound),
        (200, b'{"success": false, "message": "what?"}', GatewayRejected, GatewayRejected),
        (401, PAGE, GatewayAuthError, GatewayAuthError),
        (403, b'{"success": false, "message": "what?"}', GatewayAuthError, GatewayAuthError),
        (404, b'{"error": {}}', GatewayRejected, GatewayRejected),
        (429, b"", GatewayLimited, GatewayLimited),
        (429, PAGE, GatewayLimited, GatewayOutcomeUnknown),
        (502, PAGE, GatewayUnavailable, GatewayOutcomeUnknown),
        (200, PAGE, GatewayProtocolError, GatewayOutcomeUnknown),
        (200, b'{"hello": 1}', GatewayProtocolError, GatewayOutcomeUnknown),
    ],
)
def test_an_unclear_answer_is_unknown_only_for_a_write(
    status: int, body: bytes, read: type[Exception], write: type[Exception]
) -> None:
    for kind, error in ((CallKind.READ, read), (CallKind.WRITE, write)):
        with pytest.raises(error) as caught:
            interpret(call(kind), reply(status, body), FACTS)
        assert caught.type is error


def test_a_yes_and_a_page_of_a_protection_service() -> None:
    assert interpret(call(CallKind.WRITE), reply(200, YES), FACTS)["data"] == 1
    with pytest.raises(GatewayBlocked):
        interpret(call(CallKind.READ), reply(403, PAGE, blocked=True), FACTS)
    with pytest.raises(GatewayUnavailable, match="broke off"):
        interpret(call(CallKind.READ), reply(200, YES[:5], whole=False), FACTS)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"1", b"{", b'{"a": NaN}', b'{"a": "\xff"}', b'{"a": "\\ud800"}', b"[" * 100_000]
)
def test_what_is_no_json_object(body: bytes) -> None:
    with pytest.raises(NotJsonError):
        json_object(body)


def test_texts_for_the_log_hold_no_secret_and_are_short() -> None:
    token = "A" * 20 + "b" * 20
    assert without_secrets(f"x {token}\ny hunter2", ["hunter2"]) == "x [secret] y [secret]"
    assert len(without_secrets("x " * 5_000)) == 500
    number = "20260101120000" + "aB3" * 6
    assert request_id_text(number) == number
    assert "hunter2" not in request_id_text("hunter2" + number, ["hunter2"])
    assert json.loads(YES)["success"] is True
