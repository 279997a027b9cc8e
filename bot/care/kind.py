"""What a kind of care is, and what one is made of. Each kind is modules of its own; bootstrap.py names them all."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from bot.approvals.bootstrap import Approvals
from bot.care.requests import CareRequests
from bot.deps import Deps
from bot.durable.engine import Engine, Job
from bot.permissions.care import CareTerms
from bot.slack.outbox import Outbox
from bot.slack.people_list import PeopleList
from bot.slack.person_zones import PersonZones


@dataclass(kw_only=True, eq=False)
class CareParts:
    """What every kind is given. `terms`: the `[care]` table as it is now, asked for anew in each round.

    `security_channel`: the channel of requests where none is set for security. `in_batch`: whether a batch is writing
    this key now.
    """

    deps: Deps
    engine: Engine
    outbox: Outbox
    approvals: Approvals
    requests: CareRequests
    zones: PersonZones
    terms: Callable[[], CareTerms]
    security_channel: str
    people: PeopleList
    in_batch: Callable[[sa.Connection, int], bool]


@dataclass(frozen=True, kw_only=True)
class CareKind:
    """`round` is made after each list of all keys; true = somebody still waits, so that it is made again soon.

    `jobs`: durable work by name. `key_changed`: told, in the same transaction, of every key that was changed here,
    `written`: of every one that was written at the gateway.
    """

    name: str
    round: Callable[[], Awaitable[bool]]
    jobs: Mapping[str, Job] = field(default_factory=dict)
    key_changed: Callable[[sa.Connection, int], None] | None = None
    written: Callable[[sa.Connection, int], None] | None = None
