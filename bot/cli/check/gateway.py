"""Looks at the gateway: reachable, token taken, user id, which generation it is, account, clock. Reads only."""

import asyncio
import math
from collections.abc import Callable
from typing import Any

from bot.alerts.detection.index_sync import HIDDEN_EVERY, HIDDEN_PER_PASS, whole_look_every
from bot.cli.check import trial
from bot.cli.check.report import Report
from bot.errors import ConfigurationError
from bot.gateway.capabilities import Capabilities, Generation, detect_capabilities
from bot.gateway.client import GatewayClient
from bot.gateway.connection import connect
from bot.gateway.errors import (
    GatewayAuthError,
    GatewayBlocked,
    GatewayCallError,
    GatewayLimited,
    GatewayProtocolError,
    GatewayUnavailable,
    Refusal,
)
from bot.gateway.limiter import SIZES, Limit, Priority, duration_text
from bot.gateway.listing import PAGE_SIZE
from bot.gateway.models import over_promise
from bot.permissions.gateways import GatewayTerms
from bot.proxies import Proxies
from bot.settings import NamedSecret, Settings

SUBJECT = "gateway"
PATIENCE = 10.0
LONGEST = 30.0
SKEW_SECONDS = 30.0
_KEY_LENGTH = 48
_CONSOLE = "Console > Personal Settings"
_GENERATIONS = {
    Generation.COMETAPI: "CometAPI",
    Generation.G1: "a self-hosted new-api, older (whole keys in lists, flat search)",
    Generation.G2_OR_LATER: "a self-hosted new-api, newer (masked keys or search in pages)",
    Generation.UNKNOWN: "a new-api of a generation that Keydesk does not know",
}


def connected(report: Report, settings: Settings, **more: Any) -> GatewayClient | None:
    """A client with a short patience; None, and a line, when the settings are of no use. `more`: as for `connect`."""
    try:
        return connect(
            base_url=settings.cometapi_base_url,
            access_token=settings.cometapi_access_token,
            user_id=settings.cometapi_user_id,
            timeout=PATIENCE,
            **more,
        )
    except ConfigurationError as error:
        for problem in error.problems:
            report.fail(SUBJECT, problem)
        return None


def settings_of(
    report: Report, settings: Settings, terms: GatewayTerms, named: Callable[[str], NamedSecret]
) -> Settings | None:
    """The settings as if a gateway of the policy were that of the settings; None, and a line, without its token."""
    try:
        token = named(terms.access_token).value
    except ConfigurationError as error:
        for problem in error.problems:
            report.fail(f"{terms.name}: {SUBJECT}", problem)
        return None
    report.hide(token.get_secret_value())
    changes = {"cometapi_base_url": terms.base_url, "cometapi_access_token": token, "cometapi_user_id": terms.user_id}
    units = terms.units_per_usd or settings.keydesk_units_per_usd
    return settings.model_copy(update=changes | {"keydesk_units_per_usd": units})


async def look_twice(
    report: Report, settings: Settings, *, proxies: Proxies, try_key: bool, longest: float, **more: Any
) -> None:
    """Every line about a gateway, and then, over a connection of its own, the trial with a key."""
    proxy = proxies.of_url(settings.cometapi_base_url)
    client = connected(report, settings, proxy=proxy, **more)
    if client is not None:
        await look(report, settings, client, longest=longest)
    again = connected(report, settings, proxy=proxy, **more)
    if again is not None:
        if try_key:
            await trial.run(report, again)
        await again.aclose()


async def look(report: Report, settings: Settings, client: GatewayClient, *, longest: float) -> None:
    """Every line about the gateway, within `longest` seconds. Closes the client."""
    try:
        async with asyncio.timeout(longest):
            await _look(report, settings, client)
    except TimeoutError:
        report.fail(SUBJECT, f"{settings.cometapi_base_url} is too slow", "look at the network, then try again")
    finally:
        await client.aclose()


async def _look(report: Report, settings: Settings, client: GatewayClient) -> None:
    try:
        await client.newest_keys(deadline=PATIENCE)
        found = await detect_capabilities(client)
    except GatewayCallError as error:
        _tell(report, settings, error)
        return
    _tell_generation(report, settings, client, found)
    await _look_at_account(report, client)
    await _look_at_units(report, settings, client)
    _look_at_clock(report, client)


def _tell_generation(report: Report, settings: Settings, client: GatewayClient, found: Capabilities) -> None:
    what = f"{settings.cometapi_base_url} takes our access token; it looks like {_GENERATIONS[found.generation]}"
    if found.generation is Generation.UNKNOWN:
        report.warn(SUBJECT, what, "`keydesk check --try` asks it what docs/gateways.md lists")
    else:
        report.ok(SUBJECT, what)
    if found.masked_keys:
        report.ok("key values", "lists show them masked; Reveal asks for each one")
    if client.sends_user_id and found.generation is Generation.COMETAPI:
        report.warn("user id", "COMETAPI_USER_ID is set, but CometAPI needs none", "take it away")


