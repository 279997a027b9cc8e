"""The first phase of the start: what is opened before Slack is met, the database, the clients and the policy."""

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypedDict, Unpack

import httpx

from bot import __version__
from bot.db.engine import Database, open_database
from bot.errors import GatewayError
from bot.gateway.client import GatewayClient, connect
from bot.gateway.errors import GatewayUnavailable
from bot.health import Health
from bot.keys.account import START_SECONDS, AccountBinding
from bot.keys.inventory import Inventory
from bot.keys.inventory_writer import InventoryWriter
from bot.keys.known_keys import KnownKeys
from bot.keys.list_pass import ListPass
from bot.known_capabilities import KnownCapabilities
from bot.languages import tr
from bot.policy_file import PolicyFile
from bot.proxies import Proxies
from bot.redaction import know
from bot.settings import SecretFiles, Settings
from bot.slack.web_client import SlackWebClient
from bot.telemetry import configured

# A gateway that was away at the start is asked again so many seconds later how it counts dollars.
UNITS_AGAIN_SECONDS = 60.0


class ResourceOptions(TypedDict, total=False):
    """Proxies, files of secrets, and the seconds in which a database may still start (`patience`).

    For tests a gateway in the same process, and a time that moves on request.
    """

    database: Database
    gateway_transport: httpx.AsyncBaseTransport
    github_transport: httpx.AsyncBaseTransport
    proxies: Proxies
    secret_files: SecretFiles
    patience: float
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]


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
        self.client: GatewayClient = connect(
            base_url=settings.cometapi_base_url,
            access_token=settings.cometapi_access_token,
            user_id=settings.cometapi_user_id,
            transport=options.get("gateway_transport"),
            proxy=proxies.of_url(settings.cometapi_base_url),
            clock=clock,
            sleep=options.get("sleep", asyncio.sleep),
            observe=self.health.gateway_called,
        )
        self.units_problem: str = ""
        # When the gateway is asked again how it counts dollars; None = it need not be.
        self._ask_units_at: float | None = None
        self._what_is_known_of_keys()
        self.capabilities = KnownCapabilities(database=self.database, reader=self.client)
        self.web = SlackWebClient(
            token=settings.slack_bot_token,
            api_url=settings.slack_api_url,
            observe=self.health.slack_called,
            proxy_of=proxies.of_url,
            team_id=settings.slack_team_id,
        )

    def _what_is_known_of_keys(self) -> None:
        """The account, and the inventory of its keys with those who write it."""
        database, client, clock = self.database, self.client, self.clock
        address = str(self.settings.cometapi_base_url)
        self.account = AccountBinding(database=database, reader=client, address=address, clock=clock)
        self.inventory_writer = writer = InventoryWriter(database=database, clock=clock)
        self.known_keys = known = KnownKeys(database=database, writer=writer)
        self.inventory = Inventory(client, clock=clock, listed=self.account.listed, known=known)
        client.listen(writer.notice)
        self.list_pass = ListPass(
            reader=client, database=database, writer=writer, listed=self.account.listed, clock=clock
        )

    def _learn(self, secret: str) -> None:
        """Look for a new secret of ours too, beside the one that it replaces."""
        self._known.append(secret)
        know(self._known)

    async def adopt_units(self) -> None:
        """Count dollars as the gateway does, where it tells; else by the setting. Before anything shows an amount."""
        ours, told = self.settings.keydesk_units_per_usd, await self._told_units()
        if told is None or told == ours:
            return
        self.units_problem = tr(
            "The gateway counts {told} units for a dollar, KEYDESK_UNITS_PER_USD says {ours}: "
            "Keydesk goes by the gateway; correct the setting.",
            told=f"{told:,}",
            ours=f"{ours:,}",
        )
        self.settings = self.settings.model_copy(update={"keydesk_units_per_usd": told})
        self.policy.count_dollars(told)

    async def check_units(self) -> None:
        """Ask again where the gateway was away when Keydesk started: since then amounts go by the setting."""
        if self._ask_units_at is None or self.clock() < self._ask_units_at:
            return
        ours, told = self.settings.keydesk_units_per_usd, await self._told_units()
        if told is not None and told != ours:
            self.units_problem = tr(
                "The gateway counts {told} units for a dollar, KEYDESK_UNITS_PER_USD says {ours}. It did not answer "
                "when Keydesk started, which goes by the setting: correct it, or start Keydesk again.",
                told=f"{told:,}",
                ours=f"{ours:,}",
            )

    async def _told_units(self) -> int | None:
        self._ask_units_at = None
        try:
            return (await self.client.get_status(deadline=START_SECONDS)).quota_per_unit
        except GatewayUnavailable:
            self._ask_units_at = self.clock() + UNITS_AGAIN_SECONDS
        except GatewayError:
            pass  # CometAPI does not document the call
        return None

    async def close(self) -> None:
        """Close every connection."""
        await self.capabilities.close()
        await self.inventory.close()
        await self.inventory_writer.close()
        await self.web.close()
        await self.client.aclose()
        await self.telemetry.close()
        self.database.close()
