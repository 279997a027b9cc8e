"""What a key may be used for: `/v1/models`, a model call, the key's own usage. Contract: sections 9 to 11, 13, 15."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Any

from .messages import DEAD_KEY
from .records import DISABLED, ENABLED, EXHAUSTED, EXPIRED, Record
from .state import GatewayState
from .wire import HttpCall, HttpReply, failure, json_reply

_CREATED = 1_626_777_600
_MAPPED = 96  # bits before an IPv4 address written as IPv6
_ADMIN = 10  # the role from which a channel may be pinned


@dataclass(frozen=True, kw_only=True)
class ModelRefusal:
    """Why the model side will not serve: HTTP status, words, code."""

    status: int
    message: str
    code: str = ""


def list_models(state: GatewayState, call: HttpCall) -> HttpReply:
    """`GET /v1/models` with a model key: a free probe of the key. The order is not stable."""
    judged = judge(state, presented(call), client_ip=_client(state, call))
    if isinstance(judged, ModelRefusal):
        return refused(state, judged)
    names = list(judged.model_limits.split(",")) if judged.model_limits_enabled else list(state.models)
    if judged.model_limits_enabled and not judged.model_limits:
        names = [] if state.switches.empty_limits_block else list(state.models)
    state.random.shuffle(names)
    rows = [{"id": name, "object": "model", "created": _CREATED, "owned_by": "gateway"} for name in names]
    answer: dict[str, Any] = {"object": "list", "data": rows}
    if state.switches.models_success_member:
        answer["success"] = True
    return json_reply(answer)


def presented(call: HttpCall) -> str:
    """What stands for the key in a call: `Authorization`, or `x-api-key`."""
    return call.header("authorization") or call.header("x-api-key")


def key_core(sent: str) -> str:
    """The 48 characters behind `Bearer` (in any case, or none) and one `sk-`, without a channel pin `-<n>`."""
    return _parts(sent)[0]


def _parts(sent: str) -> tuple[str, str]:
    """The core of the key and the channel pin, each "" if it is not there."""
    word = re.sub(r"^bearer(\s+|$)", "", sent.strip(), flags=re.IGNORECASE)
    core, _dash, pin = word.removeprefix("sk-").partition("-")
    return core, pin


def judge(state: GatewayState, sent: str, *, client_ip: str) -> Record | ModelRefusal:
    """The record behind the key that was sent, or the refusal; may store status 3 or 4 on the way."""
    value, pin = _parts(sent)
    record = state.store.for_model_side(value, now=state.now()) if value else None
    if record is None:
        return _dead(state, "unknown" if value else "missing")
    if cause := _cause_of_death(state, record):
        return _dead(state, cause, record)
    return _forbidden(state, record, pin=pin, client_ip=client_ip) or record


def _forbidden(state: GatewayState, record: Record, *, pin: str, client_ip: str) -> ModelRefusal | None:
    """Why a living key may not be used here: a channel pin, the address, the group."""
    if pin and state.account.role < _ADMIN:
        return ModelRefusal(status=403, message="普通用户不支持指定渠道")
    limits = clean_ips(record.allow_ips)
    if limits and not any(_contains(entry, client_ip) for entry in limits):
        return ModelRefusal(status=403, message="您的 IP 不在令牌允许访问的列表中", code="access_denied")
    group = record.group
    if group and group in state.account.withdrawn:
        return ModelRefusal(status=403, message=f"分组 {group} 已被弃用")
    if group and group not in state.usable_groups():
        return ModelRefusal(status=403, message=f"无权访问 {group} 分组")
    return None


def judge_call(state: GatewayState, sent: str, *, model: str, units: int, client_ip: str) -> Record | ModelRefusal:
    """The same for a call that names a model and costs something."""
    judged = judge(state, sent, client_ip=client_ip)
    if isinstance(judged, ModelRefusal):
        return judged
    limited = judged.model_limits_enabled and (judged.model_limits or state.switches.empty_limits_block)
    if limited and model not in judged.model_limits.split(","):
        return ModelRefusal(status=403, message=f"This token has no access to model {model}")
    if units > state.account.quota:
        return ModelRefusal(status=403, message="用户额度不足", code="insufficient_user_quota")
    if not judged.unlimited_quota and units > judged.remain_quota:
        words = f"token quota is not enough, token remain quota: {judged.remain_quota}, need quota: {units}"
        return ModelRefusal(status=403, message=words, code="pre_consume_token_quota_failed")
    return judged


def _cause_of_death(state: GatewayState, record: Record) -> str:
    """Section 9: status first, then expiry, then quota; the last two are written down only without Redis."""
    if record.status != ENABLED:
        return {EXPIRED: "expired", EXHAUSTED: "exhausted"}.get(record.status, "disabled")
    if record.past_expiry(state.now()):
        return _write_down(state, record, EXPIRED, "expired")
    if record.dry():
        return _write_down(state, record, EXHAUSTED, "exhausted")
    return ""


def _write_down(state: GatewayState, record: Record, status: int, cause: str) -> str:
    # A cached copy is changed only in the cache: the row may have been changed since it was read.
    if state.switches.lazy_status:
        record.status = status
    return cause


def _dead(state: GatewayState, cause: str, record: Record | None = None) -> ModelRefusal:
    """G1 names the reason and part of the key; later there is one text for all."""
    if not state.switches.one_invalid_text:
        part = f"[sk-{record.key[:3]}***{record.key[-3:]}] " if record else ""
        return ModelRefusal(status=401, message=part + DEAD_KEY[cause])
    lower = state.switches.language == "lower"
    return ModelRefusal(status=401, message="invalid token" if lower else "Invalid token")


def refused(state: GatewayState, refusal: ModelRefusal) -> HttpReply:
    """The error body of the model side (section 11), with a request id at the end of the message."""
    error = {
        "message": f"{refusal.message} (request id: {state.request_id})",
        "type": state.switches.error_type,
        "code": refusal.code,
    }
    return json_reply({"error": error}, status=refusal.status)


def clean_ips(allow_ips: str | None) -> list[str]:
    """Section 10: spaces and commas deleted, lines trimmed, blank ones dropped. `1.2.3.4,5.6.7.8` becomes junk."""
    text = (allow_ips or "").replace(" ", "").replace(",", "")
    return [line.strip() for line in text.split("\n") if line.strip()]


def _contains(entry: str, client_ip: str) -> bool:
    """Whether the address is the entry or lies in it; what does not parse matches nothing."""
    _address, slash, length = entry.partition("/")
    if slash and not length.isdigit():
        return False
    try:
        network, client = ipaddress.ip_network(entry, strict=False), ipaddress.ip_address(client_ip)
    except ValueError:
        return False
    # An IPv4 address written as IPv6 (::ffff:127.0.0.1) is that IPv4 address (section 20.5).
    mapped = network.network_address.ipv4_mapped if isinstance(network, ipaddress.IPv6Network) else None
    if mapped and network.prefixlen >= _MAPPED:
        network = ipaddress.ip_network(f"{mapped}/{network.prefixlen - _MAPPED}", strict=False)
    if isinstance(client, ipaddress.IPv6Address) and client.ipv4_mapped:
        client = client.ipv4_mapped
    return client in network


def _client(state: GatewayState, call: HttpCall) -> str:
    return call.client(forwarded=state.switches.forwarded_ip)


def usage(state: GatewayState, call: HttpCall) -> HttpReply:
    """`GET /api/usage/token/` with a model key (section 15): note `code` instead of `success`."""
    sent = presented(call)
    if not sent:
        return failure("No Authorization header", status=401)
    record = state.store.for_model_side(key_core(sent), now=state.now())
    refused_when_disabled = record is not None and record.status == DISABLED and not state.switches.usage_of_disabled
    if record is None or refused_when_disabled:
        return failure(_dead(state, "unknown").message, status=401)
    limits = [name for name in record.model_limits.split(",") if name]
    data = {
        "name": record.name,
        "total_granted": record.remain_quota + record.used_quota,
        "total_used": record.used_quota,
        "total_available": record.remain_quota,
        "unlimited_quota": record.unlimited_quota,
        "model_limits": dict.fromkeys(limits, True),
        "model_limits_enabled": record.model_limits_enabled,
        "expires_at": max(0, record.expired_time),
    }
    return json_reply({"code": True, "message": "ok", "data": data})
