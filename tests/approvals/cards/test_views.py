"""What the card, the confirmation and the words to requester and owner say in each state of a request."""

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.cards.buttons import MORE
from bot.approvals.cards.change_lines import change_lines
from bot.approvals.cards.notifications import CARD, CONFIRMATION, NOTICE, OWNER, STORY
from bot.approvals.cards.views import (
    MARKS,
    RequestViews,
    confirmation,
    mark_of,
    notice,
    outcome_blocks,
    owner_notice,
)
from bot.approvals.models import (
    ApprovalRequest,
    Judgement,
    Origin,
    OriginKind,
    Outcome,
    OverlapProgress,
    Postponement,
    Progress,
    RevocationProgress,
    Status,
    Vote,
)
from bot.db.engine import Database
from bot.features import OPERATIONS
from bot.gateway.dollars import Dollars
from bot.keys import inventory_store, owners
from bot.keys.owners import OwnedKey
from bot.operations import Change, Offer
from bot.permissions.models import Approval, Decision, Lock, Stage
from bot.slack.post_store import PostRow
from tests.approvals.kit import NOW, new_request, row
from tests.keys.records import record
from tests.slack.outboxes import post_row

UNITS = 500_000
VIEWS = RequestViews(operations=OPERATIONS, dollars=Dollars(usual=UNITS), clock=lambda: NOW)
CREATE, DISABLE, ROTATE = OPERATIONS["key.create"], OPERATIONS["key.disable"], OPERATIONS["key.rotate"]
MIRA_APPROVED = (Vote(by="U0MIRA", team="T0TEST", at=NOW),)


def plain(text: str) -> str:
    """Without the marks that keep a name from turning the direction of the text around it."""
    return text.translate({0x2068: None, 0x2069: None})


def buttons(blocks: list[Any]) -> list[str]:
    return [one["action_id"] for block in blocks if block["type"] == "actions" for one in block["elements"]]


def card(request: ApprovalRequest) -> str:
    return str(VIEWS.card(request, details=True).blocks)


def needing(*stages: Stage) -> Judgement:
    judgement = new_request().judgement
    decision = replace(judgement.decision, approval=Approval(stages=stages, expires=86_400.0))
    return judgement.model_copy(update={"decision": decision})


def allowed_at_once() -> Judgement:
    decision = Decision(outcome="allow", rule="small", sentence="It is small.")
    return new_request().judgement.model_copy(update={"decision": decision})


def checked(**seen: Any) -> Progress:
    return Progress(revocation=RevocationProgress(**seen))


@pytest.mark.parametrize(
    ("status", "progress", "mark"),
    [
        (Status.DENIED, Progress(), MARKS[Status.DENIED]),
        (Status.SUCCEEDED, Progress(), ":white_check_mark:"),
        (Status.SUCCEEDED, checked(), ":hourglass_flowing_sand:"),
        (Status.SUCCEEDED, checked(ended=True, refused_at=NOW), ":white_check_mark:"),
        (Status.SUCCEEDED, checked(ended=True), ":warning:"),
        (Status.SUCCEEDED, checked(ended=True, accepted_last=NOW), ":rotating_light:"),
    ],
)
def test_green_is_only_what_was_read_back_and_refused_by_the_gateway(
    status: Status, progress: Progress, mark: str
) -> None:
    assert mark_of(row(status, progress=progress)) == mark


@pytest.mark.parametrize(
    ("status", "ids"),
    [
        (Status.PENDING, ["approve", "deny", "more"]),
        (Status.OFFERED, ["accept_offer", "more"]),
        *(
            (status, ["look_at_request", "key.create.again"])
            for status in (Status.FAILED, Status.DENIED, Status.EXPIRED, Status.WITHDRAWN)
        ),
        *((status, []) for status in (Status.APPROVED, Status.RUNNING, Status.UNKNOWN)),
        (Status.SUCCEEDED, ["look_at_request"]),
    ],
)
def test_a_card_has_the_buttons_of_its_state(status: Status, ids: list[str]) -> None:
    assert buttons(VIEWS.card(row(status)).blocks) == ids


