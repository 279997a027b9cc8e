"""What hinders a user group that the policy names, in sentences. Knows no cache and no call."""

from bot.languages import tr


def silence(group_id: str, code: str) -> str:
    """That Slack did not tell about a group; `code`: its error word, "" when it did not answer."""
    if code:
        return tr("Slack did not tell us about group {group} ({code}).", group=group_id, code=code)
    return tr("Slack did not tell us about group {group} (no answer).", group=group_id)


def lasting_problem(code: str, group_id: str) -> str | None:
    """What is wrong, for an answer of Slack that will be the same in a minute; None for all others.

    The group counts as empty, and `problems` says why.
    """
    match code:
        case "no_such_subteam" | "subteam_not_found":
            return tr("Slack has no user group {group}; is the id in the policy right?", group=group_id)
        case "invalid_subteam_id":
            return tr("{group} is no id of a user group; is the id in the policy right?", group=group_id)
        case "subteam_disabled":
            return tr("The user group {group} is disabled in Slack, so nobody has its roles.", group=group_id)
        case "plan_upgrade_required":
            return tr("This Slack plan has no user groups; name people by their user ids in the policy.")
        case "missing_scope":
            return tr("The Slack app lacks the scope usergroups:read, so nobody gets a role from a user group.")
        case _:
            return None
