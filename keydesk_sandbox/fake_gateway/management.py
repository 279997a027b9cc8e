"""Create, read, update, delete and reveal keys. Contract: sections 6 to 8. Lists and search are in `listing.py`."""

from dataclasses import replace
from typing import Any

from .gojson import BOOL, INT, INTS, POINTER, STRING, BadJsonError, atoi, read_object
from .records import EDITABLE, ENABLED, EXHAUSTED, EXPIRED, NEVER, Record
from .state import NO_STORE, GatewayState
from .wire import HttpCall, HttpReply, failure, json_reply, success

_MAX_BATCH = 100
_IDS = {"ids": INTS}

# What a body may hold. Members that cannot be written are typed too: a wrong type there is also bad JSON.
_KEY = {
    "id": INT,
    "user_id": INT,
    "key": STRING,
    "status": INT,
    "name": STRING,
    "created_time": INT,
    "accessed_time": INT,
    "expired_time": INT,
    "remain_quota": INT,
    "unlimited_quota": BOOL,
    "model_limits_enabled": BOOL,
    "model_limits": STRING,
    "allow_ips": POINTER,
    "used_quota": INT,
    "group": STRING,
    "cross_group_retry": BOOL,
}


def create(state: GatewayState, call: HttpCall) -> HttpReply:
    """`POST /api/token/` (section 6): checks in the documented order, no id and no key in the answer."""
    try:
        body = read_object(call.body, _KEY)
    except BadJsonError as error:
        return failure(str(error))
    switches = state.switches
    if refused := _invalid(state, call, body, group_check=switches.group_check_create):
        return refused
    if switches.max_keys is not None and len(state.store.of(state.account.id)) >= switches.max_keys:
        return state.refuse("too_many_keys", call, switches.max_keys)
    fields = _fitted(state, {name: body[name] for name in EDITABLE if name not in switches.ignored_fields})
    if fields["expired_time"] == 0 and switches.zero_expiry_is_never:
        fields["expired_time"] = NEVER
    fields["allow_ips"] = fields.get("allow_ips") or ""
    if not switches.stores_writes:
        return success()
    record = state.store.add(user_id=state.account.id, now=state.now(), **fields)
    return success(state.view(record)) if switches.create_returns_data else success()


def update(state: GatewayState, call: HttpCall) -> HttpReply:
    """`PUT /api/token/` (section 7): the body is validated first, then the mode is looked at, then the old record."""
    try:
        body = read_object(call.body, _KEY)
    except BadJsonError as error:
        return failure(str(error))
    switches = state.switches
    if refused := _invalid(state, call, body, group_check=switches.group_check_update):
        return refused
    if body["id"] == 0:
        return state.refuse("id_missing", call)
    row = state.store.owned(body["id"], state.account.id)
    if row is None:
        return state.refuse("not_found", call)
    if body["status"] == ENABLED and (refused := _cannot_enable(state, call, row)):
        return refused
    changed = replace(row)
    state.hook("row_read", call)  # whatever happens to the row from here on is overwritten: last write wins
    status_only = switches.status_only and call.parameter("status_only") != ""
    if not status_only:
        taken = {name: body[name] for name in EDITABLE if name not in switches.ignored_fields}
        for name, value in _fitted(state, taken).items():
            setattr(changed, name, value)
    if status_only or switches.plain_status:
        changed.status = body["status"]
    if switches.stores_writes:
        _save(state, row, changed)
    return success(state.view(changed))


def _save(state: GatewayState, row: Record, changed: Record) -> None:
    """Write all editable columns and the status; the usage counter is not among them."""
    switches = state.switches
    moved = changed.status != row.status
    seconds = switches.cache_disable if moved else switches.cache_edit
    state.store.keep_in_cache(row, now=state.now(), seconds=seconds)
    for name in (*EDITABLE, "status"):
        setattr(row, name, getattr(changed, name))


def _cannot_enable(state: GatewayState, call: HttpCall, row: Record) -> HttpReply | None:
    """The STORED record is judged; the new values in the same body do not count."""
    if row.status == EXPIRED and row.past_expiry(state.now()):
        return state.refuse("expired_cannot_enable", call)
    if row.status == EXHAUSTED and row.dry():
        return state.refuse("exhausted_cannot_enable", call)
    return None


