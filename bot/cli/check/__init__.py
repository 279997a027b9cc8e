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

from bot.cli.check import events, files, gateway, slack, trial
from bot.cli.check.report import Report
from bot.cli.lookups import Members
from bot.manifest import read_manifest
from bot.proxies import Proxies
from bot.settings import PartialSettings

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
    events_transport: httpx.AsyncBaseTransport | None = None,
) -> int:
    """Print a line per look; 1 if anything is a FAIL, else 0. `longest`: seconds for the gateway in all.

    `try_key`: also make, change, disable and delete one key without quota, to learn what the gateway does.

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
        more = {"transport": gateway_transport, "clock": clock, "sleep": sleep}
        client = gateway.connected(report, settings, proxy=proxies.of_url(settings.cometapi_base_url), **more)
        if client is not None:
            await gateway.look(report, settings, client, longest=longest)
        again = gateway.connected(report, settings, proxy=proxies.of_url(settings.cometapi_base_url), **more)
        if again is not None:
            if try_key:
                await trial.run(report, again)
            await again.aclose()
    await events.look(report, partial, proxies=proxies, transport=events_transport)
    if partial.usable("DATABASE_URL"):
        files.look_at_database(report, settings.database_url)
    if report.failures:
        out.write(f"{report.failures} to mend before Keydesk works as it should.\n")
        return 1
    out.write("Keydesk can start" + (f"; {report.warnings} to look at.\n" if report.warnings else ".\n"))
    return 0
