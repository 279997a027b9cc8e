"""The room of alerts on a real database and a fake gateway: what Slack and the engine would do is only noted."""

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from bot.alerts import store
from bot.alerts.calls import SecurityCalls
from bot.alerts.cards.notifications import AlertNotifications
from bot.alerts.closure import AlertClosure
from bot.alerts.detection.fingerprints import Fingerprints
from bot.alerts.detection.index_sync import IndexSync
from bot.alerts.detection.key_index import KeyIndex
from bot.alerts.detection.leaked_values import LeakedValues
from bot.alerts.detection.scanner import find
from bot.alerts.ingest import AlertIngest
from bot.alerts.listeners import AlertListeners
from bot.alerts.models import Alert
from bot.alerts.response import AlertResponse
from bot.alerts.store import in_open_alerts
from bot.alerts.triage import Triage
from bot.approvals import store as requests
from bot.approvals.models import ApprovalRequest, Status
from bot.db.engine import Database
from bot.deps import Deps
from bot.features import OPERATIONS
from bot.gateway.dollars import Dollars
from bot.keys import owners
from bot.keys.owners import OwnedKey
from bot.oncall import Schedules
from bot.permissions.models import Actor
from bot.permissions.rules import parse_policy
from bot.slack.delivery import Delivery, Kind
from bot.slack.outbox import Outbox
from bot.slack.rate_limits import CallWindows
from keydesk_sandbox.fake_gateway import Record
from tests.alerts.kit import SECRET
from tests.alerts.test_store import incoming
from tests.approvals.kit import ADA, BEN, CHANNEL, SAM, TEAM, Nowhere, Spine
from tests.gateway.kit import client_of, fake_gateway
from tests.keys.records import list_pass
from tests.slack.kit import NotingWeb, make_delivery, make_responder
from tests.slack.outboxes import Queue

SECURITY_CHANNEL, BOT = "C0SEC", "U0BOT"
POLICY = """
[roles]
engineer = ["S0ENGINEERS"]
security = ["S0SECURITY"]
[alerts]
auto_disable = ["generic"]
[[rules]]
name = "plug"
who = ["security"]
do = ["key.disable", "key.rotate"]
on = "any"
allow = true
[[rules]]
name = "own"
who = ["engineer"]
do = ["key.show"]
allow = true
"""


class Batches:
    """Incident mode, as alerts call it: each delivery id begins one batch."""

    def __init__(self) -> None:
        self.begun: dict[str, dict[str, Any]] = {}

    def __call__(self, _c: sa.Connection, *, delivery_id: str, keys: Mapping[int, str], **told: Any) -> int:
        self.begun.setdefault(delivery_id, {"keys": dict(keys), **told})
        return list(self.begun).index(delivery_id) + 1


