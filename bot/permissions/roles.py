"""Roles: names for Slack people and groups, and who has which of them now.

A role, an id (U…/W… a person, S… a user group) or "*" (every full member of this workspace) may stand
wherever people are named. Only full members have a role. It knows ids as texts, no Slack client.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.languages import tr, trc
from bot.permissions.models import Actor, ActorKind
from bot.permissions.source_map import Path
from bot.permissions.toml_document import TomlDocument, guess, short

EVERYBODY = "*"
_ROLE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_PERSON = re.compile(r"[UW][A-Z0-9]{2,30}")
_GROUP = re.compile(r"S[A-Z0-9]{2,30}")


@dataclass(frozen=True, kw_only=True)
class Roles:
    """Role name → the ids (or "*") that have it."""

    members: Mapping[str, frozenset[str]]

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


def read_roles(document: TomlDocument, value: object) -> Roles:
    """The [roles] table; mistakes go to `document`."""
    table = document.table(("roles",), value, "roles")
    members = {}
    for name, ids in (table or {}).items():
        if not _ROLE.fullmatch(name):
            # Lower case keeps role names and Slack ids apart for good.
            wrong = tr("a role is named in lower case (a-z, 0-9, - and _), not “{typed}”", typed=short(name))
            document.wrong(("roles", name), wrong)
        members[name] = frozenset(_read_ids(document, ("roles", name), ids))
    return Roles(members=members)


def _read_ids(document: TomlDocument, path: Path, value: object) -> list[str]:
    read = document.texts(path, value, trc("a part of the policy file", "a role"), most=5_000) or ()
    ids = []
    for place, name in read:
        if is_id(name) or name == EVERYBODY:
            ids.append(name)
        else:
            wrong = tr(
                '“{typed}” is no Slack id: a person is U…, a user group S…, every full member is "*"', typed=short(name)
            )
            document.wrong(place, wrong)
    return ids
