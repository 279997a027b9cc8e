"""Leaked values: by fingerprint and key, for some minutes, then gone."""

from bot.alerts.detection.leaked_values import SECONDS, LeakedValues

CORE = "c" * 48


def test_a_value_is_there_for_its_key_until_its_time_is_over() -> None:
    now = [1_000.0]
    values = LeakedValues(clock=lambda: now[0])
    values.keep(5, CORE)
    assert values.of_key(7) is None
    values.bind(7, 5)
    found = values.of_key(7)
    assert found is not None
    assert found.get_secret_value() == f"sk-{CORE}"
    assert CORE not in repr(found)
    now[0] += SECONDS - 1
    assert values.of_key(7) is not None
    now[0] += 1
    assert values.of_key(7) is None


def test_a_value_that_is_seen_again_is_kept_longer() -> None:
    now = [0.0]
    values = LeakedValues(clock=lambda: now[0])
    values.bind(7, 5)
    values.keep(5, CORE)
    now[0] = SECONDS - 1
    values.keep(5, CORE)
    now[0] = SECONDS + 1
    assert values.of_key(7) is not None


def test_only_so_many_are_held() -> None:
    values = LeakedValues(clock=lambda: 0.0)
    for number in range(1_001):
        values.keep(number, f"{number:048}")
        values.bind(number, number)
    assert values.of_key(0) is None
    assert values.of_key(1_000) is not None
