"""Who is calling, and what the account may see of itself. Contract: sections 1, 4 and 15. Knows no keys' endpoints."""

from .gojson import atoi
from .state import GatewayState
from .wire import HttpCall, HttpReply, json_reply, success


def sign_in(world: GatewayState, call: HttpCall) -> HttpReply | None:
    """None when the PAT is good, else the refusal (section 4)."""
    switches = world.switches
    sent = call.header("authorization")
    if not sent:
        return world.refuse("not_logged_in", call, status=401)
    if switches.database_down:
        return world.refuse("database", call, status=500)
    if sent.replace("Bearer ", "", 1) != world.pat:
        return _refused(world, call, "bad_pat", 401, "AUTH_UNAUTHORIZED")
    if switches.user_header and (wrong := _user_header_problem(world, call)):
        return world.refuse(wrong, call, status=401)
    return _account_problem(world, call)


def _account_problem(world: GatewayState, call: HttpCall) -> HttpReply | None:
    if world.account.banned:
        return _refused(world, call, "banned", 401, "AUTH_USER_DISABLED")
    if world.account.role < 1:
        return _refused(world, call, "role_too_low", 403, "AUTH_INSUFFICIENT_PRIVILEGE")
    return None


def _refused(world: GatewayState, call: HttpCall, name: str, status: int, code: str) -> HttpReply:
    if world.switches.auth_codes:
        return world.refuse(name, call, status=status, code=code)
    return world.refuse(name, call)


def _user_header_problem(world: GatewayState, call: HttpCall) -> str | None:
    sent = call.header("new-api-user")
    if not sent:
        return "user_header_missing"
    number, complaint = atoi(sent)
    if complaint:
        return "user_header_format"
    return None if number == world.account.id else "user_header_mismatch"


def user_self(world: GatewayState, _call: HttpCall) -> HttpReply:
    """`GET /api/user/self`."""
    account = world.account
    return success(
        {
            "id": account.id,
            "username": account.username,
            "email": account.email,
            "role": account.role,
            "status": 2 if account.banned else 1,
            "group": account.group,
            "quota": account.quota,
            "used_quota": account.used_quota,
            "request_count": account.request_count,
        }
    )


def user_groups(world: GatewayState, _call: HttpCall) -> HttpReply:
    """`GET /api/user/self/groups` (section 10)."""
    return success({name: {"ratio": ratio, "desc": desc} for name, (ratio, desc) in world.account.groups.items()})


def replace_pat(world: GatewayState, _call: HttpCall) -> HttpReply:
    """`GET /api/user/token` REPLACES the PAT (section 1); it exists so that a test can prove nobody calls it."""
    return success(world.replace_pat())


def catalogue(world: GatewayState, call: HttpCall) -> HttpReply:
    """`GET /api/models`: the public catalogue of CometAPI; upstream wants a PAT and gives another shape."""
    if world.switches.public_models:
        rows = [{"id": m, "provider": m.split("-")[0], "model_type": "text", "features": []} for m in world.models]
        return json_reply({"success": True, "page": 0, "page_size": 0, "total": len(rows), "data": rows})
    return sign_in(world, call) or success({"1": list(world.models)})
