from dataclasses import replace

from bot.db.engine import Database
from bot.keys.locks import all_locks, lock, lock_of, unlock
from bot.permissions.models import Lock

BY_PERSON = Lock(cause="person", by="U0MIRA", at=1.0, number=7, rule="managers look after all keys")
BY_ALERT = Lock(cause="alert", by="", at=2.0, number=3, rule="[alerts] auto_disable")
BIRTH = 1_790_000_000


async def test_a_lock_is_kept_until_the_key_is_unlocked(database: Database) -> None:
    await database.run(lock, 12, BY_PERSON, born_at=BIRTH)
    assert await database.read(lock_of, 12) == BY_PERSON
    assert await database.read(lock_of, 12, BIRTH) == BY_PERSON
    assert await database.read(all_locks) == {12: BY_PERSON}
    await database.run(unlock, 12)
    assert await database.read(lock_of, 12) is None


async def test_the_weightier_lock_stays(database: Database) -> None:
    assert await database.run(lock, 12, BY_ALERT) == BY_ALERT
    assert await database.run(lock, 12, BY_PERSON) == BY_ALERT
    later = replace(BY_ALERT, at=5.0, number=4)
    assert await database.run(lock, 12, later) == later
    assert await database.read(lock_of, 12) == later


async def test_another_key_with_the_same_number_is_not_locked(database: Database) -> None:
    await database.run(lock, 12, BY_ALERT, born_at=BIRTH)
    assert await database.read(lock_of, 12, BIRTH + 1) is None
    assert await database.run(lock, 12, BY_PERSON, born_at=BIRTH + 1) == BY_PERSON
    assert await database.read(lock_of, 12, BIRTH + 1) == BY_PERSON