async def _look_at_account(report: Report, client: GatewayClient) -> None:
    subject = "gateway account"
    try:
        account = await client.get_account(deadline=PATIENCE)
    except GatewayCallError as error:
        report.warn(subject, f"the gateway does not tell about the account: {error.sentence}", "Keydesk works without")
        return
    if account.quota <= 0:
        report.warn(subject, f"{account.username} has no balance left", "keys work only when it is topped up")
    else:
        report.ok(subject, f"{account.username}, {account.quota:,} units left")
    try:
        keys = await client.list_keys(deadline=PATIENCE)
    except GatewayCallError:
        return
    _tell_budget(report, len(keys), hidden=sum(key.masked for key in keys))
    promise = over_promise(keys, account, now=client.server_now())
    if promise.missing:
        report.warn(
            subject,
            f"keys may still spend {promise.promised:,} units, {promise.missing:,} more than the account has",
            "top up the account, or lower quotas",
        )
    else:
        unlimited = f", and {promise.unlimited:,} have no limit" if promise.unlimited else ""
        report.ok(subject, f"keys may still spend {promise.promised:,} units{unlimited}")


def _tell_budget(report: Report, keys: int, *, hidden: int) -> None:
    """What looking through the list of keys costs of the calls that the gateway lets us make."""
    subject, size = "list of keys", SIZES[Limit.CALLS]
    calls, share = max(1, math.ceil(keys / PAGE_SIZE)), size.shares[Priority.BACKGROUND]
    every = duration_text(whole_look_every(keys))
    what = f"{keys:,} keys take {calls:,} {'call' if calls == 1 else 'calls'}, made again after {every}"
    if calls > share:
        lasts = duration_text(calls / share * size.seconds)
        mend = "a new key is learnt within a minute all the same; keys that are gone are noticed later"
        report.warn(
            subject,
            f"{what}; that takes {lasts}, since background work has {share} calls in {size.seconds:.0f} s",
            mend,
        )
    else:
        report.ok(subject, f"{what}; background work has {share} in {size.seconds:.0f} s")
    if hidden:
        known = duration_text(math.ceil(hidden / HIDDEN_PER_PASS) * HIDDEN_EVERY)
        report.ok("masked values", f"{hidden:,} keys are known by their ends, and by their values after {known}")


async def _look_at_units(report: Report, settings: Settings, client: GatewayClient) -> None:
    try:
        units = (await client.get_status(deadline=PATIENCE)).quota_per_unit
    except GatewayCallError:
        return  # CometAPI does not document the call; the setting counts
    ours = settings.keydesk_units_per_usd
    if units is not None and units != ours:
        report.warn(
            "units per dollar",
            f"the gateway says {units:,}, KEYDESK_UNITS_PER_USD says {ours:,}",
            "set KEYDESK_UNITS_PER_USD to the gateway's number",
        )


def _look_at_clock(report: Report, client: GatewayClient) -> None:
    skew = client.server_now() - client.now()
    if abs(skew) > SKEW_SECONDS:
        report.warn(
            "clock", f"the gateway's clock differs from ours by {skew:+.0f} s", "set this machine's clock by NTP"
        )


def _tell(report: Report, settings: Settings, error: GatewayCallError) -> None:
    base, status = settings.cometapi_base_url, error.facts.status
    if isinstance(error, GatewayAuthError):
        report.fail(SUBJECT, *_auth(settings, error.refusal))
    elif isinstance(error, GatewayLimited):
        report.warn(SUBJECT, "it limits how often we may ask", "try again in a few minutes")
    elif isinstance(error, GatewayUnavailable) and status is not None:
        report.fail(SUBJECT, f"{base} answers with HTTP {status}", "look at the gateway, then try again")
    elif isinstance(error, GatewayUnavailable):
        report.fail(SUBJECT, f"{base} cannot be reached", "look at COMETAPI_BASE_URL and the network")
    elif isinstance(error, GatewayBlocked):
        report.fail(
            SUBJECT,
            f"a protection service in front of {base} blocks us or asks for a browser check",
            "ask its operator to let this machine's address through",
        )
    elif isinstance(error, GatewayProtocolError) and status is not None and 300 <= status < 400:
        report.fail(
            SUBJECT,
            f"{base} redirects, and Keydesk does not send its token elsewhere",
            "set COMETAPI_BASE_URL to where it leads: scheme and host of the API itself",
        )
    else:
        report.fail(
            SUBJECT,
            f"what answers at {base} is not the gateway's API",
            "look at COMETAPI_BASE_URL: scheme and host only",
        )


def _auth(settings: Settings, refusal: Refusal) -> tuple[str, str]:
    if refusal in {Refusal.USER_HEADER, Refusal.WRONG_USER_ID}:
        if settings.cometapi_user_id is None:
            return "it wants the account's user id", f"set COMETAPI_USER_ID to the number in {_CONSOLE}"
        return "COMETAPI_USER_ID is not the owner of the access token", f"look up the number in {_CONSOLE}"
    if refusal is Refusal.BANNED:
        return "the account is banned", "talk to the gateway's operator"
    if refusal is Refusal.ROLE_TOO_LOW:
        return "the account may not manage keys", "talk to the gateway's operator about its role"
    token = settings.cometapi_access_token.get_secret_value()
    if len(token) == _KEY_LENGTH and token.isalnum():
        what = "it does not take COMETAPI_ACCESS_TOKEN, which looks like a model key without its sk-"
        return what, f"use the personal access token of {_CONSOLE}"
    return "it does not take COMETAPI_ACCESS_TOKEN", f"make a new personal access token in {_CONSOLE}"
