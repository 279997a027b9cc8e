"""Builds the spine, once: each object whole, from what stands below it."""

import functools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from pydantic import SecretStr

from bot.approvals.acceptance import JOB as ACCEPTANCE
from bot.approvals.acceptance import Acceptances
from bot.approvals.actions import RequestActions
from bot.approvals.allowance_rows import AllowanceRows
from bot.approvals.announcement import Announcements
from bot.approvals.approver_check import JOB as APPROVERS
from bot.approvals.approver_check import ApproverCheck
from bot.approvals.calls import JOB as CALL
from bot.approvals.calls import Calls
from bot.approvals.cards.notifications import Notifications
from bot.approvals.copies import KeyCopies
from bot.approvals.counts import Counts
from bot.approvals.execution import Execution
from bot.approvals.flow import Flow
from bot.approvals.granted import GrantedRequests
from bot.approvals.key_locks import KeyLocks
from bot.approvals.lock_watch import LockWatch
from bot.approvals.overtaken import Overtaken
from bot.approvals.ownership import KeyOwnership
from bot.approvals.refills import Refills
from bot.approvals.revocation.check import JOB as PROBE
from bot.approvals.revocation.check import RevocationChecks
from bot.approvals.rotation.overlap import JOB as RETIRE
from bot.approvals.rotation.overlap import RotationOverlap
from bot.approvals.timers import Timers
from bot.approvals.verified_write import VerifiedWrites
from bot.approvals.write_locks import WriteLocks
from bot.db.engine import Database
from bot.durable.engine import Engine, Job
from bot.gateway.dollars import Dollars
from bot.gateway.gateways import KeyReader
from bot.keys.inventory import Inventory
from bot.logs import for_request
from bot.operations import Registry
from bot.permissions.rules import Policy
from bot.slack.directory import Directory
from bot.slack.outbox import Outbox


