"""Looks at Slack: token, scopes, clock, channels, user groups, cards and forms, app-level token. Posts nothing."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

from pydantic import SecretStr

from bot.cli.check import scopes
from bot.cli.check.report import Report
from bot.cli.check.samples import Sample, samples
from bot.cli.lookups import Members, group_members, reason
from bot.cli.on_call import OnCallNow, on_call_now
from bot.permissions.rules import Policy
from bot.proxies import Proxies
from bot.settings import PartialSettings, Settings
from bot.slack.errors import SlackError, SlackRefused, SlackUnavailable
from bot.slack.identity import organisation_of, workspace_problem
from bot.slack.web_client import SlackWebClient

PATIENCE = 10.0
LONGEST = 60.0
SKEW_WARN, SKEW_FAIL = 10.0, 240.0
"""Slack's signatures are good for 300 seconds."""

# What blocks.validate says of what it was given; any other word is about the call.
_WRONG_BLOCKS = frozenset({"invalid_arguments", "invalid_blocks", "invalid_message", "invalid_view"})
_OAUTH = "OAuth & Permissions"


async def look(
    report: Report, partial: PartialSettings, policy: Policy | None, *, clock: Callable[[], float], proxies: Proxies
) -> Members:
    """Every line about Slack; returns what it told about the groups of the policy."""
    settings = partial.settings
    seen: dict[str, str] = {}
    members = Members({}, {})

    def remember(_method: str, _result: str, _seconds: float, headers: Mapping[str, str]) -> None:
        seen.update({name.lower(): value for name, value in headers.items()})

    web = SlackWebClient(
        token=settings.slack_bot_token,
        api_url=settings.slack_api_url,
        timeout=PATIENCE,
        observe=remember,
        proxy_of=proxies.of_url,
        team_id=settings.slack_team_id,
    )
    try:
        async with asyncio.timeout(LONGEST):
            if await _token(report, settings, web, proxies):
                _granted(report, seen.get("x-oauth-scopes"), on_call=bool(policy and policy.roles.fallbacks))
                _clock(report, seen.get("date"), clock())
                await _channels(report, partial, web)
                members = members if policy is None else await _groups(report, policy, web)
                if policy is not None:
                    _schedules(report, await on_call_now(partial, policy, web, proxies))
                await _drawings(report, web, list(samples()))
        await _transport(report, partial, proxies)
    except TimeoutError:
        report.fail("Slack", f"it is too slow at {settings.slack_api_url}", "look at the network, then try again")
    finally:
        await web.close()
    return members


async def _token(report: Report, settings: Settings, web: SlackWebClient, proxies: Proxies) -> bool:
    subject = "Slack token"
    try:
        answer = await web.read("auth.test")
    except SlackRefused as error:
        mend = f"copy the Bot User OAuth Token again from {_OAUTH}"
        report.fail(subject, f"Slack does not take SLACK_BOT_TOKEN ({error.code})", mend)
        return False
    except SlackUnavailable:
        what = f"Slack cannot be reached at {settings.slack_api_url}"
        through = proxies.shown(settings.slack_api_url)
        where = f"the proxy {through}" if through else "the network"
        report.fail("Slack", what, f"look at {where}, and at SLACK_API_URL if it is set")
        return False
    if not answer.get("bot_id"):
        report.fail(subject, "it is not the token of a bot", f"take the one that starts with xoxb- from {_OAUTH}")
        return False
    if problem := await workspace_problem(web, answer, team_id=settings.slack_team_id):
        what, _, mend = problem.partition(": ")
        report.fail("workspace", what, mend)
        return False
    place = f"{answer.get('team')} ({answer.get('team_id')})"
    if organisation_of(answer):
        place = f"the organisation {place}, serving the workspace {settings.slack_team_id}"
    report.ok(subject, f"bot {answer.get('user')} in {place}")
    return True


def _granted(report: Report, header: str | None, *, on_call: bool) -> None:
    subject = "Slack scopes"
    if header is None:
        report.warn(subject, "Slack did not say which scopes the token has", f"compare {_OAUTH} with manifest.yml")
        return
    granted = {scope.strip() for scope in header.split(",") if scope.strip()}
    missing, extra = sorted(scopes.needed(on_call=on_call) - granted), sorted(granted - scopes.needed())
    if missing:
        methods = ", ".join(scopes.used_by(missing)) or "commands and shortcuts"
        what = f"the token lacks {', '.join(missing)}, so this does not work: {methods}"
        report.fail(subject, what, f"add them under {_OAUTH} as in manifest.yml, then install the app again")
    if extra:
        report.warn(subject, f"the token has more than Keydesk needs: {', '.join(extra)}", "take them away")
    if not missing and not extra:
        report.ok(subject, "exactly what the code needs")


def _clock(report: Report, date: str | None, now: float) -> None:
    try:
        skew = parsedate_to_datetime(date or "").timestamp() + 0.5 - now
    except ValueError:
        return
    mend = "set this machine's clock by NTP"
    if abs(skew) > SKEW_FAIL:
        report.fail("clock", f"Slack's clock differs from ours by {skew:+.0f} s; its signatures look too old", mend)
    elif abs(skew) > SKEW_WARN:
        report.warn("clock", f"Slack's clock differs from ours by {skew:+.0f} s", mend)


