"""Roles and people of the policy by name, for messages that call nobody. Functions of values; no clients."""

from collections.abc import Iterable, Mapping

from bot.languages import tr
from bot.languages.formats import all_of, some_of
from bot.permissions.roles import is_id, is_person
from bot.slack.blocks import bold_name, code, mention

# Of those who have a role; who has it beside them is not said.
_PEOPLE_SHOWN = 3


def role_names(names: Iterable[str], people: Mapping[str, Iterable[str]] | None = None) -> str:
    """Roles without a mention: a card that is drawn again must not call them. People are mentioned.

    `people`: role -> ids of those who have it now, where they may be mentioned.
    """
    return all_of(mention(name) if is_person(name) else _role(name, (people or {}).get(name, ())) for name in names)


def _role(name: str, ids: Iterable[str]) -> str:
    if is_id(name):
        return code(name)
    known = [mention(one) for one in sorted(ids) if is_person(one)]
    if not known:
        return tr("the role {role}", role=bold_name(name))
    return tr("the role {role} ({people})", role=bold_name(name), people=some_of(known, _PEOPLE_SHOWN))
