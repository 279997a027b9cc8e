"""Which path is which endpoint, and what happens to all others. Contract: sections 1, 2 and 12."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from . import account, listing, management, models_side, offer, paid_calls, usage_log
from .limits import Windows
from .state import GatewayState
from .switches import GatewaySwitches
from .wire import HTML_TYPE, HttpCall, HttpReply, html_page, json_reply

Handler = Callable[..., HttpReply]

COVERAGE: Final[Mapping[tuple[str, str], str]] = {
    ("POST", "/api/token/"): "create: check order, Go zero values, defaults, no data; group check, limits by switch",
    ("PUT", "/api/token/"): "update: full replace, status_only, validation before mode, checks on the old record",
    ("GET", "/api/token/"): "list: paging quirks, newest first, at most 100, masked by switch",
    ("GET", "/api/token/{id}"): "one record; unknown, foreign and deleted ids are not found",
    ("DELETE", "/api/token/{id}"): "soft delete, not idempotent",
    ("GET", "/api/token/search"): "search: contains and flat, or exact with % and paged",
    ("POST", "/api/token/{id}/key"): "full key (G2, G3), limited per address",
    ("POST", "/api/token/batch"): "delete many (upstream)",
    ("POST", "/api/token/batch/keys"): "many full keys (G2, G3), limited per address",
    ("GET", "/v1/models"): "free probe of a key: every refusal that a call without a model can meet",
    ("POST", "/v1/chat/completions"): "a paid call: pre-charge, settlement, usage, every refusal of section 11",
    (
        "GET",
        "/api/models",
    ): "the public catalogue (CometAPI), or the compiled list, not the offer (upstream)",
    ("GET", "/api/user/models"): "the offer, of one group with ?group= (upstream)",
    ("GET", "/api/pricing"): "ratios and groups per model (upstream)",
    ("GET", "/api/status"): "units per dollar, version (upstream)",
    ("GET", "/api/log/self"): "paid calls, filtered, in pages",
    ("GET", "/api/log/self/stat"): "units, calls and tokens of what matches",
    ("GET", "/api/user/self/stats"): "calls of the month and days until the account is empty (CometAPI)",
    ("GET", "/api/data/self"): "spending per day and model, a month at most (upstream)",
    ("GET", "/api/user/self"): "the account",
    ("GET", "/api/user/self/groups"): "usable groups (upstream)",
    ("GET", "/api/user/token"): "REPLACES the PAT; recorded, so that tests can prove that nobody calls it",
    ("GET", "/api/usage/token/"): "a key's own usage, asked with the key",
}


@dataclass(frozen=True, kw_only=True)
class Route:
    """One endpoint: its handler, what it needs, and the switch without which it is not there."""

    handler: Handler
    pat: bool = True
    switch: str = ""
    limit: str = ""  # a further limit beside the one per address


_ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    ("POST", "/api/token/"): Route(handler=management.create),
    ("PUT", "/api/token/"): Route(handler=management.update),
    ("GET", "/api/token/"): Route(handler=listing.list_keys),
    ("GET", "/api/token/{id}"): Route(handler=management.get),
    ("DELETE", "/api/token/{id}"): Route(handler=management.delete),
    ("GET", "/api/token/search"): Route(handler=listing.search, limit="search"),
    ("POST", "/api/token/{id}/key"): Route(handler=management.reveal, switch="reveal", limit="reveal"),
    ("POST", "/api/token/batch"): Route(handler=management.batch_delete, switch="batch_delete"),
    ("POST", "/api/token/batch/keys"): Route(handler=management.batch_reveal, switch="batch_reveal", limit="reveal"),
    ("GET", "/v1/models"): Route(handler=models_side.list_models, pat=False),
    ("POST", "/v1/chat/completions"): Route(handler=paid_calls.chat, pat=False),
    ("GET", "/api/models"): Route(handler=offer.catalogue, pat=False),
    ("GET", "/api/user/models"): Route(handler=offer.user_models, switch="upstream_endpoints"),
    ("GET", "/api/pricing"): Route(handler=offer.pricing, pat=False, switch="upstream_endpoints"),
    ("GET", "/api/status"): Route(handler=offer.status, pat=False, switch="upstream_endpoints"),
    ("GET", "/api/log/self"): Route(handler=usage_log.log_self),
    ("GET", "/api/log/self/stat"): Route(handler=usage_log.log_stat),
    ("GET", "/api/data/self"): Route(handler=usage_log.data_self, switch="upstream_endpoints"),
    ("GET", "/api/user/self"): Route(handler=account.user_self),
    ("GET", "/api/user/self/stats"): Route(handler=usage_log.account_stats, switch="account_stats"),
    ("GET", "/api/user/self/groups"): Route(handler=account.user_groups, switch="self_groups"),
    ("GET", "/api/user/token"): Route(handler=account.replace_pat),
    ("GET", "/api/usage/token/"): Route(handler=models_side.usage, pat=False, limit="reveal"),
}


def answer(state: GatewayState, call: HttpCall) -> HttpReply:
    """What the gateway says to a call: routing, limits, sign-in, endpoint, in the order in which Go would do it."""
    found = _find(state.switches, call.method, call.path)
    if found is None:
        return _not_routed(state, call)
    route, arguments = found
    address = call.client(forwarded=state.switches.forwarded_ip)
    if call.path.startswith("/api/") and not _admitted(state, route, address, state.windows):
        return HttpReply(status=429)
    if route.pat and (refused := account.sign_in(state, call)):
        return refused
    if route.limit == "search":
        who, limit = str(state.account.id), state.switches.search_limit
        if not state.windows.admits("search", who, limit, now=state.now()):
            return HttpReply(status=429)
    reply = route.handler(state, call, *arguments)
    if route.pat and state.switches.version_header:
        reply = replace(reply, headers=(*reply.headers, ("Auth-Version", "1")))
    return reply


def _admitted(state: GatewayState, route: Route, address: str, windows: Windows) -> bool:
    if not windows.admits("address", address, state.switches.ip_limit, now=state.now()):
        return False
    return route.limit != "reveal" or windows.admits("reveal", address, state.switches.reveal_limit, now=state.now())


def _find(switches: GatewaySwitches, method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    """The route and its path arguments; a fixed path wins over one with an id."""
    literal: list[tuple[str, tuple[str, ...]]] = [] if "{" in path else [(path, ())]
    for template, arguments in literal + _with_id(path):
        route = _ROUTES.get((method, template))
        if route and (not route.switch or getattr(switches, route.switch)):
            return route, arguments
    return None


def _with_id(path: str) -> list[tuple[str, tuple[str, ...]]]:
    rest = path.removeprefix("/api/token/")
    if rest == path:
        return []
    key_id, *tail = rest.split("/")
    return [("/".join(("/api/token/{id}", *tail)), (key_id,))] if key_id else []


def _not_routed(state: GatewayState, call: HttpCall) -> HttpReply:
    """A slash too many or too few is a redirect; everything else is a 404, or another host's business (section 1)."""
    single = re.sub("/{2,}", "/", call.path)
    if single != call.path and _find(state.switches, call.method, single):
        return _redirect(301, _with_query(single, call))
    other = call.path.removesuffix("/") if call.path.endswith("/") else f"{call.path}/"
    if _find(state.switches, call.method, other):
        return _redirect(301 if call.method == "GET" else 307, _with_query(other, call))
    if state.switches.unknown_path == "elsewhere":
        return _redirect(301, f"{state.switches.elsewhere}{_with_query(call.path, call)}")
    if state.switches.unknown_path == "page" and not call.path.startswith(("/api/", "/v1/")):
        return html_page(200)
    words = f"Invalid URL ({call.method} {call.path})"
    error = {"message": words, "type": "invalid_request_error", "param": "", "code": ""}
    return json_reply({"error": error}, status=404)


def _with_query(path: str, call: HttpCall) -> str:
    return f"{path}?{call.query}" if call.query else path


def _redirect(status: int, location: str) -> HttpReply:
    return HttpReply(status=status, headers=(("Location", location),))


def gzips(call: HttpCall, reply: HttpReply) -> bool:
    """Only `/api` answers are gzipped, and only if asked (section 1); an empty 429 becomes an empty stream."""
    asked = "gzip" in call.header("accept-encoding").lower()
    from_endpoint = reply.status not in (301, 307, 404) and (reply.content_type != HTML_TYPE)
    return asked and from_endpoint and call.path.startswith("/api/")