@dataclass(kw_only=True, eq=False)
class Approvals:
    """Everything between a request and its outcome. `leaked`: the value of a key that an alert brought."""

    database: Database
    engine: Engine
    client: KeyReader
    inventory: Inventory
    policy: Callable[[], Policy]
    directory: Directory
    notifications: Notifications
    outbox: Outbox
    operations: Registry
    leaked: Callable[[int], SecretStr | None]
    learn: Callable[[Mapping[str, bool], str], Awaitable[None]]
    security_channel: str
    dollars: Dollars
    most_open: int
    holder: str
    clock: Callable[[], float]

    def __post_init__(self) -> None:
        self.granted = GrantedRequests(engine=self.engine, notifications=self.notifications)
        self.ownership = KeyOwnership(database=self.database, person=self.directory.standing)
        self._deciders()
        self._allowances()
        self._followers()
        self._run()
        self._ways_in()

    def _deciders(self) -> None:
        """Who may decide: whether there is anybody, how they are called, what happens when nobody does."""
        self.approver_check = ApproverCheck(
            database=self.database,
            policy=self.policy,
            people=self.directory.all_people,
            who_is=self.directory.actor,
            seen=self.directory,
            notifications=self.notifications,
            clock=self.clock,
        )
        self.calls = Calls(
            database=self.database,
            engine=self.engine,
            policy=self.policy,
            group_size=self.directory.group_size,
            people=self.directory.all_people,
            who_is=self.directory.actor,
            notifications=self.notifications,
            schedules=self.directory.schedules,
            clock=self.clock,
        )
        self.announcements = Announcements(
            database=self.database,
            engine=self.engine,
            calls=self.calls,
            notifications=self.notifications,
            approver_check=self.approver_check,
            clock=self.clock,
        )
        self.timers = Timers(
            database=self.database,
            engine=self.engine,
            notifications=self.notifications,
            calls=self.calls,
            clock=self.clock,
        )

    def _allowances(self) -> None:
        """What is counted, and what is refilled by itself."""
        self.counts = Counts(
            database=self.database,
            policy=self.policy,
            people_of=self.directory.all_holders,
            own_group=self.inventory.account_group,
            dollars=self.dollars,
            clock=self.clock,
        )
        self.budgets = self.counts.budgets
        self.refills = Refills(
            granted=self.granted, budgets=self.budgets, clock=self.clock, gateway_now=self.client.server_now
        )
        self.allowance_rows = AllowanceRows(
            refills=self.refills,
            notifications=self.notifications,
            time_zone=lambda: self.policy().time_zone,
            clock=self.clock,
            gateway_now=self.client.server_now,
        )

    def _followers(self) -> None:
        """What follows a request that was settled."""
        self.revocation_checks = RevocationChecks(
            database=self.database,
            engine=self.engine,
            client=self.client,
            notifications=self.notifications,
            leaked=self.leaked,
        )
        self.rotation_overlap = RotationOverlap(
            database=self.database,
            engine=self.engine,
            granted=self.granted,
            notifications=self.notifications,
            operations=self.operations,
            clock=self.clock,
        )
        self.overtaken = Overtaken(notifications=self.notifications, announcements=self.announcements, clock=self.clock)
        self.key_locks = KeyLocks(
            outbox=self.outbox, channel=self.security_channel, reader=self.client, clock=self.clock
        )
        self.key_copies = KeyCopies(
            database=self.database,
            outbox=self.outbox,
            granted=self.granted,
            notifications=self.notifications,
            operations=self.operations,
            policy=self.policy,
            channel=self.security_channel,
            clock=self.clock,
        )
        self.lock_watch = LockWatch(database=self.database, reader=self.client, key_locks=self.key_locks)

    def _run(self) -> None:
        """What applies a granted request."""
        write_locks = WriteLocks(
            database=self.database, holder=self.holder, operations=self.operations, clock=self.clock
        )
        self.writes = VerifiedWrites(client=self.client, database=self.database, write_locks=write_locks)
        self.acceptances = Acceptances(
            database=self.database,
            engine=self.engine,
            policy=self.policy,
            counts=self.counts,
            actor_of=functools.partial(self.directory.actor, fresh=True),
            notifications=self.notifications,
            clock=self.clock,
        )
        self.execution = Execution(
            database=self.database,
            reader=self.client,
            writes=self.writes,
            policy=self.policy,
            counts=self.counts,
            actor_of=functools.partial(self.directory.actor, fresh=True),
            notifications=self.notifications,
            operations=self.operations,
            ownership=self.ownership,
            acceptances=self.acceptances,
            changed=self.inventory.changed,
            learn=self.learn,
            followers=(
                self.revocation_checks.follow,
                self.rotation_overlap.follow,
                self.key_locks.follow,
                self.allowance_rows.follow,
                self.budgets.follow,
                self.key_copies.follow,
            ),
            clock=self.clock,
        )

    def _ways_in(self) -> None:
        """What people call: asking, and deciding."""
        self.actions = RequestActions(
            database=self.database,
            engine=self.engine,
            policy=self.policy,
            notifications=self.notifications,
            announcements=self.announcements,
            calls=self.calls,
            operations=self.operations,
            clock=self.clock,
        )
        self.flow = Flow(
            database=self.database,
            reader=self.client,
            inventory=self.inventory,
            policy=self.policy,
            granted=self.granted,
            announcements=self.announcements,
            calls=self.calls,
            counts=self.counts,
            operations=self.operations,
            ownership=self.ownership,
            dollars=self.dollars,
            most_open=self.most_open,
            clock=self.clock,
        )

    def key_changed(self, c: sa.Connection, key_id: int, operation: str) -> None:
        """A batch did this to a key: what that means for a rotation of it, and for requests that wait for the same."""
        self.rotation_overlap.key_changed(c, key_id, operation)
        self.overtaken.key_changed(c, key_id, operation)

    def jobs(self) -> Mapping[str, Job]:
        """The durable jobs of this room, by name."""
        return {
            "run": for_request(self.execution.run),
            "lapse": for_request(self.timers.lapse),
            "remind": for_request(self.timers.remind),
            "redraw": for_request(self.timers.redraw),
            ACCEPTANCE: for_request(self.acceptances.lapse),
            APPROVERS: for_request(self.approver_check.run),
            CALL: for_request(self.calls.run),
            PROBE: self.revocation_checks.probe,
            RETIRE: self.rotation_overlap.retire,
        }
