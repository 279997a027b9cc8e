"""`keydesk check`: looks at everything that has to be set up, a line each. Posts and, but for `--try`, changes nothing.

files    the settings, the policy file, the database
slack    the token, its scopes, the channels, the groups, every card and form
samples  one of each card and form of this version
events   sources of alerts, GitHub, the webhook
gateway  the access token and what the gateway can do
trial    what only a live gateway tells, asked by one key without quota (`--try`)
scopes   which scopes each method of Slack needs
report   one line per look, and the number of failures
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TextIO

import httpx

from bot.cli.check import events, files, gateway, slack
from bot.cli.check.report import Report
from bot.cli.lookups import Members
from bot.gateway.numbers import DEFAULT
from bot.manifest import read_manifest
from bot.permissions.rules import Policy
from bot.proxies import Proxies
from bot.settings import NamedSecret, PartialSettings, Settings, named_secret

__all__ = ["check"]

_STRAIGHT = Proxies()


async def check(
    partial: PartialSettings,
    *,
    out: TextIO,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    gateway_transport: httpx.AsyncBaseTransport | None = None,
    manifest: Callable[[], Mapping[str, Any]] = read_manifest,
    longest: float = gateway.LONGEST,
    proxies: Proxies = _STRAIGHT,
    try_key: bool = False,
    try_at: str = DEFAULT,
    named: Callable[[str], NamedSecret] = named_secret,
    events_transport: httpx.AsyncBaseTransport | None = None,
) -> int:
    """Print a line per look; 1 if anything is a FAIL, else 0. `longest`: seconds for the gateway in all.

    `try_key`: also make, change, disable and delete one key without quota, to learn what the gateway does; of several
    the one called `try_at`. `named`: the value of a setting that the policy names.

    `gateway_transport` and `events_transport` are for tests with servers in the same process.
    """
    settings = partial.settings
    report = Report(out=out, secrets=[secret for secret in settings.secrets() if len(secret) > 7])
    files.look_at_settings(report, partial)
    files.look_at_rights(report, partial)
    files.look_at_secrets(report, partial)
    policy = files.look_at_policy(report, partial)
    files.look_at_manifest(report, partial, manifest)
    files.look_at_proxies(report, partial, proxies)
    members = Members({}, {})
    if partial.usable("SLACK_BOT_TOKEN", "SLACK_API_URL"):
        members = await slack.look(report, partial, policy, clock=clock, proxies=proxies)
    if policy is not None:
        files.look_at_doubts(report, policy, members.known)
    if partial.usable("COMETAPI_ACCESS_TOKEN", "COMETAPI_BASE_URL", "COMETAPI_USER_ID"):
        more: dict[str, Any] = {"transport": gateway_transport, "clock": clock, "sleep": sleep, "longest": longest}
        places = _places(report, settings, policy, named)
        for name, place in places.items():
            report.about = name if len(places) > 1 else ""
            await gateway.look_twice(report, place, proxies=proxies, try_key=try_key and name == try_at, **more)
        report.about = ""
        if try_key and try_at not in places:
            report.fail("gateway", f"there is no gateway {try_at}", f"known are {', '.join(places)}")
    await events.look(report, partial, proxies=proxies, transport=events_transport)
    if partial.usable("DATABASE_URL"):
        files.look_at_database(report, settings.database_url)
    if report.failures:
        out.write(f"{report.failures} to mend before Keydesk works as it should.\n")
        return 1
    out.write("Keydesk can start" + (f"; {report.warnings} to look at.\n" if report.warnings else ".\n"))
    return 0


def _places(
    report: Report, settings: Settings, policy: Policy | None, named: Callable[[str], NamedSecret]
) -> dict[str, Settings]:
    """Each gateway's settings, by its name."""
    places = {DEFAULT: settings}
    for terms in () if policy is None else policy.gateways:
        one = gateway.settings_of(report, settings, terms, named)
        if one is not None:
            places[terms.name] = one
    return places
