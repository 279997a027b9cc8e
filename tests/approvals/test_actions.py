"""Each button of a card: who may, when, what it leaves behind. On SQLite and on PostgreSQL."""

from dataclasses import replace
from typing import Any

import pytest

from bot.approvals.models import Status
from bot.db.engine import Database
from bot.errors import ApprovalConflict, InputError, PermissionDenied
from bot.operations import Expiry, Offer
from bot.permissions.models import Actor, ActorKind
from bot.permissions.rules import parse_policy
from tests.approvals.kit import ADA, BEN, MIRA, NOW, OMAR, POLICY, SAM, Spine, person, policy

LESS = Offer(remain_quota=1_000_000)


async def test_an_approval_starts_the_run_and_redraws_the_card(spine: Spine) -> None:
    await spine.ask()
    spine.now += 60
    row = await spine.actions.approve(1, MIRA, ADA)
    assert (row.status, row.decided_by, row.decided_at) == (Status.APPROVED, "U0MIRA", NOW + 60)
    assert len(await spine.started("req:1:run")) == 1
    assert (await spine.wanted())["req:1:card"] == 2
    assert await spine.facts(1) == ["asked", "approved"]


@pytest.mark.parametrize(
    ("who", "words"),
    [
        (BEN, "Only manager may answer this."),
        (SAM, "Only manager may answer this."),
        (person("U0GIL", "S0MANAGERS", kind=ActorKind.GUEST), "Guests of this workspace have no role."),
        (person("U0OLGA", kind=ActorKind.OUTSIDER, team="T0PARTNER"), "People of other workspaces have no role."),
        (person("U0DORA", "S0MANAGERS", kind=ActorKind.DEACTIVATED), "Deactivated people have no role."),
        (person("U0BOT", "S0MANAGERS", kind=ActorKind.BOT), "Bots have no role."),
        (
            person("U0WHO", "S0MANAGERS", kind=ActorKind.UNKNOWN),
            "People Slack does not tell us about have no role. If Slack is slow just now, try again in a minute.",
        ),
    ],
)
@pytest.mark.parametrize("what", ["approve", "deny", "take", "offer"])
async def test_whoever_has_no_role_is_refused_and_that_is_recorded(
    sqlite_spine: Spine, who: Actor, words: str, what: str
) -> None:
    spine = sqlite_spine
    before = await spine.ask()
    actions = spine.actions
    work: dict[str, Any] = {
        "approve": lambda: actions.approve(1, who, ADA),
        "deny": lambda: actions.deny(1, who, ADA, reason="no"),
        "take": lambda: actions.take(1, who, ADA),
        "offer": lambda: actions.approve(1, who, ADA, offer=LESS),
    }
    with pytest.raises(PermissionDenied) as refused:
        await work[what]()
    assert refused.value.sentence == words
    assert await spine.row() == before
    assert await spine.facts(1) == ["asked", "refused"]
    assert await spine.started(":run") == []


@pytest.mark.parametrize("what", ["approve", "deny"])
async def test_nobody_decides_an_own_request(sqlite_spine: Spine, what: str) -> None:
    manager = person("U0MIRA", "S0MANAGERS")
    await sqlite_spine.ask(manager)
    work: Any = {
        "approve": lambda: sqlite_spine.actions.approve(1, manager, manager),
        "deny": lambda: sqlite_spine.actions.deny(1, manager, manager, reason="x"),
    }
    with pytest.raises(PermissionDenied, match="own request"):
        await work[what]()
    assert (await sqlite_spine.row()).status is Status.PENDING


async def test_self_approval_where_the_rule_says_so(sqlite_database: Database) -> None:
    spine = Spine(sqlite_database, policy('from = ["manager"], expires = "3d", self_approval = true'))
    await spine.ask(MIRA)
    assert (await spine.actions.approve(1, MIRA, MIRA)).status is Status.APPROVED


async def test_a_manager_who_lost_the_role_is_refused(sqlite_spine: Spine) -> None:
    await sqlite_spine.ask()
    with pytest.raises(PermissionDenied):
        await sqlite_spine.actions.approve(1, person("U0MIRA"), ADA)
    assert (await sqlite_spine.actions.approve(1, OMAR, ADA)).status is Status.APPROVED


async def test_a_requester_who_became_a_guest_gets_nothing(sqlite_spine: Spine) -> None:
    await sqlite_spine.ask()
    guest = person("U0ADA", kind=ActorKind.GUEST)
    with pytest.raises(PermissionDenied, match="no longer"):
        await sqlite_spine.actions.approve(1, MIRA, guest)


