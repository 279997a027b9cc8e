"""What is wrong with a user group, in a sentence."""

import pytest

from bot.slack.group_problems import lasting_problem, silence


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("no_such_subteam", "Slack has no user group S1; is the id in the policy right?"),
        ("invalid_subteam_id", "S1 is no id of a user group; is the id in the policy right?"),
        ("subteam_disabled", "The user group S1 is disabled in Slack, so nobody has its roles."),
        ("plan_upgrade_required", "This Slack plan has no user groups; name people by their user ids in the policy."),
        ("missing_scope", "The Slack app lacks the scope usergroups:read, so nobody gets a role from a user group."),
        ("fatal_error", None),
    ],
)
def test_what_will_be_the_same_in_a_minute_is_told_and_nothing_else(code: str, told: str | None) -> None:
    assert lasting_problem(code, "S1") == told


def test_silence_has_a_word_where_slack_says_one() -> None:
    assert silence("S1", "fatal_error") == "Slack did not tell us about group S1 (fatal_error)."
    assert silence("S1", "") == "Slack did not tell us about group S1 (no answer)."
