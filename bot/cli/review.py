"""`keydesk review start | status | export | verify`: asks for a review, tells how far it is, writes what was decided.

Knows no argparse. A running `serve` begins what is asked for here, and carries it on.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from bot import audit
from bot.audit.chain import moment, printable
from bot.audit.signed_head import HeadSigner, UntrustedHead
from bot.audit.store import snapshot
from bot.db.engine import Database
from bot.errors import ConfigurationError
from bot.review import store
from bot.review.evidence import check, evidence, missing_lines
from bot.review.models import Review, ReviewCounts, ReviewStatus
from bot.review.rounds import BY_COMMAND

_NONE = "There is no review yet; `keydesk review start` asks for one."


def start_review(database: Database, *, out: TextIO, now: float) -> int:
    """Ask for a review and return 0; 1 where one is open already."""
    with database.engine.begin() as c:
        number, open_one = store.ask(c, by=BY_COMMAND, now=now), store.current(c)
    if number is None:
        out.write(f"Review {0 if open_one is None else open_one.id} is open already; it must end first.\n")
        return 1
    out.write(f"Review {number} is asked for. A running `keydesk serve` begins it within a minute.\n")
    return 0


def review_status(database: Database, number: int | None, *, out: TextIO, as_json: bool = False) -> int:
    """Tell how far a review is, by default the last one, and return 0; 1 where there is none."""
    with database.engine.connect() as c:
        review = store.last(c) if number is None else store.find(c, number)
        counts = ReviewCounts(by_verdict={}) if review is None else store.counts(c, review_id=review.id)
    if review is None:
        out.write(f"{_NONE if number is None else f'There is no review {number}.'}\n")
        return 1
    told = _status(review, counts)
    if as_json:
        out.write(json.dumps(told) + "\n")
        return 0
    out.write(f"review {review.id}: {review.status.value}\n")
    known = {name: value for name, value in told.items() if value is not None}
    out.writelines(f"  {name}: {value}\n" for name, value in known.items() if name not in {"id", "status", "decisions"})
    out.writelines(f"  {name}: {count}\n" for name, count in told["decisions"].items())
    return 0


def _status(review: Review, counts: ReviewCounts) -> dict[str, Any]:
    begun = review.status is not ReviewStatus.WANTED
    return {
        "id": review.id,
        "status": review.status.value,
        "asked_by": review.asked_by,
        "asked_at": moment(review.asked_at),
        "opened_at": None if review.opened_at is None else moment(review.opened_at),
        "ends_at": moment(review.ends_at) if begun else None,
        "closed_at": None if review.closed_at is None else moment(review.closed_at),
        "reminders": review.reminded,
        "keys": counts.total,
        "decisions": {verdict.value or "open": number for verdict, number in sorted(counts.by_verdict.items())},
    }


def export_review(
    database: Database, number: int, *, out: TextIO, err: TextIO, signer: HeadSigner | None = None
) -> int:
    """Write the evidence of a review and return 0; 1 where there is no such review, or it has not begun."""
    with snapshot(database) as c:
        review = store.find(c, number)
        if review is None or review.status is ReviewStatus.WANTED:
            told = "is no such review" if review is None else "is nothing in it yet: it has not begun"
            err.write(f"keydesk: review {number}: there {told}.\n")
            return 1
        found = evidence(c, review, signer=signer)
    out.write(printable(json.dumps(found, ensure_ascii=False, indent=1)) + "\n")
    if review.status is not ReviewStatus.CLOSED:
        err.write(f"keydesk: review {number} is open still; export it again once it is closed.\n")
    if signer is None:
        err.write("keydesk: SLACK_SIGNING_SECRET is not set here, so the evidence is not signed.\n")
    return 0


def verify_review(path: Path, signer: HeadSigner, *, out: TextIO, database: Database | None = None) -> int:
    """Check a file of evidence: its signature, and with a `database` that its lines are in the record. 0 or 1."""
    try:
        found = _read(path)
        earlier, told = check(found, signer)
    except UntrustedHead as error:
        out.write(f"{path}: {error}\n")
        return 1
    keys, number = len(found["keys"]), found["review"]["id"]
    if database is None:
        out.write(f"ok: review {number}, {keys} keys, as Keydesk signed it\n")
        return 0
    verdict = audit.verify_database(database, heads=[earlier])
    with database.engine.connect() as c:
        missing = missing_lines(c, told)
    if verdict.problems or missing:
        first = verdict.problems[0].sentence if verdict.problems else f"Line {missing[0]} of the record is another one."
        out.write(f"{first}\n")
        return 1
    out.write(f"ok: review {number}, {keys} keys, as Keydesk signed it; its {len(told)} lines are in the record\n")
    return 0


def _read(path: Path) -> Mapping[str, Any]:
    """The file's JSON. Raises ConfigurationError for no file, UntrustedHead for no JSON."""
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise ConfigurationError([f"{path} cannot be read: {error.strerror}."]) from None
    except (ValueError, RecursionError):
        raise UntrustedHead("This is no evidence of a review.") from None
    if not isinstance(found, dict):
        raise UntrustedHead("This is no evidence of a review.")
    return found
