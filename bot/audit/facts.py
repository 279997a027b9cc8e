"""The words of the record: what can have happened. A word is never renamed: old lines keep it for ever."""

from enum import StrEnum


class Fact(StrEnum):
    """What a line of the record is about; `details` has the particulars (docs/audit.md lists them)."""

    # A request and what people did with it.
    ASKED = "asked"  # somebody asked for a change; details: operation, rule
    REFUSED = "refused"  # the policy said no; details: operation, rule
    APPROVED = "approved"  # one approver said yes
    COUNTERED = "countered"  # approved for less or otherwise than asked; waits for the requester if the rule says so
    RETRACTED = "retracted"  # an approver took a counter-offer back, so the request waits again
    ACCEPTED = "accepted"  # the requester accepted what an approver offered; with `key` in details: the new owner a key
    DECLINED = "declined"  # the person who was to own a key did not want it
    DENIED = "denied"  # an approver said no, with a reason
    WITHDRAWN = "withdrawn"  # the requester took it back
    TAKEN = "taken"  # an approver looks at it, others need not
    LAPSED = "lapsed"  # nobody decided in time
    REMINDED = "reminded"  # approvers were reminded
    ESCALATED = "escalated"  # it was shown to more people
    BROKE_GLASS = "broke_glass"  # applied before approval, under a rule that allows it
    REVIEWED = "reviewed"  # somebody looked at a broken glass or an unknown outcome afterwards
    # A review of keys (bot/review).
    REVIEW_STARTED = "review_started"  # its keys were chosen; details: review, keys, asked_by
    REVIEW_DECIDED = "review_decided"  # a key of it was decided; details: review, decision, why it left the list, after
    REVIEW_CLOSED = "review_closed"  # every key of it is decided; details: review, counts
    # The change at the gateway.
    APPLYING = "applying"  # the first call is about to be made
    HELD = "held"  # the gateway cannot be asked now; tried again until it can
    APPLIED = "applied"  # read back, and it agrees
    FAILED = "failed"  # certainly not done
    UNKNOWN = "unknown"  # not known whether it was done
    # Keys.
    REVEALED = "revealed"  # the value was shown to its owner; never the value
    ADOPTED = "adopted"  # a key that nobody had asked for got an owner
    DISOWNED = "disowned"  # a key lost its owner
    ACCOUNT = "account"  # the gateway showed another account, or it was adopted; details: known, found, adopted
    LOCKED = "locked"  # only key.unlock brings it back; details: cause, number, rule
    UNLOCKED = "unlocked"  # a locked key was brought back, or another one made in its place; details: cause, operation
    FOUND = "found"  # a key was found that nobody asked for
    IGNORED = "ignored"  # somebody said of a key that nobody asked for that it may stay without an owner
    LEFT = "left"  # somebody left who owns keys, or came back; details: person, keys, due, returned
    DRIFTED = "drifted"  # a key was changed outside, or somebody accepted that; details: changes, quota, accepted
    PROBE = "probe"  # the key itself was tried; details: accepted, refused or unclear
    # Around them.
    POSTED = "posted"  # a message came to be; details: channel, ts
    ALERT = "alert"  # an alert came in; details: source, alert id
    ACKNOWLEDGED = "acknowledged"  # somebody said that they act on an alert
    FALSE_ALARM = "false_alarm"  # somebody said that an alert was none
    NOT_OURS = "not_ours"  # somebody said that what an alert names is none of ours
    POLICY_LOADED = "policy_loaded"  # details: SHA-256 of the file
    STARTED = "started"  # a process began to serve; details: version
    RESTORED = "restored"  # a copy of the database took its place; details: ended, how many open requests and batches
    EXPORTED = "exported"  # the record was exported; details: count
