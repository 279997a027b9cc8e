"""What a key is good for: `/v1/models`, a model call, the key's own usage. Contract: sections 9 to 11, 13, 15."""

import ipaddress
from dataclasses import dataclass
from typing import Any

from .messages import DEAD_KEY
from .records import ENABLED, EXHAUSTED, EXPIRED, Record
from .state import GatewayState
from .wire import HttpCall, HttpReply, failure, json_reply

_CREATED = 1_626_777_600


@dataclass(frozen=True, kw_only=True)
class ModelRefusal:
    """Why the model side will not serve: HTTP status, words, code."""

    status: int
    message: str
    code: str = ""


def list_models(world: GatewayState, call: HttpCall) -> HttpReply:
    """`GET /v1/models` with a model key: a free probe of the key. The order is not stable."""
    judged = judge(world, key_core(call.header("authorization")), client_ip=_client(world, call))
    if isinstance(judged, ModelRefusal):
        return refused(world, judged)
    names = list(judged.model_limits.split(",")) if judged.model_limits_enabled else list(world.models)
    if judged.model_limits_enabled and not judged.model_limits:
        names = [] if world.switches.empty_limits_block else list(world.models)
    world.random.shuffle(names)
    rows = [{"id": name, "object": "model", "created": _CREATED, "owned_by": "gateway"} for name in names]
    answer: dict[str, Any] = {"object": "list", "data": rows}
    if world.switches.models_success_member:
        answer["success"] = True
    return json_reply(answer)


def key_core(authorization: str) -> str:
    """The 48 characters behind one `Bearer ` and one `sk-`; a channel pin `-<n>` at the end is dropped."""
    return authorization.removeprefix("Bearer ").strip().removeprefix("sk-").split("-")[0]


def judge(world: GatewayState, value: str, *, client_ip: str) -> Record | ModelRefusal:
    """The record behind the key value, or the refusal; stores status 3 or 4 on the way if the switch says so."""
    record = world.store.for_model_side(value, now=world.now()) if value else None
    if record is None:
        return _dead(world, "unknown" if value else "missing")
    if cause := _cause_of_death(world, record):
        return _dead(world, cause)
    limits = clean_ips(record.allow_ips)
    if limits and not any(_contains(entry, client_ip) for entry in limits):
        return ModelRefusal(status=403, message="您的 IP 不在令牌允许访问的列表中", code="access_denied")
    group = record.group
    if group and group in world.account.withdrawn:
        return ModelRefusal(status=403, message=f"分组 {group} 已被弃用")
    if group and group not in world.account.groups:
        return ModelRefusal(status=403, message=f"无权访问 {group} 分组")
    return record


def judge_call(world: GatewayState, value: str, *, model: str, units: int, client_ip: str) -> Record | ModelRefusal:
    """The same for a call that names a model and costs something."""
    judged = judge(world, value, client_ip=client_ip)
    if isinstance(judged, ModelRefusal):
        return judged
    limited = judged.model_limits_enabled and (judged.model_limits or world.switches.empty_limits_block)
    if limited and model not in judged.model_limits.split(","):
        return ModelRefusal(status=403, message=f"This token has no access to model {model}")
    if units > world.account.quota:
        return ModelRefusal(status=403, message="用户额度不足", code="insufficient_user_quota")
    if not judged.unlimited_quota and units > judged.remain_quota:
        words = f"token quota is not enough, token remain quota: {judged.remain_quota}, need quota: {units}"
        return ModelRefusal(status=403, message=words, code="pre_consume_token_quota_failed")
    return judged


def _cause_of_death(world: GatewayState, record: Record) -> str:
    """Section 9: status first, then expiry, then quota; the last two are written down only without Redis."""
    if record.status != ENABLED:
        return {EXPIRED: "expired", EXHAUSTED: "exhausted"}.get(record.status, "disabled")
    if record.past_expiry(world.now()):
        return _write_down(world, record, EXPIRED, "expired")
    if record.dry():
        return _write_down(world, record, EXHAUSTED, "exhausted")
    return ""


def _write_down(world: GatewayState, record: Record, status: int, cause: str) -> str:
    # On a cached copy this ends with the copy: what it says may have been mended in the row since.
    if world.switches.lazy_status:
        record.status = status
    return cause


def _dead(world: GatewayState, cause: str) -> ModelRefusal:
    if not world.switches.one_invalid_text:
        return ModelRefusal(status=401, message=DEAD_KEY[cause])
    lower = world.switches.language == "lower"
    return ModelRefusal(status=401, message="invalid token" if lower else "Invalid token")


def refused(world: GatewayState, refusal: ModelRefusal) -> HttpReply:
    """The error body of the model side (section 11), with a request id at the end of the message."""
    request_id = f"{world.random.getrandbits(64):016x}"
    error = {
        "message": f"{refusal.message} (request id: {request_id})",
        "type": world.switches.error_type,
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
        return ipaddress.ip_address(client_ip) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False


def _client(world: GatewayState, call: HttpCall) -> str:
    return call.client(forwarded=world.switches.forwarded_ip)


def usage(world: GatewayState, call: HttpCall) -> HttpReply:
    """`GET /api/usage/token/` with a model key (section 15): note `code` instead of `success`."""
    sent = call.header("authorization")
    if not sent:
        return failure("No Authorization header", status=401)
    record = world.store.for_model_side(key_core(sent), now=world.now())
    if record is None:
        return failure(_dead(world, "unknown").message, status=401)
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
