"""Do the rows that decisions rest on agree with the record? For `keydesk audit verify`; reads only.

The record's chain proves its own lines. A request and the owner of a key are rows, which whoever can write to the
database can change; so the record holds who asked for what, who approved, and whose a key became.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from bot.audit import Fact
from bot.audit.tables import lines
from bot.db.tables import keys, requests
from bot.gateway.numbers import shown_number

# Names inside `details`.
INPUT, OWNER = "input_sha256", "owner"


class _Recorded(NamedTuple):
    """What the record says of one request. `wanted`: the digest of what was asked, "" in old lines."""

    asked_by: str | None
    operation: str
    key_id: int | None
    wanted: str


def input_digest(wanted: Mapping[str, Any]) -> str:
    """The digest of what was asked for, which the line of the asking holds."""
    return hashlib.sha256(json.dumps(wanted, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def disagreements(c: sa.Connection) -> Iterator[str]:
    """A sentence for each row that is not what the record says."""
    asked: dict[int, _Recorded] = {}
    approved: set[tuple[int, str]] = set()
    denied: dict[int, str] = {}
    owner: dict[int, str] = {}
    told = sa.select(lines.c.fact, lines.c.actor, lines.c.request_id, lines.c.key_id, lines.c.details)
    facts = [Fact.ASKED, Fact.APPROVED, Fact.COUNTERED, Fact.DENIED, Fact.APPLIED]
    for fact, actor, request_id, key_id, text in c.execute(told.where(lines.c.fact.in_(facts)).order_by(lines.c.seq)):
        details = _details(text)
        if fact == Fact.ASKED and request_id is not None:
            asked[request_id] = _Recorded(actor, str(details.get("operation")), key_id, str(details.get(INPUT, "")))
        elif fact in {Fact.APPROVED, Fact.COUNTERED} and request_id is not None and actor is not None:
            approved.add((request_id, actor))
        elif fact == Fact.DENIED and request_id is not None:
            denied[request_id] = str(actor)
        elif fact == Fact.APPLIED and isinstance(details.get(OWNER), dict):
            owner.update({int(number): str(who) for number, who in details[OWNER].items()})
    yield from _of_requests(c, asked, approved, denied)
    yield from _of_owners(c, owner)


def _of_requests(
    c: sa.Connection, asked: dict[int, _Recorded], approved: set[tuple[int, str]], denied: dict[int, str]
) -> Iterator[str]:
    found = set()
    for row in c.execute(sa.select(requests).order_by(requests.c.id)):
        found.add(row.id)
        line = asked.get(row.id)
        if line is None:
            yield f"Request {row.id} is in the database, but the record does not know it."
            continue
        yield from _of_wish(row, line)
        for vote in row.votes or ():
            if (row.id, vote.get("by")) not in approved:
                yield f"Request {row.id} has an approval of {vote.get('by')} that the record does not know."
        if row.status == "denied" and denied.get(row.id) != row.decided_by:
            yield f"Request {row.id} is denied, but the record does not say that {row.decided_by} denied it."
    for number in sorted(asked.keys() - found):
        yield f"Request {number} is in the record, but not in the database any more."


def _of_wish(row: sa.Row[Any], line: _Recorded) -> Iterator[str]:
    """What was asked for, by whom, about which key."""
    if line.operation != row.operation:
        yield f"Request {row.id} is about {row.operation}, but {line.operation} was asked for."
    if line.asked_by is not None and line.asked_by != row.requester_id:
        yield f"Request {row.id} is of {row.requester_id}, but {line.asked_by} asked for it."
    if line.key_id is not None and line.key_id != row.key_id:
        asked, ours = shown_number(line.key_id), shown_number(row.key_id)
        yield f"Request {row.id} is about key {ours}, but key {asked} was asked about."
    # An offer changes it, with a line of its own.
    if line.wanted and row.counter_offer is None and line.wanted != input_digest(row.input):
        yield f"What request {row.id} asks for was changed."


def _of_owners(c: sa.Connection, owner: dict[int, str]) -> Iterator[str]:
    for key_id, owner_id in c.execute(sa.select(keys.c.key_id, keys.c.owner_id).order_by(keys.c.key_id)):
        recorded = owner.get(key_id)
        if recorded is not None and recorded != owner_id:
            number = shown_number(key_id)
            yield f"Key {number} belongs to {owner_id} in the database, but the record says that {recorded} got it."


def _details(text: str) -> dict[str, Any]:
    try:
        details = json.loads(text)
    except ValueError:
        return {}  # the chain names that line
    return details if isinstance(details, dict) else {}
