"""Builds what tells who people are: their standing and groups, who is on call, their languages and time zones."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

from bot.db.engine import Database
from bot.oncall import PagerDuty, Schedules
from bot.permissions.rules import Policy
from bot.slack.directory import Directory
from bot.slack.membership import member_by_email
from bot.slack.person_languages import PersonLanguages, SeenLocales
from bot.slack.person_zones import PersonZones, SeenZones
from bot.slack.web_client import SlackWebClient


@dataclass(frozen=True, kw_only=True)
class People:
    """Who people are, when it is for them, and in which language they read."""

    directory: Directory
    zones: PersonZones
    languages: PersonLanguages


def people_of(
    *,
    web: SlackWebClient,
    team_id: str,
    database: Database,
    policy: Callable[[], Policy],
    pagerduty: PagerDuty | None,
    clock: Callable[[], float],
) -> People:
    """The people of one workspace. `pagerduty` None: every schedule is silent, and its fallback stands in."""
    seen, zones = SeenLocales(), SeenZones()
    schedules = Schedules(
        client=pagerduty,
        fallbacks=lambda: policy().roles.fallbacks,
        member=functools.partial(member_by_email, web, team_id),
        clock=clock,
    )
    directory = Directory(
        web=web,
        team_id=team_id,
        group_ids=lambda: policy().group_ids(),
        clock=clock,
        counts=lambda actor: policy().counts(actor),
        seen=(seen.note, zones.note),
        schedules=schedules,
    )
    return People(
        directory=directory,
        zones=PersonZones(seen=zones, ask=directory.actor),
        languages=PersonLanguages(database, seen=seen, ask=directory.actor, clock=clock),
    )
