"""Who reviews whose keys. Pure.

A person's keys are reviewed by whoever decides what that person asks for: those of the first rule that has requests for
a key, for quota or for other settings approved. Where there is none, and for keys that nobody owns: by those who may
disable any key at once, who may review every other key as well.
"""

from bot.permissions.entitlements import who_may_any
from bot.permissions.models import Actor
from bot.permissions.roles import EVERYBODY
from bot.permissions.rules import Policy

_ASKED_FOR = frozenset({"key.create", "key.quota", "key.update"})


def reviewers_of(policy: Policy, held: frozenset[str]) -> tuple[str, ...]:
    """Names (roles, ids) of those who decide what somebody asks for; none where no rule names any. `held`: everything
    by which a rule can name the owner of the keys.
    """
    for rule in policy.rules:
        if rule.approval is not None and not rule.people.isdisjoint(held) and not _ASKED_FOR.isdisjoint(rule.do):
            return _people(policy, rule.approval.stages[0].roles)
    return ()


def security_of(policy: Policy) -> tuple[str, ...]:
    """Names of those who may disable any key at once."""
    return _people(policy, who_may_any(policy, "key.disable"))


def may_review(policy: Policy, actor: Actor, roles: tuple[str, ...]) -> bool:
    """Whether somebody decides about keys that were put before these roles; whose keys they are is not asked here."""
    return not policy.roles.held(actor).isdisjoint({*roles, *security_of(policy)})


def _people(policy: Policy, names: tuple[str, ...]) -> tuple[str, ...]:
    """Without names that mean everybody: what everybody may review nobody does."""
    return tuple(name for name in names if EVERYBODY not in policy.roles.ids((name,)))
