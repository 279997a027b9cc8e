"""Each line of the record is a sentence that a manager reads."""

from typing import Any

import pytest

from bot.approvals.models import ApprovalRequest, Judgement, Status
from bot.audit import Fact
from bot.features import OPERATIONS
from bot.features.audit_read.line import Line
from bot.features.audit_read.states import NOUNS
from bot.features.audit_read.views import audit_page
from bot.features.audit_read.words import LONGEST, sentence
from bot.gateway.dollars import Dollars
from bot.operations import Change
from bot.permissions.models import Decision, Facts
from bot.slack.blocks import isolate
from tests.scenarios.desk import text_of

NOW = 1_790_000_000.0
REQUEST = ApprovalRequest(
    id=12, version=1, status=Status.PENDING, delivery_id="d", operation="key.quota", requester_id="U0ADA",
    requester_team="T0TEST", channel_id="C0KEYS", key_id=7, key_name="ci <main>", reason="the <demo>", input={}, before=None,
    summary=(Change(field="remain_quota", label="Quota left", before="100k", after="200k"),),
    judgement=Judgement(decision=Decision(outcome="allow", rule="x", sentence=""), facts=Facts(), own=True),
    asked_at=NOW,
)  # fmt: skip
BEFORE: dict[str, Any] = {
    "name": "ci", "expired_time": -1, "remain_quota": 100_000, "unlimited_quota": False, "model_limits_enabled": False,
    "model_limits": "", "allow_ips": "", "group": "", "cross_group_retry": False, "id": 7, "status": 1,
}  # fmt: skip


def told(fact: str, actor: str | None = None, *, request: ApprovalRequest | None = None, **details: Any) -> str:
    return sentence(
        Line(fact=fact, actor=actor, details=details, request=request, units_per_usd=500_000, operations=OPERATIONS)
    )


