"""Who decides about unknown keys and changes from outside: whoever the policy lets disable any key at once.

Their cards name them, and mention them at most once a day, however many such cards come: nothing in them is urgent, and
nothing happens to a key by itself.
"""

from typing import Any

import sqlalchemy as sa

from bot.care.kind import CareParts
from bot.db import named_values
from bot.permissions.reviewers import security_of
from bot.permissions.roles import EVERYBODY

A_DAY = 86_400.0
_MENTIONED = "care.deciders_mentioned"


def deciders(c: sa.Connection, parts: CareParts) -> dict[str, Any]:
    """For the row of a card: who decides by the policy of now, and whom it mentions, if it is time for that."""
    policy, now = parts.deps.policy(), parts.deps.clock()
    names = security_of(policy)
    called = parts.deps.directory.schedules.called(policy.roles.ids(names[:1]) - {EVERYBODY})
    due = now - float(named_values.get(c, _MENTIONED) or 0.0) >= A_DAY
    if called and due:
        named_values.put(c, _MENTIONED, now)
    return {"deciders": list(names[:1]), "others": list(names[1:]), "called": sorted(called) if due else []}
