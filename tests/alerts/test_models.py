"""Which keys an alert means, and how sure that is."""

import pytest

from bot.alerts.detection.key_index import MatchKind
from bot.alerts.models import KeyFinding, MoreFinding
from tests.alerts.rows import alert_of, finding

FULL, MASKED = finding(7), finding(8, how=MatchKind.MASKED)
AMBIGUOUS = finding(8, 9, how=MatchKind.AMBIGUOUS)
UNKNOWN = KeyFinding(hint="aB3d…wXyZ", how=MatchKind.UNKNOWN, fingerprint="0" * 32)


@pytest.mark.parametrize(
    ("findings", "sure", "possible", "the_key"),
    [
        ((), (), (), None),
        ((FULL,), (7,), (7,), 7),
        ((FULL, FULL), (7,), (7,), 7),
        ((MASKED, FULL), (7,), (7, 8), None),
        ((MASKED,), (), (8,), 8),
        ((AMBIGUOUS,), (), (8, 9), None),
        ((UNKNOWN,), (), (), None),
    ],
)
def test_which_keys_it_means(
    findings: tuple[KeyFinding, ...], sure: tuple[int, ...], possible: tuple[int, ...], the_key: int | None
) -> None:
    alert = alert_of(*findings)
    assert (alert.sure_keys, alert.possible_keys, alert.the_key) == (sure, possible, the_key)


def test_a_mass_leak_names_more_keys_than_are_shown() -> None:
    assert not alert_of(FULL).is_mass_leak
    more = (MoreFinding(fingerprint="0" * 32, key_id=9), MoreFinding(fingerprint="1" * 32, key_id=None))
    alert = alert_of(FULL, more_findings=more)
    assert alert.is_mass_leak
    assert alert.all_sure_keys == (7, 9)
    # What another card showed before it grew is disabled with the rest.
    assert alert_of(FULL, more_findings=more, elsewhere={7: 1}).all_sure_keys == (7, 9)
    assert alert_of(FULL, finding(8), elsewhere={7: 1}).all_sure_keys == (8,)


def test_a_look_up_is_awaited_until_it_was_made() -> None:
    assert alert_of(UNKNOWN, looked_up_at=None).awaits_lookup
    assert not alert_of(UNKNOWN).awaits_lookup
    assert alert_of(source="github").awaits_lookup
    assert alert_of().number == "alert 3"
