"""The accounts this database is about, one for each gateway: its number there and the gateway's address.

Numbers of keys mean nothing elsewhere. When the gateway shows another account, at the start or in a list of keys, that
is said, and nobody owns anything (owners.py) until an administrator agrees with `keydesk adopt-account`.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TypedDict

import sqlalchemy as sa

from bot.audit import Fact, append
from bot.db import named_values
from bot.db.engine import Database
from bot.errors import GatewayError
from bot.gateway.client import GatewayClient
from bot.gateway.models import Key
from bot.gateway.numbers import block_of, in_block
from bot.keys import owners
from bot.languages import english, tr

logger = logging.getLogger(__name__)

KNOWN = "gateway.account"
# The start must not wait long for a gateway that is away; the next list of keys tells as well.
START_SECONDS = 1.5


class BoundAccount(TypedDict):
    """`address`: of the gateway. `user`: the account's number there."""

    address: str
    user: int


def shown(account: BoundAccount) -> str:
    """The account in words, for people."""
    return tr("account {number} at {address}", number=account["user"], address=account["address"])


def observe_account(c: sa.Connection, found: BoundAccount, now: float, block: int = 0) -> BoundAccount | None:
    """Compare with a gateway's known account, or take this one when none is known. Returns the known one if they
    differ.
    """
    known_name, other_name = in_block(KNOWN, block), in_block(owners.OTHER_ACCOUNT, block)
    known: BoundAccount | None = named_values.get(c, known_name)
    if known is None:
        named_values.put(c, known_name, dict(found))
        return None
    other = named_values.get(c, other_name)
    if known == found:
        if other is not None:
            named_values.remove(c, other_name)
        return None
    if other != found:
        named_values.put(c, other_name, dict(found))
        append(c, fact=Fact.ACCOUNT, at=now, actor=None, details={"known": shown(known), "found": shown(found)})
    return known


def adopt_account(c: sa.Connection, now: float) -> str:
    """Take the other accounts for the known ones. Returns what was done, in a sentence."""
    blocks = owners.other_accounts(c)
    if not blocks:
        return "nothing to do: the gateway shows the account that this database knows"
    adopted = [_adopt(c, block, now) for block in blocks]
    return f"adopted {', '.join(adopted)}; keys that are other ones now stay without an owner"


def _adopt(c: sa.Connection, block: int, now: float) -> str:
    other: BoundAccount = named_values.get(c, in_block(owners.OTHER_ACCOUNT, block))  # type: ignore[assignment]  # asked
    named_values.put(c, in_block(KNOWN, block), dict(other))
    named_values.remove(c, in_block(owners.OTHER_ACCOUNT, block))
    append(c, fact=Fact.ACCOUNT, at=now, actor=None, details={"adopted": shown(other)})
    return shown(other)


class Accounts:
    """The accounts of all gateways. `problems`: what to say of those that are others."""

    def __init__(self, bindings: "Sequence[AccountBinding]") -> None:
        self._bindings = bindings

    async def start(self) -> None:
        """Ask which accounts these are, as far as the gateways tell in time."""
        await asyncio.gather(*(binding.start() for binding in self._bindings))

    async def listed(self, keys: Sequence[Key]) -> None:
        """Keys of one gateway were listed."""
        if keys:
            # By the blocks of this moment: they are given after this was built.
            block = block_of(keys[0].id)
            await next(binding for binding in self._bindings if binding.block == block).listed(keys)

    @property
    def problems(self) -> list[str]:
        """What is wrong now."""
        told = [binding.problem for binding in self._bindings if binding.problem]
        known = [binding.found for binding in self._bindings if binding.found is not None]
        twice = {(one["address"], one["user"]) for one in known if known.count(one) > 1}
        return told + [
            tr(
                "Two gateways are the same {account}: each of its keys is there twice. Remove one of these gateways.",
                account=shown(BoundAccount(address=address, user=user)),
            )
            for address, user in sorted(twice)
        ]


class AccountBinding:
    """Looks at the start and at each list of keys. `problem`: what to say while the account is another, else ""."""

    def __init__(self, *, database: Database, reader: GatewayClient, address: str, clock: Callable[[], float]) -> None:
        self._database = database
        self._reader = reader
        self._address = address.rstrip("/")
        self._clock = clock
        self.problem = ""
        # The account as it was last seen; None = not yet.
        self.found: BoundAccount | None = None

    @property
    def block(self) -> int:
        """That of its gateway's keys."""
        return self._reader.numbers.block

    async def start(self) -> None:
        """Ask which account this is, as far as the gateway tells in time."""
        try:
            account = await self._reader.get_account(deadline=START_SECONDS)
        except GatewayError as error:
            logger.info("the gateway does not tell its account now: %s", error.sentence)
        else:
            await self._observe(account.id)

    async def listed(self, keys: Sequence[Key]) -> None:
        """Every key was listed: note whose account they are of; numbers that mean another key have no owner now."""
        if not keys:
            return
        await self._observe(keys[0].user_id)
        reborn = await self._database.run(owners.observe, {int(key.id): key.created_time for key in keys})
        if reborn:
            logger.warning("%d numbers mean other keys at the gateway than before; those have no owner now", reborn)

    async def _observe(self, user: int) -> None:
        self.found = found = BoundAccount(address=self._address, user=user)
        known = await self._database.run(observe_account, found, self._clock(), self._reader.numbers.block)
        problem = ""
        if known is not None:
            problem = tr(
                "The gateway shows {found}, but this database knows {known}: nobody owns a key until "
                "an administrator runs `keydesk adopt-account`, or the settings are mended.",
                found=shown(found),
                known=shown(known),
            )
        if problem and english(problem) != english(self.problem):
            logger.warning("%s", english(problem))
        self.problem = problem
