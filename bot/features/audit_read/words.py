"""What a line of the record says, as a sentence for people: Slack's mrkdwn, everything typed escaped. Pure.

The stable names stay in the export (docs/audit.md). Lines are for ever, so details that an older version wrote
otherwise, or that somebody changed by hand, make a shorter sentence, never an error.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from bot.approvals.models import ApprovalRequest
from bot.audit import Fact
from bot.gateway.models import NEVER, KeySettings, KeyStatus
from bot.keys.text import changed_lines, new_key_lines, quota_text
from bot.operations import Change, Description, Expiry, Offer, Registry
from bot.slack.blocks import bold_name, code, inert, mention, truncate
from bot.units import format_duration, format_moment, format_quota

LONGEST = 300
_LONGEST_PART = 120
_MENTION = re.compile(r"&lt;@([UW][A-Z0-9]{1,30})&gt;")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the record and the request that it is about, if there is one."""

    fact: str
    actor: str | None
    details: Mapping[str, Any]
    request: ApprovalRequest | None
    units_per_usd: int
    operations: Registry

    @property
    def described(self) -> Description | None:
        """The operation that the line is about."""
        return self.operations.descriptions.get(str(self.details.get("operation")))

    @property
    def who(self) -> str:
        """Whoever did it."""
        return mention(self.actor) if self.actor else "Keydesk"

    @property
    def operation(self) -> str:
        """Its stable name, which people know from the policy."""
        name = self.details.get("operation")
        return code(name) if isinstance(name, str) else "a change"

    def part(self, name: str) -> str:
        """One detail, escaped and short; "" when it is not there."""
        value = self.details.get(name)
        return "" if value is None else inert(truncate(str(value), _LONGEST_PART))

    def quoted(self, name: str) -> str:
        """` (“why”)`, or nothing."""
        return f" (“{self.part(name)}”)" if self.part(name) else ""

    def after(self, name: str) -> str:
        """`: why`, or nothing."""
        return f": {self.part(name)}" if self.part(name) else ""

    @property
    def rule(self) -> str:
        """` by rule “x”`, or nothing."""
        return f" by rule “{self.part('rule')}”" if self.part("rule") else ""


def sentence(line: Line) -> str:
    """What happened, as a sentence; the name of the fact when there is no sentence for it."""
    words = _WORDS.get(line.fact)
    return truncate(words(line) if words is not None else f"{line.who}: {code(line.fact)}", LONGEST)


def _asked(line: Line) -> str:
    if number := line.part("batch"):
        # Keydesk's own words (incident/scope.py), so mentions in them are shown as people.
        what = _MENTION.sub(r"<@\1>", line.part("what"))
        keys = f"{line.part('keys')} keys" + (f" ({what})" if what else "")
        return f"{line.who} asked for {line.operation} of {keys} as batch {number}{line.quoted('why')}"
    if rotation := line.part("rotation"):
        return f"{line.who} began {line.operation}: the overlap of rotation #{rotation} is over"
    if alert := line.part("alert"):
        return f"{line.who} began {line.operation} because of alert {alert}"
    text, request = f"{line.who} asked for {line.operation}", line.request
    if request is None:
        return text
    if request.key_name:
        text += f" of {bold_name(request.key_name)}"
    if request.summary:
        text += f": {_changes(request.summary)}"
    return text + (f" (“{inert(truncate(request.reason, _LONGEST_PART))}”)" if request.reason else "")


def _refused(line: Line) -> str:
    tried, kind = line.part("tried"), line.part("kind")
    if source := line.part("source"):
        return f"{line.part('count')} deliveries to /alerts/{source} were turned away{line.after('why')}"
    if tried == "run":
        return f"{line.operation} was approved, but not run{line.after('sentence')}"
    by = line.rule or line.after("why") or ("" if kind in _KINDS else " because no rule allows it")
    whom = f"{line.who}, who is {_KINDS[kind]}," if kind in _KINDS else line.who
    if tried and line.request is None:
        return f"{whom} tried {code(tried)} and was refused"
    return f"{whom} was refused to {tried}{by}" if tried else f"{whom} was refused {line.operation}{by}"


