"""The listeners of a feature on their own: real rules and rows, a gateway in process, a Slack that only notes."""

from dataclasses import dataclass, replace
from typing import Any

from bot.alerts.store import in_open_alerts
from bot.db.engine import Database
from bot.deps import Deps
from bot.features import OPERATIONS
from bot.gateway.dollars import Dollars
from bot.gateway.models import Key, KeyId
from bot.keys import owners
from bot.keys.inventory import Inventory
from bot.keys.inventory_writer import InventoryWriter
from bot.keys.known_keys import KnownKeys
from bot.keys.owners import OwnedKey
from bot.oncall import Schedules
from bot.permissions import Actor, parse_policy
from bot.slack.blocks import Block
from bot.slack.delivery import Delivery, Kind
from bot.slack.person_languages import PersonLanguages, SeenLocales
from bot.slack.responder import Responder
from keydesk_sandbox import seed
from tests.approvals.kit import ADA, BEN, CHANNEL, MIRA, OMAR, SAM, TEAM, Spine, person
from tests.gateway.kit import client_of, fake_gateway
from tests.slack.kit import NotingWeb, make_delivery, make_responder

ALEX = person("U0ALEX", "S0ADMINS")
PEOPLE = {actor.slack_user_id: actor for actor in (ADA, BEN, MIRA, OMAR, SAM, ALEX)}


@dataclass(frozen=True)
class Directory:
    """Who people are, without Slack; the unknown are nobody's members. PagerDuty is silent."""

    schedules = Schedules(clock=lambda: 0.0)

    async def actor(self, slack_user_id: str, team_id: str, *, fresh: bool = False) -> Actor:
        del team_id, fresh
        return PEOPLE.get(slack_user_id) or person(slack_user_id)


def button(value: str) -> dict[str, Any]:
    """The payload of a click on a button with this value."""
    return {"actions": [{"value": value}]}


class ListenerDesk:
    """`deps` for listeners with the sandbox's policy; `web` is what Slack was asked, `gateway` holds the keys."""

    def __init__(self, database: Database) -> None:
        self.spine = Spine(database, parse_policy(seed.POLICY))
        self.gateway = fake_gateway()
        self.reader = client_of(self.gateway)
        self.web = NotingWeb()
        self.responder: Responder = make_responder(self.web)
        unused: Any = None
        directory: Any = Directory()
        seen = SeenLocales()
        self.languages = PersonLanguages(database, seen=seen, ask=directory.actor, clock=self.spine.clock)
        writer = InventoryWriter(database=database, clock=self.spine.clock)
        self.reader.listen(writer.notice)
        known = KnownKeys(database=database, writer=writer)
        self.deps = Deps(
            flow=self.spine.flow,
            counts=self.spine.counts,
            actions=self.spine.actions,
            reader=self.reader,
            inventory=Inventory(self.reader, clock=self.spine.clock, known=known),
            known=known,
            database=database,
            directory=directory,
            policy=lambda: self.spine.policy,
            operations=OPERATIONS,
            dollars=Dollars(),
            channel=CHANNEL,
            addresses={"default": "https://gateway.test"},
            silent_gateways=list,
            windows=unused,
            count_name_bytes=lambda _gateway: True,
            clock=self.spine.clock,
            languages=self.languages,
            problems=self.problems,
            open_alerts=self.open_alerts,
            in_open_alerts=in_open_alerts,
            open_reviews=self.open_alerts,
        )

    async def open_alerts(self, _actor: Actor) -> list[Block]:
        return []

    async def problems(self) -> list[str]:
        return ["The policy file is broken."]

    async def owned(self, user: str = ADA.slack_user_id, **settings: Any) -> Key:
        """A key at the gateway that belongs to somebody."""
        record = self.gateway.add_key(**{"name": "search", "remain_quota": 300_000, **settings})
        line = OwnedKey(
            key_id=record.id,
            name=record.name,
            owner_id=user,
            owner_team=TEAM,
            request_id=1,
            created_at=self.spine.now,
            born_at=record.created_time,
        )
        await self.deps.database.run(owners.own, line)
        return await self.reader.get_key(KeyId(record.id))

    def delivery(self, user: str = ADA.slack_user_id, kind: Kind = Kind.COMMAND, **changes: Any) -> Delivery:
        """Something that a person of the sandbox did."""
        values: dict[str, Any] = {"trigger_id": "1.2", "channel_id": CHANNEL, "received_at": self.spine.now} | changes
        made = make_delivery(kind, user_id=user, user_team_id=TEAM, responder=self.responder, **values)
        return replace(made, team_id=TEAM)

    async def window(self) -> str:
        """The last view that Slack was given, as text, once nothing is being drawn."""
        await self.responder.drain(grace=5)
        views = [arguments["view"] for method, arguments in self.web.calls if method.startswith("views.")]
        return str(views[-1])
