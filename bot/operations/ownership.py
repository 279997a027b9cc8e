"""What a look and a run may ask about people and the keys that they own."""

from typing import Protocol

from bot.permissions.models import Actor


class Ownership(Protocol):
    """Whose a key is, and whether somebody may own one."""

    async def standing(self, slack_user_id: str) -> Actor:
        """What somebody is here, as Slack says at this moment; UNKNOWN when it does not say."""

    async def owner_of(self, key_id: int, born_at: int | None = None) -> str | None:
        """Slack user id of the owner; None when nobody owns the key."""

    async def account_is_known(self, key_id: int) -> bool:
        """Whether the gateway shows the account whose keys we know. If not, nobody owns a key or gets one."""
