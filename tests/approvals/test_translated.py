"""Everything that people see of a request is in their language, also what a row kept in another one."""

from typing import Any

import pytest
import sqlalchemy as sa

from bot.approvals.cards.lock_notices import draw_unlocked, locked_text
from bot.approvals.cards.notifications import STORY
from bot.approvals.cards.offer_form import build_offer_modal
from bot.approvals.cards.views import RequestViews, confirmation, notice, owner_notice
from bot.approvals.models import (
    Acceptance,
    ApprovalRequest,
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
from bot.approvals.revocation.attempts import Trial, marked
from bot.db.tables import posts
from bot.features import OPERATIONS
from bot.gateway.dollars import Dollars
from bot.gateway.errors import SENTENCES, Refusal
from bot.gateway.writes import Revocation
from bot.languages import joined, speaking, tr
from bot.operations import Expiry, Offer
from bot.permissions.models import Lock
from bot.slack import post_store
from tests.approvals.kit import ADA, MIRA, NOW, Spine, policy, put, row
from tests.languages.conftest import Speak
from tests.languages.pseudo import PSEUDO, english_in, pseudo, pseudo_catalog
from tests.slack.outboxes import post_row

UNITS = 500_000
VIEWS = RequestViews(operations=OPERATIONS, dollars=Dollars(usual=UNITS), clock=lambda: NOW)
LOCK = Lock(cause="alert", by="U0SAM", at=NOW, number=3, rule="")
ROWS: dict[str, dict[str, Any]] = {
    "plain": {},
    "decided": {"decided_by": "U0MIRA", "denial": "NO", "counter_offer": Offer(remain_quota=500, models=("A",))},
    "offer": {"counter_offer": Offer(delta=500, expiry=Expiry(seconds=86_400), models=())},
    "held": {"progress": Progress(postponed=Postponement(since=1, tries=1, why=SENTENCES[Refusal.BAD_PAT]))},
    "broke": {"break_glass": True},
    "reviewed": {"break_glass": True, "reviewed_by": "U0OMAR", "taken_by": "U0MIRA"},
    "voted": {"votes": (Vote(by="U0OMAR", team="T", at=NOW),), "taken_by": "U0MIRA", "lapses_at": NOW},
    "nobody": {"progress": Progress(no_approver_since=NOW, called=("U0MIRA",))},
    "given": {"progress": Progress(acceptance=Acceptance(until=NOW)), "input": {"owner_id": "U0BEN"}},
    "trying": {"progress": Progress(revocation=RevocationProgress())},
    "tried": {"progress": Progress(revocation=RevocationProgress(tries=1, why=tr("The gateway does not answer.")))},
    "accepted": {"progress": Progress(revocation=RevocationProgress(tries=2, accepted_last=NOW))},
    "alive": {"progress": Progress(revocation=RevocationProgress(tries=2, accepted_last=NOW, ended=True))},
    "dead": {
        "progress": Progress(revocation=RevocationProgress(tries=2, accepted_last=NOW, refused_at=NOW, ended=True))
    },
    "overlap": {"key_id": 7, "progress": Progress(overlap=OverlapProgress(at=NOW))},
    "overlap over": {"key_id": 7, "progress": Progress(overlap=OverlapProgress(at=NOW, request_id=9))},
    "end": {"origin": Origin(kind=OriginKind.ROTATION_END, request_id=4)},
    "outcome": {
        "outcome": Outcome(
            sentence=SENTENCES[Refusal.NOT_FOUND],
            notes=(tr("Usage raced the change; the quota was corrected for it."),),
            differences=(tr("{field}: asked for {wanted}, found {found}", field="F", wanted="A", found="B"),),
            changed_since=True,
            key_id=7,
        ),
        "key_id": 7,
    },
}


def request(status: Status, **values: Any) -> ApprovalRequest:
    """With what people typed in capitals, which the search for English passes over."""
    return row(status, key_name="KEY", reason="WHY", **values)


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("status", Status)
def test_cards_and_messages_of_a_request_hold_no_english(status: Status, name: str) -> None:
    kept = request(status, **ROWS[name]).model_dump_json()
    with pseudo():
        found = ApprovalRequest.model_validate_json(kept)
        for operation in OPERATIONS.values():
            shown = (VIEWS.card(found), notice(found, operation, UNITS), confirmation(found, operation, UNITS))
            for message in (*shown, owner_notice(found, operation)):
                content = message.to_slack()
                # The policy's own names: of its roles and rules.
                words = set(english_in([content["text"], content["blocks"]])) - {"manager", "rest", "the"}
                assert words == set()


def test_the_form_of_an_offer_holds_no_english() -> None:
    wanted = {"remain_quota": 500, "delta": 5, "unlimited_quota": False, "expiry": {"seconds": 90 * 86_400}}
    asked = request(Status.PENDING, input={**wanted, "models": ["A"]})
    with pseudo():
        for one in (asked, request(Status.PENDING, input={})):
            assert english_in(build_offer_modal(one, units_per_usd=UNITS)) == []


@pytest.mark.parametrize("cause", ["alert", "incident", "person"])
def test_what_is_said_of_a_locked_key_holds_no_english(cause: str) -> None:
    key = {"name": "KEY", "key_id": 7, "cause": cause, "locked_by": "", "locked_at": NOW, "number": 3}
    bodies: list[dict[str, Any]] = [
        {"keys": [key], "elsewhere": True},
        {"keys": [key], "by": "U0ADA", "approved_by": ["U0SAM"], "rule": "RULE", "request": 3, "more": 0},
        {"keys": [key], "by": "U0ADA", "successor": 8, "more": 0},
        {"keys": [key], "by": "U0ADA", "batch": 2, "more": 4},
    ]
    with pseudo():
        for body in bodies:
            message = draw_unlocked(None, _post(body))  # type: ignore[arg-type]  # it reads no row
            assert message is not None
            # Keydesk's own name is the same in every language.
            assert set(english_in([message.text, message.blocks])) <= {"eydesk"}


def test_a_story_is_kept_as_a_sentence_and_told_to_each_reader(sqlite_spine: Spine, speak: Speak) -> None:
    def told(c: sa.Connection) -> str:
        asked = put(c, Status.PENDING)
        sqlite_spine.actions.notifications.story(c, asked, joined("<@U0MIRA>", tr("{who} denied it.", who="<@U0ADA>")))
        (post_id,) = c.scalars(sa.select(posts.c.id).where(posts.c.kind == STORY))
        post = post_store.load(c, post_id)
        assert post is not None
        with speak({"{who} denied it.": "{who} lehnt ab."}):
            message = VIEWS.drawers()[STORY](c, post)
        assert message is not None
        return message.text

    assert sqlite_spine.database.run_here(told) == "<@U0MIRA> <@U0ADA> lehnt ab."


async def test_a_refusal_is_said_in_the_language_of_whoever_clicks(sqlite_spine: Spine) -> None:
    asked = await sqlite_spine.ask()
    with pseudo_catalog(), speaking(PSEUDO):
        await sqlite_spine.actions.deny(asked.id, MIRA, ADA, reason="NO")
        with pytest.raises(Exception, match="REQUEST #1 WAS DENIED ALREADY BY <@U0MIRA>; IT IS DENIED NOW"):
            await sqlite_spine.actions.approve(asked.id, MIRA, ADA)


def test_why_a_key_could_not_be_tried_is_kept_as_a_sentence() -> None:
    trial = Trial(proof=Revocation.UNCLEAR, at=NOW, why=tr("The gateway does not answer."))
    mark, _ = marked({}, trial)
    assert mark["why"] == {"say": "The gateway does not answer."}
    with pseudo():
        assert RevocationProgress.model_validate(mark).why == "THE GATEWAY DOES NOT ANSWER."
    assert RevocationProgress.model_validate({"why": "an old row"}).why == "an old row"


def test_a_locked_key_says_so() -> None:
    with pseudo():
        assert "LOCKED" in locked_text(LOCK, policy=policy())


def _post(body: dict[str, Any]) -> post_store.PostRow:
    return post_row("key_unlocked", "7", body=body)
