"""What a line of the record says, as a sentence for people: Slack's mrkdwn, everything typed escaped. Pure.

The stable names stay in the export (docs/audit.md). Lines are for ever, so details that an older version wrote
otherwise, or that somebody changed by hand, make a shorter sentence, never an error.
"""

import re
from collections.abc import Callable, Mapping

from pydantic import ValidationError

from bot.audit import Fact
from bot.features.audit_read.changes import changes_text, made_text, offered_text
from bot.features.audit_read.line import LONGEST_PART, Line, quoted
from bot.features.audit_read.review_words import REVIEW_WORDS
from bot.features.audit_read.states import KINDS, LEFT_ANSWERS, LOCKED, LOCKS, PROBES
from bot.gateway.numbers import shown_number
from bot.languages import Sentence, said, tr, trc, trn
from bot.languages.formats import with_commas
from bot.operations import Offer
from bot.slack.blocks import bold_name, code, inert, mention, truncate

LONGEST = 300
_MENTION = re.compile(r"&lt;@([UW][A-Z0-9]{1,30})&gt;")


def sentence(line: Line) -> str:
    """What happened, as a sentence; the name of the fact when there is no sentence for it."""
    words = _WORDS.get(line.fact)
    return truncate(words(line) if words is not None else f"{line.who}: {code(line.fact)}", LONGEST)


def _asked(line: Line) -> str:
    who, operation, request = line.who, line.operation, line.request
    if line.part("batch"):
        return line.quoted(_asked_of_many(line), "why")
    if rotation := line.part("rotation"):
        return tr(
            "{who} began {operation}: the overlap of rotation #{number} is over",
            who=who,
            operation=operation,
            number=rotation,
        )
    if alert := line.part("alert"):
        return tr("{who} began {operation} because of alert {alert}", who=who, operation=operation, alert=alert)
    if line.part("left"):
        person = mention(line.part("left"))
        return tr("{who} began {operation}: {person} has left", who=who, operation=operation, person=person)
    if request is None or not request.key_name:
        text = tr("{who} asked for {operation}", who=who, operation=operation)
    else:
        name = bold_name(request.key_name)
        text = tr("{who} asked for {operation} ({name})", who=who, operation=operation, name=name)
    if request is None:
        return text
    told = _changed(text, changes_text(request.summary)) if request.summary else text
    return quoted(told, inert(truncate(request.reason, LONGEST_PART))) if request.reason else told


def _asked_of_many(line: Line) -> str:
    # Keydesk's own words (incident/scope.py), so mentions in them are shown as people.
    what = _MENTION.sub(r"<@\1>", line.part("what"))
    if not what:
        return trn(
            "{who} asked for {operation} of {count} key as batch {batch}",
            "{who} asked for {operation} of {count} keys as batch {batch}",
            line.number("keys"),
            who=line.who,
            operation=line.operation,
            batch=line.part("batch"),
        )
    return trn(
        "{who} asked for {operation} of {count} key ({what}) as batch {batch}",
        "{who} asked for {operation} of {count} keys ({what}) as batch {batch}",
        line.number("keys"),
        who=line.who,
        operation=line.operation,
        what=what,
        batch=line.part("batch"),
    )


def _refused(line: Line) -> str:
    tried, kind = line.part("tried"), line.part("kind")
    if source := line.part("source"):
        deliveries = trn(
            "{count} delivery to /alerts/{source} was turned away",
            "{count} deliveries to /alerts/{source} were turned away",
            line.number("count"),
            source=source,
        )
        return line.because(deliveries, "why")
    if tried == "run":
        return line.because(tr("{operation} was approved, but not run", operation=line.operation), "sentence")
    whom = KINDS[kind].filled(who=line.who) if kind in KINDS else line.who
    if tried:
        text = tr("{who} tried {what} and was refused", who=whom, what=code(tried))
        if line.request is None:
            return text
    else:
        text = tr("{who} was refused {operation}", who=whom, operation=line.operation)
    if line.part("rule"):
        return line.by_rule(text)
    if line.part("why"):
        return line.because(text, "why")
    return text if kind in KINDS else tr("{what} because no rule allows it", what=text)


def _approved(line: Line) -> str:
    who, operation = line.who, line.operation
    if line.actor is None:
        return line.by_rule(tr("The policy allowed {operation} at once", operation=operation))
    votes, of = line.details.get("votes"), line.details.get("of")
    name = bold_name(line.request.key_name) if line.request is not None and line.request.key_name else ""
    if name and of in {None, 1}:
        return tr("{who} approved {operation} ({name})", who=who, operation=operation, name=name)
    if name:
        return tr(
            "{who} approved {operation} ({name}; {votes} of {of})",
            who=who,
            operation=operation,
            name=name,
            votes=votes,
            of=of,
        )
    if of in {None, 1}:
        return tr("{who} approved {operation}", who=who, operation=operation)
    return tr("{who} approved {operation} ({votes} of {of})", who=who, operation=operation, votes=votes, of=of)


