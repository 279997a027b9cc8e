"""The chain of the record: how a line is written and hashed, and what is wrong with a set of lines. Pure.

A line is one JSON object: `seq` (1, 2, 3 …), `at` (UTC, "2030-01-31T12:00:00.000Z"), `fact`, `actor` (Slack user id
or null), `request_id`, `key_id` (numbers or null), `details` (object), `previous_hash`, `hash`. Canonical JSON is UTF-8
with sorted names, no spaces and no escapes beyond what JSON demands. `hash` is the SHA-256, in hex, of the canonical
JSON of the line without `hash`; `previous_hash` is the `hash` of the line before, 64 zeros for the first. The last
line of an export is `{"head":{"count":n,"hash":"…","note":"…"}}`; the note is signed (signed_head.py). The schema is
stable; docs/audit.md is for readers outside.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.audit.signed_head import Head

GENESIS = "0" * 64
# Of a number of a line: what the database's column holds.
_LARGEST = 2**63 - 1
# A text as canonical JSON writes it.
_quoted = json.encoder.encode_basestring
# Control and direction characters are written as escapes in an export, which is the same JSON.
_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def canonical(value: Any) -> str:
    """Canonical JSON: equal values give equal text. Raises ValueError for NaN and infinities, TypeError for others."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def printable(text: str) -> str:
    """Canonical JSON with everything that is not to be seen spelled out: a reader gets the same value."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def moment(at: float) -> str:
    """Unix seconds as the text of a line."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def sealed(line: Mapping[str, Any]) -> str:
    """The hash of a line; `line` has every field but `hash`."""
    return hashlib.sha256(canonical(line).encode()).hexdigest()


