"""A waiting card says how many of whom it needs now, and who comes afterwards: never the sum over all stages."""

from typing import Any

from bot.approvals.cards.waiting import answer_blocks, own_answer, until_text, waiting_blocks
from bot.approvals.models import ApprovalRequest, Judgement, Progress, Status, Vote
from bot.permissions.models import Approval, Decision, Facts, Stage
from bot.slack.blocks import Message
from tests.approvals.kit import NOW, new_request
from tests.scenarios.desk import text_of

STAGES = (Stage(roles=("manager",)), Stage(roles=("security", "admin"), count=2))


def row(*votes: str, status: Status = Status.PENDING, terms: Approval | None = None, **changes: Any) -> ApprovalRequest:
    decision = Decision(outcome="needs_approval", rule="r", sentence="", approval=terms)
    judgement = Judgement(decision=decision, facts=Facts(), own=True)
    given = tuple(Vote(by=by, team="T", at=NOW + n) for n, by in enumerate(votes))
    values: dict[str, Any] = {"lapses_at": NOW + 60} | changes
    wish = dict(new_request(judgement=judgement))
    return ApprovalRequest(**wish, id=1, version=1, status=status, votes=given, **values)


def shown(*votes: str, **changes: Any) -> str:
    return text_of(Message("", waiting_blocks(row(*votes, **changes), now=NOW)))


TWO = Approval(stages=STAGES, expires=3600.0)


def test_the_open_stage_is_said_and_what_follows_it() -> None:
    first = shown(terms=TWO)
    assert "Needs 1 approval from *manager*. Then: 2 people of *security* or *admin*." in first
    second = shown("U0MIRA", terms=TWO)
    assert "Needs 2 more approvals from *security* or *admin*; approved by <@U0MIRA>." in second
    assert "Then" not in second


def test_its_end_and_who_was_called_are_said() -> None:
    text = shown(terms=TWO, lapses_at=None, progress=Progress(called=("S0MANAGERS",)))
    assert "It has no time limit." in text
    assert "Called: <!subteam^S0MANAGERS>" in text


def test_what_waits_for_nobody_says_nothing() -> None:
    assert shown(terms=TWO, status=Status.DENIED).strip() == shown(terms=None).strip() == ""
    assert shown("U0MIRA", "U0SAM", "U0ALEX", terms=TWO).strip() == ""


def test_of_an_offer_it_is_said_who_answers_and_until_when() -> None:
    def answer(**changes: Any) -> str:
        return text_of(Message("", answer_blocks(row(terms=TWO, **changes))))

    shown_to_all = answer(status=Status.OFFERED)
    assert "Only <@U0ADA> can accept this offer. Without an answer by <!date^" in shown_to_all
    assert "it lapses, and nothing is made or changed." in shown_to_all
    assert "Only <@U0ADA> can accept this offer. It has no time limit." in answer(status=Status.OFFERED, lapses_at=None)
    assert answer(status=Status.PENDING).strip() == ""


def test_whoever_must_answer_an_offer_is_told_what_happens_otherwise() -> None:
    told = own_answer(row(terms=TWO, status=Status.OFFERED))
    assert told.startswith("Accept or withdraw by <!date^")
    assert "If you do neither, the offer lapses, and nothing is made or changed." in told
    endless = own_answer(row(terms=TWO, status=Status.OFFERED, lapses_at=None))
    assert endless == "Accept the offer, or withdraw. It has no time limit."
    assert own_answer(row(terms=TWO)) == ""


def test_a_line_of_a_list_says_for_whom_it_waits() -> None:
    assert until_text(row(terms=TWO)).startswith(" · waits for *manager* until <!date^")
    assert until_text(row("U0MIRA", terms=TWO)).endswith(", then it expires")
    assert "waits for *security* or *admin* until" in until_text(row("U0MIRA", terms=TWO))
    assert "waits for <@U0ADA> until" in until_text(row(terms=TWO, status=Status.OFFERED))
    assert until_text(row(terms=TWO, lapses_at=None)) == " · waits for *manager*"
    everybody = row("U0MIRA", "U0SAM", "U0ALEX", terms=TWO)
    assert until_text(everybody) == until_text(row()) == until_text(row(terms=TWO, status=Status.DENIED)) == ""