def _invalid(state: GatewayState, call: HttpCall, body: dict[str, Any], *, group_check: bool) -> HttpReply | None:
    switches = state.switches
    name: str = body["name"]
    if (len(name.encode()) if switches.name_unit == "bytes" else len(name)) > switches.name_limit:
        return state.refuse("name_too_long", call)
    if not body["unlimited_quota"]:
        if body["remain_quota"] < 0:
            return state.refuse("quota_negative", call)
        if body["remain_quota"] > switches.max_quota:
            return state.refuse("quota_too_large", call, switches.max_quota)
    if group_check and body["group"] and body["group"] not in state.usable_groups():
        return state.refuse("group_denied", call, body["group"])
    return _overflow(state, call, body)


def _columns(state: GatewayState) -> dict[str, int | None]:
    return {"allow_ips": state.switches.allow_ips_column, "model_limits": state.switches.model_limits_column}


def _overflow(state: GatewayState, call: HttpCall, body: dict[str, Any]) -> HttpReply | None:
    if state.switches.column_overflow == "refuse":
        for name, limit in _columns(state).items():
            if limit is not None and len(body[name] or "") > limit:
                return state.refuse("column_too_long", call, name)
    return None


def _fitted(state: GatewayState, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields as the row takes them: cut to the column, and the retry flag only with the automatic group in G3."""
    for name, limit in _columns(state).items():
        if limit is not None and fields.get(name):
            fields[name] = fields[name][:limit]
    if state.switches.auto_groups and fields["group"] != "auto":
        fields["cross_group_retry"] = False
    return fields


def get(state: GatewayState, call: HttpCall, key_id: str) -> HttpReply:
    """`GET /api/token/{id}`."""
    number, problem = atoi(key_id)
    if problem:
        return failure(problem)
    if number == 0:
        return state.refuse("id_missing", call)
    row = state.store.owned(number, state.account.id)
    return success(state.view(row)) if row else state.refuse("not_found", call)


def delete(state: GatewayState, call: HttpCall, key_id: str) -> HttpReply:
    """`DELETE /api/token/{id}`: a soft delete inside; not idempotent."""
    number, _problem = atoi(key_id)
    if number == 0:
        return state.refuse("id_missing", call)
    row = state.store.owned(number, state.account.id)
    if row is None:
        return state.refuse("not_found", call)
    _soft_delete(state, row)
    return success()


def _soft_delete(state: GatewayState, row: Record) -> None:
    if not state.switches.stores_writes:
        return
    state.store.keep_in_cache(row, now=state.now(), seconds=state.switches.cache_delete)
    state.store.delete(row, now=state.now())


def reveal(state: GatewayState, call: HttpCall, key_id: str) -> HttpReply:
    """`POST /api/token/{id}/key` (section 8): the value without `sk-`, never to be stored."""
    number, problem = atoi(key_id)
    if problem:
        return failure(problem)
    row = state.store.owned(number, state.account.id)
    if row is None:
        return state.refuse("not_found", call)
    return json_reply({"success": True, "message": "", "data": {"key": row.key}}, headers=NO_STORE)


def batch_delete(state: GatewayState, call: HttpCall) -> HttpReply:
    """`POST /api/token/batch`: how many were deleted; unknown ids are skipped in silence."""
    ids = _batch(call)
    if not ids:
        return state.refuse("bad_params", call)
    rows = [row for key_id in dict.fromkeys(ids) if (row := state.store.owned(key_id, state.account.id))]
    for row in rows:
        _soft_delete(state, row)
    return success(len(rows))


def batch_reveal(state: GatewayState, call: HttpCall) -> HttpReply:
    """`POST /api/token/batch/keys`: an object of id string → value, for at most 100 ids."""
    ids = _batch(call)
    if not ids:
        return state.refuse("bad_params", call)
    if len(ids) > _MAX_BATCH:
        return state.refuse("batch_too_long", call, _MAX_BATCH)
    keys = {str(key_id): row.key for key_id in ids if (row := state.store.owned(key_id, state.account.id))}
    return json_reply({"success": True, "message": "", "data": {"keys": keys}}, headers=NO_STORE)


def _batch(call: HttpCall) -> tuple[int, ...]:
    try:
        ids: tuple[int, ...] = read_object(call.body, _IDS)["ids"]
    except BadJsonError:
        return ()
    return ids
