"""Paid calls: pre-charge, settlement and the line in the log. Contract: sections 9, 11, 15 and 20.2.

Where key and account do not both hold over 10 USD, the price of the largest answer allowed is taken first and the rest
is given back at the settlement. So `used_quota` falls too, and a write in between loses what was given back.
"""

import json
import math
from dataclasses import dataclass
from typing import Any

from .models_side import ModelRefusal, judge, judge_call, presented, refused
from .records import Record
from .state import GatewayState, LogRow
from .wire import HttpCall, HttpReply, json_reply

_TRUSTED_USD = 10
_LOG_LENGTH = 10_000
_ANSWER_TOKENS, _MOST_TOKENS = 25, 4096
MODEL_RATIO, COMPLETION_RATIO = 1.25, 4


@dataclass(frozen=True, kw_only=True)
class PaidCall:
    """What a call costs, and the most that it could have cost."""

    model: str
    units: int
    ceiling: int
    prompt_tokens: int = 0
    completion_tokens: int = 0


def serve(state: GatewayState, sent: str, paid: PaidCall, *, client_ip: str) -> Record | ModelRefusal:
    """Judge, pre-charge, and settle after `call_duration`; the record as it was judged, or the refusal."""
    if state.switches.cpu_overloaded:
        return ModelRefusal(status=503, message="system cpu overloaded", code="system_cpu_overloaded")
    judged = judge(state, sent, client_ip=client_ip)
    if isinstance(judged, ModelRefusal):
        return judged
    held = 0 if _trusted(state, judged) else paid.ceiling
    judged = judge_call(state, sent, model=paid.model, units=held, client_ip=client_ip)
    if isinstance(judged, ModelRefusal):
        return judged
    key_id, request_id = judged.id, state.request_id
    book(state, key_id, held)

    def settle() -> None:
        book(state, key_id, paid.units - held, calls=1)
        note(state, key_id, paid, request_id=request_id)

    state.after(state.switches.call_duration, settle)
    return judged


def _trusted(state: GatewayState, record: Record) -> bool:
    """Whether both hold so much that nothing is taken beforehand: such calls may overdraw."""
    enough = _TRUSTED_USD * state.switches.units_per_usd
    return state.account.quota > enough and (record.unlimited_quota or record.remain_quota > enough)


def book(state: GatewayState, key_id: int, units: int, *, calls: int = 0) -> None:
    """Move remaining and used together, of key and account; a negative number gives back."""
    row = state.store.row(key_id)
    row.remain_quota -= units
    row.used_quota += units
    row.accessed_time = int(state.now())
    if row.user_id == state.account.id:
        state.account.quota -= units
        state.account.used_quota += units
        state.account.request_count += calls


def note(state: GatewayState, key_id: int, paid: PaidCall, *, request_id: str, at: float | None = None) -> None:
    """Write the call into the account's log, as of now or of a moment of the past."""
    row = state.store.row(key_id)
    state.log.append(
        LogRow(
            created_at=int(state.now() if at is None else at),
            token_name=row.name,
            token_id=row.id,
            model_name=paid.model,
            quota=paid.units,
            group=row.group or state.account.group,
            request_id=request_id,
            prompt_tokens=paid.prompt_tokens,
            completion_tokens=paid.completion_tokens,
        )
    )
    del state.log[:-_LOG_LENGTH]


def chat(state: GatewayState, call: HttpCall) -> HttpReply:
    """`POST /v1/chat/completions`: a short answer with its usage, charged."""
    try:
        body = json.loads(call.body)
        model, messages = str(body["model"]), list(body["messages"])
        allowed = int(body.get("max_tokens") or _MOST_TOKENS)
        prompt = sum(len(str(message["content"])) for message in messages) // 4 + 1
    except (ValueError, KeyError, TypeError, AttributeError):
        return refused(state, _bad_request(state))
    answered = min(allowed, _ANSWER_TOKENS)
    paid = PaidCall(
        model=model,
        units=_price(prompt, answered),
        ceiling=_price(prompt, allowed),
        prompt_tokens=prompt,
        completion_tokens=answered,
    )
    judged = serve(state, presented(call), paid, client_ip=call.client(forwarded=state.switches.forwarded_ip))
    if isinstance(judged, ModelRefusal):
        return refused(state, judged)
    return json_reply(_answer(state, paid))


def _price(prompt: int, completion: int) -> int:
    return math.ceil(MODEL_RATIO * (prompt + COMPLETION_RATIO * completion))


def _bad_request(state: GatewayState) -> ModelRefusal:
    """CometAPI documents 500 with `invalid_request` for a bad request (section 11)."""
    status = 500 if state.switches.error_type == "comet_api_error" else 400
    return ModelRefusal(status=status, message="the request cannot be read", code="invalid_request")


def _answer(state: GatewayState, paid: PaidCall) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{state.request_id}",
        "object": "chat.completion",
        "created": int(state.now()),
        "model": paid.model,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello."}, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": paid.prompt_tokens,
            "completion_tokens": paid.completion_tokens,
            "total_tokens": paid.prompt_tokens + paid.completion_tokens,
        },
    }
