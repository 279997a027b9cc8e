"""Looks at what other systems send here and get from here: sources of alerts, GitHub, the webhook. Sends no event."""

import httpx

from bot.alerts.intake.github import BASE_URL
from bot.cli.check.report import Report
from bot.proxies import Proxies
from bot.root_certificates import root_certificates
from bot.settings import PartialSettings, Settings

PATIENCE = 10.0


async def look(
    report: Report, partial: PartialSettings, *, proxies: Proxies, transport: httpx.AsyncBaseTransport | None = None
) -> None:
    """A line for each thing that is set. `transport` is for tests."""
    settings = partial.settings
    _look_at_sources(report, settings)
    if settings.github_token is not None:
        header = {"Authorization": f"Bearer {settings.github_token.get_secret_value()}"}
        status = await _status(f"{BASE_URL}/rate_limit", proxies, transport, header)
        _tell_github(report, status)
    url = settings.keydesk_webhook_url
    if url is not None and partial.usable("KEYDESK_WEBHOOK_URL"):
        # OPTIONS asks a server what it takes, and changes nothing.
        _tell_webhook(report, await _status(url, proxies, transport, {}, method="OPTIONS"))


def _look_at_sources(report: Report, settings: Settings) -> None:
    sources = sorted(settings.alert_secrets())
    if not sources:
        return
    paths = ", ".join(f"/alerts/{source}" for source in sources)
    if settings.slack_app_token is None:
        report.ok("alert sources", f"{paths} on the address that Slack calls")
    else:
        mend = "Socket Mode needs no public address, but these do"
        report.ok("alert sources", f"{paths} on port {settings.port}, which must be reached by https ({mend})")


async def _status(
    url: str,
    proxies: Proxies,
    transport: httpx.AsyncBaseTransport | None,
    headers: dict[str, str],
    *,
    method: str = "GET",
) -> int | str:
    """The HTTP status, or the kind of failure when there is none."""
    proxy = proxies.of_url(url) if transport is None else None
    try:
        async with httpx.AsyncClient(
            timeout=PATIENCE,
            verify=root_certificates(),
            transport=transport,
            proxy=proxy,
            trust_env=False,
            headers=headers,
        ) as client:
            return (await client.request(method, url)).status_code
    except httpx.HTTPError as error:
        return type(error).__name__


def _tell_github(report: Report, status: int | str) -> None:
    subject = "GitHub"
    if status == httpx.codes.UNAUTHORIZED:
        report.fail(subject, "it does not take GITHUB_TOKEN", "make a new one that reads secret scanning alerts")
    elif isinstance(status, str):
        report.warn(subject, f"{BASE_URL} cannot be reached ({status})", "look at the network and the proxy")
    else:
        report.ok(subject, f"{BASE_URL} takes GITHUB_TOKEN")


def _tell_webhook(report: Report, status: int | str) -> None:
    """Any answer will do: only a signed POST shows whether events are taken, and /readyz says when they are not."""
    subject = "webhook"
    if isinstance(status, str):
        mend = "look at KEYDESK_WEBHOOK_URL and the network; events wait for a day"
        report.warn(subject, f"the server of KEYDESK_WEBHOOK_URL cannot be reached ({status})", mend)
    elif status >= httpx.codes.INTERNAL_SERVER_ERROR:
        report.warn(subject, f"the server of KEYDESK_WEBHOOK_URL answers with {status}", "events wait for a day")
    else:
        report.ok(subject, "the server of KEYDESK_WEBHOOK_URL answers")
