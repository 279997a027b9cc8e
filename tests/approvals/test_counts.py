"""The numbers that rules compare: who is asked for them, and what cannot be told lets no rule hold."""

from typing import Any

import pytest

from bot.approvals.counts import Counts
from bot.db.engine import Database
from bot.permissions.models import Count, Counted
from bot.permissions.rules import parse_policy
from tests.approvals.kit import BEN, Spine
from tests.approvals.test_ledger import RULES

ROLE = Count(what="keys", over="role", names=("engineer",))


def spine_of(database: Database, when: str, who: str = '["S0ENGINEERS"]') -> Spine:
    return Spine(database, parse_policy((RULES % when).replace('["S0ENGINEERS"]', who, 1), file="policy.toml"))


async def test_slack_is_asked_only_where_a_rule_counts_over_a_role(sqlite_database: Database) -> None:
    spine, asked = spine_of(sqlite_database, "keys_at_most = 5"), []

    async def people_of(ids: Any) -> frozenset[str]:
        asked.append(sorted(ids))
        return frozenset({"U0ADA"})

    def counts(spine: Spine) -> Counts:
        return Counts(database=sqlite_database, policy=lambda: spine.policy, people_of=people_of, clock=spine.clock)

    assert await counts(spine).now("key.delete", "U0ADA") == ()
    assert await counts(spine).now("key.create", "U0ADA") == (Counted(count=Count(what="keys"), value=0),)
    assert asked == []
    spine = spine_of(sqlite_database, 'keys_at_most = 5, counted_over = "role"')
    assert await counts(spine).members("key.create") == {("engineer",): frozenset({"U0ADA"})}
    assert asked == [["S0ENGINEERS"]]
    everybody = spine_of(sqlite_database, 'keys_at_most = 5, counted_over = "role"', '["*"]')
    assert await counts(everybody).members("key.create") == {("engineer",): frozenset({"*"})}
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("people", "value"), [(frozenset({"U0BEN"}), 1), (frozenset({"U0ADA"}), 0), (frozenset(), 0), (None, None)]
)
async def test_a_role_is_counted_by_who_is_in_it_now(
    sqlite_database: Database, people: frozenset[str] | None, value: int | None
) -> None:
    spine = spine_of(sqlite_database, 'keys_at_most = 5, counted_over = "role"')
    await spine.ask(BEN, remain_quota=1_000)
    spine.people = people
    assert await spine.counts.now("key.create", "U0ADA") == (Counted(count=ROLE, value=value),)


async def test_the_gateway_is_asked_for_the_account_s_group_only_where_a_rule_speaks_of_groups(
    sqlite_database: Database,
) -> None:
    spine, asked = spine_of(sqlite_database, "keys_at_most = 5"), []

    def own_group(_gateway: str) -> str:
        asked.append(1)
        return "vip"

    counts = Counts(
        database=sqlite_database,
        policy=lambda: spine.policy,
        people_of=spine.people_of,
        own_group=own_group,
        clock=spine.clock,
    )
    assert (counts.account_group(""), asked) == (None, [])
    spine.policy = parse_policy((RULES % 'group_in = ["vip"]'), file="policy.toml")
    assert (counts.account_group(""), asked) == ("vip", [1])
