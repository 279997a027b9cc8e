"""What a line of the record tells of changed fields, in the language of whoever reads it."""

from bot.features import OPERATIONS
from bot.features.audit_read.changes import changes_text, made_text
from bot.languages import tr
from bot.operations import Change
from tests.features.audit_read.test_words import BEFORE
from tests.languages.pseudo import pseudo


def test_new_values_and_values_before_and_after() -> None:
    changes = [
        Change(field="remain_quota", label="Quota", before="100k", after="200k"),
        Change(field="expired_time", label="Expires", before=None, after="never"),
    ]
    assert changes_text(changes) == "Quota 100k → 200k, Expires never"
    assert changes_text([]) == ""


def test_a_change_is_told_in_the_language_of_the_moment() -> None:
    details = {"before": BEFORE, "after": BEFORE | {"status": 2, "name": "ci"}}
    described = OPERATIONS.descriptions["key.disable"]
    assert made_text(details, described, units_per_usd=500_000) == "Status enabled → disabled"
    with pseudo():
        assert made_text(details, described, units_per_usd=500_000) == "STATUS ENABLED → DISABLED"
        assert changes_text([Change(field="x", label=tr("Models"), before=None, after="o3")]) == "MODELS o3"


def test_readings_that_tell_nothing_are_left_out() -> None:
    assert made_text({}, None, units_per_usd=1) == ""
    assert made_text({"before": {"name": 3}, "after": {"name": 4}}, None, units_per_usd=1) == ""
