"""What this deployment can do, asked once at start by cheap reads, corrected by what read-backs show (section 17).

Never asks GET /api/user/token: that would replace the access token.
"""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from bot.gateway.client import GatewayReader
from bot.gateway.errors import GatewayAuthError, GatewayCallError, Refusal


class Generation(StrEnum):
    """Which known gateway it is nearest to; a guess, for people, never for decisions."""

    COMETAPI = "cometapi"
    G1 = "g1"
    G2_OR_LATER = "g2+"
    UNKNOWN = "unknown"


class Capabilities(BaseModel):
    """None = not known yet. `groups` None = the gateway lists none; anything may be typed."""

    model_config = ConfigDict(frozen=True)

    generation: Generation = Generation.UNKNOWN
    masked_keys: bool | None = None
    reveal: bool | None = None
    search: str | None = None
    user_header_needed: bool | None = None
    groups: tuple[str, ...] | None = None
    plain_put_status: bool | None = None
    status_only: bool | None = None
    names_in_bytes: bool | None = None

    def learn(
        self,
        *,
        masked_keys: bool | None = None,
        reveal: bool | None = None,
        user_header_needed: bool | None = None,
        plain_put_status: bool | None = None,
        status_only: bool | None = None,
        names_in_bytes: bool | None = None,
    ) -> "Capabilities":
        """A copy that knows what was just seen; None = nothing new about that."""
        seen = {
            "masked_keys": masked_keys,
            "reveal": reveal,
            "user_header_needed": user_header_needed,
            "plain_put_status": plain_put_status,
            "status_only": status_only,
            "names_in_bytes": names_in_bytes,
        }
        return self.model_copy(update={name: value for name, value in seen.items() if value is not None})


async def detect_capabilities(client: GatewayReader) -> Capabilities:
    """Three cheap reads: newest keys, groups, search. Raises what the first of them raises, except a missing user
    header, which is an answer: `user_header_needed`.
    """
    try:
        newest = await client.newest_keys()
    except GatewayAuthError as error:
        if error.refusal is Refusal.USER_HEADER:
            return Capabilities(user_header_needed=True)
        raise
    masked = any(key.masked for key in newest) if newest else None
    search = await client.search_shape()
    generation = _generation(client, masked, search)
    return Capabilities(
        generation=generation,
        # CometAPI documents characters; a refusal may still teach otherwise, so nothing is claimed for it here.
        names_in_bytes=True if generation in {Generation.G1, Generation.G2_OR_LATER} else None,
        masked_keys=masked,
        reveal=True if masked is False else None,
        search=search,
        user_header_needed=None if client.sends_user_id else False,
        groups=await _groups(client),
    )


async def _groups(client: GatewayReader) -> tuple[str, ...] | None:
    try:
        return tuple(group.name for group in await client.list_groups())
    except GatewayAuthError:
        raise
    except GatewayCallError:
        return None


def _generation(client: GatewayReader, masked: bool | None, search: str | None) -> Generation:
    if (client.request_id_header or "").lower().startswith("x-cometapi"):
        return Generation.COMETAPI
    if search == "paginated" or masked:
        return Generation.G2_OR_LATER
    return Generation.G1 if search == "flat" else Generation.UNKNOWN
