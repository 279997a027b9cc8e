"""The window that lists every key of an alert: a page at a time, with how each stands."""

from bot.alerts.cards.all_keys import BACK, NEXT, ON_PAGE, keys_window, last_page
from bot.alerts.models import KeySnapshot
from tests.alerts.rows import NOW, alert_of, finding


def test_pages_are_turned_and_counted() -> None:
    keys = {number: KeySnapshot(key_id=number, name=f"k{number}", state="active") for number in range(1, 42)}
    alert, ids = alert_of(*map(finding, keys), keys=keys), list(keys)
    shown = [
        str(keys_window(alert, ids[at : at + ON_PAGE], {}, total=41, number=page, now=NOW))
        for page, at in enumerate((0, 20, 40))
    ]
    assert "41 keys are named by this alert." in shown[0]
    assert "Page 2 of 3" in shown[1]
    assert [(BACK in text, NEXT in text) for text in shown] == [(False, True), (True, True), (True, False)]
    assert "id 41 · :rotating_light: *works*" in shown[2]
    assert (last_page(0), last_page(20), last_page(21)) == (0, 0, 1)
