"""What can be checked without Slack and gateway: settings, policy file, manifest, database."""

import os
import re
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot import durable
from bot.alerts.intake.github import BASE_URL
from bot.cli.check.report import Report
from bot.cli.check.scopes import needed
from bot.cli.read_only_database import sqlite_path
from bot.db.engine import Database, open_database
from bot.db.migrate import pending
from bot.errors import ConfigurationError
from bot.gateway.capabilities import Capabilities
from bot.known_capabilities import remembered
from bot.permissions.entitlements import calls_nobody
from bot.permissions.lint import CALLS_NOBODY, lint, placeholders
from bot.permissions.rules import Policy
from bot.policy_file import load_policy
from bot.proxies import Proxies
from bot.settings import ROTATED, PartialSettings

_SIGNING_SECRET = re.compile(r"[0-9a-f]{32}")
_MOST_MISTAKES = 20
# What the oldest PostgreSQL has that still gets mends from its makers (November 2026).
OLDEST_POSTGRES = 14
SKEW_SECONDS = 30.0
_TEMPLATE_HOST = "keydesk.example.com"


def look_at_settings(report: Report, partial: PartialSettings) -> None:
    """Missing and wrong settings, and secrets of a doubtful shape."""
    for problem in partial.problems.values():
        mend = "put it into the environment or .env" if " is missing." in problem else ""
        report.fail("settings", problem, mend)
    for sentence in partial.strays:
        report.warn("settings", sentence)
    if not partial.problems:
        report.ok("settings", "every required one is there, none is wrong")
    secret = partial.settings.slack_signing_secret.get_secret_value()
    if partial.usable("SLACK_SIGNING_SECRET") and not _SIGNING_SECRET.fullmatch(secret):
        report.warn(
            "signing secret",
            "SLACK_SIGNING_SECRET has not the shape of Slack's (32 of 0-9 and a-f)",
            "copy the Signing Secret from Basic Information; the Client Secret and the Verification Token are others",
        )


def look_at_rights(report: Report, partial: PartialSettings) -> None:
    """Secrets that others may read, and files that others may change."""
    policy = partial.settings.keydesk_policy if partial.usable("KEYDESK_POLICY") else None
    database = sqlite_path(partial.settings.database_url) if partial.usable("DATABASE_URL") else None
    looked: list[tuple[Path | None, int, str]] = [
        (Path(".env"), 0o077, "read"),
        (policy, 0o022, "change"),
        (database, 0o077, "read"),
    ]
    looked += [(Path(path), 0o077, "read") for path in partial.files.values()]
    for path, forbidden, who in looked:
        if path is None or not path.is_file() or os.name == "nt":
            continue
        if path.stat().st_mode & forbidden:
            kept = "600" if forbidden == 0o077 else "644"
            report.warn("rights", f"other users of this machine may {who} {path}", f"chmod {kept} {path}")


def look_at_secrets(report: Report, partial: PartialSettings) -> None:
    """Which secrets come from files, and which of these may change while Keydesk runs."""
    if not partial.files:
        return
    named = ", ".join(sorted(partial.files))
    fixed = sorted(set(partial.files) - ROTATED)
    restart = f"; a new {', '.join(fixed)} needs a restart" if fixed else ""
    report.ok("secrets", f"from files: {named}{restart}")


def look_at_proxies(report: Report, partial: PartialSettings, proxies: Proxies) -> None:
    """Which proxy each of our clients goes through, when the environment names one."""
    if not proxies.named:
        return
    settings = partial.settings
    addresses = {"Slack": settings.slack_api_url, "the gateway": settings.cometapi_base_url}
    if settings.github_token is not None:
        addresses["GitHub"] = BASE_URL
    ways = {name: proxies.shown(url) for name, url in addresses.items()}
    told = [f"{name} through {way}" if way else f"{name} without a proxy" for name, way in ways.items()]
    report.ok("proxy", ", ".join(told))


def look_at_policy(report: Report, partial: PartialSettings) -> Policy | None:
    """The policy if it can be read. Its doubts are told later, when the groups are known."""
    if not partial.usable("KEYDESK_POLICY", "KEYDESK_UNITS_PER_USD"):
        return None
    path = partial.settings.keydesk_policy
    try:
        return load_policy(path, units_per_usd=partial.settings.keydesk_units_per_usd)
    except ConfigurationError as error:
        for problem in error.problems[:_MOST_MISTAKES]:
            report.fail("policy", problem, "docs/policy.md explains the file" if path.is_file() else "")
        if len(error.problems) > _MOST_MISTAKES:
            report.fail("policy", f"{len(error.problems) - _MOST_MISTAKES} more mistakes", "`keydesk policy lint`")
        return None


