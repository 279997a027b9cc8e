"""The one call to GitHub: the leaked secret of a secret-scanning alert, when a token is configured.

GET /repos/{owner}/{repo}/secret-scanning/alerts/{alert_number} (GitHub REST, version 2022-11-28). The webhook itself
does not hold the secret. The address is fixed: nothing in an alert's body is ever called. This is the second place
that imports the HTTP library (docs/alerts.md): GitHub is not the gateway, and the gateway's client speaks only its API.
"""

import json
import logging
from typing import Any

import httpx
from pydantic import SecretStr

from bot.alerts.intake.sources import GithubAlert
from bot.errors import BotError
from bot.languages import tr
from bot.root_certificates import root_certificates

logger = logging.getLogger(__name__)

BASE_URL = "https://api.github.com"
VERSION = "2022-11-28"
TIMEOUT = 10.0
ANSWER_LIMIT = 200_000


class GithubUnavailable(BotError):
    """GitHub did not give the secret. `lasting`: asking again will not help."""

    def __init__(self, sentence: str, *, lasting: bool) -> None:
        super().__init__(sentence)
        self.lasting = lasting


class GithubApi:
    """Built once with the token; `transport` is for tests."""

    def __init__(
        self, *, token: SecretStr, transport: httpx.AsyncBaseTransport | None = None, proxy: str | None = None
    ) -> None:
        self._token = token
        self._client = httpx.AsyncClient(
            base_url=BASE_URL,
            headers={
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": VERSION,
                "User-Agent": "keydesk",
            },
            timeout=TIMEOUT,
            verify=root_certificates(),
            # The token goes to this host and to no other.
            follow_redirects=False,
            transport=transport,
            proxy=proxy if transport is None else None,
            trust_env=False,
        )

    async def secret_of(self, alert: GithubAlert) -> SecretStr:
        """The leaked text. Raises GithubUnavailable."""
        path = f"/repos/{alert.owner}/{alert.repository}/secret-scanning/alerts/{alert.number}"
        body, proof = bytearray(), {"Authorization": f"Bearer {self._token.get_secret_value()}"}
        try:
            async with self._client.stream("GET", path, headers=proof) as response:
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > ANSWER_LIMIT:
                        raise GithubUnavailable(tr("GitHub's answer is too long."), lasting=True)
                status, headers = response.status_code, response.headers
        except httpx.HTTPError as error:
            logger.info("GitHub does not answer: %s", type(error).__name__)
            raise GithubUnavailable(tr("GitHub does not answer."), lasting=False) from None
        # GitHub says both limits, the hour's and the secondary one, with 403 or 429.
        if status == 429 or (
            status == 403 and (headers.get("X-RateLimit-Remaining") == "0" or "Retry-After" in headers)
        ):
            raise GithubUnavailable(tr("GitHub limits how often we may ask."), lasting=False)
        if status in {401, 403, 404}:
            # A token that is refused stays so. What is not there, or not for us, may be so for a moment only: GitHub
            # sends the webhook before its API shows the alert, and rights are given late.
            sentence = tr(
                "GitHub does not show the secret to our token (GITHUB_TOKEN needs to read secret scanning alerts)."
            )
            raise GithubUnavailable(sentence, lasting=status == 401)
        secret = _secret(bytes(body)) if status == 200 else None
        if secret is None:
            raise GithubUnavailable(
                tr("GitHub did not give the secret (HTTP {status}).", status=status), lasting=status < 500
            )
        return SecretStr(secret)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _secret(body: bytes) -> str | None:
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    secret = document.get("secret") if isinstance(document, dict) else None
    return secret if isinstance(secret, str) and secret else None
