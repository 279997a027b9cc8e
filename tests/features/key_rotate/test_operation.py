"""A rotation makes exactly one successor, whatever crashes or is lost, and refuses one that could not be used."""

from typing import Any

import pytest

from bot.errors import InputError
from bot.features.key_rotate.operation import OPERATION, RotateKey, successor_name
from bot.gateway.models import KeyId
from bot.gateway.writes import WriteStatus
from tests.features.kit import ADA, MemoryLineage, look_on, work_on
from tests.gateway.kit import PROFILES, MemoryJournal, client_of, fake_gateway, to_the_end


@pytest.mark.parametrize(
    ("name", "number", "after"),
    [
        ("search", 2, "search (2)"),
        ("search (2)", 3, "search (3)"),
        ("search (x)", 2, "search (x) (2)"),
        ("n" * 50, 2, "n" * 46 + " (2)"),
        ("é" * 25, 12, "é" * 22 + " (12)"),
        ("🔑" * 12, 2, "🔑" * 11 + " (2)"),
        ("", 2, " (2)"),
    ],
)
def test_a_successor_is_numbered_within_fifty_bytes(name: str, number: int, after: str) -> None:
    assert successor_name(name, number) == after
    assert len(after.encode()) <= 50


SETTINGS: dict[str, Any] = {
    "name": "search",
    "remain_quota": 123,
    "allow_ips": "198.51.100.10",
    "model_limits_enabled": True,
    "model_limits": "gpt-4o-mini",
}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("fault", ["", "lost_reply", "lost_request", "crash"])
async def test_one_rotation_makes_one_key(profile: str, fault: str) -> None:
    fake = fake_gateway(profile)
    old = fake.add_key(**SETTINGS)
    client, journal = client_of(fake), MemoryJournal()
    before = await client.get_key(KeyId(old.id))
    if fault.startswith("lost"):
        fake.arm(fault, method="POST")
    if fault == "crash":
        journal.crash_at = {1: "after", 2: "before"}
    result = await to_the_end(
        fake, lambda: OPERATION.run(work_on(client, before, journal), RotateKey(key_id=old.id, overlap=60))
    )
    assert result.status is WriteStatus.DONE, result
    rows = fake.keys()
    made = [row for row in rows if row.id != old.id]
    assert [key.name for key in made] == ["search (2)"]
    assert result.key is not None
    assert result.before is not None
    assert (result.key.id, result.before.id) == (made[0].id, old.id)
    assert (made[0].remain_quota, made[0].allow_ips) == (62, "198.51.100.10")
    assert fake.key(old.id).remain_quota == 61
    assert "“search (2)”" in result.notes[0]
    assert fake.key(old.id).status == 1


async def test_names_in_use_are_passed_over_and_not_for_ever() -> None:
    fake = fake_gateway()
    old = fake.add_key(**SETTINGS)
    for number in range(2, 5):
        fake.add_key(name=f"search ({number})")
    client = client_of(fake)
    result = await OPERATION.run(work_on(client, None), RotateKey(key_id=old.id, overlap=0))
    assert result.key is not None
    assert result.key.name == "search (5)"
    for number in range(6, 40):
        fake.add_key(name=f"search ({number})")
    result = await OPERATION.run(work_on(client, None), RotateKey(key_id=result.key.id, overlap=0))
    assert (result.status, result.refusal) == (WriteStatus.REFUSED, "name_in_use")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({"remain_quota": 0}, "no quota left"), ({"remain_quota": -3}, "no quota left"), ({"expired_time": 5}, "expired")],
)
async def test_a_successor_that_would_be_dead_is_refused(changes: dict[str, Any], sentence: str) -> None:
    fake = fake_gateway()
    old = fake.add_key(**SETTINGS | changes)
    client = client_of(fake)
    wish = RotateKey(key_id=old.id, overlap=0)
    with pytest.raises(InputError) as wrong:
        await OPERATION.inspect(look_on(client), ADA, wish)
    assert sentence in wrong.value.sentence
    result = await OPERATION.run(work_on(client, None), wish)
    assert result.status is WriteStatus.REFUSED
    assert sentence in result.sentence
    assert len(fake.keys()) == 1


async def test_a_key_that_changed_since_it_was_asked_for_is_not_rotated() -> None:
    fake = fake_gateway()
    old = fake.add_key(**SETTINGS)
    client = client_of(fake)
    before = await client.get_key(KeyId(old.id))
    fake.edit_behind(old.id, allow_ips="")
    result = await OPERATION.run(work_on(client, before), RotateKey(key_id=old.id, overlap=0))
    assert (result.status, result.refusal) == (WriteStatus.REFUSED, "changed_since")