class Room:
    def __init__(self, database: Database, profile: str = "cometapi") -> None:
        self.database = database
        self.fake = fake_gateway(profile)
        self.client = client_of(self.fake)
        self.spine = Spine(database, parse_policy(POLICY))
        self.spine.now = self.fake.clock.now()
        self.spine.flow = replace(self.spine.flow, reader=self.client)
        self.engine = Queue(SimpleNamespace(now=self.spine.now))
        self.people: dict[str, Actor] = {one.slack_user_id: one for one in (ADA, BEN, SAM)}
        batches: Any = Batches()
        self.batches = batches
        self.github: Any = None
        clock = self.spine.clock
        queued: Any = self.engine
        outbox = Outbox(database=database, engine=queued, web=Nowhere(), directory=Nowhere(), drawers={}, clock=clock)
        self.notifications = AlertNotifications(outbox=outbox, channel=SECURITY_CHANNEL)
        self.leaked_values = LeakedValues(clock=clock)
        prints = Fingerprints(SECRET)
        self.index = KeyIndex(prints)
        self.index_sync = IndexSync(
            index=self.index,
            fingerprints=prints,
            reader=self.client,
            database=database,
            holder="here",
            grown=self._nothing,
            list_passes=[list_pass(database, self.client, clock)],
            clock=clock,
        )
        self.ingest = AlertIngest(
            database=database,
            engine=queued,
            index=self.index,
            leaked_values=self.leaked_values,
            notifications=self.notifications,
            clock=clock,
        )
        self.calls = SecurityCalls(
            database=database,
            engine=queued,
            policy=lambda: self.spine.policy,
            notifications=self.notifications,
            batch_progress=lambda _c, _id: (0, 0, 0, False),
            read_keys=self._read_keys,
            schedules=Schedules(clock=clock),
            clock=clock,
        )
        self.response = AlertResponse(
            database=database,
            engine=queued,
            flow=self.spine.flow,
            granted=self.spine.granted,
            operations=OPERATIONS,
            policy=lambda: self.spine.policy,
            leaked_values=self.leaked_values,
            notifications=self.notifications,
            start_batch=batches,
            batch_progress=lambda _c, _id: (0, 0, 0, False),
            calls=self.calls,
            bot_user_id=BOT,
            team_id=TEAM,
            clock=clock,
        )
        self.spine.actions.notifications.subscribe(self.response.follow)
        self.triage = Triage(
            calls=self.calls,
            database=database,
            reader=self.client,
            index=self.index,
            index_sync=self.index_sync,
            ingest=self.ingest,
            response=self.response,
            notifications=self.notifications,
            github=None,
            clock=clock,
        )
        self.web = NotingWeb()
        self.responder = make_responder(self.web)
        self.listeners = AlertListeners(
            self._deps(),
            ingest=self.ingest,
            triage=self.triage,
            response=self.response,
            calls=self.calls,
            notifications=self.notifications,
            closure=AlertClosure(
                database=database,
                flow=self.spine.flow,
                notifications=self.notifications,
                calls=self.calls,
                clock=clock,
            ),
            reports=CallWindows(clock=clock),
        )

    async def _read_keys(self, alert_id: int) -> Alert:
        return await self.triage.read_keys(alert_id)

    async def _nothing(self, *_told: Any) -> None:
        return None

    def _deps(self) -> Deps:
        unused: Any = Nowhere()
        return Deps(
            flow=self.spine.flow,
            counts=self.spine.counts,
            actions=self.spine.actions,
            reader=self.client,
            languages=unused,
            inventory=unused,
            known=unused,
            database=self.database,
            directory=self,  # type: ignore[arg-type]  # the one method that is asked
            policy=lambda: self.spine.policy,
            operations=OPERATIONS,
            dollars=Dollars(),
            channel=CHANNEL,
            addresses={"default": "https://gateway.test"},
            silent_gateways=list,
            windows=unused,
            count_name_bytes=lambda _gateway: False,
            clock=self.spine.clock,
            problems=self._nothing,  # type: ignore[arg-type]
            open_alerts=self._nothing,  # type: ignore[arg-type]
            in_open_alerts=in_open_alerts,
            open_reviews=self._nothing,  # type: ignore[arg-type]
        )

    async def actor(self, user: str, _team: str, *, fresh: bool = False) -> Actor:
        del fresh
        return self.people[user]

    def key(self, name: str = "search", **values: Any) -> Record:
        return self.fake.add_key(name=name, **{"remain_quota": 5} | values)

    async def own(self, key: Record, owner: str = "U0ADA") -> None:
        line = OwnedKey(key_id=key.id, name=key.name, owner_id=owner, owner_team=TEAM, request_id=None, created_at=1.0)
        await self.database.run(owners.own, line)

    def value(self, key: Record) -> str:
        return "sk-" + self.fake.key_value(key.id).removeprefix("sk-")

    async def alert(self, *keys: Record, text: str = "", source: str = "generic", **changes: Any) -> Alert:
        """An alert that holds the values of these keys, as it is once it was looked into."""
        await self.index_sync.catch_up(asked=True)
        text = " ".join([*(self.value(key) for key in keys), text])
        number = str(len(await self.database.read(store.recent)) + 1)
        received = incoming(number, source=source, found=find([text]))
        alert_id = await self.ingest.receive(received)
        alert = await self.triage.match(alert_id)
        alert = await self.triage.read_keys(alert.id)
        return await self.database.run(store.change, alert.id, **changes) if changes else alert

    async def now(self, alert_id: int = 1) -> Alert:
        return await self.database.read(store.get, alert_id)

    async def request(self, number: int = 1) -> ApprovalRequest:
        return await self.spine.row(number)

    async def settle(self, number: int, status: Status, **changes: Any) -> ApprovalRequest:
        """The run of a request ended, and everybody who follows it hears of that."""
        now = self.spine.now

        def work(c: sa.Connection) -> ApprovalRequest:
            request = requests.get(c, number)
            if request.status is Status.APPROVED:
                request = requests.move(c, request, Status.RUNNING)
            request = requests.move(c, request, status, settled_at=now, **changes)
            self.spine.actions.notifications.announce(c, request)
            return request

        return await self.database.run(work)

    def jobs(self, job: str) -> list[str]:
        return [name for one, name, _ in self.engine.started if one == job]

    def click(self, who: Actor, value: str = "1", **payload: Any) -> Delivery:
        actions = {"actions": [{"action_id": "a", "value": value}]}
        return self.delivery(Kind.ACTION, who, payload=actions | payload)

    def delivery(self, kind: Kind, who: Actor, **changes: Any) -> Delivery:
        values = {"user_id": who.slack_user_id, "user_team_id": TEAM, "responder": self.responder}
        values |= {"trigger_id": "1.2.3", "received_at": self.spine.now, "channel_id": "C0GEN"}
        return make_delivery(kind, **values | changes)

    @property
    def shown(self) -> str:
        """The view that was shown last."""
        return str(self.web.calls[-1][1]["view"])