def test_the_menu_names_the_request_and_the_word() -> None:
    [block] = [block for block in VIEWS.card(row()).blocks if block["type"] == "actions"]
    assert [one["value"] for one in block["elements"][2]["options"]] == [f"{word}:3" for word in MORE]


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (row(reason="for the *launch*"), "*Why*"),
        (row(Status.DENIED, denial="Too much.", decided_by="U0MIRA"), "*Reason of the denial*"),
        (row(Status.DENIED, decided_by="U0MIRA"), "by <@U0MIRA>"),
        (row(Status.RUNNING, decided_by="U0MIRA"), ":hourglass_flowing_sand: *Approved* by <@U0MIRA> · applying"),
        (row(Status.FAILED, decided_by="U0MIRA"), "*Failed* · approved by <@U0MIRA>"),
        (row(Status.UNKNOWN), "the gateway's answer was lost; checking what it did"),
        (row(Status.RUNNING, progress=Progress(postponed=Postponement(since=1, tries=1))), "held up, still trying"),
        (row(taken_by="U0MIRA"), "<@U0MIRA> is looking at it"),
        (row(Status.SUCCEEDED, break_glass=True), "*not reviewed yet*"),
        (row(Status.SUCCEEDED, break_glass=True, reviewed_by="U0OMAR"), "reviewed by <@U0OMAR>"),
        (row(lapses_at=NOW), "It waits until <!date"),
        (row(), "It has no time limit."),
        (row(), "Needs 1 approval from *manager*"),
        (
            row(judgement=needing(Stage(roles=("manager",), count=2)), votes=MIRA_APPROVED),
            "Needs 1 more approval from *manager*; approved by <@U0MIRA>.",
        ),
        (row(judgement=needing(Stage(roles=("manager",), count=2))), "Needs 2 approvals from *manager*"),
        (row(progress=Progress(no_approver_since=NOW)), "Nobody can approve this now: among *manager*"),
        (row(key_id=12), "key 12"),
        (row(counter_offer=Offer(remain_quota=500_000)), "Granted instead of what was asked"),
        (row(Status.DENIED, counter_offer=Offer(remain_quota=500_000)), "Offered instead"),
    ],
)
def test_the_card_says(request_: ApprovalRequest, words: str) -> None:
    assert words in card(request_)


def test_a_finished_card_is_two_lines_and_a_button_for_the_rest() -> None:
    withdrawn = VIEWS.card(row(Status.WITHDRAWN, decided_by="U0ADA", reason="big plans")).blocks
    assert [block["type"] for block in withdrawn] == ["section", "actions"]
    assert len(withdrawn[0]["text"]["text"].splitlines()) == 2
    # Why it was denied is a third line, cut; the details show all of it.
    denied = row(Status.DENIED, decided_by="U0MIRA", denial="Too much. " * 30 + "Ask *Omar*.", reason="big plans")
    blocks = VIEWS.card(denied).blocks
    assert [block["type"] for block in blocks] == ["section", "actions"]
    lines = blocks[0]["text"]["text"].splitlines()
    assert (len(lines), lines[2][:12], lines[2][-1], len(lines[2]) < 160) == (3, "> Too much. ", "…", True)
    assert "Omar" in card(denied)
    # While a disabled key is still being tried, the card says so.
    trying = row(
        Status.SUCCEEDED, operation="key.disable", key_id=7, progress=Progress(revocation=RevocationProgress())
    )
    assert len(VIEWS.card(trying).blocks) > 2
    # Why it failed stays in sight.
    failed = row(Status.FAILED, outcome=Outcome(sentence="The gateway refused it."))
    assert "The gateway refused it." in str(VIEWS.card(failed).blocks)


def test_a_locked_key_is_on_the_card_for_whoever_decides() -> None:
    judgement = new_request().judgement
    lock = Lock(cause="alert", by="U0SAM", at=NOW, number=5, rule="r")
    locked = judgement.model_copy(update={"facts": replace(judgement.facts, lock=lock)})
    assert "*The key is locked.*" in card(row(judgement=locked))
    assert "locked" not in card(row())


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"operation": "key.quota", "key_id": 7}, True),
        ({"operation": "key.update", "key_id": 7}, True),
        ({"operation": "key.quota", "key_id": 7, "status": Status.SUCCEEDED}, False),
        ({"operation": "key.quota", "key_id": 8}, False),
        ({"operation": "key.disable", "key_id": 7}, False),
        ({}, False),
    ],
)
def test_whoever_decides_about_a_key_sees_what_it_spent(
    sqlite_database: Database, changes: dict[str, Any], told: bool
) -> None:
    key = record(7, created_time=int(NOW - 20 * 86_400), used_quota=6_000_000, remain_quota=1_500_000)
    sqlite_database.run_here(inventory_store.write, {7: (NOW, key)})
    background = sqlite_database.run_here(VIEWS.background, row(**changes))
    assert ("The key has spent $12.00 of $15.00 in 20 days." in str(background)) is told
    assert ("The key has spent" in str(VIEWS.card(row(**changes), background=background).blocks)) is told


def test_what_was_done_without_asking_is_reviewed_by_a_button_until_somebody_did() -> None:
    assert buttons(VIEWS.card(row(Status.SUCCEEDED, break_glass=True)).blocks) == ["reviewed"]
    assert buttons(VIEWS.card(row(Status.RUNNING, break_glass=True)).blocks) == []
    assert buttons(VIEWS.card(row(Status.SUCCEEDED, break_glass=True, reviewed_by="U0OMAR")).blocks) == [
        "look_at_request"
    ]


