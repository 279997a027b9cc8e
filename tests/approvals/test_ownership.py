"""Whose a key is, and who somebody is, as a look and a run may ask."""

from bot.approvals.ownership import KeyOwnership
from bot.db.engine import Database
from bot.keys import owners
from bot.keys.account import BoundAccount, adopt_account, observe_account
from bot.keys.owners import OwnedKey
from bot.permissions.models import Actor
from tests.approvals.kit import BEN

HERE, THERE = BoundAccount(address="https://a", user=1), BoundAccount(address="https://b", user=1)


async def person(slack_user_id: str) -> Actor:
    assert slack_user_id == BEN.slack_user_id
    return BEN


async def test_it_tells_from_our_rows_and_from_slack(database: Database) -> None:
    ownership = KeyOwnership(database=database, person=person)
    line = OwnedKey(key_id=7, name="a", owner_id="U0ADA", owner_team="T", request_id=1, created_at=1.0, born_at=100)
    await database.run(owners.own, line)
    assert await ownership.standing("U0BEN") == BEN
    assert (await ownership.owner_of(7), await ownership.owner_of(7, 101)) == ("U0ADA", None)
    await database.run(observe_account, HERE, 1.0)
    assert await ownership.account_is_known(7)
    await database.run(observe_account, THERE, 2.0)
    assert (await ownership.account_is_known(7), await ownership.owner_of(7)) == (False, None)
    await database.run(adopt_account, 3.0)
    assert await ownership.account_is_known(7)
