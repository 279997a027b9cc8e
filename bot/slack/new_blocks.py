"""Blocks that reach workspaces in stages (slack.md A5). Knows no key.

A refusal is remembered, so that nobody waits for it again; after a month they are tried anew.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from bot.db import named_values
from bot.db.engine import Database
from bot.slack.blocks import Message
from bot.slack.delivery import Delivery
from bot.slack.errors import SlackRefused

logger = logging.getLogger(__name__)

TRIED_AGAIN = 30 * 86_400.0
# Where a workspace counts a table's cells among the characters of a message, what is in it must be shown otherwise too.
_REFUSALS = frozenset({"invalid_blocks", "invalid_blocks_format", "invalid_arguments", "msg_blocks_too_long"})


@dataclass(kw_only=True)
class NewBlocks:
    """One kind of them. `kind`: in the plural, as the log and the row name it. `seen`: this process saw one taken."""

    kind: str
    database: Database
    clock: Callable[[], float]
    seen: bool = False

    async def taken(self) -> bool:
        """Whether this workspace takes them, as far as is known."""
        refused = await self.database.read(named_values.get, self._name)
        return refused is None or not 0 <= self.clock() - refused < TRIED_AGAIN

    async def tell(self, delivery: Delivery, message: Message, *, in_place: bool = False) -> bool:
        """Tell the person what holds such a block. False: this workspace does not take it. Raises SlackError."""
        try:
            await delivery.responder.tell(delivery, message.text, message.blocks, in_place=in_place)
        except SlackRefused as error:
            if not await self.refused(error):
                raise
            return False
        return True

    async def refused(self, error: SlackRefused) -> bool:
        """Remember it where this says that the workspace does not take them; False: it says something else."""
        if error.code not in _REFUSALS:
            return False
        logger.info("this workspace takes no %s (%s); text from now on", self.kind, error.code)
        await self.database.run(named_values.put, self._name, self.clock())
        return True

    @property
    def _name(self) -> str:
        return f"slack.{self.kind}.refused"
