"""Reads a rule's outcome: `allow`, `deny`, or the terms of an `approval`. Knows the grammar only."""

from bot.permissions.models import Approval, CounterOffer, Escalation, Stage
from bot.permissions.positions import Path
from bot.permissions.reading import Reading, Table
from bot.permissions.roles import Roles

KEYS = (
    "from", "count", "stages", "expires", "remind", "escalate", "self_approval", "counter_offer", "break_glass",
)  # fmt: skip
STAGE_KEYS = ("from", "count", "escalate")
MAX_STAGES = 10
MAX_PEOPLE = 20
DEFAULT_EXPIRES = 3 * 86_400
MINUTE = 60
DAY = 86_400
MAX_EXPIRES = 90 * DAY


def read_approval(reading: Reading, path: Path, value: object, roles: Roles) -> tuple[Approval | None, bool]:
    """The terms, and whether `self_approval = false` is written out. None after a mistake."""
    table = reading.table(path, value, "approval")
    if table is None:
        return None, False
    reading.only(path, table, KEYS, "approval")
    expires = _expires(reading, path, table)
    stages = _stages(reading, path, table, roles, expires)
    remind, factor, most = _remind(reading, path, table, expires)
    self_approval = _flag(reading, path, table, "self_approval")
    offers: tuple[CounterOffer, ...] = ("ask", "stand")
    offer = reading.choice((*path, "counter_offer"), table.get("counter_offer", "ask"), "counter_offer", offers)
    approval = Approval(
        stages=stages,
        expires=expires,
        remind=remind,
        remind_factor=factor,
        remind_most=most,
        self_approval=self_approval,
        counter_offer="stand" if offer == "stand" else "ask",
        break_glass=_flag(reading, path, table, "break_glass"),
    )
    return (approval if stages else None), table.get("self_approval") is False


def _flag(reading: Reading, path: Path, table: Table, name: str) -> bool:
    return bool(reading.flag((*path, name), table.get(name, False), name))


def _expires(reading: Reading, path: Path, table: Table) -> int:
    if "expires" not in table:
        return DEFAULT_EXPIRES
    expires = reading.duration((*path, "expires"), table["expires"], "expires")
    if expires is not None and not MINUTE <= expires <= MAX_EXPIRES:
        reading.wrong((*path, "expires"), "expires must be 1 minute to 90 days")
    # After a mistake the longest time, so that no second mistake is made up from it.
    return expires or MAX_EXPIRES


def _stages(reading: Reading, path: Path, table: Table, roles: Roles, expires: int) -> tuple[Stage, ...]:
    above = _escalations(reading, (*path, "escalate"), table.get("escalate", []), roles, expires)
    if "stages" not in table:
        stage = _stage(reading, path, table, roles, above)
        return (stage,) if stage else ()
    for name in ("from", "count"):
        if name in table:
            reading.wrong((*path, name), f"write either {name} or stages; each stage has its own {name}")
    value = table["stages"]
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_STAGES:
        reading.wrong(
            (*path, "stages"), f'stages must be a list of 1 to {MAX_STAGES} tables like {{ from = ["manager"] }}'
        )
        return ()
    stages = []
    for index, element in enumerate(value):
        place = (*path, "stages", index)
        part = reading.table(place, element, "a stage")
        if part is None:
            continue
        reading.only(place, part, STAGE_KEYS, "a stage")
        own = _escalations(reading, (*place, "escalate"), part.get("escalate", []), roles, expires)
        if stage := _stage(reading, place, part, roles, (*own, *above)):
            stages.append(stage)
    return tuple(stages)


def _stage(
    reading: Reading, path: Path, table: Table, roles: Roles, escalations: tuple[Escalation, ...]
) -> Stage | None:
    count = reading.integer((*path, "count"), table.get("count", 1), "count", least=1, most=MAX_PEOPLE)
    if "from" not in table:
        reading.wrong(path, 'it is not said who approves: from = ["…"] is missing')
        return None
    names = roles.read_names(reading, (*path, "from"), table["from"], "from")
    if not names or count is None:
        return None
    return Stage(roles=names, count=count, escalations=tuple(sorted(escalations, key=lambda one: one.after)))


def _escalations(reading: Reading, path: Path, value: object, roles: Roles, expires: int) -> tuple[Escalation, ...]:
    """One table `{ to = […], after = "1d" }`, or a list of them."""
    many = value if isinstance(value, list) else [value]
    escalations = []
    for index, element in enumerate(many):
        place = (*path, index) if isinstance(value, list) else path
        table = reading.table(place, element, "escalate")
        if table is None:
            continue
        reading.only(place, table, ("to", "after"), "escalate")
        if "to" not in table or "after" not in table:
            reading.wrong(place, 'escalate needs to whom and after what time: { to = ["…"], after = "1d" }')
            continue
        names = roles.read_names(reading, (*place, "to"), table["to"], "to")
        after = reading.duration((*place, "after"), table["after"], "after")
        if after is not None and after >= expires:
            reading.wrong((*place, "after"), "it would escalate only after the request has expired")
        if names and after:
            escalations.append(Escalation(roles=names, after=after))
    return tuple(escalations)


def _remind(reading: Reading, path: Path, table: Table, expires: int) -> tuple[float | None, float, int]:
    """First wait, factor and number; a text is the first wait with the usual back-off."""
    value = table.get("remind")
    place: Path = (*path, "remind")
    factor, most = 2, 5
    if value is None:
        return None, factor, most
    if isinstance(value, dict):
        reading.only(place, value, ("after", "factor", "most"), "remind")
        factor = reading.integer((*place, "factor"), value.get("factor", 2), "factor", least=1, most=10) or 2
        most = reading.integer((*place, "most"), value.get("most", 5), "most", least=1, most=20) or 5
        place, value = (*place, "after"), value.get("after")
        if value is None:
            reading.wrong(place, 'remind needs the first wait: { after = "4h" }')
            return None, factor, most
    after = reading.duration(place, value, "remind")
    if after is not None and not MINUTE <= after < expires:
        reading.wrong(place, "the first reminder must come after a minute or more and before the request expires")
    return after, factor, most