def _approved(line: Line) -> str:
    if line.actor is None:
        return f"The policy allowed {line.operation} at once{line.rule}"
    votes, of = line.details.get("votes"), line.details.get("of")
    return f"{line.who} approved {line.operation}" + (f" ({votes} of {of})" if of not in {None, 1} else "")


def _countered(line: Line) -> str:
    try:
        offer = Offer.model_validate(line.details.get("offer"))
    except ValidationError:
        return f"{line.who} offered something else than was asked"
    parts = []
    if offer.remain_quota is not None:
        parts.append(f"quota {format_quota(offer.remain_quota, line.units_per_usd)}")
    if offer.delta is not None:
        parts.append(f"{format_quota(offer.delta, line.units_per_usd)} more")
    if offer.expiry is not None:
        span = offer.expiry.seconds
        end = f"{format_duration(span)} after approval" if span else format_moment(offer.expiry.moment(0))
        parts.append(f"expires {end}")
    if offer.models is not None:
        parts.append(f"models {inert(truncate(', '.join(offer.models), _LONGEST_PART)) or 'every one'}")
    return f"{line.who} approved with changes: {', '.join(parts)}"


def _withdrawn(line: Line) -> str:
    if number := line.part("batch"):
        return f"{line.who} stopped batch {number}; {line.part('not_touched')} keys were not touched"
    return f"{line.who} withdrew the request"


def _broke_glass(line: Line) -> str:
    return f"{line.operation} was done by break-glass, before anybody approved it{line.rule}"


def _applied(line: Line) -> str:
    text = f"{line.operation} was applied"
    if number := line.part("batch"):
        return f"{text} for batch {number} of {line.who}{line.after('why')}"
    changes = _made(line)
    return f"{text}: {changes}" if changes else text


def _failed(line: Line) -> str:
    of = f" for batch {line.part('batch')} of {line.who}" if line.part("batch") else ""
    return f"{line.operation} failed{of}{line.after('why')}"


def _probe(line: Line) -> str:
    known = {
        "refused": "The gateway refuses the key itself: it is dead",
        "accepted": "The gateway still takes the key itself",
        "unclear": "It is unclear whether the gateway still takes the key itself",
    }
    outcome = line.part("outcome")
    text = known.get(outcome, f"The key itself was tried: {outcome}")
    return text + _number(line, "try", "tries")


def _alert(line: Line) -> str:
    alert = f"{line.part('alert')} ({line.part('source')})"
    if "operation" in line.details:
        return f"{line.who} began {line.operation} from alert {alert}"
    if times := line.part("deliveries"):
        return f"Alert {alert} came again; {times} times so far"
    keys = line.details.get("keys")
    about = ", ".join(str(key) for key in keys[:10]) if isinstance(keys, list) else ""
    return f"Alert {alert} came in" + (f" about key {about}" if about else "")


def _number(line: Line, what: str, name: str) -> str:
    return f" ({what} {line.part(name)})" if line.part(name) else ""


def _account(line: Line) -> str:
    if adopted := line.part("adopted"):
        return f"An administrator agreed to {adopted}"
    return f"The gateway showed {line.part('found')} instead of {line.part('known')}, so nobody owns a key"


def _policy(line: Line) -> str:
    digest = line.part("sha256")[:12]
    return f" with policy {code(digest)}" if digest else ""


def _made(line: Line) -> str:
    """What the readings before and after the change tell."""
    before, after = _settings(line.details.get("before")), _settings(line.details.get("after"))
    if after is None:
        return ""
    described = line.described
    if before is None or (described is not None and described.creates):
        expiry = Expiry() if after.expired_time == NEVER else Expiry(at=after.expired_time)
        return _changes(new_key_lines(after, expiry, units_per_usd=line.units_per_usd))
    changes = [*changed_lines(before, after, expiry=None)]
    # Usage changes the quota between the two reads, so it is shown only for operations that change it.
    if described is not None and described.changes_quota:
        old, new = (
            quota_text(one.remain_quota, unlimited=one.unlimited_quota, units_per_usd=line.units_per_usd)
            for one in (before, after)
        )
        changes += [Change(field="remain_quota", label="Quota left", before=old, after=new)] if old != new else []
    old, new = _status(line.details["before"]), _status(line.details["after"])
    changes += [Change(field="status", label="Status", before=old, after=new)] if old != new else []
    return _changes(changes)


