"""One of each card, form and answer that this version draws, filled in, for Slack's own judge of blocks (slack.py).

Everything here is invented and made by the same functions as the real ones; nothing is sent to a channel.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import SecretStr

from bot.alerts.call_times import CallPlan
from bot.alerts.cards import modal as alert_modal
from bot.alerts.cards import notices as alert_notices
from bot.alerts.cards.all_keys import keys_window
from bot.alerts.cards.call_lines import call_message, over_call
from bot.alerts.cards.card import card as alert_card
from bot.alerts.cards.sightings import Sightings, joined_card
from bot.alerts.cards.standing import Standing
from bot.alerts.cards.unknown import unknown_card
from bot.alerts.detection.key_index import MatchKind
from bot.alerts.models import Alert, AlertStatus, KeyFinding, KeySnapshot
from bot.approvals.cards.copies import security_message
from bot.approvals.cards.given_keys import offered_key
from bot.approvals.cards.offer_form import build_offer_modal
from bot.approvals.cards.refill_notices import refill_notice
from bot.approvals.cards.views import RequestViews, confirmation, notice, owner_notice
from bot.approvals.models import Acceptance, ApprovalRequest, Judgement, Outcome, Progress, Status
from bot.features import OPERATIONS
from bot.features.audit_read.views import audit_page
from bot.features.budget_change import views as budget_change
from bot.features.forms.fields import Prefill
from bot.features.forms.key_command import loading
from bot.features.forms.key_form import Seen
from bot.features.forms.preview import UNFINISHED
from bot.features.forms.receipt import receipt
from bot.features.home.language import language_block
from bot.features.home.views import build_home, nothing_here
from bot.features.key_adopt import views as key_adopt
from bot.features.key_allowance import views as key_allowance
from bot.features.key_create import views as key_create
from bot.features.key_delete import views as key_delete
from bot.features.key_disable import views as key_disable
from bot.features.key_enable import views as key_enable
from bot.features.key_end import views as key_end
from bot.features.key_list.list_views import KeyList
from bot.features.key_list.views import key_window
from bot.features.key_quota import views as key_quota
from bot.features.key_reveal.views import build_modal as reveal_modal
from bot.features.key_rotate import views as key_rotate
from bot.features.key_transfer import views as key_transfer
from bot.features.key_update import views as key_update
from bot.features.lists import key_rows, request_rows
from bot.features.policy_explain.listeners import explanation
from bot.features.request_list.typed_query import RequestQuery
from bot.features.request_list.views import RequestGroup, request_list, request_page
from bot.gateway.dollars import Dollars
from bot.gateway.models import Key, KeyId
from bot.incident import views as incident
from bot.incident.models import Batch, BatchKey, BatchKeyStatus, BatchRevocation, BatchStatus
from bot.incident.preview import preview
from bot.keys.inventory_store import KnownKey
from bot.keys.key_query import EVERYTHING
from bot.keys.known_keys import KeyPage
from bot.operations import AllowanceTerms, Budget, Change
from bot.periods import Period, span_of
from bot.permissions.models import Actor, Approval, Ask, Decision, Facts, Stage
from bot.permissions.templates import Template
from bot.slack.blocks import Message

NOW = 1_790_000_000.0
UNITS = 500_000
PERSON, TEAM, CHANNEL = "U0SAMPLE", "T0SAMPLE", "C0SAMPLE"
_KEY = Key(
    id=KeyId(7),
    user_id=1,
    status=1,
    name="search",
    remain_quota=300_000,
    used_quota=200_000,
    unlimited_quota=False,
    expired_time=int(NOW) + 86_400,
    created_time=int(NOW) - 86_400,
    accessed_time=int(NOW),
    model_limits_enabled=True,
    model_limits="gpt-4o-mini",
    allow_ips="203.0.113.7",
    group="",
    cross_group_retry=False,
    hint="aB3d…wXyZ",
    masked=False,
)
_BUDGET = Budget(
    holder=PERSON,
    terms=AllowanceTerms(amount=500_000, period=Period.MONTH),
    request_id=12,
    rule="a manager decides the rest",
    set_at=NOW,
    span=span_of(Period.MONTH, date(2026, 9, 21)),
    amount=500_000,
)
# Forms about a key that exists: each makes its window by the same function (features/forms/key_form.py).
_FORMS = {
    "key.quota": key_quota,
    "key.allowance": key_allowance,
    "key.disable": key_disable,
    "key.end": key_end,
    "key.enable": key_enable,
    "key.rotate": key_rotate,
    "key.delete": key_delete,
    "key.adopt": key_adopt,
    "key.transfer": key_transfer,
}


@dataclass(frozen=True)
class Sample:
    """A message or a view, and how it is called in a report."""

    name: str
    body: Message | Mapping[str, Any]

    def arguments(self) -> dict[str, Any]:
        """The arguments of `blocks.validate` for this sample."""
        if isinstance(self.body, Message):
            return {"message": {"text": self.body.text, "blocks": list(self.body.blocks)}}
        return {"view": dict(self.body)}


def samples() -> Iterator[Sample]:
    """Each kind once, and what is drawn otherwise in another state in that state too."""
    yield from _of_requests()
    yield from _of_forms()
    yield from _of_lists()
    yield from _of_alerts()
    yield from _of_batches()


def _request(status: Status, operation: str = "key.create", **more: Any) -> ApprovalRequest:
    terms = Approval(stages=(Stage(roles=("manager",)),), expires=259_200.0, remind=14_400.0)
    decision = Decision(outcome="needs_approval", rule="a manager decides the rest", sentence="Asks.", approval=terms)
    facts = Facts(remain_quota=2_000_000, unlimited_quota=False, lifetime=86_400.0, increase=2_000_000)
    values: dict[str, Any] = {
        "id": 12,
        "version": 1,
        "status": status,
        "delivery_id": "sample",
        "operation": operation,
        "requester_id": PERSON,
        "requester_team": TEAM,
        "channel_id": CHANNEL,
        "key_id": None if operation == "key.create" else int(_KEY.id),
        "key_name": "search",
        "reason": "Search goes live on Monday.",
        "input": {
            "name": "search",
            "remain_quota": 2_000_000,
            "expiry": {"seconds": 86_400},
            "models": ["gpt-4o-mini"],
        },
        "before": None if operation == "key.create" else _KEY,
        "summary": (Change(field="remain_quota", label="Quota", before=None, after="2,000,000 ($4.00)"),),
        "judgement": Judgement(decision=decision, facts=facts, own=True),
        "asked_at": NOW,
    }
    return ApprovalRequest(**values | more)


def _of_requests() -> Iterator[Sample]:
    views = RequestViews(operations=OPERATIONS, dollars=Dollars(usual=UNITS), clock=lambda: NOW)
    outcome = Outcome(sentence="It is there.", notes=("Read back.",), key_id=int(_KEY.id), hint="…wXyZ")
    done: dict[str, Any] = {"outcome": outcome, "decided_by": PERSON, "decided_at": NOW, "settled_at": NOW}
    for status in Status:
        ended: dict[str, Any] = done if status is Status.SUCCEEDED else {}
        request = _request(status, **ended)
        yield Sample(f"request card, {status}", views.card(request))
        yield Sample(f"receipt, {status}", receipt(request, OPERATIONS["key.create"], channel=CHANNEL, mine=True))
    made = _request(Status.SUCCEEDED, **done)
    twice = _request(Status.SUCCEEDED, outcome=Outcome(sentence="", key_id=7, copies=(8,)))
    yield Sample("a copy of a key, to security", security_message(twice))
    yield Sample("confirmation", confirmation(made, OPERATIONS[made.operation], UNITS))
    yield Sample("notice", notice(made, OPERATIONS[made.operation], UNITS))
    stopped = _request(Status.SUCCEEDED, "key.disable", **done)
    yield Sample("notice to an owner", owner_notice(stopped, OPERATIONS[stopped.operation]))
    wanted = {"key_id": 7, "owner_id": PERSON, "from_id": None}
    failed = _request(Status.FAILED, "key.allowance", key_id=7, outcome=outcome)
    yield Sample("a refill that failed", refill_notice(failed))
    asked = Progress(acceptance=Acceptance(until=NOW))
    offered = _request(Status.APPROVED, "key.transfer", input=wanted, progress=asked)
    yield Sample("offer of a key", offered_key(offered))
    given = _request(Status.SUCCEEDED, "key.transfer", input=wanted, **done)
    yield Sample("notice to a new owner", owner_notice(given, OPERATIONS[given.operation], owner=PERSON))
    yield Sample("approve with changes", build_offer_modal(_request(Status.PENDING), units_per_usd=UNITS))
    rows = [request_rows.row(made, OPERATIONS[made.operation], mine=True, decidable=False)]
    yield Sample("list of requests", request_list([RequestGroup("Your requests", rows)]))
    yield Sample(
        "requests that were looked for", request_page(rows, RequestQuery(requester=PERSON), total=41, number=2)
    )


def _of_forms() -> Iterator[Sample]:
    prefill = Prefill(name="search", quota="100k", models=("gpt-4o-mini",), allowed_ips=("203.0.113.7",))
    usual = (Template(name="ci", words="search", fields={}),)
    form = key_create.build_modal(
        prefill, units_per_usd=UNITS, channel=CHANNEL, notes=[key_create.FROM_COMMAND], templates=usual
    )
    yield Sample("form key.create", form)
    remembered = key_update.Remembered.of(int(_KEY.id), CHANNEL, prefill, limited=True)
    yield Sample("form key.update", key_update.build_modal(remembered, prefill, hint=_KEY.last_four))
    seen = Seen.of(_KEY, now=NOW, channel=CHANNEL, rest="")
    for operation, views in _FORMS.items():
        view = views.build_modal(seen, state={}, live=UNFINISHED, units_per_usd=UNITS)
        yield Sample(f"form {operation}", view)
    value = SecretStr("the value of a key")
    standing = budget_change.known_text((_BUDGET, 200_000), units_per_usd=UNITS)
    open_form = budget_change.OpenForm(holder=PERSON, channel=CHANNEL)
    window = budget_change.build_modal(open_form, standing, live=UNFINISHED, units_per_usd=UNITS)
    yield Sample("form budget.change", window)
    yield Sample("reveal", reveal_modal(value, name="search", key_id=7, times=2, gateway_url="https://gateway.example"))
    yield Sample("loading", loading("API key"))


def _of_lists() -> Iterator[Sample]:
    row = key_rows.row(_KEY, now=NOW, owner=PERSON, units_per_usd=UNITS)
    known = KnownKey(
        key=_KEY,
        read_at=NOW,
        known_since=NOW,
        gone_at=None,
        owner_id=PERSON,
        owner_team=TEAM,
        owner_roles=None,
    )
    keys = KeyList(
        page=KeyPage(keys=[known], total=41, number=2, as_of=NOW),
        query=EVERYTHING,
        everybody=True,
        locked={},
        now=lambda _key: NOW,
        asked_at=NOW,
        dollars=Dollars(usual=UNITS),
    )
    yield Sample("list of keys", keys.message())
    yield Sample("list of budgets", budget_change.budget_list([(_BUDGET, 200_000)], units_per_usd=UNITS))
    yield Sample("table of keys", keys.table())
    window = key_window(
        _KEY,
        owner=PERSON,
        mine=True,
        requests=[_request(Status.SUCCEEDED)],
        words=[("key.quota", "More quota…"), ("reveal", "Reveal")],
        now=NOW,
        units_per_usd=UNITS,
    )
    yield Sample("key", window)
    rows = [request_rows.row(_request(Status.PENDING), OPERATIONS["key.create"], mine=False, decidable=True)]
    home = build_home(
        waiting=rows,
        reviews=rows,
        keys=[row],
        requests=rows,
        care=["The policy has a doubt."],
        quiet=False,
        language=language_block(""),
        now=NOW,
    )
    yield Sample("Home", home)
    yield Sample("Home of somebody without rights", nothing_here("You may do nothing here."))
    line = {"seq": 1, "at": NOW, "fact": "started", "actor": "", "details": {"version": "1"}}
    page = audit_page([line], about="", requests={}, dollars=Dollars(usual=UNITS), operations=OPERATIONS)
    yield Sample("record", page)
    ask = Ask(actor=Actor(slack_user_id=PERSON, team_id=TEAM), operation="key.create")
    decision = Decision(outcome="allow", rule="small keys are free", sentence="", trail=(("another", "is for others"),))
    yield Sample("why", explanation(ask, decision, None, OPERATIONS["key.create"].description))


def _of_alerts() -> Iterator[Sample]:
    found = KeyFinding(hint="aB3d…wXyZ", how=MatchKind.FULL, key_ids=(7,))
    seen = {7: KeySnapshot.of(_KEY, owner=PERSON, now=NOW, looked_at=NOW)}
    known = Alert(
        id=3,
        source="generic",
        their_id="sample",
        status=AlertStatus.OPEN,
        title="A key in a log",
        text="build 12",
        url="https://ci.example/12",
        findings=(found,),
        keys=seen,
        received_at=NOW,
        looked_up_at=NOW,
    )
    closed = known.model_copy(update={"status": AlertStatus.FALSE_ALARM, "closed_by": PERSON, "closed_at": NOW})
    unknown = known.model_copy(update={"keys": {}, "findings": (KeyFinding(hint="x…y", how=MatchKind.UNKNOWN),)})
    plan = CallPlan(now=NOW, next=("security",))
    yield Sample("alert card", alert_card(known, {}, dollars=Dollars(usual=UNITS), plan=plan))
    yield Sample("alert card, false alarm", alert_card(closed, {}, dollars=Dollars(usual=UNITS), plan=plan))
    again = Sightings([known], 1, NOW)
    yield Sample("alert card, seen again", alert_card(known, {}, dollars=Dollars(usual=UNITS), plan=plan, seen=again))
    yield Sample("alert card, joined", joined_card(known.model_copy(update={"elsewhere": {7: 2}})))
    yield Sample("alert, a call that is over", over_call(closed, {}, None, now=NOW))
    body, works = {"who": f"<@{PERSON}>"}, Standing(living=(7,))
    yield Sample("alert, a call", call_message(known, {}, body, standing=works, batch=None, now=NOW))
    yield Sample("alert, all keys", keys_window(known, [7], {}, total=21, number=0, now=NOW))
    yield Sample("alerts without a key of ours", unknown_card([unknown], 1, minute=int(NOW // 60)))
    window = alert_modal.alert_window(known, {}, visible={7}, channel=CHANNEL, dollars=Dollars(usual=UNITS), now=NOW)
    yield Sample("alert window", window)
    yield Sample("alert, answer in a thread", alert_notices.thread_answer(known, {}))
    yield Sample("alert, to the author", alert_notices.author_notice(known, {}))
    yield Sample("alert, to the owner", alert_notices.owner_notice(known, 7, {}))


def _of_batches() -> Iterator[Sample]:
    batch = Batch(
        id=4,
        operation="key.disable",
        status=BatchStatus.RUNNING,
        requester_id=PERSON,
        requester_team=TEAM,
        what=f"every key of <@{PERSON}>",
        reason="A laptop was stolen.",
        asked_at=NOW,
    )
    keys = [BatchKey(batch_id=4, key_id=7, name="search", own=False, status_before=1)]
    counts = dict.fromkeys(BatchKeyStatus, 0) | {BatchKeyStatus.DONE: 1}
    proof = incident.RevocationSummary(counts=dict.fromkeys(BatchRevocation, 0), accepted=keys, untried=[])
    yield Sample("batch, preview", preview(batch, keys, {"it is expired": 1}))
    for status in BatchStatus:
        if status is not BatchStatus.DRAFT:
            moved = batch.model_copy(update={"status": status})
            yield Sample(f"batch, {status}", incident.progress(moved, counts, keys, proof, None))
    yield Sample("batch, alarm", incident.alarm(4, 1, keys))
    yield Sample("batch, to an owner", incident.owner_notice(batch, keys, None))
