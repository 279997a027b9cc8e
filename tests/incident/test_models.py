"""A batch's rows as values: older and newer rows are read, and the preview's settings come back."""

from bot.incident.models import PREVIEWED, BatchKey, BatchKeyStatus, BatchRevocation
from tests.gateway.kit import wanted


def test_the_settings_of_the_preview_come_back() -> None:
    settings = wanted(name="search")
    key = BatchKey(key_id=7, name="search", own=False, status_before=1, progress={PREVIEWED: settings.model_dump()})
    assert key.previewed == settings
    assert BatchKey(key_id=7, name="search", own=False, status_before=1).previewed is None


def test_a_row_of_a_newer_version_is_read() -> None:
    key = BatchKey.model_validate({"key_id": 7, "name": "n", "own": True, "status_before": 1, "later": "word"})
    assert (key.status, key.proof) == (BatchKeyStatus.WAITING, BatchRevocation.NONE)
