"""Roles: names for Slack people and groups, and who has which of them now.

A role, an id (U…/W… a person, S… a user group) or "*" (every full member of this workspace) may stand
wherever people are named. A schedule (pagerduty:…), whoever is on call in it, stands in a role, beside the people who
stand in while that is not known. Only full members have a role. It knows ids as texts, no Slack client.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.languages import tr, trc
from bot.permissions.models import Actor, ActorKind
from bot.permissions.source_map import Path
from bot.permissions.toml_document import TomlDocument, guess, short

EVERYBODY = "*"
_ROLE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_PERSON = re.compile(r"[UW][A-Z0-9]{2,30}")
_GROUP = re.compile(r"S[A-Z0-9]{2,30}")
_SCHEDULE = re.compile(r"pagerduty:[A-Z0-9]{4,30}")
# Each is asked for every few minutes.
MOST_SCHEDULES = 20


@dataclass(frozen=True, kw_only=True)
class Roles:
    """Role name → the ids (or "*") that have it. `fallbacks`: schedule → ids of people and groups who have its roles
    while nobody is known to be on call.
    """

    members: Mapping[str, frozenset[str]]
    fallbacks: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, actor: Actor) -> frozenset[str]:
        """Names of the roles somebody has; empty for everybody who is no full member."""
        if actor.kind is not ActorKind.MEMBER:
            return frozenset()
        ids = self._ids(actor)
        return frozenset(name for name, members in self.members.items() if not members.isdisjoint(ids)) | (
            actor.assumed_roles & self.members.keys()
        )

    def held(self, actor: Actor) -> frozenset[str]:
        """Everything by which a rule can name this person: roles, the own id, group ids and "*"."""
        if actor.kind is not ActorKind.MEMBER:
            return frozenset()
        return self.of(actor) | self._ids(actor)

    def ids(self, names: tuple[str, ...]) -> frozenset[str]:
        """The ids (and "*") behind roles and ids."""
        return frozenset().union(*(self.members.get(name, frozenset({name})) for name in names))

    def _ids(self, actor: Actor) -> frozenset[str]:
        return actor.groups | {actor.slack_user_id, EVERYBODY}

    def read_names(self, document: TomlDocument, path: Path, value: object, what: str) -> tuple[str, ...]:
        """Roles, ids or "*" in `who`, `from` and `to`; mistakes go to `document`."""
        read = document.texts(path, value, what)
        if read is None:
            return ()
        if not read:
            document.wrong(path, tr("{what} is empty, so it names nobody", what=what))
        names = []
        for place, name in read:
            if name in self.members or is_id(name) or name == EVERYBODY:
                names.append(name)
            elif is_schedule(name):
                wrong = tr(
                    "“{typed}” stands in a role: write {example} and name that role here",
                    typed=name,
                    example=f'[roles.oncall] members = ["{name}"]',
                )
                document.wrong(place, wrong)
            else:
                wrong = tr("there is no role “{typed}”", typed=short(name))
                document.wrong(place, guess(wrong, name, self.members))
        return tuple(dict.fromkeys(names))


def is_person(name: str) -> bool:
    """Whether this is a person's Slack id."""
    return _PERSON.fullmatch(name) is not None


def is_group(name: str) -> bool:
    """Whether this is a Slack user group's id."""
    return _GROUP.fullmatch(name) is not None


def is_id(name: str) -> bool:
    """Whether this is the Slack id of a person or a user group, and no name of a role."""
    return is_person(name) or is_group(name)


def is_schedule(name: str) -> bool:
    """Whether this is a schedule of PagerDuty."""
    return _SCHEDULE.fullmatch(name) is not None


def read_roles(document: TomlDocument, value: object) -> Roles:
    """The [roles] table; mistakes go to `document`."""
    table = document.table(("roles",), value, "roles")
    members, written = {}, {}
    for name, found in (table or {}).items():
        path: Path = ("roles", name)
        ids = found
        if not _ROLE.fullmatch(name):
            # Lower case keeps role names and Slack ids apart for good.
            wrong = tr("a role is named in lower case (a-z, 0-9, - and _), not “{typed}”", typed=short(name))
            document.wrong(path, wrong)
        if isinstance(found, dict):
            document.only(path, found, ("members", "fallback"), _a_role())
            if "members" not in found:
                document.wrong(path, tr("the role has no {key}", key="members"))
            if "fallback" in found:
                written[name] = found["fallback"]
            path, ids = (*path, "members"), found.get("members", [])
        members[name] = frozenset(_read_ids(document, path, ids))
    return Roles(members=members, fallbacks=_fallbacks(document, members, written))


def _a_role() -> str:
    return trc("a part of the policy file", "a role")


def _fallbacks(
    document: TomlDocument, members: Mapping[str, frozenset[str]], written: Mapping[str, object]
) -> dict[str, frozenset[str]]:
    """The ids behind each schedule's fallback; the roles of one schedule have the same."""
    found: dict[str, tuple[str, frozenset[str]]] = {}
    for role, ids in members.items():
        path: Path = ("roles", role)
        fallback = _read_fallback(document, (*path, "fallback"), written[role], members) if role in written else []
        schedules = sorted(one for one in ids if is_schedule(one))
        if role in written and not schedules:
            wrong = tr("a fallback is for a role with a schedule ({example})", example="pagerduty:P0ABC12")
            document.wrong((*path, "fallback"), wrong)
        for schedule in schedules:
            first, theirs = found.setdefault(schedule, (role, frozenset(fallback)))
            if theirs != frozenset(fallback):
                wrong = tr(
                    "{schedule} has another fallback in the role {role}; write the same in both",
                    schedule=schedule,
                    role=first,
                )
                document.wrong(path, wrong)
    if len(found) > MOST_SCHEDULES:
        document.wrong(("roles",), tr("there are more than {number} schedules", number=MOST_SCHEDULES))
    return {schedule: fallback for schedule, (_, fallback) in found.items()}


def _read_fallback(
    document: TomlDocument, path: Path, value: object, members: Mapping[str, frozenset[str]]
) -> list[str]:
    """People, groups, or roles of these. Neither everybody nor another schedule: those are no help when it counts."""
    ids: list[str] = []
    for place, name in document.texts(path, value, "fallback") or ():
        behind = members.get(name, frozenset({name}))
        if name not in members and not is_id(name) and not is_schedule(name) and name != EVERYBODY:
            wrong = tr("there is no role “{typed}”", typed=short(name))
            document.wrong(place, guess(wrong, name, members))
        elif all(map(is_id, behind)):
            ids += behind
        else:
            wrong = tr("a fallback names people, user groups or roles of these, no schedule and not everybody")
            document.wrong(place, wrong)
    return ids


def _read_ids(document: TomlDocument, path: Path, value: object) -> list[str]:
    read = document.texts(path, value, _a_role(), most=5_000) or ()
    ids = []
    for place, name in read:
        if is_id(name) or is_schedule(name) or name == EVERYBODY:
            ids.append(name)
        elif name.lower().startswith("pagerduty"):
            wrong = tr(
                "“{typed}” is no schedule: write {example}, with the id from the address of the schedule's page",
                typed=short(name),
                example="pagerduty:P0ABC12",
            )
            document.wrong(place, wrong)
        else:
            wrong = tr(
                '“{typed}” is no Slack id: a person is U…, a user group S…, every full member is "*"', typed=short(name)
            )
            document.wrong(place, wrong)
    return ids
