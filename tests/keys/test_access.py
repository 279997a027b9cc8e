"""What somebody may do with a key, and that a key which is not there and one they may not see get the same answer."""

from typing import Any

import pytest

from bot.audit import read as read_audit
from bot.db.engine import Database
from bot.errors import InputError
from bot.gateway.models import Key
from bot.keys import locks, owners
from bot.keys.access import KeyAccess
from bot.keys.lookup import FIELD, Match
from bot.keys.owners import OwnedKey
from bot.permissions.models import Actor, Lock
from bot.permissions.rules import parse_policy
from tests.keys.records import record

NOW = 1_800_000_000.0
POLICY = parse_policy("""
[roles]
engineer = ["S0ENG"]
security = ["S0SEC"]

[[rules]]
name = "all see what is in the group vip"
who = ["engineer"]
do = ["key.show"]
on = "any"
when = { group_in = ["vip"] }
allow = true

[[rules]]
name = "from the channel of security"
who = ["security"]
do = ["key.disable"]
on = "any"
when = { channel_in = ["C0SEC"] }
allow = true

[[rules]]
name = "own"
who = ["engineer"]
do = ["key.show", "key.update", "key.enable"]
allow = true
""")
ADA = Actor(slack_user_id="U0ADA", groups=frozenset({"S0ENG"}))
SAM = Actor(slack_user_id="U0SAM", groups=frozenset({"S0SEC"}))
MINE, OTHERS, VIP = record(1, name="mine"), record(2, name="others"), record(3, name="vip", group="vip")
LOCK = Lock(cause="alert", by="U0SAM", at=1.0, number=3, rule="r")


@pytest.fixture
async def access(sqlite_database: Database) -> KeyAccess:
    line = OwnedKey(key_id=1, name="mine", owner_id="U0ADA", owner_team="T", request_id=1, created_at=1.0, born_at=1)
    await sqlite_database.run(owners.own, line)
    return KeyAccess(
        database=sqlite_database, policy=lambda: POLICY, account_group=lambda _gateway: None, clock=lambda: NOW
    )


async def refused(access: KeyAccess) -> list[tuple[str | None, int | None]]:
    lines = await access.database.read(read_audit, limit=10)
    return [(line["actor"], line["key_id"]) for line in lines if line["fact"] == "refused"]


async def test_a_key_is_somebodys_own_by_number_and_birth(access: KeyAccess) -> None:
    assert await access.is_own(ADA, MINE)
    assert not await access.is_own(SAM, MINE)
    assert not await access.is_own(ADA, record(1, created_time=2))


async def test_the_lock_of_a_key_is_a_fact_of_what_is_judged(access: KeyAccess) -> None:
    assert await access.lock_of(MINE) is None
    await access.database.run(locks.lock, 1, LOCK, born_at=1)
    lock = await access.lock_of(MINE)
    assert lock == LOCK
    assert access.decide(ADA, "key.enable", MINE, own=True, channel="").allowed
    assert access.decide(ADA, "key.enable", MINE, own=True, channel="", lock=lock).outcome == "needs_approval"


async def test_the_channel_counts_and_of_an_unread_key_no_condition_on_the_key_holds(access: KeyAccess) -> None:
    assert access.decide(SAM, "key.disable", OTHERS, own=False, channel="C0SEC").allowed
    assert not access.decide(SAM, "key.disable", OTHERS, own=False, channel="C0KEYS").allowed
    assert access.decide_unread(SAM, "key.disable", own=False, channel="C0SEC").allowed
    assert access.decide(ADA, "key.show", VIP, own=False, channel="").allowed
    assert not access.decide_unread(ADA, "key.show", own=False, channel="").allowed


@pytest.mark.parametrize(
    ("actor", "operation", "key", "own", "seen"),
    [
        (ADA, "key.disable", MINE, True, True),  # one's own is seen, whatever may be done with it
        (SAM, "key.show", MINE, True, False),  # but a rule must let it be shown
        (ADA, "key.update", VIP, False, True),  # by the rule for showing
        (ADA, "key.update", OTHERS, False, False),
        (SAM, "key.disable", OTHERS, False, True),  # by the rule for the operation
    ],
)
async def test_who_sees_a_key_in_the_window_of_an_operation(
    access: KeyAccess, actor: Actor, operation: str, key: Key, own: bool, seen: bool
) -> None:
    assert access.may_see(actor, operation, key, own=own, channel="C0SEC") is seen


async def test_of_several_keys_only_those_are_offered_that_may_be_seen(access: KeyAccess) -> None:
    matches = [Match(key) for key in (MINE, OTHERS, VIP)]
    assert await access.visible(ADA, "key.update", matches, channel="") == [Match(MINE), Match(VIP)]


@pytest.mark.parametrize("matches", [[], [Match(OTHERS)], [Match(OTHERS), Match(VIP)]])
async def test_the_answer_is_the_same_whether_there_is_a_key_or_not_and_only_the_record_knows(
    access: KeyAccess, matches: list[Match]
) -> None:
    with pytest.raises(InputError) as error:
        await access.turn_away(SAM, "key.update", matches, "others", channel="C0KEYS")
    assert error.value.fields == {
        FIELD: "There is no key “others” that you may see. Use its number or its exact name; `/apikey list` shows yours. "
        "The role security does not allow changing the settings of keys beyond one's own."
    }
    assert await refused(access) == [("U0SAM", 2)][: len(matches)]


async def test_what_hangs_on_the_key_is_not_told(access: KeyAccess) -> None:
    with pytest.raises(InputError) as error:
        await access.turn_away(SAM, "key.disable", [], "others", channel="C0SEC")
    assert error.value.fields[FIELD].endswith("`/apikey list` shows yours.")


async def test_a_list_names_only_keys_that_may_be_seen(access: KeyAccess) -> None:
    keys = [MINE, OTHERS, VIP]
    assert await access.listed(ADA, "key.update", keys, "mine, vip", channel="") == [MINE, VIP]
    assert await refused(access) == []


@pytest.mark.parametrize(("text", "told"), [("mine, others", [("U0ADA", 2)]), ("mine, nothing", [])])
async def test_a_list_with_a_key_that_is_not_seen_reads_as_if_there_were_none(
    access: KeyAccess, text: str, told: list[Any]
) -> None:
    with pytest.raises(InputError) as error:
        await access.listed(ADA, "key.update", [MINE, OTHERS, VIP], text, channel="")
    name = text.rpartition(" ")[2]
    assert name in error.value.fields[FIELD]
    assert "does not allow" in error.value.fields[FIELD]
    assert await refused(access) == told
