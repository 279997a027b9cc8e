"""What an open form remembers of its key, and what a form holds before anybody touches it."""

from typing import Any

from bot.features.forms.fields import FormReader
from bot.features.forms.key_form import Seen, filled_in
from bot.features.key_disable import views as disable
from bot.features.key_quota import views as quota
from bot.features.key_rotate import views as rotate
from bot.gateway.models import EffectiveState, Key, KeyId
from bot.slack.inputs import typed
from tests.features.kit import NOW, UNITS, seen


def key(**changes: Any) -> Key:
    values: dict[str, Any] = {
        "id": KeyId(7),
        "user_id": 1,
        "status": 1,
        "created_time": 1,
        "accessed_time": 1,
        "used_quota": 0,
        "hint": "abcd…wxyz",
        "masked": False,
        "name": "search",
        "expired_time": -1,
        "remain_quota": 5,
        "unlimited_quota": False,
        "model_limits_enabled": False,
        "model_limits": "",
        "allow_ips": None,
        "group": "",
        "cross_group_retry": False,
    }
    return Key.model_validate(values | changes)


def test_a_form_remembers_its_key_in_little_room() -> None:
    remembered = Seen.of(key(name="🔑" * 3000), now=NOW, channel="C0KEYS", rest="x" * 3000)
    text = remembered.model_dump_json()
    assert len(text) < 1500
    assert Seen.model_validate_json(text) == remembered


def test_what_a_key_lacks_is_known_from_its_record() -> None:
    dead = Seen.of(key(expired_time=int(NOW) - 1, remain_quota=-3), now=NOW, channel="", rest="")
    assert (dead.expired, dead.empty, dead.state) == (True, True, EffectiveState.EXPIRED)
    fine = Seen.of(key(remain_quota=0, unlimited_quota=True), now=NOW, channel="", rest="")
    assert (fine.expired, fine.empty, fine.state) == (False, False, EffectiveState.ACTIVE)


def test_a_fresh_form_reads_as_what_it_shows() -> None:
    view = quota.build_modal(seen(rest="+100k"), state={}, live="", units_per_usd=UNITS)
    assert typed(filled_in(view), "delta") == "+100k"
    view = rotate.build_modal(seen(), state={}, live="", units_per_usd=UNITS)
    wish, reason = rotate.parse_submission(FormReader(state=filled_in(view), now=NOW, units_per_usd=UNITS), seen())
    assert (wish.overlap, reason) == (86_400, "")


def test_no_more_of_the_value_is_in_a_form_than_its_end() -> None:
    remembered = Seen.of(key(), now=NOW, channel="", rest="")
    assert remembered.hint == "…wxyz"
    assert "abcd" not in str(disable.build_modal(remembered, state={}, live="", units_per_usd=UNITS))


def test_names_in_a_form_are_escaped() -> None:
    view = disable.build_modal(seen(name="<!channel> *x*"), state={}, live="", units_per_usd=UNITS)
    assert "<!channel>" not in str(view["blocks"])
