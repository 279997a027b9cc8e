"""`operations.Ownership` from our own rows and from Slack."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.db.engine import Database
from bot.keys import owners
from bot.permissions.models import Actor


@dataclass(frozen=True, kw_only=True)
class KeyOwnership:
    """Whose a key is, and what somebody is here. `person`: as Slack says at this moment."""

    database: Database
    person: Callable[[str], Awaitable[Actor]]

    async def standing(self, slack_user_id: str) -> Actor:
        """What somebody is here; UNKNOWN when Slack does not say."""
        return await self.person(slack_user_id)

    async def owner_of(self, key_id: int, born_at: int | None = None) -> str | None:
        """Slack user id of the owner; None when nobody owns the key."""
        return await self.database.read(owners.owner_of, key_id, born_at)

    async def account_is_known(self, key_id: int) -> bool:
        """Whether the gateway of this key shows the account whose keys we know."""
        return not await self.database.read(owners.account_is_other, key_id)