def sealed_columns(
    *,
    seq: int,
    at: float,
    fact: str,
    actor: str | None,
    request_id: int | None,
    key_id: int | None,
    details: str,
    previous_hash: str,
) -> str:
    """The same from the columns of a line, `details` as the canonical JSON text that is stored; no object is made.

    Raises TypeError and ValueError for what no line can hold.
    """
    if not (type(details) is str and _is_count(seq) and _is_number(request_id) and _is_number(key_id)):
        raise TypeError("no line has such a column")
    text = (
        f'{{"actor":{"null" if actor is None else _quoted(actor)},"at":"{moment(at)}","details":{details}'
        f',"fact":{_quoted(fact)},"key_id":{"null" if key_id is None else key_id}'
        f',"previous_hash":{_quoted(previous_hash)}'
        f',"request_id":{"null" if request_id is None else request_id},"seq":{seq}}}'
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _is_count(value: object) -> bool:
    return type(value) is int


def _is_number(value: object) -> bool:
    return value is None or type(value) is int


def continues(columns: Iterable[tuple[Any, ...]], *, after: tuple[int, str]) -> tuple[int, str] | None:
    """The number and hash of the last line, where each line continues the one before and fits its hash; else None.

    `columns`: seq, at, fact, actor, request_id, key_id, details, previous_hash, hash of each line, in order;
    `after`: number and hash of the line before them.
    """
    expected, last = after
    try:
        for seq, at, fact, actor, request_id, key_id, details, previous_hash, claimed in columns:
            expected += 1
            if seq != expected or previous_hash != last:
                return None
            last = sealed_columns(
                seq=seq,
                at=at,
                fact=fact,
                actor=actor,
                request_id=request_id,
                key_id=key_id,
                details=details,
                previous_hash=previous_hash,
            )
            if last != claimed:
                return None
    except (ValueError, TypeError, OverflowError, OSError):
        return None
    return expected, last


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. `seq` is the number of the line it is about, None when it has none."""

    seq: int | None
    kind: str  # unreadable, changed, inserted, removed, reordered, head
    sentence: str


@dataclass(frozen=True)
class Verification:
    """What a check found; no problems: no line was changed, removed, reordered or inserted."""

    count: int
    head: str
    problems: tuple[Problem, ...]


@dataclass
class _Walk:
    """What is remembered of each line: its hashes by number, and the problems so far."""

    hashes: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    changed: set[int] = field(default_factory=set)
    highest: int = 0
    count: int = 0
    head: Mapping[str, Any] | None = None

    def add(self, kind: str, seq: int | None, sentence: str) -> None:
        self.problems.append(Problem(seq=seq, kind=kind, sentence=sentence))


def verify(lines: Iterable[str], *, heads: Iterable[Head] = ()) -> Verification:
    """Check exported lines, the head line included. The problems come in the order of the record.

    Whoever can write the database can also make a new chain with a new head: `heads` are earlier ones, kept elsewhere,
    from which the record must go on.
    """
    walk = _Walk()
    for place, text in enumerate(lines, start=1):
        _look(walk, place, text)
    _check_links(walk)
    _check_head(walk)
    for earlier in heads:
        _check_earlier(walk, earlier)
    last = walk.hashes[max(walk.hashes)][-1][0] if walk.hashes else GENESIS
    problems = sorted(walk.problems, key=lambda problem: (problem.seq is None, problem.seq or 0))
    return Verification(count=walk.count, head=last, problems=tuple(problems))


def _look(walk: _Walk, place: int, text: str) -> None:
    try:
        line = json.loads(text)
        if walk.head is None and isinstance(line, dict) and isinstance(line.get("head"), dict):
            walk.head = line["head"]
            return
        claimed = line.pop("hash")
        seq, previous = line["seq"], line["previous_hash"]
        readable = type(seq) is int and abs(seq) <= _LARGEST and isinstance(previous, str) and isinstance(claimed, str)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        readable = False
    if not readable:
        walk.add("unreadable", None, f"Line {place} of the export is not a line of the record.")
        return
    walk.count += 1
    if _sealed_or_none(line) != claimed:
        walk.changed.add(seq)
        walk.add("changed", seq, f"Line {seq} was changed: its content does not fit its hash.")
    if walk.head is not None:
        walk.add("inserted", seq, f"Line {seq} comes after the head line of the export.")
    elif seq in walk.hashes:
        walk.add("inserted", seq, f"Line {seq} is there more than once.")
    elif seq < walk.highest:
        walk.add("reordered", seq, f"Line {seq} comes after line {walk.highest}.")
    walk.highest = max(walk.highest, seq)
    walk.hashes.setdefault(seq, []).append((claimed, previous))


def _sealed_or_none(line: Mapping[str, Any]) -> str | None:
    """The hash; None for what canonical JSON cannot say (NaN, half of a surrogate pair), so it was never written."""
    try:
        return sealed(line)
    except (ValueError, RecursionError):
        return None


def _check_links(walk: _Walk) -> None:
    expected = 1
    before = [GENESIS]
    for seq in sorted(walk.hashes):
        if seq < 1:
            walk.add("inserted", seq, f"Line {seq} has a number that no line can have.")
            continue
        if seq > expected:
            walk.add("removed", expected, f"{_span(expected, seq - 1)} missing.")
        elif not any(previous in before for _, previous in walk.hashes[seq]) and not walk.changed & {seq, seq - 1}:
            walk.add("changed", max(seq - 1, 1), f"Line {seq} does not continue line {seq - 1}: one was replaced.")
        before = [claimed for claimed, _ in walk.hashes[seq]]
        expected = seq + 1


def _check_head(walk: _Walk) -> None:
    if walk.head is None:
        walk.add("removed", None, "The head line is missing: lines at the end may be missing too.")
        return
    count, hashed = walk.head.get("count"), walk.head.get("hash")
    highest = max(walk.hashes, default=0)
    if type(count) is not int or abs(count) > _LARGEST:
        walk.add("unreadable", None, "The head line is not readable.")
    elif highest < count:
        walk.add("removed", highest + 1, f"{_span(highest + 1, count)} missing at the end.")
    elif highest > count:
        walk.add("inserted", count + 1, f"{_span(count + 1, highest)} not counted by the head: inserted at the end.")
    elif count and all(hashed != claimed for claimed, _ in walk.hashes[count]) and count not in walk.changed:
        walk.add("changed", count, f"Line {count} is not the last line that the head remembers.")
    elif not count and hashed != GENESIS:
        walk.add("head", None, "The head of the empty record was changed.")


def _check_earlier(walk: _Walk, earlier: Head) -> None:
    highest = max(walk.hashes, default=0)
    if earlier.count > highest:
        missing = f"{_span(highest + 1, earlier.count)} missing"
        walk.add("removed", highest + 1, f"{missing}: the earlier head counts {earlier.count} lines.")
    elif earlier.count < 0 or (earlier.count == 0 and earlier.hash != GENESIS):
        walk.add("head", None, "The earlier head is none that a record can have.")
    elif earlier.count and all(earlier.hash != claimed for claimed, _ in walk.hashes.get(earlier.count, [])):
        told = f"Line {earlier.count} is not the one that the earlier head remembers"
        walk.add("changed", earlier.count, f"{told}: the record was rewritten up to there.")


def _span(first: int, last: int) -> str:
    return f"Line {first} is" if first == last else f"Lines {first} to {last} are"
