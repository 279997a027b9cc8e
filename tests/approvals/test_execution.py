"""One run of an approved request: judged once more with what holds now, then written, or not."""

from dataclasses import replace
from typing import Any

import pytest

from bot.approvals import store
from bot.approvals.execution import LONGEST_PAUSE, SLACK_SILENT_SECONDS
from bot.approvals.models import Origin, OriginKind, Status
from bot.durable.engine import Again
from bot.gateway.limiter import Priority
from bot.gateway.writes import WriteResult, WriteStatus
from bot.keys import locks, owners
from bot.operations import Change, Work
from bot.permissions.models import ActorKind
from bot.permissions.rules import parse_policy
from tests.approvals.kit import TEAM, person, policy
from tests.approvals.runs import FREE, LOCK, Running, allowed, approved


async def test_a_key_is_made_read_back_and_its_requesters(running: Running) -> None:
    await approved(running)
    assert await running.execution.run("1") is None
    row = await running.spine.row()
    [made] = running.fake.keys()
    assert (row.status, row.key_id, row.settled_at) == (Status.SUCCEEDED, made.id, running.spine.now)
    assert row.outcome is not None
    assert row.outcome.key_id == made.id
    line = await running.database.read(owners.find, made.id)
    assert line is not None
    assert (line.owner_id, line.born_at, line.owner_roles) == ("U0ADA", made.created_time, ["engineer"])
    assert await running.facts() == ["applying", "applied"]
    assert (running.changed, running.followed) == (1, [Status.SUCCEEDED])
    assert "req:1:confirmation" in await running.spine.wanted()


@pytest.mark.parametrize(
    ("argument", "status"), [("9", Status.APPROVED), ("1", Status.WITHDRAWN), ("1", Status.PENDING)]
)
async def test_there_is_nothing_to_run_without_an_approved_request(
    running: Running, argument: str, status: Status
) -> None:
    await running.stored(status=status)
    assert await running.execution.run(argument) is None
    assert running.fake.requests == []


async def test_what_another_replica_settled_while_this_one_waited_is_left_alone(running: Running) -> None:
    request = await approved(running)

    async def settled() -> None:
        await running.database.run(lambda c: store.move(c, request, Status.FAILED))

    running.meanwhile = settled
    assert await running.execution.run("1") is None
    assert running.fake.requests == []


async def test_what_another_replica_settled_while_this_one_wrote_stays_as_it_is(free: Running) -> None:
    key = free.fake.add_key(name="search", remain_quota=5)
    await free.about(key, "key.disable")
    scripted = free.operations["key.disable"]
    real = scripted.run

    async def run(work: Work, wanted: Any) -> WriteResult:
        result = await real(work, wanted)
        row = await free.spine.row()
        await free.database.run(lambda c: store.move(c, row, Status.FAILED))
        return result

    scripted.run = run  # type: ignore[method-assign]
    assert await free.execution.run("1") is None
    assert (await free.spine.row()).status is Status.FAILED
    assert free.followed == []


async def test_nobody_is_judged_while_slack_does_not_say_who_they_are(running: Running) -> None:
    await approved(running)
    running.people["U0MIRA"] = person("U0MIRA", kind=ActorKind.UNKNOWN)
    pauses = [await running.execution.run("1") for _ in range(6)]
    assert pauses == [Again(2.0), Again(4.0), Again(8.0), Again(16.0), Again(LONGEST_PAUSE), Again(LONGEST_PAUSE)]
    postponed = (await running.spine.row()).progress.postponed
    assert postponed is not None
    assert (postponed.tries, postponed.why) == (6, "Slack does not tell us who asked or approved.")
    assert await running.facts() == ["held"]
    assert (await running.spine.wanted())["req:1:dm"] == 1
    running.spine.now += SLACK_SILENT_SECONDS
    assert await running.execution.run("1") is None
    row = await running.spine.row()
    assert row.status is Status.FAILED
    assert row.outcome is not None
    assert "U0MIRA approved this but may not any more" in row.outcome.sentence


async def test_what_the_policy_no_longer_allows_fails_with_its_sentence_and_writes_nothing(running: Running) -> None:
    await approved(running)
    running.spine.policy = policy('from = ["manager"], count = 2, expires = "3d"')
    assert await running.execution.run("1") is None
    row = await running.spine.row()
    assert row.status is Status.FAILED
    assert row.outcome is not None
    assert row.outcome.sentence == "The policy changed and now wants more approvals for this; ask again."
    assert await running.facts() == ["refused"]
    assert running.fake.requests == []