def applied(operation: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> str:
    return told(Fact.APPLIED, operation=operation, before=before, after=after, notes=[])


@pytest.mark.parametrize("fact", Fact)
def test_every_fact_has_words(fact: Fact) -> None:
    for actor in (None, "U0ADA"):
        assert f"`{fact}`" not in told(fact, actor, operation="key.quota")


def test_every_operation_has_words() -> None:
    assert set(NOUNS) >= set(OPERATIONS.descriptions)
    assert told(Fact.ASKED, "U0ADA", operation="key.mint") == "<@U0ADA> asked for `key.mint`"
    assert told(Fact.APPLIED, operation="key.mint") == "`key.mint` was applied"
    assert told(Fact.APPLIED, "U0SEC", operation="key.mint", batch=4) == "`key.mint` was applied in batch 4 of <@U0SEC>"


def test_a_word_of_a_later_version_is_shown_as_it_is() -> None:
    assert told("praised", "U0ADA") == "<@U0ADA>: `praised`"


@pytest.mark.parametrize(
    ("fact", "actor", "details", "words"),
    [
        (Fact.ASKED, "U0ADA", {"operation": "key.create", "rule": "x"}, "<@U0ADA> asked for a new key"),
        (
            Fact.ASKED, "U0SEC", {"operation": "key.disable", "batch": 4, "keys": 12, "what": "all keys of <@U0BOB>", "why": "leak"},
            "<@U0SEC> asked for disabling of 12 keys (all keys of <@U0BOB>) as batch 4 (“leak”)",
        ),
        (Fact.ASKED, None, {"operation": "key.disable", "rotation": 5}, "Keydesk began disabling: the overlap of rotation #5 is over"),
        (Fact.ASKED, None, {"operation": "key.disable", "left": "U0ADA"}, "Keydesk began disabling: <@U0ADA> has left"),
        (Fact.LEFT, None, {"person": "U0ADA", "keys": 2, "due": 5.0}, "<@U0ADA> has left and owns 2 keys that work"),
        (Fact.LEFT, None, {"person": "U0ADA", "returned": True}, "<@U0ADA> is back, so no key is disabled for having left"),
        (Fact.LEFT, "U0SAM", {"answer": "not", "people": 30}, "<@U0SAM> said that those who are gone from Slack's list have not left (30)"),
        (Fact.IGNORED, "U0SAM", {}, "<@U0SAM> said that this key need not have an owner"),
        (Fact.LOCKED, None, {"cause": "leaver"}, "The key is locked because its owner has left: it comes back with key.unlock"),
        (Fact.ASKED, None, {"operation": "key.disable", "alert": 3}, "Keydesk began disabling because of alert 3"),
        (Fact.REFUSED, "U0ADA", {"operation": "key.quota", "rule": "no", "kind": "member"}, "<@U0ADA> was refused a change of quota by rule “no”"),
        (Fact.REFUSED, "U0ADA", {"operation": "key.quota", "rule": None, "kind": "member"}, "<@U0ADA> was refused a change of quota because no rule allows it"),
        (Fact.REFUSED, "U0GUEST", {"operation": "key.quota", "rule": None, "kind": "guest"}, "<@U0GUEST> (a guest) was refused a change of quota"),
        (Fact.REFUSED, "U0X", {"kind": "outsider", "team": "T0X", "tried": "new"}, "<@U0X> (of another workspace) tried `new` and was refused"),
        (Fact.REFUSED, None, {"source": "github", "why": "wrong signature", "count": 3}, "3 deliveries to /alerts/github were turned away: wrong signature"),
        (Fact.REFUSED, "U0ADA", {"operation": "key.quota", "tried": "run", "sentence": "No."}, "a change of quota was approved, but not run: No."),
        (Fact.APPROVED, None, {"operation": "key.quota", "rule": "free"}, "The policy allowed a change of quota at once by rule “free”"),
        (Fact.APPROVED, "U0MO", {"operation": "key.quota", "votes": 1, "of": 2}, "<@U0MO> approved a change of quota (1 of 2)"),
        (Fact.APPROVED, "U0MO", {"operation": "key.quota", "votes": 1, "of": 1}, "<@U0MO> approved a change of quota"),
        (
            Fact.COUNTERED, "U0MO", {"offer": {"remain_quota": 100_000, "expiry": {"seconds": 604_800}, "models": ["o3"]}},
            "<@U0MO> approved with changes: quota 100k units ($0.20), expires 7 days after approval, models o3",
        ),
        (Fact.COUNTERED, "U0MO", {"offer": {"delta": 5_000}}, "<@U0MO> approved with changes: 5k units ($0.01) more"),
        (Fact.COUNTERED, "U0MO", {"offer": "?"}, "<@U0MO> approved with changes"),
        (Fact.DENIED, "U0MO", {"operation": "key.quota", "reason": "too <much>"}, "<@U0MO> denied a change of quota: too &lt;much&gt;"),
        (Fact.WITHDRAWN, "U0SEC", {"batch": 4, "not_touched": 9}, "<@U0SEC> stopped batch 4; 9 keys were not touched"),
        (Fact.BROKE_GLASS, None, {"operation": "key.quota", "rule": "glass"}, "a change of quota was done by break-glass, before anybody approved it by rule “glass”"),
        (Fact.APPLIED, "U0SEC", {"operation": "key.disable", "batch": 4}, "Disabled in batch 4 of <@U0SEC>"),
        (Fact.FAILED, "U0SEC", {"operation": "key.disable", "batch": 4, "why": "gone"}, "disabling failed for batch 4 of <@U0SEC>: gone"),
        (Fact.HELD, None, {"operation": "key.quota", "why": "no answer"}, "a change of quota waits until the gateway can be asked: no answer"),
        (Fact.REVEALED, "U0ADA", {"times": 2}, "<@U0ADA> looked at the value of the key (time 2)"),
        (Fact.PROBE, None, {"outcome": "refused", "tries": 2}, "The gateway refuses the key itself: it is dead (try 2)"),
        (Fact.ALERT, None, {"alert": 3, "source": "github", "keys": [7, 8]}, "Alert 3 (github) came in about key 7, 8"),
        (Fact.ALERT, None, {"alert": 3, "source": "github", "deliveries": 10}, "Alert 3 (github) came again; 10 times so far"),
        (Fact.ALERT, "U0SEC", {"alert": 3, "source": "github", "operation": "key.disable"}, "<@U0SEC> began disabling from alert 3 (github)"),
        (Fact.RESTORED, None, {"ended": 2}, "The database was restored from a copy; 2 open requests were ended"),
        (Fact.STARTED, None, {"version": "0.1.0", "sha256": "0123456789abcdef"}, "Keydesk 0.1.0 started with policy `0123456789ab`"),
    ],
)  # fmt: skip
def test_a_line_is_a_sentence(fact: Fact, actor: str | None, details: dict[str, Any], words: str) -> None:
    assert told(fact, actor, **details) == words


def test_what_was_asked_is_told_from_the_request() -> None:
    text = told(Fact.ASKED, "U0ADA", request=REQUEST, operation="key.quota", rule="x")
    assert (
        text
        == f"<@U0ADA> asked for a change of quota (*{isolate('ci &lt;main&gt;')}*): Quota left 100k → 200k (“the &lt;demo&gt;”)"
    )
    long = REQUEST.model_copy(update={"reason": "x" * 900, "key_name": "y" * 300})
    assert len(told(Fact.ASKED, "U0ADA", request=long)) <= LONGEST


def test_a_refused_click_says_what_was_tried() -> None:
    text = told(Fact.REFUSED, "U0ADA", request=REQUEST, operation="key.quota", tried="approve", rule="r", kind="member")
    assert text == "<@U0ADA> tried `approve` and was refused by rule “r”"


def test_what_was_applied_is_told_before_and_after() -> None:
    assert applied("key.quota", BEFORE, BEFORE | {"remain_quota": 200_000}) == (
        "Quota changed: Quota left 100k units ($0.20) → 200k units ($0.40)"
    )
    assert applied("key.disable", BEFORE, BEFORE | {"status": 2}) == "Disabled: Status enabled → disabled"
    renamed = BEFORE | {"name": "ci <2>", "remain_quota": 99_000}
    assert applied("key.update", BEFORE, renamed) == "Changed: Name ci → ci &lt;2&gt;"
    assert applied("key.create", None, BEFORE) == (
        "Created: Quota 100k units ($0.20), Expires never, Models every model, Allowed IPs from anywhere"
    )
    assert applied("key.delete", BEFORE, None) == "Deleted"
    assert applied("key.quota", {"name": 3}, {"name": 4}) == "Quota changed"


def test_a_page_has_time_request_and_number_of_each_line() -> None:
    line = {"seq": 9, "at": NOW, "fact": "taken", "actor": "U0MO", "request_id": 12, "key_id": 7, "details": {}}
    by_hand = {"seq": 8, "at": "2030-01-31T12:00:00.000Z", "fact": "revealed", "actor": None, "details": "nonsense"}
    page = audit_page([line, by_hand], about="", requests={}, dollars=Dollars(usual=1), operations=OPERATIONS)
    assert f"<!date^{int(NOW)}^" in text_of(page)
    assert "<@U0MO> took the request, so that others need not look · request #12 · key 7 · line 9" in text_of(page)
    assert "12:00 UTC> · Keydesk looked at the value of the key · line 8" in text_of(page)


def test_a_key_that_is_given_is_accepted_or_declined() -> None:
    assert told(Fact.ACCEPTED, "U0BEN", key=7) == "<@U0BEN> accepted the key"
    assert told(Fact.ACCEPTED, "U0BEN") == "<@U0BEN> accepted what was offered instead"
    assert told(Fact.DECLINED, "U0BEN") == "<@U0BEN> declined the key"
    owner = Change(field="owner", label="Owner", before="U0ADA", after="U0BEN")
    asked = REQUEST.model_copy(update={"operation": "key.transfer", "summary": (owner,), "reason": ""})
    line = told(Fact.ASKED, "U0ADA", request=asked, operation="key.transfer")
    assert "Owner <@U0ADA> → <@U0BEN>" in line


def test_an_approval_names_the_key_where_it_is_known() -> None:
    unnamed = REQUEST.model_copy(update={"key_name": ""})
    for request, alone, of_two in (
        (REQUEST, " (*ci &lt;main&gt;*)", " (*ci &lt;main&gt;*; 1 of 2)"),
        (unnamed, "", " (1 of 2)"),
    ):
        one = told(Fact.APPROVED, "U0MO", request=request, operation="key.quota", votes=1, of=1)
        two = told(Fact.APPROVED, "U0MO", request=request, operation="key.quota", votes=1, of=2)
        plain = [text.translate({0x2068: None, 0x2069: None}) for text in (one, two)]
        assert plain == [f"<@U0MO> approved a change of quota{end}" for end in (alone, of_two)]