def _countered(line: Line) -> str:
    try:
        offer = Offer.model_validate(line.details.get("offer"))
    except ValidationError:
        return tr("{who} approved with changes", who=line.who)
    changes = offered_text(offer, units_per_usd=line.units_per_usd)
    return tr("{who} approved with changes: {changes}", who=line.who, changes=changes)


def _withdrawn(line: Line) -> str:
    if number := line.part("batch"):
        return trn(
            "{who} stopped batch {batch}; {count} key was not touched",
            "{who} stopped batch {batch}; {count} keys were not touched",
            line.number("not_touched"),
            who=line.who,
            batch=number,
        )
    return tr("{who} withdrew the request", who=line.who)


def _broke_glass(line: Line) -> str:
    done = tr("{operation} was done by break-glass, before anybody approved it", operation=line.operation)
    return line.by_rule(done)


def _applied(line: Line) -> str:
    ended = line.described.ended if line.described is not None else None
    if number := line.part("batch"):
        done = tr("{operation} was applied", operation=line.operation) if ended is None else said(ended)
        return line.because(tr("{done} in batch {batch} of {who}", done=done, batch=number, who=line.who), "why")
    text = tr("{operation} was applied", operation=line.operation) if ended is None else said(ended)
    changes = made_text(line.details, line.described, units_per_usd=line.units_per_usd)
    return _changed(text, changes) if changes else text


def _failed(line: Line) -> str:
    operation = line.operation
    if number := line.part("batch"):
        text = tr("{operation} failed for batch {batch} of {who}", operation=operation, batch=number, who=line.who)
    else:
        text = tr("{operation} failed", operation=operation)
    return line.because(text, "why")


def _probe(line: Line) -> str:
    outcome = line.part("outcome")
    found = PROBES.get(outcome)
    text = said(found) if found is not None else tr("The key itself was tried: {outcome}", outcome=outcome)
    return tr("{what} (try {number})", what=text, number=line.part("tries")) if line.part("tries") else text


def _alert(line: Line) -> str:
    alert, source, keys = line.part("alert"), line.part("source"), line.details.get("keys")
    if "operation" in line.details:
        return tr(
            "{who} began {operation} from alert {alert} ({source})",
            who=line.who,
            operation=line.operation,
            alert=alert,
            source=source,
        )
    if line.part("deliveries"):
        return trn(
            "Alert {alert} ({source}) came again; {count} time so far",
            "Alert {alert} ({source}) came again; {count} times so far",
            line.number("deliveries"),
            alert=alert,
            source=source,
        )
    if isinstance(keys, list) and keys:
        about = with_commas(str(shown_number(key)) for key in keys[:10])
        return tr("Alert {alert} ({source}) came in about key {keys}", alert=alert, source=source, keys=about)
    return tr("Alert {alert} ({source}) came in", alert=alert, source=source)


def _revealed(line: Line) -> str:
    if number := line.part("times"):
        return tr("{who} looked at the value of the key (time {number})", who=line.who, number=number)
    return tr("{who} looked at the value of the key", who=line.who)


def _account(line: Line) -> str:
    if adopted := line.part("adopted"):
        return tr("An administrator agreed to {account}", account=adopted)
    return tr(
        "The gateway showed {found} instead of {known}, so nobody owns a key",
        found=line.part("found"),
        known=line.part("known"),
    )


def _policy_loaded(line: Line) -> str:
    if digest := line.part("sha256")[:12]:
        return tr("Another policy is in force with policy {digest}", digest=code(digest))
    return tr("Another policy is in force")


def _started(line: Line) -> str:
    version = line.part("version")
    if digest := line.part("sha256")[:12]:
        return tr("Keydesk {version} started with policy {digest}", version=version, digest=code(digest))
    return tr("Keydesk {version} started", version=version)


def _restored(line: Line) -> str:
    return trn(
        "The database was restored from a copy; {count} open request was ended",
        "The database was restored from a copy; {count} open requests were ended",
        line.number("ended"),
    )


def _exported(line: Line) -> str:
    return trn(
        "The record was exported ({count} line)", "The record was exported ({count} lines)", line.number("count")
    )


