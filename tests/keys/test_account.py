"""The account that a database is about: taken at first, another one is told and adopted only on purpose."""

import sqlalchemy as sa

from bot.db import named_values
from bot.db.engine import Database
from bot.keys import owners
from bot.keys.account import KNOWN, AccountBinding, BoundAccount, adopt_account, observe_account, shown
from tests.gateway.kit import client_of, fake_gateway

FIRST, OTHER = BoundAccount(address="https://g", user=1), BoundAccount(address="https://g", user=2)


def test_the_first_account_is_taken_and_another_one_told(sqlite_database: Database) -> None:
    run = sqlite_database.run_here
    assert run(observe_account, FIRST, 1.0) is None
    assert run(observe_account, FIRST, 2.0) is None
    assert run(observe_account, OTHER, 3.0) == FIRST
    assert run(named_values.get, owners.OTHER_ACCOUNT) == OTHER
    # Back on the known one, the other is forgotten.
    assert run(observe_account, FIRST, 4.0) is None
    assert run(named_values.get, owners.OTHER_ACCOUNT) is None


def test_an_administrator_adopts_the_other_account(sqlite_database: Database) -> None:
    run = sqlite_database.run_here
    assert "nothing to do" in run(adopt_account, 1.0)
    run(observe_account, FIRST, 1.0)
    run(observe_account, OTHER, 2.0)
    assert shown(OTHER) in run(adopt_account, 3.0)
    assert run(named_values.get, KNOWN) == OTHER
    assert run(observe_account, OTHER, 4.0) is None


async def test_the_problem_is_said_while_the_account_is_another(sqlite_database: Database) -> None:
    fake = fake_gateway()
    client = client_of(fake)
    binding = AccountBinding(database=sqlite_database, reader=client, address="https://g/", clock=lambda: 1.0)
    await binding.start()
    assert binding.problem == ""
    account = await client.get_account()
    known = sqlite_database.run_here(named_values.get, KNOWN)
    assert known == {"address": "https://g", "user": account.id}

    def replace(c: sa.Connection) -> None:
        named_values.put(c, KNOWN, dict(BoundAccount(address="https://g", user=account.id + 1)))

    sqlite_database.run_here(replace)
    await binding.start()
    assert "keydesk adopt-account" in binding.problem
