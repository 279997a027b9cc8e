"""Who may do what. Pure: values in, a decision with its reason out; no Slack, no gateway, no clock.

parse_policy (rules.py)      text → Policy, or every mistake with line and column
decide (policy.py)           Policy + Ask → Decision, with the rule and why the others did not match
may_approve, may_deny        the same machinery for whoever answers a request
binding_terms                what a waiting request needs now: the stricter of its stored terms and today's
growth (narrowing.py)        in which fields an offer gives more than was asked
counting.py                  conditions that compare counts; Policy.counts_needed says what to count
stages.py                    which stage waits, for whom, how many are missing, when to nudge
serial.py                    decisions and facts as the request's row keeps them
lint.py, cases.py, replay.py the policy examined: doubtful rules, test cases, past requests

    addresses      what a list of allowed addresses does
    allowances     the `[allowances]` table: in which time zone periods begin
    budgets        no rule allows more than a budget has left, and a condition says whether it fits
    bounds         how much somebody may have at once, worked out of the rules
    care           the `[care]` table: what owners are told about their keys, and when
    combination    stored terms and today's terms of a request combined
    condition      one condition of a rule's `when`, as a value
    entitlements   what a role may do at once and what others decide, in a table
    gateways       the `[gateways]` table: further gateways, or accounts of one, beside that of the settings
    hypothetical   people and facts made up from words, for explaining and testing a policy without Slack or a gateway
    membership     who stands behind names in a policy, as far as it can be known, and whether an approval can ever come
    models         the values a decision is made of and made into
    patterns       regular expressions that cannot keep the bot busy
    refusals       what is said where no rule allows something
    review         the `[review]` table: how often keys are reviewed
    reviewers      who reviews whose keys
    roles          which roles an actor has: ids, user groups, everybody
    source_map     where each key and value of a TOML text stands, so that a mistake can be shown by line and column
    subsumption    which rule leaves nothing to another
    unlocking      what it takes to bring back a locked key
    templates      the `[[templates]]` of the policy: usual wishes for a new key
    toml_document  reads values out of a parsed TOML table and remembers every mistake with its line and column
"""

from bot.permissions.models import (
    OPERATIONS,
    Actor,
    ActorKind,
    Approval,
    Ask,
    Count,
    Counted,
    Decision,
    Eligibility,
    Escalation,
    Facts,
    Given,
    Lock,
    Stage,
)
from bot.permissions.narrowing import growth
from bot.permissions.policy import binding_terms, decide, may_approve, may_deny, possible_approvers
from bot.permissions.rules import Policy, Rule, parse_policy
from bot.permissions.serial import decision_from_json, decision_to_json, facts_from_json, facts_to_json

__all__ = [
    "OPERATIONS",
    "Actor",
    "ActorKind",
    "Approval",
    "Ask",
    "Count",
    "Counted",
    "Decision",
    "Eligibility",
    "Escalation",
    "Facts",
    "Given",
    "Lock",
    "Policy",
    "Rule",
    "Stage",
    "binding_terms",
    "decide",
    "decision_from_json",
    "decision_to_json",
    "facts_from_json",
    "facts_to_json",
    "growth",
    "may_approve",
    "may_deny",
    "parse_policy",
    "possible_approvers",
]