async def test_two_are_needed_and_both_are_named(database: Database) -> None:
    spine = Spine(database, policy('from = ["manager"], count = 2, expires = "3d"'))
    await spine.ask()
    row = await spine.actions.approve(1, MIRA, ADA)
    assert (row.status, [vote.by for vote in row.votes]) == (Status.PENDING, ["U0MIRA"])
    with pytest.raises(ApprovalConflict, match="You have approved"):
        await spine.actions.approve(1, MIRA, ADA)
    row = await spine.actions.approve(1, OMAR, ADA)
    assert (row.status, [vote.by for vote in row.votes]) == (Status.APPROVED, ["U0MIRA", "U0OMAR"])


async def test_stages_are_answered_in_their_order(database: Database) -> None:
    spine = Spine(database, policy('stages = [{ from = ["manager"] }, { from = ["security"] }], expires = "3d"'))
    await spine.ask()
    with pytest.raises(PermissionDenied, match="Only manager may answer this in stage 1 of 2"):
        await spine.actions.approve(1, SAM, ADA)
    await spine.actions.approve(1, MIRA, ADA)
    with pytest.raises(PermissionDenied, match="Only security may answer this in stage 2 of 2"):
        await spine.actions.approve(1, OMAR, ADA)
    assert (await spine.actions.approve(1, SAM, ADA)).status is Status.APPROVED


async def test_a_denial_keeps_its_reason(spine: Spine) -> None:
    await spine.ask()
    row = await spine.actions.deny(1, MIRA, ADA, reason="Use the shared key.")
    assert (row.status, row.denial, row.decided_by) == (Status.DENIED, "Use the shared key.", "U0MIRA")
    assert await spine.facts(1) == ["asked", "denied"]
    assert (await spine.wanted())["req:1:dm"] == 1


async def test_take_shows_who_looks_and_another_may_take_over(spine: Spine) -> None:
    await spine.ask()
    assert (await spine.actions.take(1, MIRA, ADA)).taken_by == "U0MIRA"
    assert (await spine.actions.take(1, OMAR, ADA)).taken_by == "U0OMAR"
    assert (await spine.actions.approve(1, MIRA, ADA)).status is Status.APPROVED


@pytest.mark.parametrize("what", ["withdraw", "accept", "nudge"])
async def test_only_the_requester_speaks_for_the_request(sqlite_spine: Spine, what: str) -> None:
    await sqlite_spine.ask()
    for other in (BEN, MIRA, person("U0ADA", team="T0PARTNER")):
        with pytest.raises(PermissionDenied, match="Only <@U0ADA>, who asked"):
            await getattr(sqlite_spine.actions, what)(1, other)
    assert await sqlite_spine.facts(1) == ["asked", "refused", "refused", "refused"]


async def test_a_nudge_is_said_once_an_hour(sqlite_spine: Spine) -> None:
    spine = sqlite_spine
    await spine.ask()
    await spine.actions.nudge(1, ADA)
    with pytest.raises(ApprovalConflict, match="within the hour"):
        await spine.actions.nudge(1, ADA)
    spine.now += 3601
    await spine.actions.nudge(1, ADA)
    assert len([name for name in await spine.wanted() if "nudge" in name]) == 2


