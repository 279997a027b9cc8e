"""Who is on call: schedules of PagerDuty that a role of the policy names, beside Slack's groups and people.

    pagerduty   the client: shifts of one schedule, as PagerDuty tells them
    schedules   who is on call in Slack's terms, remembered for minutes, with the fallback where that is not known
    bootstrap   builds the client from the settings

It knows no rule and no request. Whether somebody is a full member, and so has a role at all, is Slack's to say.
"""

from bot.oncall.bootstrap import client
from bot.oncall.pagerduty import PagerDuty, PagerDutyError
from bot.oncall.schedules import Schedules

__all__ = ["PagerDuty", "PagerDutyError", "Schedules", "client"]
