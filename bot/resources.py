"""The first phase of the start: what is opened before Slack is met, the database, the clients and the policy."""

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypedDict, Unpack

import httpx
from pydantic import SecretStr

from bot import __version__
from bot.db.engine import Database, open_database
from bot.gateway.dollars import Dollars
from bot.gateway_accounts import GatewayAccounts, Wires, places
from bot.health import Health
from bot.keys.inventory import Inventory
from bot.keys.inventory_writer import InventoryWriter
from bot.keys.known_keys import KnownKeys
from bot.languages import tr
from bot.policy_file import PolicyFile
from bot.proxies import Proxies
from bot.redaction import know
from bot.settings import HeldSecret, NamedSecret, SecretFiles, Settings, named_secret
from bot.slack.web_client import SlackWebClient
from bot.telemetry import configured


class ResourceOptions(TypedDict, total=False):
    """Proxies, files of secrets, and the seconds in which a database may still start (`patience`).

    `named_secret`: the value of a setting that the policy file names. For tests a gateway in the same process, and a
    time that moves on request.
    """

    database: Database
    gateway_transport: httpx.AsyncBaseTransport
    github_transport: httpx.AsyncBaseTransport
    proxies: Proxies
    secret_files: SecretFiles
    patience: float
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    named_secret: Callable[[str], NamedSecret]


class Resources:
    """What lasts as long as the process. `blocked` and `reasons`: what /readyz asks for."""

    def __init__(
        self,
        settings: Settings,
        *,
        blocked: Callable[[], Sequence[str]],
        reasons: Callable[[], Awaitable[Sequence[str]]],
        **options: Unpack[ResourceOptions],
    ) -> None:
        self._known = list(settings.secrets())
        know(self._known)
        self.secret_files = options.get("secret_files")
        if self.secret_files is not None:
            self.secret_files.learnt = self._learn
        self.settings = settings
        self.clock = clock = options.get("clock", time.time)
        self.github_transport = options.get("github_transport")
        self.proxies = proxies = options.get("proxies", Proxies())
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        self.policy = PolicyFile(settings.keydesk_policy, units_per_usd=settings.keydesk_units_per_usd)
        self.database = options.get("database") or open_database(
            settings.database_url, patience=options.get("patience", 0.0)
        )
        self.telemetry = configured(settings.otel_endpoint, version=__version__)
        self.health = Health(
            database=self.database,
            policy=self.policy,
            blocked=blocked,
            reasons=reasons,
            clock=clock,
            called=self.telemetry.called,
        )
        self._what_is_known_of_keys(
            Wires(
                transport=options.get("gateway_transport"),
                proxies=proxies,
                clock=clock,
                sleep=options.get("sleep", asyncio.sleep),
                observe=self.health.gateway_called,
            ),
            options.get("named_secret", named_secret),
        )
        self.web = SlackWebClient(
            token=settings.slack_bot_token,
            api_url=settings.slack_api_url,
            observe=self.health.slack_called,
            proxy_of=proxies.of_url,
            team_id=settings.slack_team_id,
        )

    def _what_is_known_of_keys(self, wires: Wires, secret: Callable[[str], NamedSecret]) -> None:
        """The gateways with their accounts, and the inventory of their keys with those who write it."""
        self.inventory_writer = writer = InventoryWriter(database=self.database, clock=self.clock)
        found = places(self.settings, self.policy.current().gateways, lambda name: self._secret(secret(name)))
        # As they were at the start: a change in the file counts from the next.
        self._gateways_at_start = self.policy.current().gateways
        self.accounts = GatewayAccounts(found, wires, database=self.database, writer=writer)
        self.client = self.accounts.gateways
        self.known_keys = known = KnownKeys(database=self.database, writer=writer)
        # Until the gateways were asked (`open_accounts`).
        self.dollars = Dollars(usual=self.settings.keydesk_units_per_usd)
        self.inventory = Inventory(self.client, clock=self.clock, listed=self.accounts.accounts.listed, known=known)
        self.client.listen(writer.notice)

    def _secret(self, named: NamedSecret) -> SecretStr:
        """The access token of a further gateway: hidden everywhere, and looked after where it comes from a file."""
        self._learn(named.value.get_secret_value())
        if self.secret_files is not None and isinstance(named.value, HeldSecret):
            self.secret_files.watch(named.name, named.path, named.value)
        return named.value

    def _learn(self, secret: str) -> None:
        """Look for a new secret of ours too, beside the one that it replaces."""
        self._known.append(secret)
        know(self._known)

    async def open_accounts(self) -> None:
        """Number the gateways, and count dollars as they do, where they tell. Before anything shows an amount."""
        await self.accounts.number()
        told = await self.accounts.adopt_units()
        self.dollars = await self.accounts.dollars()
        if told:
            self.settings = self.settings.model_copy(update={"keydesk_units_per_usd": self.dollars.usual})
            self.policy.count_dollars(self.dollars.usual, self.accounts.units)

    def gateway_problems(self) -> list[str]:
        """What is wrong with the gateways and their accounts, in sentences."""
        changed = self.policy.current().gateways != self._gateways_at_start
        said = tr("The gateways in the policy file have changed: they count from the next start of Keydesk.")
        return [*self.accounts.problems, *([said] if changed else [])]

    async def close(self) -> None:
        """Close every connection."""
        await self.accounts.capabilities.close()
        await self.inventory.close()
        await self.inventory_writer.close()
        await self.web.close()
        await self.client.aclose()
        await self.telemetry.close()
        self.database.close()
