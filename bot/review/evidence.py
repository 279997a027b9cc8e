"""The evidence of a review as a file: who decided what about which key and when, what the key was before and after, and
the lines of the record that say so. Signed like the head of the record; docs/reviews.md is for readers outside.

A note signs the SHA-256 of the canonical JSON of everything else in the file, so no word of it can be changed. It holds
no value of a key.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from bot.audit import Fact
from bot.audit.chain import GENESIS, canonical, moment
from bot.audit.signed_head import Head, HeadSigner, UntrustedHead
from bot.audit.tables import head, lines
from bot.gateway.numbers import shown_number
from bot.review import store
from bot.review.models import Review, ReviewedKey, Verdict

FORMAT, ORIGIN = "keydesk-review-1", "keydesk/review"
PAGE = 500


def evidence(c: sa.Connection, review: Review, *, signer: HeadSigner | None) -> dict[str, Any]:
    """All that is known of a review; without a note where nothing can sign it."""
    count, last_hash = c.execute(sa.select(head.c.count, head.c.hash)).one_or_none() or (0, GENESIS)
    found: dict[str, Any] = {
        "format": FORMAT,
        "review": {
            "id": review.id,
            "status": review.status.value,
            "asked_by": review.asked_by,
            "asked_at": moment(review.asked_at),
            "opened_at": _moment(review.opened_at),
            "closed_at": _moment(review.closed_at),
            "reminders": review.reminded,
        },
        "cards": [
            {"id": card.id, "roles": list(card.roles), "security": card.security} for card in store.cards(c, review.id)
        ],
        "keys": [entry for rows in _pages(c, review.id) for entry in _entries(c, rows)],
        "record": {"count": count, "hash": last_hash},
    }
    return found if signer is None else found | {"note": signer.sign_text(_signed(found))}


def check(found: object, signer: HeadSigner) -> tuple[Head, Mapping[int, str]]:
    """Of a file that we signed: the head of the record at the time of the export, and hashes of lines by their numbers.

    Raises UntrustedHead.
    """
    if not isinstance(found, Mapping) or found.get("format") != FORMAT:
        raise UntrustedHead("This is no evidence of a review.")
    content = {name: value for name, value in found.items() if name != "note"}
    note = found.get("note")
    if not isinstance(note, str):
        raise UntrustedHead("The evidence is not signed, so anybody could have written it.")
    if signer.signed_text(note) != _signed(content):
        raise UntrustedHead("The evidence was changed: it is not what was signed.")
    # What we signed has this form.
    record: Mapping[str, Any] = content["record"]
    told = {line["seq"]: line["hash"] for key in content["keys"] for line in key["lines"]}
    return Head(count=record["count"], hash=record["hash"], signed=True), told


def missing_lines(c: sa.Connection, told: Mapping[int, str]) -> list[int]:
    """Numbers of those lines that are not in the record as the evidence has them."""
    numbers, wrong = sorted(told), []
    for first in range(0, len(numbers), PAGE):
        part = numbers[first : first + PAGE]
        there = {
            row.seq: row.hash for row in c.execute(sa.select(lines.c.seq, lines.c.hash).where(lines.c.seq.in_(part)))
        }
        wrong += [number for number in part if there.get(number) != told[number]]
    return wrong


def _signed(content: Mapping[str, Any]) -> str:
    """What the note says."""
    try:
        digest = hashlib.sha256(canonical(content).encode()).digest()
    except (ValueError, TypeError, RecursionError):
        raise UntrustedHead("The evidence was changed: it is not what was signed.") from None
    return f"{ORIGIN}\n{content['review']['id']}\n{base64.b64encode(digest).decode()}\n"


def _pages(c: sa.Connection, review_id: int) -> Iterator[Sequence[ReviewedKey]]:
    after = 0
    while rows := store.keys_after(c, review_id, after, limit=PAGE):
        yield rows
        after = rows[-1].id


def _entries(c: sa.Connection, rows: Sequence[ReviewedKey]) -> list[dict[str, Any]]:
    of_key = _lines(c, rows)
    return [_entry(row, of_key[row.id]) for row in rows]


def _entry(row: ReviewedKey, told: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "key_id": row.key_id,
        "key": str(shown_number(row.key_id)),
        "name": row.name,
        "owner": row.owner_id,
        "card": row.card_id,
        "reasons": [reason.value for reason in row.reasons],
        "spent_90_days": row.spent,
        "decision": row.verdict.value or "open",
        "decided_by": row.decided_by,
        "decided_at": _moment(row.decided_at),
        "why_left": None if row.departure is None else row.departure.value,
        "shrunk_to": row.target if row.verdict is Verdict.SHRINK else None,
        "request_id": row.request_id,
        "done_at": _moment(row.settled_at),
        "undone_by": row.undone_by,
        "undone_at": _moment(row.undone_at),
        "before": dict(row.snapshot),
        "after": _after(row, told),
        "lines": [{"seq": line["seq"], "fact": line["fact"], "hash": line["hash"]} for line in told],
    }


def _after(row: ReviewedKey, told: Iterable[Mapping[str, Any]]) -> Any:
    """What the key was when the decision was done, by the record; None where nothing was done."""
    for line in reversed(list(told)):
        applied = line["fact"] == Fact.APPLIED and line["request_id"] == row.request_id
        kept = line["fact"] == Fact.REVIEW_DECIDED and line["details"].get("decision") == Verdict.KEEP
        if applied or kept:
            return line["details"].get("after")
    return None


def _lines(c: sa.Connection, rows: Sequence[ReviewedKey]) -> dict[int, list[dict[str, Any]]]:
    """By row: the lines about its decision and about the requests that it led to, oldest first."""
    by_request = {number: row.id for row in rows for number in (row.request_id, row.undo_id) if number is not None}
    by_key = {row.key_id: row.id for row in rows}
    review_id, found = rows[0].review_id, {row.id: list[dict[str, Any]]() for row in rows}
    decided = (lines.c.fact == Fact.REVIEW_DECIDED.value) & lines.c.key_id.in_(by_key)
    query = sa.select(lines).where(decided | lines.c.request_id.in_(by_request)).order_by(lines.c.seq)
    for row in c.execute(query).mappings():
        line = dict(row) | {"details": json.loads(row["details"])}
        if line["fact"] == Fact.REVIEW_DECIDED:
            if line["details"].get("review") == review_id:
                found[by_key[line["key_id"]]].append(line)
        else:
            found[by_request[line["request_id"]]].append(line)
    return found


def _moment(at: float | None) -> str | None:
    return None if at is None else moment(at)