ENDS = {
    "approved": ("approve", "was approved already by <@U0OMAR>; it is approved now."),
    "denied": ("deny", "was denied already by <@U0OMAR>; it is denied now."),
    "withdrawn": ("withdraw", "was withdrawn already by <@U0ADA>; it is withdrawn now."),
    "lapsed": ("lapse", "has expired: nobody decided in time. Ask again if needed."),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("then", ["approve", "deny", "take", "withdraw", "accept", "nudge", "check"])
async def test_whoever_comes_second_is_told_what_happened(sqlite_spine: Spine, end: str, then: str) -> None:
    spine, actions = sqlite_spine, sqlite_spine.actions
    await spine.ask()
    acts: dict[str, Any] = {
        "approve": lambda who: actions.approve(1, who, ADA),
        "deny": lambda who: actions.deny(1, who, ADA, reason="no"),
        "take": lambda who: actions.take(1, who, ADA),
        "check": lambda who: actions.check(1, who, ADA, what="deny"),
        "withdraw": lambda _who: actions.withdraw(1, ADA),
        "accept": lambda _who: actions.accept(1, ADA),
        "nudge": lambda _who: actions.nudge(1, ADA),
        "lapse": lambda _who: spine.timers.lapse("1"),
    }
    await acts[ENDS[end][0]](OMAR)
    before = await spine.row()
    with pytest.raises(ApprovalConflict) as told:
        await acts[then](MIRA)
    assert told.value.sentence == f"Request #1 {ENDS[end][1]}"
    assert await spine.row() == before


async def test_an_offer_waits_for_the_requester_and_is_then_run_as_offered(spine: Spine) -> None:
    await spine.ask()
    row = await spine.actions.approve(1, MIRA, ADA, offer=LESS)
    assert (row.status, row.counter_offer) == (Status.OFFERED, LESS)
    assert row.input["remain_quota"] == 2_000_000
    assert await spine.started(":run") == []
    row = await spine.actions.accept(1, ADA)
    assert (row.status, row.decided_by) == (Status.APPROVED, "U0MIRA")
    assert row.input["remain_quota"] == 1_000_000
    assert await spine.facts(1) == ["asked", "countered", "accepted"]
    assert len(await spine.started("req:1:run")) == 1


async def test_an_offer_can_be_withdrawn(sqlite_spine: Spine) -> None:
    await sqlite_spine.ask()
    await sqlite_spine.actions.approve(1, MIRA, ADA, offer=LESS)
    assert (await sqlite_spine.actions.withdraw(1, ADA)).status is Status.WITHDRAWN


async def test_whoever_made_an_offer_takes_it_back_and_the_request_waits_again(sqlite_spine: Spine) -> None:
    spine = sqlite_spine
    await spine.ask()
    await spine.actions.approve(1, MIRA, ADA, offer=LESS)
    row = await spine.actions.take_back(1, MIRA)
    assert (row.status, row.counter_offer, row.decided_by, row.votes) == (Status.PENDING, None, None, ())
    assert (await spine.facts())[-1] == "retracted"
    # It can be approved as it was asked.
    assert (await spine.actions.approve(1, MIRA, ADA)).status is Status.APPROVED


async def test_nobody_else_takes_an_offer_back_and_what_holds_none_has_none_to_take_back(sqlite_spine: Spine) -> None:
    spine = sqlite_spine
    await spine.ask()
    with pytest.raises(ApprovalConflict, match="holds no offer to take back"):
        await spine.actions.take_back(1, MIRA)
    await spine.actions.approve(1, MIRA, ADA, offer=LESS)
    gone = replace(MIRA, kind=ActorKind.GUEST)
    for who in (ADA, SAM, gone):
        with pytest.raises(PermissionDenied, match="Only <@U0MIRA>, who made the offer"):
            await spine.actions.take_back(1, who)
    await spine.actions.withdraw(1, ADA)
    with pytest.raises(ApprovalConflict, match="withdrawn already"):
        await spine.actions.take_back(1, MIRA)


@pytest.mark.parametrize("what", ["approve", "deny", "take"])
async def test_while_an_offer_waits_only_the_requester_moves_it(sqlite_spine: Spine, what: str) -> None:
    await sqlite_spine.ask()
    await sqlite_spine.actions.approve(1, MIRA, ADA, offer=LESS)
    more = {"reason": "no"} if what == "deny" else {}
    for somebody in (OMAR, MIRA):
        with pytest.raises(ApprovalConflict, match="#1 waits for <@U0ADA> to accept an offer"):
            await getattr(sqlite_spine.actions, what)(1, somebody, ADA, **more)
    assert (await sqlite_spine.row()).status is Status.OFFERED


async def test_an_offer_that_stands_is_run_at_once(sqlite_database: Database) -> None:
    spine = Spine(sqlite_database, policy('from = ["manager"], expires = "3d", counter_offer = "stand"'))
    await spine.ask(models=("a", "b"))
    row = await spine.actions.approve(1, MIRA, ADA, offer=Offer(models=("a",), expiry=Expiry(seconds=60)))
    assert row.status is Status.APPROVED
    assert row.input["models"] == ["a"]
    assert row.input["expiry"] == {"seconds": 60, "at": None}


async def test_an_offer_that_stands_still_needs_the_second_approver(sqlite_database: Database) -> None:
    terms = 'from = ["manager"], count = 2, expires = "3d", counter_offer = "stand"'
    spine = Spine(sqlite_database, policy(terms))
    await spine.ask()
    await spine.actions.approve(1, MIRA, ADA, offer=LESS)
    if (await spine.row()).status is Status.OFFERED:
        await spine.actions.accept(1, ADA)
    row = await spine.row()
    assert (row.status, row.input["remain_quota"]) == (Status.PENDING, 1_000_000)
    assert (await spine.actions.approve(1, OMAR, ADA)).status is Status.APPROVED


@pytest.mark.parametrize(
    ("offer", "block"),
    [
        (Offer(remain_quota=3_000_000), "remain_quota"),
        (Offer(models=("a", "c")), "model_limits"),
    ],
)
async def test_an_offer_never_grants_more_than_was_asked(sqlite_spine: Spine, offer: Offer, block: str) -> None:
    await sqlite_spine.ask(models=("a", "b"))
    with pytest.raises(InputError) as wrong:
        await sqlite_spine.actions.approve(1, MIRA, ADA, offer=offer)
    assert list(wrong.value.fields) == [block]
    assert (await sqlite_spine.row()).status is Status.PENDING


async def test_break_glass_is_done_at_once_and_reviewed_once_by_another(sqlite_database: Database) -> None:
    spine = Spine(sqlite_database, policy('from = ["manager"], expires = "1d", break_glass = true'))
    with pytest.raises(InputError) as wanting:
        await spine.ask(reason="  ", urgent=True)
    assert list(wanting.value.fields) == ["reason"]
    row = await spine.ask(reason="Production is down.", urgent=True)
    assert (row.status, row.break_glass, row.denial) == (Status.APPROVED, True, "")
    assert await spine.facts(1) == ["asked", "broke_glass"]
    spine.now += 10 * 86_400
    with pytest.raises(PermissionDenied):
        await spine.actions.reviewed(1, ADA, ADA)
    assert (await spine.actions.reviewed(1, MIRA, ADA)).reviewed_by == "U0MIRA"
    with pytest.raises(ApprovalConflict, match="<@U0MIRA> has reviewed request #1 already"):
        await spine.actions.reviewed(1, OMAR, ADA)


async def test_an_answer_after_the_time_is_over_is_refused_even_before_the_timer_ran(sqlite_spine: Spine) -> None:
    await sqlite_spine.ask()
    sqlite_spine.now += 3 * 86_400
    with pytest.raises(PermissionDenied, match="expired"):
        await sqlite_spine.actions.approve(1, MIRA, ADA)


async def test_what_was_granted_at_once_waits_for_nobody(sqlite_spine: Spine) -> None:
    await sqlite_spine.ask(remain_quota=1)
    with pytest.raises(PermissionDenied, match="Nobody has to approve this request"):
        await sqlite_spine.actions.reviewed(1, MIRA, ADA)


async def test_there_is_no_offer_to_accept_before_one_was_made(sqlite_spine: Spine) -> None:
    await sqlite_spine.ask()
    with pytest.raises(ApprovalConflict, match="holds no offer"):
        await sqlite_spine.actions.accept(1, ADA)


async def test_an_offer_that_the_policy_no_longer_allows_is_not_granted(sqlite_spine: Spine) -> None:
    await sqlite_spine.ask()
    await sqlite_spine.actions.approve(1, MIRA, ADA, offer=LESS)
    sqlite_spine.policy = parse_policy("[roles]\nmanager = ['S0MANAGERS']\n")
    with pytest.raises(ApprovalConflict, match="does not allow what would be granted instead"):
        await sqlite_spine.actions.accept(1, ADA)
    assert (await sqlite_spine.row()).status is Status.OFFERED
    assert await sqlite_spine.started(":run") == []


@pytest.mark.parametrize(
    ("actor", "sees"),
    [
        (ADA, True),
        (MIRA, True),  # may decide
        (SAM, True),  # may list every request
        (BEN, False),
        (person("U0GIL", "S0MANAGERS", kind=ActorKind.GUEST), False),
    ],
)
async def test_a_card_is_seen_by_the_requester_and_by_whoever_may_decide_or_list(
    sqlite_spine: Spine, actor: Actor, sees: bool
) -> None:
    request = await sqlite_spine.ask()
    listing = "[[rules]]\nname='all'\nwho=['security']\ndo=['request.list']\non='any'\nallow=true\n"
    sqlite_spine.policy = parse_policy(POLICY % 'from = ["manager"], expires = "3d"' + listing)
    assert sqlite_spine.actions.may_look(request, actor, ADA) is sees
