"""The sandbox's “Send an alert”: plays each source of alerts against the running bot, over HTTP, signed.

    POST /sandbox/api/gateway/alert  {"source","how","account","key_id","again"}   → {"ok","status","id"}

`source`: generic, github, gitguardian, alertmanager, or slack (another app posts the key into #general). `how`: full,
masked, unknown (a key of some other account), or all (every key of every account at once). A single key is one of
`account`, the first where none is named. `again` repeats the last alert of that source. The keys' values stay on the
server: the page only ever says which key.
"""

import string
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Any

import httpx
from starlette.routing import BaseRoute, Route

from keydesk_sandbox import alerts
from keydesk_sandbox.fake_gateway import FakeGateway
from keydesk_sandbox.panel import MalformedError, RefusedError, account_of, local_post

SLACK = "slack"
SOURCES = (alerts.GENERIC, alerts.GITHUB, alerts.GITGUARDIAN, alerts.ALERTMANAGER, SLACK)
HOWS = ("full", "masked", "unknown", "all")
FIRST_NUMBER = 1_000
_TIMEOUT = 10.0

Say = Callable[[str], Awaitable[Any]]


class AlertPanel:
    """`gateways`: name of the account → its gateway, that of the settings first.

    `bot_url`: where the bot serves, known once it runs. `say`: posts a text into a channel, as another app.
    """

    def __init__(
        self,
        *,
        gateways: Mapping[str, FakeGateway],
        secrets: dict[str, str],
        bot_url: Callable[[], str],
        say: Say,
        now: Callable[[], float],
    ) -> None:
        self._gateways = gateways
        self._secrets = secrets
        self._bot_url = bot_url
        self._say = say
        self._now = now
        self._numbers: dict[str, int] = {}
        self._texts: dict[str, str] = {}  # what the last alert of a source held
        # Not for secrets: made-up keys of some other account.
        self._random = Random(7)  # noqa: S311 - see above

    def routes(self) -> list[BaseRoute]:
        """To be served beside the panel's."""
        return [Route("/sandbox/api/gateway/alert", local_post(self.send), methods=["POST"])]

    async def send(self, body: dict[str, Any]) -> dict[str, Any]:
        """Send one alert and tell how the bot answered."""
        source, how = body.get("source"), body.get("how", "full")
        if source not in SOURCES or how not in HOWS:
            raise MalformedError(f"`source` is one of {', '.join(SOURCES)}; `how` is {', '.join(HOWS)}.")
        again = body.get("again") is True
        text = self._texts[source] if again and source in self._texts else self._text(how, body)
        self._texts[source] = text
        if source == SLACK:
            await self._say(f"deploy failed: 401 with Authorization: Bearer {text}")
            return {"status": 200, "id": None}
        number = self._numbers.get(source, FIRST_NUMBER) + (0 if again else 1)
        self._numbers[source] = number
        raw = alerts.body_of(source, number=number, text=text)
        sent = alerts.signed(source, raw, secret=self._secrets[source], now=self._now())
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False) as client:
                answer = await client.post(self._bot_url() + sent.path, headers=dict(sent.headers), content=sent.body)
        except httpx.HTTPError:
            raise RefusedError("The bot does not answer.") from None
        given = answer.json() if answer.status_code == 202 else {}
        return {"status": answer.status_code, "id": given.get("id")}

    def _text(self, how: str, body: Mapping[str, Any]) -> str:
        if how == "unknown":
            return "sk-" + "".join(self._random.choices(string.ascii_letters + string.digits, k=48))
        if how == "all":
            found = [(gateway, record.id) for gateway in self._gateways.values() for record in list(gateway.keys())]
            return " ".join(gateway.key_value(key_id) for gateway, key_id in found)
        key_id = body.get("key_id")
        if isinstance(key_id, bool) or not isinstance(key_id, int):
            raise MalformedError("`key_id` is a whole number.")
        try:
            value = account_of(self._gateways, body).key_value(key_id).removeprefix("sk-")
        except KeyError:
            raise RefusedError(f"There is no key {key_id}.") from None
        return f"sk-{value}" if how == "full" else f"sk-{value[:4]}**********{value[-4:]}"
