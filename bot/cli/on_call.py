"""Asks PagerDuty and Slack who is on call in the schedules of a policy, for `check` and the policy commands.

Only what the settings allow is asked; the lines say the rest. No e-mail address is shown.
"""

import functools
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.oncall import Schedules, client
from bot.permissions.rules import Policy
from bot.proxies import Proxies
from bot.settings import PartialSettings
from bot.slack.errors import SlackError
from bot.slack.membership import member_by_email
from bot.slack.web_client import SlackWebClient

# PagerDuty's own patience is 8 seconds.
PATIENCE = 15.0
# 9999-12-31 00:00 UTC: the calendar ends a day later.
NO_END = 253_402_214_400.0


@dataclass(frozen=True, kw_only=True)
class OnCallNow:
    """One schedule. `told`: it is known who is on call, or that nobody of Slack is."""

    schedule: str
    line: str
    found: bool
    told: bool


def schedules_of(
    partial: PartialSettings, policy: Policy, web: SlackWebClient, *, team_id: str, proxies: Proxies
) -> Schedules:
    """The schedules of this policy, asked with the token of the settings; close them."""
    settings = partial.settings
    usable = partial.usable("KEYDESK_PAGERDUTY_TOKEN", "KEYDESK_PAGERDUTY_URL")
    token = settings.keydesk_pagerduty_token if usable else None
    return Schedules(
        client=client(token, url=settings.keydesk_pagerduty_url, proxies=proxies),
        fallbacks=lambda: policy.roles.fallbacks,
        member=functools.partial(member_by_email, web, team_id),
        clock=time.time,
        patience=PATIENCE,
    )


async def on_call_now(
    partial: PartialSettings, policy: Policy, web: SlackWebClient, proxies: Proxies
) -> list[OnCallNow]:
    """A line for each schedule. Never raises: what cannot be asked is said."""
    if not policy.roles.fallbacks:
        return []
    try:
        team_id = str((await web.read("auth.test")).get("team_id", ""))
    except SlackError:
        team_id = ""
    schedules = schedules_of(partial, policy, web, team_id=team_id, proxies=proxies)
    try:
        await schedules.look_now()
        return [_line(schedules, name, policy) for name in sorted(policy.roles.fallbacks)]
    finally:
        await schedules.close()


def _line(schedules: Schedules, name: str, policy: Policy) -> OnCallNow:
    fallback = ", ".join(sorted(policy.roles.fallbacks[name])) or "nobody"
    if shifts := schedules.shifts_now(name):
        people = ", ".join(f"{one.slack_user_id} {_until(one.end)}" for one in shifts)
        line = f"on call in {name} now: {people}; the fallback is {fallback}"
    else:
        line = f"{schedules.silence([name])} That is {fallback}."
    return OnCallNow(schedule=name, line=line, found=bool(shifts), told=not schedules.is_silent(name))


def _until(end: float) -> str:
    if end >= NO_END:
        return "without an end"
    return f"until {datetime.fromtimestamp(end, UTC):%Y-%m-%d %H:%M} UTC"
