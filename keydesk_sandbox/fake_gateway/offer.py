"""What the gateway offers: models, prices, units per dollar. Contract: section 2, rows 12 to 12c."""

from typing import Any, Final

from .account import sign_in
from .paid_calls import COMPLETION_RATIO, MODEL_RATIO
from .state import GatewayState
from .wire import HttpCall, HttpReply, json_reply, success

# Upstream's /api/models is a list compiled into the program per kind of channel: many names that are not served, and
# not all that are. These stand for its 540 names.
_FAMILIES = ("gpt-4", "gpt-3.5-turbo", "claude-2", "claude-3", "gemini-1.0", "gemini-1.5", "qwen", "glm", "ernie")
COMPILED: Final[dict[str, list[str]]] = {
    "1": ["gpt-4o", "gpt-4o-mini", "text-embedding-3-small"],
    **{str(3 + n): [f"{family}-{size:02d}" for size in range(60)] for n, family in enumerate(_FAMILIES)},
}


def catalogue(state: GatewayState, call: HttpCall) -> HttpReply:
    """`GET /api/models`: the public catalogue of CometAPI; upstream, behind the PAT, the compiled list."""
    if state.switches.public_models:
        dollars = 1_000_000 * MODEL_RATIO / state.switches.units_per_usd
        pricing = {
            "currency": "USD / M Tokens",
            "input": dollars,
            "output": dollars * COMPLETION_RATIO,
            "per_request": None,
            "per_second": None,
        }
        about = {"model_type": "text", "features": [], "pricing": pricing}
        rows = [{"id": model, "provider": model.split("-")[0], **about} for model in state.models]
        return json_reply({"success": True, "page": 0, "page_size": 0, "total": len(rows), "data": rows})
    return sign_in(state, call) or success(COMPILED)


def user_models(state: GatewayState, call: HttpCall) -> HttpReply:
    """`GET /api/user/models`, with `?group=` for one group: what this account may really use."""
    return success(state.models_of(call.parameter("group")))


def pricing(state: GatewayState, _call: HttpCall) -> HttpReply:
    """`GET /api/pricing`: ratios and groups per model."""
    groups = state.usable_groups()
    offered = {name: set(state.models_of(name)) for name in groups if name != "auto"}
    rows: list[dict[str, Any]] = [
        {
            "model_name": model,
            "quota_type": 0,
            "model_ratio": MODEL_RATIO,
            "model_price": 0,
            "completion_ratio": COMPLETION_RATIO,
            "enable_groups": [name for name, models in offered.items() if model in models],
        }
        for model in state.models_of("")
    ]
    ratios = {name: ratio for name, (ratio, _desc) in groups.items() if name != "auto"}
    usable = {name: desc for name, (_ratio, desc) in groups.items()}
    return json_reply({"success": True, "data": rows, "group_ratio": ratios, "usable_group": usable})


def status(state: GatewayState, _call: HttpCall) -> HttpReply:
    """`GET /api/status`, without sign-in: units per dollar, version, names of features."""
    return success(
        {
            "version": state.switches.version_header,
            "quota_per_unit": state.switches.units_per_usd,
            "display_in_currency": True,
            "enable_data_export": True,
            "system_name": "Gateway",
        }
    )