async def test_what_was_granted_with_something_else_is_not_judged_again(running: Running) -> None:
    key = running.fake.add_key(name="search", remain_quota=5)
    running.people = {}
    await running.about(key, "key.disable", origin=Origin(kind=OriginKind.ALERT_RULE, alert_id=3, attempt=1))
    assert await running.execution.run("1") is None
    assert (await running.spine.row()).status is Status.SUCCEEDED
    assert running.operations["key.disable"].work[0].leaked


async def test_a_kill_goes_before_what_people_wait_for(free: Running) -> None:
    key = free.fake.add_key(name="search", remain_quota=5)
    await free.about(key, "key.disable")
    await free.execution.run("1")
    await free.about(key, "key.enable", delivery_id="sub:2")
    await free.execution.run("2")
    priorities = [free.operations[name].priorities for name in ("key.disable", "key.enable")]
    assert priorities == [[Priority.KILL], [Priority.PEOPLE]]


async def test_a_key_that_was_locked_while_the_process_was_dead_is_not_brought_back(free: Running) -> None:
    key = free.fake.add_key(name="search", status=2, remain_quota=5)
    await free.about(key, "key.enable", status=Status.RUNNING)
    await free.database.run(locks.lock, key.id, LOCK)
    assert await free.execution.run("1") is None
    row = await free.spine.row()
    assert row.outcome is not None
    assert (row.status, row.outcome.changed_since) == (Status.FAILED, True)
    assert "so it stays out of use" in row.outcome.sentence
    assert free.fake.key(key.id).status == 2


async def test_what_a_review_gives_back_is_stopped_where_the_key_is_locked_before_it_runs(free: Running) -> None:
    key = free.fake.add_key(name="search", status=2, remain_quota=5)
    # The review knew of its own lock; the other came while this waited for the kill of the leaked key.
    origin, own = Origin(kind=OriginKind.REVIEW, review_id=1), replace(LOCK, cause="person", number=9)
    await free.about(key, "key.enable", origin=origin, judgement=allowed(lock=own))
    await free.database.run(locks.lock, key.id, own)

    async def locked_as_leaked() -> None:
        await free.database.run(locks.lock, key.id, LOCK)

    free.meanwhile = locked_as_leaked
    assert await free.execution.run("1") is None
    row = await free.spine.row()
    assert row.outcome is not None
    assert (row.status, free.fake.key(key.id).status) == (Status.FAILED, 2)
    assert "so it stays out of use" in row.outcome.sentence


async def test_what_a_review_gives_back_comes_back_under_the_lock_of_the_review(free: Running) -> None:
    key = free.fake.add_key(name="search", status=2, remain_quota=5)
    own = replace(LOCK, cause="person", number=9)
    await free.database.run(locks.lock, key.id, own)
    origin = Origin(kind=OriginKind.REVIEW, review_id=1)
    await free.about(key, "key.enable", origin=origin, judgement=allowed(lock=own))
    assert await free.execution.run("1") is None
    assert ((await free.spine.row()).status, free.fake.key(key.id).status) == (Status.SUCCEEDED, 1)


async def test_a_run_that_was_interrupted_goes_on(free: Running) -> None:
    key = free.fake.add_key(name="search", status=2, remain_quota=5)
    await free.about(key, "key.enable", status=Status.RUNNING)
    assert await free.execution.run("1") is None
    assert (await free.spine.row()).status is Status.SUCCEEDED
    assert free.fake.key(key.id).status == 1


async def test_a_lock_of_now_counts_when_it_is_judged_once_more(free: Running) -> None:
    key = free.fake.add_key(name="search", status=2, remain_quota=5)
    await free.about(key, "key.enable")
    await free.database.run(locks.lock, key.id, LOCK)
    assert await free.execution.run("1") is None
    row = await free.spine.row()
    assert row.outcome is not None
    assert (row.status, free.fake.key(key.id).status) == (Status.FAILED, 2)


async def test_counts_of_now_are_compared(running: Running) -> None:
    running.spine.policy = parse_policy("""
[roles]
engineer = ["S0ENGINEERS"]
[[rules]]
name = "one key"
who = ["engineer"]
do = ["key.create"]
when = { keys_at_most = 1 }
allow = true
""")
    await running.own(99, owner_id="U0ADA", owner_team=TEAM)
    await running.stored(judgement=allowed(remain_quota=1, lifetime=1.0))
    assert await running.execution.run("1") is None
    row = await running.spine.row()
    assert row.outcome is not None
    assert row.status is Status.FAILED
    assert "no longer allows" in row.outcome.sentence


