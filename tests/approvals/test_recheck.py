"""Judged once more just before the run: by today's rules and roles, of the requester and of everybody who approved."""

from dataclasses import replace

import pytest

from bot.approvals import store
from bot.approvals.models import ApprovalRequest, Judgement, Status, Vote
from bot.approvals.recheck import outgrown, read_late, refusal_today
from bot.db.engine import Database
from bot.gateway.models import Key, KeySettings
from bot.permissions.models import Actor, ActorKind, Ask, Facts, Lock
from bot.permissions.policy import decide
from bot.permissions.rules import Policy, parse_policy
from tests.approvals.kit import ADA, MIRA, NOW, OMAR, TEAM, new_request, person, policy, row

TWO = 'from = ["manager"], count = 2, expires = "3d"'
CLOSED = """
[roles]
engineer = ["S0ENGINEERS"]
[[rules]]
name = "closed"
who  = ["*"]
do   = ["key.create"]
deny = "Closed for the year."
"""


@pytest.fixture
def approved(sqlite_database: Database) -> ApprovalRequest:
    """Approved by Mira and Omar, where two were needed."""
    votes = tuple(Vote(by=one.slack_user_id, team=TEAM, at=NOW + 60) for one in (MIRA, OMAR))
    request, _ = sqlite_database.run_here(
        store.insert, new_request(rules=policy(TWO)), status=Status.APPROVED, lapses_at=None
    )
    return request.model_copy(update={"votes": votes})


@pytest.mark.parametrize(
    ("rules", "requester", "voters", "words"),
    [
        (policy(TWO), ADA, (MIRA, OMAR), ""),
        (policy(), ADA, (MIRA, OMAR), ""),
        (parse_policy(CLOSED, file="p"), ADA, (MIRA, OMAR), "Closed for the year."),
        (policy(TWO), person("U0ADA", kind=ActorKind.DEACTIVATED), (MIRA, OMAR), "no longer allows"),
        (policy(TWO), person("U0ADA"), (MIRA, OMAR), "no longer allows"),
        (policy(TWO), ADA, (MIRA, person("U0OMAR")), "U0OMAR approved this but may not any more"),
        (policy(TWO), ADA, (person("U0MIRA", kind=ActorKind.GUEST), OMAR), "U0MIRA approved this but may not any more"),
    ],
)
def test_it_runs_only_if_it_would_be_approved_today(
    approved: ApprovalRequest, rules: Policy, requester: Actor, voters: tuple[Actor, ...], words: str
) -> None:
    sentence = refusal_today(rules, approved, requester, voters)
    assert words in sentence
    assert bool(sentence) is bool(words)


def test_what_was_free_and_now_wants_an_approval_is_not_run(sqlite_database: Database) -> None:
    facts = replace(new_request().judgement.facts, remain_quota=400_000)
    decision = decide(policy(), Ask(actor=ADA, operation="key.create", facts=facts))
    assert decision.allowed
    new = new_request(judgement=Judgement(decision=decision, facts=facts, own=True))
    request, _ = sqlite_database.run_here(store.insert, new, status=Status.APPROVED, lapses_at=None)
    terms = 'approval = { from = ["engineer"], expires = "1d" }'
    stricter = parse_policy(CLOSED.replace('deny = "Closed for the year."', terms), file="p")
    assert not refusal_today(policy(), request, ADA, ())
    assert "now wants an approval" in refusal_today(stricter, request, ADA, ())


STEPS = """
[roles]
engineer = ["S0ENGINEERS"]
manager  = ["S0MANAGERS"]
security = ["S0SECURITY"]
[[rules]]
name  = "small"
who   = ["engineer"]
do    = ["key.quota"]
when  = { remain_quota_at_most = 1_000 }
allow = true
[[rules]]
name     = "middle"
who      = ["engineer"]
do       = ["key.quota"]
when     = { remain_quota_at_most = 5_000 }
approval = { from = ["manager"], expires = "1d" }
[[rules]]
name     = "large"
who      = ["engineer"]
do       = ["key.quota"]
when     = { remain_quota_at_most = 9_000 }
approval = { from = ["manager", "security"], expires = "1d" }
"""


def fresh_key(remain_quota: int) -> Key:
    settings = KeySettings.of(name="search", remain_quota=remain_quota).model_dump()
    numbers = {"id": 7, "user_id": 1, "status": 1, "created_time": 1, "accessed_time": 1, "used_quota": 0}
    return Key.model_validate({**settings, **numbers, "hint": "…", "masked": True})