def _changed(what: str, changes: str) -> str:
    return trc("what happened, and what was changed by it", "{what}: {changes}", what=what, changes=changes)


def _locked(line: Line) -> str:
    return said(LOCKS.get(line.part("cause"), LOCKED))


def _unlocked(line: Line) -> str:
    if line.details.get("elsewhere"):
        return tr("The locked key was seen in use: somebody enabled it at the gateway itself")
    if successor := line.part("successor"):
        return tr("{who} had the locked key replaced by key {key}", who=line.who, key=shown_number(successor))
    return tr("{who} brought the locked key back with {operation}", who=line.who, operation=line.operation)


def _left(line: Line) -> str:
    if (answer := LEFT_ANSWERS.get(line.part("answer"))) is not None:
        return answer.filled(who=line.who, count=line.number("people"))
    person = mention(line.part("person"))
    if line.details.get("returned"):
        return tr("{person} is back, so no key is disabled for having left", person=person)
    return trn(
        "{person} has left and owns {count} key that works",
        "{person} has left and owns {count} keys that work",
        line.number("keys"),
        person=person,
    )


def _told(sentence_of: Sentence, *names: str) -> Callable[[Line], str]:
    """A sentence that names who did it, the operation, and details by their own names."""
    return lambda line: sentence_of.filled(
        who=line.who, operation=line.operation, **{name: line.part(name) for name in names}
    )


def _either(name: str, told: Sentence, untold: Sentence) -> Callable[[Line], str]:
    """The sentence for lines that tell this detail, and the one for those that do not."""
    return lambda line: _told(told, name)(line) if line.part(name) else _told(untold)(line)


def _because(sentence_of: Sentence, name: str) -> Callable[[Line], str]:
    return lambda line: line.because(_told(sentence_of)(line), name)


_WORDS: Mapping[str, Callable[[Line], str]] = {
    Fact.ASKED: _asked,
    Fact.REFUSED: _refused,
    Fact.APPROVED: _approved,
    Fact.COUNTERED: _countered,
    Fact.ACCEPTED: _either("key", tr("{who} accepted the key"), tr("{who} accepted what was offered instead")),
    Fact.DECLINED: _told(tr("{who} declined the key")),
    Fact.DENIED: _because(tr("{who} denied {operation}"), "reason"),
    Fact.WITHDRAWN: _withdrawn,
    Fact.TAKEN: _told(tr("{who} took the request, so that others need not look")),
    Fact.LAPSED: _told(tr("Nobody decided in time, so the request expired")),
    Fact.REMINDED: _either(
        "number",
        tr("Those who may decide were reminded (reminder {number})"),
        tr("Those who may decide were reminded"),
    ),
    Fact.ESCALATED: _told(tr("The request was shown to more people, because it waited long")),
    Fact.BROKE_GLASS: _broke_glass,
    **REVIEW_WORDS,
    Fact.APPLYING: _told(tr("The gateway is asked for {operation}")),
    Fact.HELD: _because(tr("{operation} waits until the gateway can be asked"), "why"),
    Fact.APPLIED: _applied,
    Fact.FAILED: _failed,
    Fact.UNKNOWN: _because(tr("It is not known whether {operation} was done"), "why"),
    Fact.REVEALED: _revealed,
    Fact.ADOPTED: _told(tr("{who} gave the key an owner")),
    Fact.DISOWNED: _told(tr("{who} took the key's owner away")),
    Fact.ACCOUNT: _account,
    Fact.LOCKED: _locked,
    Fact.UNLOCKED: _unlocked,
    Fact.FOUND: _told(tr("A key was found that nobody asked for")),
    Fact.IGNORED: _told(tr("{who} said that this key need not have an owner")),
    Fact.LEFT: _left,
    Fact.DRIFTED: _either(
        "accepted",
        tr("{who} accepted what was changed outside Keydesk"),
        tr("The key was changed outside Keydesk, and nobody asked for that here"),
    ),
    Fact.PROBE: _probe,
    Fact.POSTED: _told(tr("A message was posted")),
    Fact.ALERT: _alert,
    Fact.ACKNOWLEDGED: _told(tr("{who} is on alert {alert}"), "alert"),
    Fact.RETRACTED: _told(tr("{who} took the offer back")),
    Fact.NOT_OURS: _told(tr("{who} noted alert {alert} as not ours"), "alert"),
    Fact.FALSE_ALARM: _told(tr("{who} closed alert {alert} as a false alarm"), "alert"),
    Fact.POLICY_LOADED: _policy_loaded,
    Fact.STARTED: _started,
    Fact.RESTORED: _restored,
    Fact.EXPORTED: _exported,
}
