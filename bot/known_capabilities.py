"""What this gateway can do: probed at the start, corrected by what read-backs show, remembered in the database."""

import asyncio
import logging
from collections.abc import Mapping

import sqlalchemy as sa

from bot.db import named_values
from bot.db.engine import Database
from bot.errors import GatewayError
from bot.gateway.capabilities import Capabilities, detect_capabilities
from bot.gateway.client import GatewayReader
from bot.gateway.numbers import DEFAULT, in_block
from bot.languages import english

logger = logging.getLogger(__name__)

NOTE = "gateway.capabilities"


def remembered(c: sa.Connection, block: int = 0) -> Capabilities:
    """What was known of a gateway when a process last looked; nothing known when none ever did."""
    return Capabilities.model_validate(named_values.get(c, in_block(NOTE, block)) or {})


class KnownCapabilities:
    """`current` is never waited for: a gateway that is away at the start is simply not known yet."""

    def __init__(self, *, database: Database, reader: GatewayReader) -> None:
        self._database = database
        self._reader = reader
        self._probing: asyncio.Task[None] | None = None
        self.current = Capabilities()

    async def start(self) -> None:
        """Take up what is remembered, and probe in the background."""
        self.current = await self._database.read(remembered, self._reader.numbers.block)
        self._probing = asyncio.get_running_loop().create_task(self._probe())

    async def _probe(self) -> None:
        try:
            found = await detect_capabilities(self._reader)
        except GatewayError as error:
            logger.warning("the gateway could not be probed; what was known stays: %s", english(error.sentence))
            return
        # The probe finds some capabilities; the others stay as earlier read-backs showed them.
        seen = {name: value for name, value in found.model_dump().items() if value is not None}
        await self._keep(self.current.model_copy(update=seen))
        logger.info("the gateway looks like %s", self.current.generation)

    async def learn(self, learned: Mapping[str, bool]) -> None:
        """Note what the read-back of a write showed."""
        known = self.current.learn(**learned)
        if known != self.current:
            await self._keep(known)

    async def _keep(self, known: Capabilities) -> None:
        self.current = known
        name = in_block(NOTE, self._reader.numbers.block)
        await self._database.run(named_values.put, name, known.model_dump(mode="json"))

    def counts_bytes(self) -> bool:
        """Whether names are limited by bytes: new-api does, CometAPI counts characters (gateway-api.md, section 6)."""
        if self.current.names_in_bytes is not None:
            return self.current.names_in_bytes
        return self._reader.sends_user_id or bool(self.current.masked_keys)

    async def close(self) -> None:
        """End a probe that still runs."""
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.gather(self._probing, return_exceptions=True)


class EveryCapabilities:
    """Those of every gateway, by name; "" is that of the settings."""

    def __init__(self, known: Mapping[str, KnownCapabilities]) -> None:
        self._known = known

    async def start(self) -> None:
        """Take up what is remembered, and probe in the background."""
        for known in self._known.values():
            await known.start()

    async def learn(self, learned: Mapping[str, bool], gateway: str) -> None:
        """Note what the read-back of a write at this gateway showed."""
        known = self._known.get(gateway or DEFAULT)
        if known is not None:
            await known.learn(learned)

    def counts_bytes(self, gateway: str = "") -> bool:
        """Whether this gateway limits names by bytes."""
        known = self._known.get(gateway or DEFAULT)
        return known is not None and known.counts_bytes()

    async def close(self) -> None:
        """End the probes that still run."""
        for known in self._known.values():
            await known.close()