@pytest.mark.parametrize(
    ("asked_at", "delta", "now_at", "words"),
    [
        (2_000, 1_000, 2_000, ""),
        (2_000, 1_000, 4_000, ""),
        (2_000, 1_000, 0, ""),
        (7_000, 1_000, 2_000, ""),
        (2_000, 1_000, 4_001, "Rule “large” wants an approval"),
        (2_000, 1_000, 8_001, "but not what was asked for here"),
        (0, 1_000, 1, "Rule “middle” wants an approval"),
        (4_000, -1_000, 5_000, ""),
    ],
)
def test_a_delta_is_judged_again_on_the_numbers_that_the_key_has_by_then(
    asked_at: int, delta: int, now_at: int, words: str
) -> None:
    rules = parse_policy(STEPS, file="p")
    facts = Facts(remain_quota=asked_at + delta, unlimited_quota=False, increase=delta)
    decision = decide(rules, Ask(actor=ADA, operation="key.quota", facts=facts))
    new = new_request(
        operation="key.quota",
        key_id=7,
        input={"key_id": 7, "delta": delta},
        judgement=Judgement(decision=decision, facts=facts, own=True),
    )
    request = ApprovalRequest(**new.model_dump(), id=1, version=1, status=Status.APPROVED)
    sentence = outgrown(rules, request, ADA, fresh_key(now_at))
    assert words in sentence
    assert bool(sentence) is bool(words)
    assert sentence.endswith(" Ask again.") is ("wants an approval" in words)


def test_what_adds_nothing_is_not_judged_by_numbers(approved: ApprovalRequest) -> None:
    assert outgrown(parse_policy(CLOSED, file="p"), approved, ADA, fresh_key(10**9)) == ""


@pytest.mark.parametrize(
    ("verdict", "ending"),
    [
        ('deny = "Production keys are rotated."', "Production keys are rotated. The key is not disabled."),
        (
            'approval = { from = ["manager"], expires = "1d" }',
            "manager. The key is not disabled. Ask again.",
        ),
        ("allow = true", ""),
    ],
)
@pytest.mark.parametrize("operation", ["key.disable", "key.enable"])
def test_a_key_that_was_read_late_is_said_to_be_alive(operation: str, verdict: str, ending: str) -> None:
    text = '[roles]\nmanager = ["S0MANAGERS"]\n'
    for condition, outcome in (("when = { unlimited_quota = true }\n", verdict), ("", "allow = true")):
        name = "spared" if condition else "all"
        text += f'[[rules]]\nname = "{name}"\nwho = ["*"]\ndo = ["{operation}"]\n{condition}{outcome}\n'
    rules = parse_policy(text, file="p")
    decision = decide(rules, Ask(actor=ADA, operation=operation, facts=Facts()))
    judgement = Judgement(decision=decision, facts=Facts(), own=True)
    new = new_request(operation=operation, key_id=7, input={"key_id": 7}, before=None, judgement=judgement)
    request = ApprovalRequest(**new.model_dump(), id=1, version=1, status=Status.APPROVED)
    unlimited = fresh_key(0).model_copy(update={"unlimited_quota": True})
    sentence = read_late(rules, request, ADA, unlimited, NOW)
    expected = ending if operation == "key.disable" else ending.replace(" The key is not disabled.", "")
    assert sentence.endswith(expected)
    assert bool(sentence) is bool(ending)
    assert read_late(rules, request, ADA, fresh_key(5), NOW) == ""


def test_a_key_that_was_locked_since_it_was_granted_says_so() -> None:
    rules = parse_policy(
        '[roles]\nsecurity = ["S0SECURITY"]\n'
        '[[rules]]\nname = "free"\nwho = ["*"]\ndo = ["key.enable"]\nallow = true\n'
        '[[rules]]\nname = "plug"\nwho = ["security"]\ndo = ["key.disable"]\non = "any"\nallow = true\n',
        file="p",
    )
    decision = decide(rules, Ask(actor=ADA, operation="key.enable", facts=Facts()))
    lock = Lock(cause="alert", by="U0SAM", at=1.0, number=3, rule="plug")
    for facts, words in ((Facts(), ""), (Facts(lock=lock), "The key was locked after this was asked.")):
        judgement = Judgement(decision=decision, facts=facts, own=True)
        request = row(Status.APPROVED, operation="key.enable", judgement=judgement)
        sentence = refusal_today(rules, request, ADA, ())
        assert words in sentence
        assert bool(sentence) is bool(words)
