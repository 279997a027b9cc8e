"""Where people live, as Slack shows them: asked for once, and never an odd number."""

from typing import Any

import pytest

from bot.slack import person_zones
from bot.slack.person_zones import PersonZones, SeenZones


async def test_who_was_never_seen_is_asked_for_once() -> None:
    seen, asked = SeenZones(), list[str]()

    async def ask(person: str, _team: str) -> None:
        asked.append(person)
        if person == "U0ADA":
            seen.note({"id": person, "tz_offset": -18_000})

    zones = PersonZones(seen=seen, ask=ask)
    assert [await zones.of("U0ADA"), await zones.of("U0ADA"), await zones.of("U0NOBODY")] == [-18_000, -18_000, None]
    assert asked == ["U0ADA", "U0NOBODY"]


@pytest.mark.parametrize("odd", [None, True, "3600", 10**9, 1.5])
def test_who_has_no_time_zone_counts_as_in_utc(odd: Any) -> None:
    seen = SeenZones()
    seen.note({"id": "U0ADA", "tz_offset": odd})
    seen.note({"tz_offset": 3600})
    assert seen.of("U0ADA") == 0
    assert seen.of("") is None


def test_only_so_many_people_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person_zones, "_MOST_PEOPLE", 2)
    seen = SeenZones()
    for person in ("U1", "U2", "U1", "U3"):
        seen.note({"id": person, "tz_offset": 60})
    assert [seen.of(person) for person in ("U1", "U2", "U3")] == [60, None, 60]