async def test_a_rotation_adds_nothing_and_says_how_the_two_share() -> None:
    fake = fake_gateway()
    client = client_of(fake)
    limited, unlimited = fake.add_key(**SETTINGS), fake.add_key(name="free", unlimited_quota=True)
    found = await OPERATION.inspect(look_on(client), ADA, RotateKey(key_id=limited.id, overlap=3_600))
    assert (found.facts.increase, found.facts.remain_quota) == (0, 123)
    assert found.changes[1].after == "62 units (under $0.01), the rest when the old key ends"
    assert found.changes[-1].after == "works for 1 hour more, with 61 units (under $0.01)"
    found = await OPERATION.inspect(look_on(client), ADA, RotateKey(key_id=unlimited.id, overlap=0))
    assert (found.facts.increase, found.facts.unlimited_quota) == (0, True)
    assert found.changes[-1].after == "ends at once"


@pytest.mark.parametrize("overlap", [-1, 7 * 86_400 + 1])
def test_an_overlap_is_at_most_a_week(overlap: int) -> None:
    with pytest.raises(ValueError, match="overlap"):
        RotateKey(key_id=1, overlap=overlap)


@pytest.mark.parametrize("settings", [SETTINGS, SETTINGS | {"unlimited_quota": True}])
async def test_a_rotation_that_an_earlier_version_began_makes_no_quota(settings: dict[str, Any]) -> None:
    fake = fake_gateway()
    old = fake.add_key(**settings)
    client, journal = client_of(fake), MemoryJournal()
    record = await client.get_key(KeyId(old.id))
    await journal.record("rotate", {"old": record.model_dump(mode="json"), "number": 2})
    result = await OPERATION.run(work_on(client, record, journal), RotateKey(key_id=old.id, overlap=60))
    assert result.key is not None
    assert result.status is WriteStatus.DONE
    kept = 123 if settings.get("unlimited_quota") else 0
    assert (fake.key(result.key.id).remain_quota, fake.key(old.id).remain_quota) == (123, kept)


@pytest.mark.parametrize("number", range(14))
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_crash_at_any_checkpoint_makes_one_key_and_no_quota(number: int, when: str) -> None:
    fake = fake_gateway()
    old = fake.add_key(**SETTINGS)
    client, journal = client_of(fake), MemoryJournal()
    before = await client.get_key(KeyId(old.id))
    journal.crash_at = {number: when}
    wish = RotateKey(key_id=old.id, overlap=60)
    result = await to_the_end(fake, lambda: OPERATION.run(work_on(client, before, journal), wish))
    assert result.status is WriteStatus.DONE, result
    rows = fake.keys()
    assert [row.remain_quota for row in rows] == [62, 61]


@pytest.mark.parametrize("told", ["waits_for", "claimed"])
async def test_a_key_that_somebody_else_is_at_is_left_alone(told: str) -> None:
    fake = fake_gateway()
    old = fake.add_key(**SETTINGS)
    client = client_of(fake)
    words: dict[str, Any] = {told: "Somebody else."}
    lineage = MemoryLineage(**words)
    result = await OPERATION.run(work_on(client, None, lineage=lineage), RotateKey(key_id=old.id, overlap=0))
    assert (result.sentence, len(fake.keys()), lineage.links) == ("Somebody else.", 1, [])
    assert (result.status, result.again_after) == (
        (WriteStatus.FAILED, 2.0) if told == "waits_for" else (WriteStatus.REFUSED, None)
    )


@pytest.mark.parametrize("fault", ["", "lost_reply"])
async def test_a_successor_that_gets_nothing_is_taken_away_again(fault: str) -> None:
    fake = fake_gateway()
    old = fake.add_key(**SETTINGS)
    client, journal = client_of(fake), MemoryJournal()
    # Deleted in the console between the two: what was taken cannot be given.
    fake.on("answer", lambda _call: fake.edit_behind(old.id + 1, deleted_at=1), method="PUT")
    if fault:
        fake.arm(fault, method="PUT")
    wish = RotateKey(key_id=old.id, overlap=0)
    result = await to_the_end(fake, lambda: OPERATION.run(work_on(client, None, journal), wish))
    assert (result.status, result.key) == (WriteStatus.REFUSED, None)
    assert "so nothing was moved" in result.sentence
    rows = fake.keys()
    assert [(row.id, row.remain_quota) for row in rows] == [(old.id, 123)]
