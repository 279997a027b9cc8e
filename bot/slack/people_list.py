"""What many people are here at once, by Slack's list of everybody (Tier 2). Knows no cache."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bot.permissions.models import ActorKind
from bot.slack.delivery import text_of
from bot.slack.errors import SlackUnavailable
from bot.slack.membership import actor_of

PAGE = 200
# Slack allows some twenty calls a minute: a short list is read at once, a long one evenly.
AT_ONCE, PAUSE = 15, 3.0
MOST_PAGES = 5_000


class ListWeb(Protocol):
    """The part of web.SlackWebClient that is needed here."""

    async def read(self, method: str, **params: Any) -> dict[str, Any]: ...


@dataclass(frozen=True, kw_only=True)
class PeopleList:
    """`team_id`: our workspace. `pause`: seconds between pages of a long list."""

    web: ListWeb
    team_id: str
    pause: float = PAUSE

    async def kinds(self, ids: Collection[str]) -> dict[str, ActorKind]:
        """What these people are; those who are not in the list are left out. Raises SlackError."""
        found: dict[str, ActorKind] = {}
        cursor: str | None = None
        for page in range(MOST_PAGES):
            if page >= AT_ONCE:
                await asyncio.sleep(self.pause)
            answer = await self.web.read("users.list", limit=PAGE, cursor=cursor)
            members = answer.get("members")
            for user in members if isinstance(members, list) else ():
                person = text_of(user, "id") if isinstance(user, Mapping) else ""
                if person in ids:
                    found[person] = actor_of(user, slack_user_id=person, team_id=self.team_id).kind
            metadata = answer.get("response_metadata")
            cursor = text_of(metadata, "next_cursor") if isinstance(metadata, Mapping) else ""
            if not cursor:
                return found
        raise SlackUnavailable  # a list without an end proves nothing of those who were not in it
