"""Keys as rows: states, soft deletes, and what the model side still sees."""

from typing import Any

import pytest

from keydesk_sandbox.fake_gateway.records import FIRST_ID, Store, mask

NOW = 1_000.0


def test_values_and_numbers_are_the_same_on_every_run() -> None:
    one, two = (Store(seed=7).add(user_id=1, now=NOW) for _ in range(2))
    assert (one.id, one.key) == (FIRST_ID, two.key)
    assert len(one.key) == 48
    assert one.key not in repr(one)
    assert mask("abcdefgh") == "abcd**********efgh"


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"remain_quota": 5}, "active"),
        ({}, "exhausted"),
        ({"unlimited_quota": True}, "active"),
        ({"remain_quota": 5, "expired_time": 999}, "expired"),
        ({"status": 2}, "disabled"),
        ({"status": 9}, "blocked"),
    ],
)
def test_the_state_in_one_word(fields: dict[str, Any], state: str) -> None:
    assert Store(seed=1).add(user_id=1, now=NOW, **fields).state(NOW) == state


def test_a_deleted_key_is_seen_by_nobody_but_its_row_stays() -> None:
    store = Store(seed=1)
    record = store.add(user_id=1, now=NOW, remain_quota=5)
    assert store.of(1) == [record]
    store.delete(record, now=NOW)
    assert store.of(1) == []
    assert store.owned(record.id, 1) is None
    assert store.for_model_side(record.key, now=NOW) is None
    assert store.row(record.id).state(NOW) == "deleted"


def test_the_model_side_sees_a_cached_row_for_a_while() -> None:
    store = Store(seed=1)
    record = store.add(user_id=1, now=NOW, remain_quota=5)
    store.keep_in_cache(record, now=NOW, seconds=60)
    store.edit(record, {"status": 2})
    cached, later = store.for_model_side(record.key, now=NOW + 59), store.for_model_side(record.key, now=NOW + 60)
    assert cached is not None
    assert later is not None
    assert (cached.status, later.status) == (1, 2)


def test_what_no_row_may_be_is_refused() -> None:
    store = Store(seed=1)
    record = store.add(user_id=1, now=NOW)
    with pytest.raises(ValueError, match="already"):
        store.add(user_id=1, now=NOW, id=record.id)
    with pytest.raises(ValueError, match="letters and digits"):
        store.add(user_id=1, now=NOW, key=record.key)
    with pytest.raises(ValueError, match="no field"):
        store.edit(record, {"id": 5})
