"""Reads a rule's outcome: `allow`, `deny`, or the terms of an `approval`. Knows the grammar only."""

from bot.languages import tr, trc
from bot.permissions.models import Approval, CounterOffer, Escalation, Notify, Stage
from bot.permissions.roles import Roles
from bot.permissions.source_map import Path
from bot.permissions.toml_document import Table, TomlDocument

KEYS = (
    "from", "count", "stages", "expires", "remind", "escalate", "notify", "self_approval", "counter_offer",
    "break_glass",
)  # fmt: skip
STAGE_KEYS = ("from", "count", "escalate")
MAX_STAGES = 10
MAX_PEOPLE = 20
DEFAULT_EXPIRES = 3 * 86_400
MINUTE = 60
DAY = 86_400
MAX_EXPIRES = 90 * DAY


def read_approval(document: TomlDocument, path: Path, value: object, roles: Roles) -> tuple[Approval | None, bool]:
    """The terms, and whether `self_approval = false` is written out. None after a mistake."""
    table = document.table(path, value, "approval")
    if table is None:
        return None, False
    document.only(path, table, KEYS, "approval")
    expires = _expires(document, path, table)
    stages = _stages(document, path, table, roles, expires)
    remind, factor, most = _remind(document, path, table, expires)
    self_approval = _flag(document, path, table, "self_approval")
    offers: tuple[CounterOffer, ...] = ("ask", "stand")
    offer = document.choice((*path, "counter_offer"), table.get("counter_offer", "ask"), "counter_offer", offers)
    approval = Approval(
        stages=stages,
        expires=expires,
        remind=remind,
        remind_factor=factor,
        remind_most=most,
        self_approval=self_approval,
        counter_offer="stand" if offer == "stand" else "ask",
        break_glass=_flag(document, path, table, "break_glass"),
        notify=_notify(document, path, table),
    )
    return (approval if stages else None), table.get("self_approval") is False


def _notify(document: TomlDocument, path: Path, table: Table) -> Notify | None:
    ways: tuple[Notify, ...] = ("channel", "dm", "both")
    said = document.choice((*path, "notify"), table["notify"], "notify", ways) if "notify" in table else None
    return next((way for way in ways if way == said), None)


def _flag(document: TomlDocument, path: Path, table: Table, name: str) -> bool:
    return bool(document.flag((*path, name), table.get(name, False), name))


def _expires(document: TomlDocument, path: Path, table: Table) -> int:
    if "expires" not in table:
        return DEFAULT_EXPIRES
    expires = document.duration((*path, "expires"), table["expires"], "expires")
    if expires is not None and not MINUTE <= expires <= MAX_EXPIRES:
        document.wrong((*path, "expires"), tr("expires must be 1 minute to 90 days"))
    # After a mistake the longest time is assumed, so that no second mistake is reported because of the first.
    return expires or MAX_EXPIRES


def _stages(document: TomlDocument, path: Path, table: Table, roles: Roles, expires: int) -> tuple[Stage, ...]:
    above = _escalations(document, (*path, "escalate"), table.get("escalate", []), roles, expires)
    if "stages" not in table:
        stage = _stage(document, path, table, roles, above)
        return (stage,) if stage else ()
    for name in ("from", "count"):
        if name in table:
            wrong = tr("write either {name} or stages; each stage has its own {name}", name=name)
            document.wrong((*path, name), wrong)
    value = table["stages"]
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_STAGES:
        wrong = tr(
            "stages must be a list of 1 to {number} tables like {example}",
            number=MAX_STAGES,
            example='{ from = ["manager"] }',
        )
        document.wrong((*path, "stages"), wrong)
        return ()
    stages = []
    for index, element in enumerate(value):
        place = (*path, "stages", index)
        part = document.table(place, element, _a_stage())
        if part is None:
            continue
        document.only(place, part, STAGE_KEYS, _a_stage())
        own = _escalations(document, (*place, "escalate"), part.get("escalate", []), roles, expires)
        if stage := _stage(document, place, part, roles, (*own, *above)):
            stages.append(stage)
    return tuple(stages)


def _a_stage() -> str:
    return trc("a part of the policy file", "a stage")


def _stage(
    document: TomlDocument, path: Path, table: Table, roles: Roles, escalations: tuple[Escalation, ...]
) -> Stage | None:
    count = document.integer((*path, "count"), table.get("count", 1), "count", least=1, most=MAX_PEOPLE)
    if "from" not in table:
        document.wrong(path, tr('it is not said who approves: from = ["…"] is missing'))
        return None
    names = roles.read_names(document, (*path, "from"), table["from"], "from")
    if not names or count is None:
        return None
    return Stage(roles=names, count=count, escalations=tuple(sorted(escalations, key=lambda one: one.after)))


def _escalations(
    document: TomlDocument, path: Path, value: object, roles: Roles, expires: int
) -> tuple[Escalation, ...]:
    """One table `{ to = […], after = "1d" }`, or a list of them."""
    many = value if isinstance(value, list) else [value]
    escalations = []
    for index, element in enumerate(many):
        place = (*path, index) if isinstance(value, list) else path
        table = document.table(place, element, "escalate")
        if table is None:
            continue
        document.only(place, table, ("to", "after"), "escalate")
        if "to" not in table or "after" not in table:
            example = '{ to = ["…"], after = "1d" }'
            document.wrong(place, tr("escalate needs to whom and after what time: {example}", example=example))
            continue
        names = roles.read_names(document, (*place, "to"), table["to"], "to")
        after = document.duration((*place, "after"), table["after"], "after")
        if after is not None and after >= expires:
            document.wrong((*place, "after"), tr("it would escalate only after the request has expired"))
        if names and after:
            escalations.append(Escalation(roles=names, after=after))
    return tuple(escalations)


def _remind(document: TomlDocument, path: Path, table: Table, expires: int) -> tuple[float | None, float, int]:
    """First wait, factor and number; a text is the first wait with the usual back-off."""
    value = table.get("remind")
    place: Path = (*path, "remind")
    factor, most = 2, 5
    if value is None:
        return None, factor, most
    if isinstance(value, dict):
        document.only(place, value, ("after", "factor", "most"), "remind")
        factor = document.integer((*place, "factor"), value.get("factor", 2), "factor", least=1, most=10) or 2
        most = document.integer((*place, "most"), value.get("most", 5), "most", least=1, most=20) or 5
        place, value = (*place, "after"), value.get("after")
        if value is None:
            document.wrong(place, tr("remind needs the first wait: {example}", example='{ after = "4h" }'))
            return None, factor, most
    after = document.duration(place, value, "remind")
    if after is not None and not MINUTE <= after < expires:
        document.wrong(place, tr("the first reminder must come after a minute or more and before the request expires"))
    return after, factor, most
