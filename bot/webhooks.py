"""Tells another system what happened: one signed POST per line of the record (docs/webhooks.md). Knows no feature.

Standard Webhooks (standardwebhooks.com): `webhook-id`, `webhook-timestamp`, `webhook-signature`. In order and at
least once: how far it came is kept in the database, and a line is sent again until it is taken, for a day at most.
One process at a time sends.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import sqlalchemy as sa
from pydantic import SecretStr, TypeAdapter
from standardwebhooks import Webhook

from bot.audit import read_after
from bot.audit.tables import head
from bot.db import leases, named_values
from bot.db.engine import Database
from bot.languages import tr
from bot.proxies import Proxies
from bot.root_certificates import root_certificates

logger = logging.getLogger(__name__)

LEASE, PLACE = "webhooks", "webhooks"
LEASE_SECONDS = 60.0
TIMEOUT_SECONDS = 15.0
IDLE_SECONDS = 2.0
PAGE = 100
# From the first failure of a line until it is left out.
GIVE_UP_SECONDS = 86_400.0
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 5.0, 600.0


@dataclass(frozen=True)
class _Place:
    """How far it came: the last line that was taken, and since when the next one fails (Unix seconds)."""

    seq: int
    failing_since: float | None = None
    tries: int = 0
    next_try: float = 0.0


_PLACES = TypeAdapter(_Place)


class WebhookSender:
    """One background task. `secrets`: the signing secrets that are alive, one signature each."""

    def __init__(
        self,
        *,
        database: Database,
        url: str,
        secrets: Callable[[], Sequence[SecretStr]],
        holder: str,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        proxy: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        observe: Callable[[str], None] = lambda _result: None,
    ) -> None:
        self._database = database
        self._url = url
        self._secrets = secrets
        self._holder = holder
        self._clock = clock
        self._sleep = sleep
        self._observe = observe
        self._client = httpx.AsyncClient(
            timeout=TIMEOUT_SECONDS,
            verify=root_certificates(),
            proxy=proxy,
            transport=transport,
            trust_env=False,
            follow_redirects=False,
        )
        self._task: asyncio.Task[None] | None = None
        # What is wrong with the other side, for readiness.
        self.problem: str | None = None

    async def start(self) -> None:
        """Begin to send what comes from now on; what came while no process ran is sent too."""
        await self._database.run(self._begin)
        self._task = asyncio.create_task(self._send_for_ever())

    async def stop(self) -> None:
        """Send no more; a line that is on its way is sent again at the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._client.aclose()

    def _begin(self, c: sa.Connection) -> None:
        """At the very first start, begin at the end of the record; after a restore it may be shorter than the place."""
        count = int(c.scalar(sa.select(head.c.count)) or 0)
        known = named_values.get(c, PLACE)
        if known is None or _PLACES.validate_python(known).seq > count:
            named_values.put(c, PLACE, asdict(_Place(seq=count)))

    async def _send_for_ever(self) -> None:
        while True:
            more = False
            try:
                more = await self._round()
            except sa.exc.SQLAlchemyError:
                logger.warning("the database cannot be asked for events to send", exc_info=True)
            except Exception:
                # Nobody awaits this task, so an error that is not caught here would end it without a word.
                logger.exception("events could not be sent; trying again")
            if not more:
                await self._sleep(IDLE_SECONDS)

    async def _round(self) -> bool:
        """Send what waits, up to a page. True: there may be more at once."""
        # A look that only reads, since mostly nothing waits; the lease is a write.
        if not await self._database.read(self._is_due):
            return False
        place, waiting = await self._database.run(self._next)
        for line in waiting:
            problem = await self._post(line)
            if problem is None:
                place = _Place(seq=line["seq"])
            elif place.failing_since is not None and self._clock() - place.failing_since >= GIVE_UP_SECONDS:
                logger.error("line %s of the record was refused by the webhook for a day and is left out", line["seq"])
                place = _Place(seq=line["seq"])
            else:
                place = self._failed(place)
            self.problem = problem
            if not await self._database.run(self._keep, place) or problem is not None:
                return False
        return bool(waiting)

    def _is_due(self, c: sa.Connection) -> bool:
        place = _PLACES.validate_python(named_values.get(c, PLACE))
        return place.next_try <= self._clock() and int(c.scalar(sa.select(head.c.count)) or 0) > place.seq

    def _next(self, c: sa.Connection) -> tuple[_Place, list[dict[str, Any]]]:
        """The place, and the lines after it if it is this process's turn and they are due."""
        place = _PLACES.validate_python(named_values.get(c, PLACE))
        now = self._clock()
        if place.next_try > now or not leases.acquire(c, LEASE, self._holder, seconds=LEASE_SECONDS, now=now):
            return place, []
        return place, read_after(c, place.seq, limit=PAGE)

    def _keep(self, c: sa.Connection, place: _Place) -> bool:
        if not leases.renew(c, LEASE, self._holder, seconds=LEASE_SECONDS, now=self._clock()):
            return False
        named_values.put(c, PLACE, asdict(place))
        return True

    def _failed(self, place: _Place) -> _Place:
        now = self._clock()
        delay = min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2**place.tries)
        since = now if place.failing_since is None else place.failing_since
        return _Place(seq=place.seq, failing_since=since, tries=place.tries + 1, next_try=now + delay)

    async def _post(self, line: dict[str, Any]) -> str | None:
        """Send one line. None: it was taken; else what is wrong, in words for readiness."""
        body = json.dumps(
            {"type": f"keydesk.{line['fact']}", "timestamp": line["at"], "data": line},
            separators=(",", ":"),
            ensure_ascii=False,
        )
        # The number alone would come again after a restore; the hash tells the lines apart.
        message_id = f"keydesk_{line['seq']}_{str(line['hash'])[:12]}"
        now = datetime.fromtimestamp(int(self._clock()), UTC)
        signers = [Webhook(secret.get_secret_value()) for secret in self._secrets()]
        headers = {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signer.sign(message_id, now, body) for signer in signers),
        }
        try:
            answer = await self._client.post(self._url, content=body.encode(), headers=headers)
        except httpx.HTTPError as error:
            self._observe("unavailable")
            name = type(error).__name__
            return tr("the webhook of KEYDESK_WEBHOOK_URL cannot be reached ({error}); events wait", error=name)
        self._observe("ok" if answer.is_success else "refused")
        if answer.is_success:
            return None
        return tr("the webhook of KEYDESK_WEBHOOK_URL answers {status}; events wait", status=answer.status_code)


def webhook_sender(url: str | None, *, proxies: Proxies, **options: Any) -> WebhookSender | None:
    """The sender to this address, through the proxy for it; None when the operator names none."""
    return None if url is None else WebhookSender(url=url, proxy=proxies.of_url(url), **options)