def test_the_confirmation_names_key_and_approver_and_leaves_the_rule_to_the_details() -> None:
    done = row(
        Status.SUCCEEDED,
        decided_by="U0MIRA",
        outcome=Outcome(sentence="", notes=("Changed meanwhile: name.",), key_id=12, hint="aB3d…wXyZ"),
    )
    text = str(confirmation(done, CREATE, UNITS).blocks)
    assert "was created. Asked by <@U0ADA>, approved by <@U0MIRA>." in text
    assert "Request #3 · key 12 · `aB3d…wXyZ`" in text
    assert "the rest" not in text
    assert "Changed meanwhile: name." in text


def test_without_a_card_the_confirmation_is_all_that_the_channel_sees() -> None:
    facts = (Change(field="name", label="Name", before=None, after="search"),)
    with_card = row(Status.SUCCEEDED, summary=facts)
    assert "*Name*" not in str(confirmation(with_card, CREATE, UNITS).blocks)
    alone = row(Status.SUCCEEDED, summary=facts, judgement=allowed_at_once())
    assert "*Name*" in str(confirmation(alone, CREATE, UNITS).blocks)
    assert "was disabled. Asked by <@U0ADA>." in str(confirmation(alone, DISABLE, UNITS).blocks)
    # Nobody asked for the end of a rotation, nor for what the policy does by itself.
    ends = alone.model_copy(update={"origin": Origin(kind=OriginKind.ROTATION_END, request_id=2)})
    assert "both keys worked is over (rotation #2)." in str(confirmation(ends, DISABLE, UNITS).blocks)
    itself = alone.model_copy(update={"origin": Origin(kind=OriginKind.ALERT_RULE, alert_id=2)})
    assert "Keydesk did it by itself." in str(confirmation(itself, DISABLE, UNITS).blocks)


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        (row(Status.APPROVED), "Your request for key *search* is approved."),
        (row(Status.OFFERED, decided_by="U0MIRA"), "<@U0MIRA> approved your request for key *search* with changes."),
        (row(Status.UNKNOWN, outcome=Outcome(sentence="Look.", by_hand=True)), "It is not known what became of"),
        (row(Status.UNKNOWN), "The gateway's answer about key *search* was lost."),
        (row(Status.FAILED), "Your request for key *search* failed. Nothing was reported as done."),
        (row(Status.DENIED, decided_by="U0MIRA"), "<@U0MIRA> denied your request for key *search*."),
        (row(Status.EXPIRED), "Your request for key *search* expired"),
        (row(Status.WITHDRAWN, decided_by="U0ADA"), "You withdrew your request for key *search*."),
        (row(Status.WITHDRAWN), "Nobody need decide your request for key *search* any more."),
        (row(Status.SUCCEEDED), "Your key *search* is ready."),
        (
            row(Status.APPROVED, progress=Progress(postponed=Postponement(since=1, tries=1, why="It is <away>."))),
            "Your request for key *search* is not applied yet. It is &lt;away&gt;. Nothing is lost",
        ),
    ],
)
def test_the_requester_is_told_where_it_stands(request_: ApprovalRequest, sentence: str) -> None:
    assert plain(notice(request_, CREATE, UNITS).text).startswith(sentence)


def test_the_requester_reveals_only_a_key_of_their_own() -> None:
    done = row(Status.SUCCEEDED)
    assert buttons(notice(done, CREATE, UNITS, mine=True).blocks) == ["reveal"]
    assert buttons(notice(done, CREATE, UNITS, mine=False).blocks) == []
    assert plain(notice(done, ROTATE, UNITS).text).startswith("Key *search* has a successor.")
    assert plain(notice(done, DISABLE, UNITS).text) == "Key *search* was disabled."
    assert buttons(notice(done, DISABLE, UNITS).blocks) == []


def test_an_offer_is_accepted_or_withdrawn_from_the_message() -> None:
    offered = row(Status.OFFERED, counter_offer=Offer(remain_quota=500_000), decided_by="U0MIRA")
    message = notice(offered, CREATE, UNITS)
    assert buttons(message.blocks) == ["accept_offer", "withdraw"]
    assert "Offered instead" in str(message.blocks)


def test_what_changed_since_can_be_looked_at_and_asked_again() -> None:
    failed = row(Status.FAILED, key_id=12, outcome=Outcome(sentence="It changed.", changed_since=True))
    message = notice(failed, OPERATIONS["key.update"], UNITS)
    assert buttons(message.blocks) == ["key.update"]
    assert "It changed." in str(message.blocks)
    assert "Too much." in str(notice(row(Status.DENIED, denial="Too much."), CREATE, UNITS).blocks)


