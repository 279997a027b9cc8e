"""Builds the client of PagerDuty from plain values: for the bot, and for the command line."""

import httpx
from pydantic import SecretStr

from bot.oncall.pagerduty import TIMEOUT_SECONDS, PagerDuty
from bot.proxies import Proxies
from bot.root_certificates import root_certificates


def client(token: SecretStr | None, *, url: str, proxies: Proxies) -> PagerDuty | None:
    """The client, None without a token. Redirects are not followed: they would carry the token elsewhere."""
    if token is None:
        return None
    http = httpx.AsyncClient(
        base_url=url,
        timeout=TIMEOUT_SECONDS,
        verify=root_certificates(),
        proxy=proxies.of_url(url),
        trust_env=False,
        follow_redirects=False,
    )
    return PagerDuty(token=token, http=http)
