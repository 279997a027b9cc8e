"""What the account spent: the log of its calls and the sums per day. Contract: section 15."""

from collections import defaultdict
from dataclasses import asdict
from typing import Any

from .gojson import atoi
from .listing import page_of
from .state import GatewayState, LogRow
from .wire import HttpCall, HttpReply, success

_DAY = 86_400
_MONTH = 31 * _DAY
_RATE_WINDOW = 60


def log_self(state: GatewayState, call: HttpCall) -> HttpReply:
    """`GET /api/log/self`: newest first, filtered, in pages."""

    def view(row: LogRow) -> dict[str, Any]:
        shown: dict[str, Any] = asdict(row) | {"user_id": state.account.id, "content": "", "other": "{}"}
        if not state.switches.log_token_id:
            del shown["token_id"]
        return shown

    return success(page_of(call, list(reversed(_filtered(state, call))), view))


def log_stat(state: GatewayState, call: HttpCall) -> HttpReply:
    """`GET /api/log/self/stat`: units of the rows that match, and calls and tokens of the last minute."""
    rows = _filtered(state, call)
    recent = [row for row in rows if row.created_at > state.now() - _RATE_WINDOW]
    tokens = sum(row.prompt_tokens + row.completion_tokens for row in recent)
    return success({"quota": sum(row.quota for row in rows), "rpm": len(recent), "tpm": tokens})


def _filtered(state: GatewayState, call: HttpCall) -> list[LogRow]:
    kind, start, end = (_number(call, name) for name in ("type", "start_timestamp", "end_timestamp"))
    words = {name: call.parameter(name) for name in ("token_name", "model_name", "group")}
    return [
        row
        for row in state.log
        if (not kind or row.type == kind)
        and (not start or row.created_at >= start)
        and (not end or row.created_at <= end)
        and all(not word or getattr(row, name) == word for name, word in words.items())
    ]


def data_self(state: GatewayState, call: HttpCall) -> HttpReply:
    """`GET /api/data/self`: spending per day and model, for a month at most."""
    start, end = _number(call, "start_timestamp"), _number(call, "end_timestamp")
    if end - start > _MONTH:
        return state.refuse("period_too_long", call)
    sums: defaultdict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in state.log:
        if start <= row.created_at <= end:
            sums[row.created_at // _DAY * _DAY, row.model_name][0] += 1
            sums[row.created_at // _DAY * _DAY, row.model_name][1] += row.quota
            sums[row.created_at // _DAY * _DAY, row.model_name][2] += row.prompt_tokens + row.completion_tokens
    return success(
        [
            {"created_at": day, "model_name": model, "count": count, "quota": quota, "token_used": tokens}
            for (day, model), (count, quota, tokens) in sorted(sums.items())
        ]
    )


def account_stats(state: GatewayState, _call: HttpCall) -> HttpReply:
    """`GET /api/user/self/stats`: the last thirty days, and how long the balance lasts at their pace."""
    rows = [row for row in state.log if row.created_at > state.now() - 30 * _DAY]
    spent = sum(row.quota for row in rows)
    return success(
        {
            "month_req_count": len(rows),
            "req_rate": 0,
            "month_usage": spent,
            "usage_rate": 0,
            "month_success_rate": 100,
            "predicted_days": round(30 * state.account.quota / spent) if spent else 0,
        }
    )


def _number(call: HttpCall, name: str) -> int:
    number, complaint = atoi(call.parameter(name))
    return 0 if complaint else number