def _settings(stored: object) -> KeySettings | None:
    try:
        return KeySettings.model_validate(stored)
    except ValidationError:
        return None


def _status(stored: Mapping[str, Any]) -> str:
    status = stored.get("status")
    return next((one.name.lower() for one in KeyStatus if one == status), str(status))


def _changes(changes: tuple[Change, ...] | list[Change]) -> str:
    """`Quota 100k → 200k, Expires never`."""
    return ", ".join(
        f"{one.label} {f'{inert(one.before)} → ' if one.before is not None else ''}{inert(one.after)}"
        for one in changes
    )


# What somebody is who can have no role.
_KINDS = {
    "guest": "a guest",
    "outsider": "of another workspace",
    "bot": "a bot",
    "deactivated": "deactivated",
    "unknown": "unknown to Slack",
}


def _locked(line: Line) -> str:
    where = {"alert": "an alert", "incident": "an incident", "person": "a person's order"}
    return f"The key is locked because of {where.get(line.part('cause'), 'its disable')}: it comes back with key.unlock"


def _unlocked(line: Line) -> str:
    if line.details.get("elsewhere"):
        return "The locked key was seen in use: somebody enabled it at the gateway itself"
    if successor := line.part("successor"):
        return f"{line.who} had the locked key replaced by key {successor}"
    return f"{line.who} brought the locked key back with {line.operation}"


_WORDS: Mapping[str, Callable[[Line], str]] = {
    Fact.ASKED: _asked,
    Fact.REFUSED: _refused,
    Fact.APPROVED: _approved,
    Fact.COUNTERED: _countered,
    Fact.ACCEPTED: lambda line: f"{line.who} accepted what was offered instead",
    Fact.DENIED: lambda line: f"{line.who} denied {line.operation}{line.after('reason')}",
    Fact.WITHDRAWN: _withdrawn,
    Fact.TAKEN: lambda line: f"{line.who} took the request, so that others need not look",
    Fact.LAPSED: lambda _line: "Nobody decided in time, so the request lapsed",
    Fact.REMINDED: lambda line: f"Those who may decide were reminded{_number(line, 'reminder', 'number')}",
    Fact.ESCALATED: lambda _line: "The request was shown to more people, because it waited long",
    Fact.BROKE_GLASS: _broke_glass,
    Fact.REVIEWED: lambda line: f"{line.who} reviewed what was done",
    Fact.APPLYING: lambda line: f"The gateway is asked for {line.operation}",
    Fact.HELD: lambda line: f"{line.operation} waits until the gateway can be asked{line.after('why')}",
    Fact.APPLIED: _applied,
    Fact.FAILED: _failed,
    Fact.UNKNOWN: lambda line: f"It is not known whether {line.operation} was done{line.after('why')}",
    Fact.REVEALED: lambda line: f"{line.who} looked at the value of the key{_number(line, 'time', 'times')}",
    Fact.ADOPTED: lambda line: f"{line.who} gave the key an owner",
    Fact.DISOWNED: lambda line: f"{line.who} took the key's owner away",
    Fact.ACCOUNT: _account,
    Fact.LOCKED: _locked,
    Fact.UNLOCKED: _unlocked,
    Fact.FOUND: lambda _line: "A key was found that nobody asked for",
    Fact.PROBE: _probe,
    Fact.POSTED: lambda _line: "A message was posted",
    Fact.ALERT: _alert,
    Fact.ACKNOWLEDGED: lambda line: f"{line.who} is on alert {line.part('alert')}",
    Fact.FALSE_ALARM: lambda line: f"{line.who} closed alert {line.part('alert')} as a false alarm",
    Fact.POLICY_LOADED: lambda line: f"Another policy is in force{_policy(line)}",
    Fact.STARTED: lambda line: f"Keydesk {line.part('version')} started{_policy(line)}",
    Fact.RESTORED: lambda line: f"The database was restored from a copy; {line.part('ended')} open requests were ended",
    Fact.EXPORTED: lambda line: f"The record was exported ({line.part('count')} lines)",
}
