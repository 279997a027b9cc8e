"""Who is calling, and what the account may see of itself. Contract: sections 1, 4 and 15. Knows no keys' endpoints."""

from .gojson import atoi
from .state import GatewayState
from .wire import HttpCall, HttpReply, success


def sign_in(state: GatewayState, call: HttpCall) -> HttpReply | None:
    """None when the PAT is good, else the refusal (section 4)."""
    switches = state.switches
    sent = call.header("authorization")
    if not sent:
        return state.refuse("not_logged_in", call, status=401, code=_code(state, "AUTH_UNAUTHORIZED"))
    if switches.database_down:
        return state.refuse("database", call, status=500)
    if sent.replace("Bearer ", "", 1) != state.pat:
        return _refused(state, call, "bad_pat", 401, "AUTH_UNAUTHORIZED")
    if switches.user_header and (wrong := _user_header_problem(state, call)):
        return state.refuse(wrong, call, status=401)
    return _account_problem(state, call)


def _account_problem(state: GatewayState, call: HttpCall) -> HttpReply | None:
    if state.account.banned:
        return _refused(state, call, "banned", 401, "AUTH_USER_DISABLED")
    if state.account.role < 1:
        return _refused(state, call, "role_too_low", 403, "AUTH_INSUFFICIENT_PRIVILEGE")
    return None


def _code(state: GatewayState, code: str) -> str | None:
    return code if state.switches.auth_codes else None


def _refused(state: GatewayState, call: HttpCall, name: str, status: int, code: str) -> HttpReply:
    if state.switches.auth_codes:
        return state.refuse(name, call, status=status, code=code)
    return state.refuse(name, call)


def _user_header_problem(state: GatewayState, call: HttpCall) -> str | None:
    sent = call.header("new-api-user")
    if not sent:
        return "user_header_missing"
    number, complaint = atoi(sent)
    if complaint:
        return "user_header_format"
    return None if number == state.account.id else "user_header_mismatch"


def user_self(state: GatewayState, _call: HttpCall) -> HttpReply:
    """`GET /api/user/self`."""
    account = state.account
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


def user_groups(state: GatewayState, _call: HttpCall) -> HttpReply:
    """`GET /api/user/self/groups` (section 10)."""
    return success({name: {"ratio": ratio, "desc": desc} for name, (ratio, desc) in state.usable_groups().items()})


def replace_pat(state: GatewayState, _call: HttpCall) -> HttpReply:
    """`GET /api/user/token` REPLACES the PAT (section 1); it exists so that a test can prove nobody calls it."""
    return success(state.replace_pat())
