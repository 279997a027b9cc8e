"""PagerDuty's REST API: the shifts of one schedule around now. It knows no Slack and no policy.

GET /oncalls?schedule_ids[]=…&include[]=users, `Authorization: Token token=…`. The same person comes once per escalation
policy and level that uses the schedule; overrides are applied by PagerDuty. A schedule that no escalation policy uses
has no entries at all.
"""

import asyncio
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from pydantic import SecretStr

from bot.languages import tr
from bot.typed_text import clean_line

BASE_URL = "https://api.pagerduty.com"
PAGE, MOST_PAGES = 100, 10
MOST_BYTES = 1_000_000
# Of one request, and of one whole question.
TIMEOUT_SECONDS, PATIENCE_SECONDS = 4.0, 8.0
LONGEST_HOLD = 300.0
MOST_NAME, MOST_TEXT = 60, 200
# What Slack reads as mentions, links, formatting or emoji. Whoever is in PagerDuty chooses their own name there.
_MARKUP = re.compile(r"[<>&*_~`:@|]")


class PagerDutyError(Exception):
    """PagerDuty did not tell. `reason`: a sentence without a full stop. `retry_after`: seconds, where it says so."""

    def __init__(self, reason: str, *, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


@dataclass(frozen=True, kw_only=True)
class Shift:
    """Somebody is on call from `start` until `end` (Unix seconds). `name`: plain words, safe wherever it is shown;
    `email`: "" where PagerDuty tells none that can be one.
    """

    name: str
    email: str
    start: float
    end: float


@dataclass(frozen=True, kw_only=True)
class PagerDuty:
    """One account of PagerDuty. The token is asked for at each request, so a new one counts at once."""

    token: SecretStr
    http: httpx.AsyncClient
    patience: float = PATIENCE_SECONDS

    async def shifts(self, schedule: str, *, since: float, until: float) -> tuple[Shift, ...]:
        """Every shift of the schedule that touches this time. Raises PagerDutyError."""
        found: dict[Shift, None] = {}
        try:
            async with asyncio.timeout(self.patience):
                offset = 0
                for _ in range(MOST_PAGES):
                    entries, more = await self._page(schedule, since=since, until=until, offset=offset)
                    # A page may be shorter than was asked for.
                    offset += len(entries)
                    found.update(dict.fromkeys(shift for one in entries for shift in _shifts(one, schedule)))
                    if not more:
                        return tuple(found)
        except TimeoutError:
            raise PagerDutyError(tr("it does not answer in time")) from None
        raise PagerDutyError(tr("its answer has no end"))

    async def aclose(self) -> None:
        """Close the connections."""
        await self.http.aclose()

    async def _page(self, schedule: str, *, since: float, until: float, offset: int) -> tuple[list[Any], bool]:
        query: dict[str, str | int] = {
            "schedule_ids[]": schedule,
            "include[]": "users",
            "since": _iso(since),
            "until": _iso(until),
            "limit": PAGE,
            "offset": offset,
        }
        headers = {
            "Accept": "application/vnd.pagerduty+json;version=2",
            "Authorization": f"Token token={self.token.get_secret_value()}",
        }
        try:
            async with self.http.stream("GET", "/oncalls", params=query, headers=headers) as answer:
                _refuse(answer)
                body = await _read(answer)
        except httpx.TimeoutException:
            raise PagerDutyError(tr("it does not answer in time")) from None
        except httpx.HTTPError as error:
            raise PagerDutyError(tr("it cannot be reached ({error})", error=type(error).__name__)) from None
        entries = body.get("oncalls")
        if not isinstance(entries, list):
            raise PagerDutyError(tr("its answer cannot be read"))
        return entries, body.get("more") is True


def _refuse(answer: httpx.Response) -> None:
    status = answer.status_code
    if status == httpx.codes.OK:
        return
    if status == httpx.codes.UNAUTHORIZED:
        raise PagerDutyError(tr("it does not take KEYDESK_PAGERDUTY_TOKEN"))
    if status == httpx.codes.FORBIDDEN:
        raise PagerDutyError(tr("KEYDESK_PAGERDUTY_TOKEN may not read who is on call"))
    if status == httpx.codes.NOT_FOUND:
        raise PagerDutyError(tr("it knows no such schedule"))
    if status == httpx.codes.TOO_MANY_REQUESTS:
        raise PagerDutyError(tr("it has been asked too often"), retry_after=_hold(answer.headers))
    raise PagerDutyError(tr("it answers {status}", status=status))


def _hold(headers: Mapping[str, str]) -> float:
    """Seconds to wait. PagerDuty's own header is `ratelimit-reset`; a proxy before it says `Retry-After`."""
    said = headers.get("retry-after") or headers.get("ratelimit-reset") or ""
    return min(float(said), LONGEST_HOLD) if said.isascii() and said.isdigit() else 0.0


async def _read(answer: httpx.Response) -> Mapping[str, Any]:
    """The body as an object; what is larger than anybody's list, also once it is unpacked, is not read to its end."""
    body = bytearray()
    async for part in answer.aiter_bytes():
        body += part
        if len(body) > MOST_BYTES:
            raise PagerDutyError(tr("its answer is too large"))
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise PagerDutyError(tr("its answer cannot be read")) from None
    if not isinstance(found, dict):
        raise PagerDutyError(tr("its answer cannot be read"))
    return found


def _shifts(entry: Any, schedule: str) -> list[Shift]:
    """The shift of one entry; none of an entry about another schedule, or about somebody who is always called."""
    if not isinstance(entry, dict):
        raise PagerDutyError(tr("its answer cannot be read"))
    of, user = entry.get("schedule"), entry.get("user")
    if not isinstance(of, dict) or of.get("id") != schedule:
        return []
    user = user if isinstance(user, dict) else {}
    start, end = _time(entry.get("start"), -math.inf), _time(entry.get("end"), math.inf)
    return [Shift(name=_name(user, "name") or _name(user, "summary"), email=_email(user), start=start, end=end)]


def _name(user: Mapping[str, Any], key: str) -> str:
    value = user.get(key)
    return clean_line(_MARKUP.sub(" ", value[:MOST_TEXT]))[:MOST_NAME] if isinstance(value, str) else ""


def _email(user: Mapping[str, Any]) -> str:
    """Its own text, or nothing: half a surrogate pair, for one, could not even be asked for."""
    value = user.get("email")
    email = value.strip()[:MOST_TEXT] if isinstance(value, str) else ""
    return email if email.isprintable() else ""


def _time(value: object, otherwise: float) -> float:
    """Unix seconds; `otherwise` where there is none: a shift without a beginning, or without an end."""
    if value is None:
        return otherwise
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise PagerDutyError(tr("its answer cannot be read")) from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _iso(at: float) -> str:
    return datetime.fromtimestamp(int(at), UTC).isoformat()