async def _channels(report: Report, partial: PartialSettings, web: SlackWebClient) -> None:
    settings = partial.settings
    wanted = {"KEYDESK_CHANNEL": settings.keydesk_channel}
    if settings.keydesk_security_channel not in {None, settings.keydesk_channel}:
        wanted["KEYDESK_SECURITY_CHANNEL"] = settings.security_channel
    for name, channel_id in wanted.items():
        if partial.usable(name):
            await _channel(report, web, name, channel_id)


async def _channel(report: Report, web: SlackWebClient, name: str, channel_id: str) -> None:
    try:
        answer = await web.read("conversations.info", channel=channel_id)
    except SlackRefused as error:
        if error.code == "channel_not_found":
            what = f"{channel_id} is not there, or is private and the bot is not in it"
            report.fail(name, what, "write the channel's id; in a private channel /invite the bot")
        else:
            report.fail(name, f"Slack does not tell about {channel_id} ({error.code})", "look at the scopes above")
        return
    except SlackUnavailable:
        report.warn(name, f"Slack does not answer about {channel_id}", "try again")
        return
    found = answer.get("channel")
    _judge_channel(report, name, channel_id, found if isinstance(found, Mapping) else {})


def _judge_channel(report: Report, name: str, channel_id: str, channel: Mapping[str, Any]) -> None:
    title = f"#{channel.get('name')} ({channel_id})" if channel.get("name") else channel_id
    if channel.get("is_im") or channel.get("is_mpim"):
        report.fail(name, f"{channel_id} is a direct message", "write the id of a channel")
    elif channel.get("is_archived"):
        report.fail(name, f"{title} is archived", "unarchive it or choose another one")
    elif not channel.get("is_member"):
        report.fail(name, f"the bot is not in {title}", "/invite it there")
    elif channel.get("is_ext_shared") or channel.get("is_pending_ext_shared"):
        what = f"{title} is shared with another company, who can read every request"
        report.warn(name, what, "choose a channel of your own people")
    else:
        report.ok(name, f"{title}, the bot is in it")


async def _groups(report: Report, policy: Policy, web: SlackWebClient) -> Members:
    subject, ids = "user groups", policy.group_ids()
    members = await group_members(web, ids)
    for group, problem in sorted(members.wrong.items()):
        if not problem:
            report.warn(subject, f"Slack could not be asked about {group} now", "try again in a minute")
        elif members.known.get(group) is None:
            report.fail(subject, problem, "user groups need the scope usergroups:read and a paid plan of Slack")
        elif "is empty" in problem:
            report.warn(subject, problem, "add people to it in Slack")
        else:
            report.fail(subject, problem, "look at the id in the policy, or enable the group in Slack")
    if ids and not members.wrong:
        report.ok(subject, f"all {len(ids)} of the policy are there and have members")
    return members


def _schedules(report: Report, found: Sequence[OnCallNow]) -> None:
    """Who is on call now in each schedule of the policy, or why its fallback stands in."""
    for one in found:
        if one.found:
            report.ok("on call", one.line)
        elif one.told:
            report.warn("on call", one.line, "look at the schedule in PagerDuty, and at the e-mail addresses there")
        else:
            report.fail("on call", one.line, "docs/on-call.md says what PagerDuty and Slack need for it")


async def _drawings(report: Report, web: SlackWebClient, drawn: Sequence[Sample]) -> None:
    """Whether this workspace takes every card and form of this version: Slack judges them, and shows them nowhere."""
    subject, wrong = "cards and forms", 0
    for number, sample in enumerate(drawn):
        try:
            await web.write("blocks.validate", **sample.arguments())
        except SlackRefused as error:
            if error.code not in _WRONG_BLOCKS:
                report.warn(subject, f"Slack does not judge them ({error.code})", "Keydesk works without")
                return
            wrong += 1
            why = "; ".join(error.details[:3]) or error.code
            report.fail(subject, f"Slack does not take the {sample.name}: {why}", "please report it with this line")
        except SlackUnavailable:
            what = f"Slack judged {number} of {len(drawn)}, then answered no more"
            report.warn(subject, what, "try again in a minute")
            return
    if not wrong:
        report.ok(subject, f"Slack takes all {len(drawn)} of this version")


async def _transport(report: Report, partial: PartialSettings, proxies: Proxies) -> None:
    settings = partial.settings
    if not partial.usable("SLACK_APP_TOKEN"):
        return
    if settings.slack_app_token is None:
        what = f"HTTP at /slack/events on port {settings.port}; Slack must reach it by https"
        report.ok("transport", what)
        return
    await _app_token(report, settings, settings.slack_app_token, proxies)


async def _app_token(report: Report, settings: Settings, token: SecretStr, proxies: Proxies) -> None:
    subject = "app token"
    web = SlackWebClient(token=token, api_url=settings.slack_api_url, timeout=PATIENCE, proxy_of=proxies.of_url)
    try:
        # Gives an address and opens nothing, so a running Keydesk keeps its link.
        await web.write("apps.connections.open")
    except SlackRefused as error:
        if error.code == "missing_scope":
            report.fail(subject, "SLACK_APP_TOKEN lacks connections:write", "make a new one under Basic Information")
        else:
            mend = "copy it again from Basic Information > App-Level Tokens, and switch Socket Mode on"
            report.fail(subject, f"Slack does not take SLACK_APP_TOKEN ({error.code})", mend)
    except SlackError as error:
        report.warn(subject, f"Slack does not say whether it takes SLACK_APP_TOKEN ({reason(error)})", "try again")
    else:
        what = "Socket Mode can be opened; whether another Keydesk uses the same app cannot be seen from here"
        report.ok(subject, what + ", so give each environment an app of its own")
    finally:
        await web.close()
