"""The `[allowances]` table of the policy: the time zone in which the periods of allowances begin."""

import zoneinfo
from datetime import UTC, tzinfo

from bot.languages import tr
from bot.permissions.source_map import Path
from bot.permissions.toml_document import TomlDocument, guess, short


def read_time_zone(document: TomlDocument, value: object) -> tzinfo:
    """`time_zone = "Europe/Berlin"`, UTC where it is left out; a mistake is noted in the document."""
    path: Path = ("allowances",)
    table = document.table(path, value, "allowances") or {}
    document.only(path, table, ("time_zone",), "allowances")
    if "time_zone" not in table:
        return UTC
    place: Path = (*path, "time_zone")
    name = document.text(place, table["time_zone"], "time_zone", most=60)
    if name is None:
        return UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        wrong = tr(
            "there is no time zone “{typed}”; write one like {example}", typed=short(name), example='"Asia/Taipei"'
        )
        document.wrong(place, guess(wrong, name, zoneinfo.available_timezones()))
        return UTC