def test_the_owner_hears_what_somebody_else_did_and_reveals_a_successor() -> None:
    done = row(Status.SUCCEEDED, reason="leaked", requester_id="U0SAM")
    message = owner_notice(done, DISABLE)
    assert plain(message.text) == "Key *search* was disabled. It is your key; <@U0SAM> asked for this."
    assert "leaked" in str(message.blocks)
    assert buttons(message.blocks) == []
    assert buttons(owner_notice(row(Status.SUCCEEDED), ROTATE).blocks) == ["reveal"]


def test_what_no_rule_allowed_names_none() -> None:
    judgement = new_request().judgement
    nobody = judgement.model_copy(update={"decision": replace(judgement.decision, rule=None)})
    assert "rule `" in card(row())
    assert "rule `" not in card(row(judgement=nobody))


def test_what_goes_on_after_a_rotation_is_on_the_card() -> None:
    rotated = row(Status.SUCCEEDED, key_id=12, progress=Progress(overlap=OverlapProgress(at=NOW)))
    assert "The old key 12 works until" in card(rotated)


def test_new_values_and_changes_are_told_apart() -> None:
    assert change_lines(()) == []
    new = Change(field="name", label="Name", before=None, after="search")
    text = str(change_lines((new, replace_before(new, "old"))))
    assert "*Name*\\nsearch" in text
    assert "old → *search*" in text


def replace_before(change: Change, before: str) -> Change:
    return change.model_copy(update={"before": before})


def test_at_most_ten_lines_tell_what_went_wrong() -> None:
    many = tuple(f"line {number}" for number in range(12))
    failed = row(Status.FAILED, outcome=Outcome(sentence="It failed.", differences=many, notes=("a note",)))
    blocks = outcome_blocks(failed)
    assert (len(blocks), "It failed." in str(blocks[0]), "a note" in str(blocks)) == (11, True, False)
    done = row(Status.SUCCEEDED, outcome=Outcome(sentence="Done.", notes=("a note",)))
    assert "Done." not in str(outcome_blocks(done))
    assert "a note" in str(outcome_blocks(done))


def post(kind: str, subject: str = "1", **body: Any) -> PostRow:
    return post_row(kind, subject, body=body)


async def test_every_message_is_drawn_from_the_row_as_it_is_then(sqlite_database: Database) -> None:
    drawers = VIEWS.drawers()
    line = OwnedKey(key_id=12, name="search", owner_id="U0ADA", owner_team="T", request_id=1, created_at=NOW)

    def drawn(c: sa.Connection) -> dict[str, Any]:
        request, _ = store.insert(c, new_request(), status=Status.RUNNING, lapses_at=None)
        store.move(c, request, Status.SUCCEEDED, outcome=Outcome(sentence="", key_id=12))
        owners.own(c, line)
        return {kind: draw(c, post(kind, text="A line.")) for kind, draw in drawers.items()}

    messages = await sqlite_database.run(drawn)
    assert set(messages) >= {CARD, CONFIRMATION, NOTICE, OWNER, STORY}
    assert messages[CARD].text.endswith(": done (#1)")
    assert "(Request #1.)" in messages[CONFIRMATION].text
    assert buttons(messages[NOTICE].blocks) == ["reveal"]  # it is the requester's own
    assert "It is your key" in messages[OWNER].text
    assert messages[STORY].text == "A line."


async def test_what_is_gone_is_not_drawn(sqlite_database: Database) -> None:
    def drawn(c: sa.Connection) -> list[Any]:
        return [draw(c, post(kind, subject="99")) for kind, draw in VIEWS.drawers().items()]

    assert not any(await sqlite_database.read(drawn))


async def test_a_notice_of_a_request_without_an_outcome_has_no_key_to_reveal(sqlite_database: Database) -> None:
    def drawn(c: sa.Connection) -> Any:
        store.insert(c, new_request(), status=Status.DENIED, lapses_at=None)
        return VIEWS.drawers()[NOTICE](c, post(NOTICE))

    assert buttons((await sqlite_database.run(drawn)).blocks) == ["key.create.again"]


def test_a_refill_that_failed_has_a_word_of_its_own(sqlite_database: Database) -> None:
    def draw(c: sa.Connection) -> Any:
        new = new_request(origin=Origin(kind=OriginKind.ALLOWANCE, request_id=1), operation="key.allowance", key_id=7)
        store.insert(c, new, status=Status.FAILED, lapses_at=None)
        return VIEWS.drawers()[NOTICE](c, post(NOTICE))

    assert "was not refilled" in sqlite_database.run_here(draw).text