def look_at_doubts(report: Report, policy: Policy, groups: Mapping[str, Collection[str]]) -> None:
    """Rules that are hardly meant; `groups`: the members of user groups where they are known."""
    # Notes, such as what nobody may do, may be meant so; `policy lint` tells them.
    findings = [finding for finding in lint(policy, groups=groups) if finding.doubt]
    for finding in findings:
        report.warn("policy", finding.line(policy.file), "`keydesk policy explain` shows what it does")
    left = placeholders(policy, groups)
    if left:
        report.warn("policy", f"{policy.file}: {left}", "put in your own: Slack shows them with Copy group ID")
    if calls_nobody(policy):
        report.warn("policy", CALLS_NOBODY, 'a rule with on = "any" and allow = true for those on call')
    elif not findings and not left:
        report.ok("policy", f"{policy.file}: {len(policy.rules)} rules, no mistake and no doubt")


def look_at_manifest(report: Report, partial: PartialSettings, read: Callable[[], Mapping[str, Any]]) -> None:
    """manifest.yml against what the code needs; what the app in Slack really has is seen from its scopes."""
    subject = "manifest"
    try:
        manifest = read()
        scopes = frozenset(manifest["oauth_config"]["scopes"]["bot"])
        url = str(manifest["settings"]["event_subscriptions"]["request_url"])
        socket_mode = bool(manifest["settings"]["socket_mode_enabled"])
    except FileNotFoundError:
        report.warn(subject, "there is no manifest.yml beside this installation", "it is in the source code")
        return
    except (KeyError, TypeError, ValueError) as error:
        report.fail(subject, f"manifest.yml cannot be read ({type(error).__name__})", "take the one of the source code")
        return
    lacking = sorted(needed() - scopes)
    uses_socket = partial.usable("SLACK_APP_TOKEN") and partial.settings.slack_app_token is not None
    if lacking:
        report.fail(subject, f"manifest.yml lacks the scopes {', '.join(lacking)}", "add them under oauth_config")
    elif uses_socket and not socket_mode:
        report.warn(
            subject,
            "manifest.yml says socket_mode_enabled: false, but SLACK_APP_TOKEN is set",
            "Socket Mode must be on in the app's settings; set it in the manifest as well",
        )
    elif not uses_socket and _TEMPLATE_HOST in url:
        report.warn(
            subject,
            f"manifest.yml still names {_TEMPLATE_HOST}",
            "the four URLs must be https://YOUR-HOST/slack/events where the app is made (Slack does not tell us)",
        )
    else:
        report.ok(subject, "manifest.yml has every scope that the code needs")


def look_at_database(report: Report, url: str) -> None:
    """Whether it can be opened, and is up to date. Creates nothing."""
    path = sqlite_path(url)
    if path is not None and not path.exists():
        folder = path.absolute().parent
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            report.fail("database", f"{folder} is not there or cannot be written", "make it, or change DATABASE_URL")
        else:
            report.warn("database", f"{path} is not there yet", "`keydesk serve` or `keydesk migrate` makes it")
        return
    try:
        database = open_database(url, exclusive=False)
    except ConfigurationError as error:
        for problem in error.problems:
            report.fail("database", problem, "look at DATABASE_URL and the server behind it")
        return
    try:
        _look_inside(report, database, str(path) if path is not None else "PostgreSQL")
    except sa.exc.SQLAlchemyError as error:
        report.fail("database", f"it cannot be read ({type(error).__name__})", "look at the rights of its user")
    finally:
        database.close()


def _look_inside(report: Report, database: Database, name: str) -> None:
    if database.dialect == "postgresql":
        _look_at_server(report, database)
    waiting = pending(database, also=[durable.pending])
    if waiting:
        mend = "`keydesk serve` does it when it starts, `keydesk migrate` does it now"
        report.warn("database", f"{name} is not up to date ({', '.join(waiting)})", mend)
    else:
        report.ok("database", f"{name} can be reached and is up to date")
        report.ok("gateway, as seen so far", _seen(database.run_here(remembered)))


def _look_at_server(report: Report, database: Database) -> None:
    """Version, role, time zone and clock of PostgreSQL."""
    with database.engine.connect() as c:
        version = int(c.scalar(sa.text("SHOW server_version_num")))
        zone = str(c.scalar(sa.text("SHOW timezone")))
        follower = bool(c.scalar(sa.text("SELECT pg_is_in_recovery()")))
        asked = time.time()
        skew = float(c.scalar(sa.text("SELECT extract(epoch FROM clock_timestamp())"))) - asked
    if version < OLDEST_POSTGRES * 10_000:
        what = f"PostgreSQL {version // 10_000} is not supported"
        report.fail("database", what, f"use PostgreSQL {OLDEST_POSTGRES} or newer")
    if follower:
        report.fail("database", "it is a follower that only reads", "put the address of the leader into DATABASE_URL")
    told = "Keydesk's own times are Unix seconds, so any zone will do"
    report.ok("database time", f"PostgreSQL {version // 10_000}, time zone {zone}; {told}")
    if abs(skew) > SKEW_SECONDS:
        report.warn(
            "database time", f"its clock differs from ours by {skew:+.0f} s", "set the clocks of both machines by NTP"
        )


def _seen(known: Capabilities) -> str:
    """What only writes can show, in words."""
    words = {None: "not seen yet", True: "yes", False: "no"}
    return f"takes status_only: {words[known.status_only]}; status in a plain PUT: {words[known.plain_put_status]}"