async def test_a_raise_is_judged_on_todays_quota(running: Running) -> None:
    key = running.fake.add_key(name="search", remain_quota=5)
    running.spine.policy = parse_policy("""
[roles]
engineer = ["S0ENGINEERS"]
[[rules]]
name = "small"
who = ["engineer"]
do = ["key.quota"]
when = { remain_quota_at_most = 10 }
allow = true
""")
    judged = allowed(remain_quota=10, increase=5, unlimited_quota=False)
    await running.about(key, "key.quota", input={"key_id": key.id, "delta": 5}, judgement=judged)
    running.fake.edit_behind(key.id, remain_quota=7)
    assert await running.execution.run("1") is None
    row = await running.spine.row()
    assert row.outcome is not None
    assert (row.status, row.outcome.changed_since) == (Status.FAILED, True)
    assert "quota has changed since this was asked" in row.outcome.sentence
    assert running.fake.key(key.id).remain_quota == 7


async def test_while_the_gateway_is_away_a_raise_waits(running: Running) -> None:
    running.spine.policy = FREE
    key = running.fake.add_key(name="search", remain_quota=5)
    judged = allowed(remain_quota=10, increase=5, unlimited_quota=False)
    await running.about(key, "key.quota", input={"key_id": key.id, "delta": 5}, judgement=judged)
    running.fake.arm("empty", times=None)
    assert await running.execution.run("1") == Again(2.0)
    assert (await running.spine.row()).status is Status.APPROVED


async def test_a_key_that_is_gone_is_the_runs_to_report(free: Running) -> None:
    key = free.fake.add_key(name="search", remain_quota=5)
    judged = allowed(remain_quota=10, increase=5, unlimited_quota=False)
    await free.about(key, "key.quota", input={"key_id": key.id, "delta": 5}, judgement=judged)
    free.fake.edit_behind(key.id, deleted_at=1)
    assert await free.execution.run("1") is None
    row = await free.spine.row()
    assert row.status is Status.FAILED
    assert free.operations["key.quota"].work != []


async def test_a_key_that_could_not_be_read_when_it_was_asked_is_named_when_it_is_done(free: Running) -> None:
    key = free.fake.add_key(name="search", remain_quota=5)
    state = {"field": "status", "label": "State", "before": "unknown", "after": "disabled"}
    other = {"field": "name", "label": "Name", "before": None, "after": "x"}
    summary = tuple(Change.model_validate(line) for line in (state, other))
    await free.own(key.id, owner_id="U0ADA", owner_team=TEAM)
    await free.stored(
        "key.disable", key_id=key.id, key_name=f"#{key.id}", before=None, input={"key_id": key.id}, summary=summary
    )
    assert await free.execution.run("1") is None
    row = await free.spine.row()
    assert (row.status, row.key_name) == (Status.SUCCEEDED, "search")
    assert [line.before for line in row.summary] == ["active", None]
    assert free.operations["key.disable"].work[0].known


async def test_a_key_that_nobody_knew_and_that_is_not_what_the_rules_were_about_is_left_alone(free: Running) -> None:
    free.spine.policy = parse_policy("""
[roles]
engineer = ["S0ENGINEERS"]
[[rules]]
name = "not these"
who = ["engineer"]
do = ["key.disable"]
when = { group_in = ["vip"] }
deny = "Not a vip."
[[rules]]
name = "free"
who = ["engineer"]
do = ["key.disable"]
allow = true
""")
    key = free.fake.add_key(name="search", remain_quota=5, group="vip")
    await free.stored("key.disable", key_id=key.id, before=None, input={"key_id": key.id})
    assert await free.execution.run("1") is None
    row = await free.spine.row()
    assert row.outcome is not None
    assert row.status is Status.FAILED
    assert "could be read only now" in row.outcome.sentence
    assert free.fake.key(key.id).status == 1


async def test_an_unknown_key_and_a_change_of_ours_a_moment_ago_are_told_to_the_run(free: Running) -> None:
    await free.stored("key.disable", key_id=77, before=None, input={"key_id": 77}, status=Status.RUNNING)
    scripted = free.answers("key.disable", WriteResult(status=WriteStatus.FAILED, sentence="No."))
    await free.execution.run("1")
    assert (scripted.work[0].known, scripted.work[0].seen_at) == (False, free.spine.now)
    # The first one was settled just now and may have changed the key.
    await free.stored("key.disable", key_id=77, before=None, input={"key_id": 77}, delivery_id="sub:2")
    await free.database.run(lambda c: store.move(c, store.get(c, 2), Status.RUNNING))
    free.answers("key.disable", WriteResult(status=WriteStatus.FAILED, sentence="No."))
    await free.execution.run("2")
    assert scripted.work[-1].seen_at == 0.0
