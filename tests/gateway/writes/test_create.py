"""One key for one create, whatever the wire does."""

import pytest

from bot.gateway.errors import Refusal
from bot.gateway.models import KeyId
from bot.gateway.writes import WriteStatus, create
from keydesk_sandbox.fake_gateway.gateway import FakeGateway
from keydesk_sandbox.fake_gateway.records import Record
from keydesk_sandbox.fake_gateway.wire import HttpCall
from tests.gateway.kit import PROFILES, Crash, MemoryJournal, client_of, fake_gateway, sent, to_the_end, wanted
from tests.narrow import present


def made(fake: FakeGateway) -> list[Record]:
    return fake.keys()


pytestmark = pytest.mark.parametrize("profile", PROFILES)


async def test_a_key_is_made_found_and_read(profile: str) -> None:
    fake = fake_gateway(profile)
    fake.add_key(name="older")
    settings = wanted(models=["gpt-5"], allowed_ips=["10.0.0.0/8"], expired_time=1_900_000_000)
    result = await create(client_of(fake), settings, MemoryJournal())
    assert result.status is WriteStatus.DONE
    assert result.key == await client_of(fake).get_key(KeyId(fake.keys()[0].id))
    assert (result.differences, result.extra_key_ids, result.again_after) == ((), (), None)


async def test_it_costs_a_look_a_post_and_a_look(profile: str) -> None:
    fake = fake_gateway(profile)
    await create(client_of(fake), wanted(), MemoryJournal())
    assert sent(fake) == ["GET /api/token/", "POST /api/token/", "GET /api/token/"]


async def test_a_name_in_use_is_refused_before_anything_is_sent(profile: str) -> None:
    fake = fake_gateway(profile)
    fake.add_key(name="ci runner")
    for _ in range(2):
        result = await create(client_of(fake), wanted(), MemoryJournal())
        assert (result.status, result.refusal) == (WriteStatus.REFUSED, Refusal.NAME_IN_USE)
        for number in range(100):  # the second time it is on the second page
            fake.add_key(name=f"{number}")
    assert sent(fake, "POST") == []


async def test_what_cannot_be_sent_is_refused_with_the_reason(profile: str) -> None:
    fake = fake_gateway(profile)
    result = await create(client_of(fake), wanted(name="x" * 51), MemoryJournal())
    assert (result.status, result.refusal) == (WriteStatus.REFUSED, Refusal.INVALID)
    assert "51 characters" in result.sentence
    assert fake.requests == []


async def test_a_refusal_is_a_refusal(profile: str) -> None:
    fake = fake_gateway(profile, max_keys=0)
    result = await create(client_of(fake), wanted(), MemoryJournal())
    assert (result.status, result.refusal, result.again_after) == (WriteStatus.REFUSED, Refusal.TOO_MANY_KEYS, None)


@pytest.mark.parametrize("kind", ["lost_reply", "cut_body", "html", "empty", "truncated_gzip", "hang"])
async def test_a_lost_reply_is_adopted_at_once(profile: str, kind: str) -> None:
    fake = fake_gateway(profile)
    fake.arm(kind, method="POST", status=524 if kind == "html" else 0)
    result = await create(client_of(fake), wanted(), MemoryJournal())
    assert result.status is WriteStatus.DONE
    assert len(fake.keys()) == 1


async def test_a_post_that_lands_late_is_waited_for(profile: str) -> None:
    fake = fake_gateway(profile)
    fake.arm("late", method="POST", delay=80.0)
    journal, client = MemoryJournal(), client_of(fake)
    first = await create(client, wanted(), journal)
    assert first.status is WriteStatus.UNKNOWN
    assert first.again_after == 2.0
    assert fake.keys() == []
    result = await to_the_end(fake, lambda: create(client, wanted(), journal))
    assert result.status is WriteStatus.DONE
    assert (len(fake.keys()), len(sent(fake, "POST"))) == (1, 1)


async def test_a_post_that_never_landed_is_sent_again_after_the_settle_time(profile: str) -> None:
    fake = fake_gateway(profile)
    fake.arm("lost_request", method="POST")
    journal, client, started = MemoryJournal(), client_of(fake), fake.clock.now()
    result = await to_the_end(fake, lambda: create(client, wanted(), journal))
    assert result.status is WriteStatus.DONE
    posts = [seen for seen in fake.requests if seen.method == "POST"]
    assert posts[1].at - started >= 90
    assert len(posts) == 2


async def test_a_gateway_that_swallows_every_post_fails_in_the_end(profile: str) -> None:
    fake = fake_gateway(profile)
    fake.arm("lost_request", method="POST", times=None)
    journal, client = MemoryJournal(), client_of(fake)
    result = await to_the_end(fake, lambda: create(client, wanted(), journal))
    assert (result.status, fake.keys()) == (WriteStatus.FAILED, [])
    assert len(sent(fake, "POST")) == 4


async def test_a_rate_limit_is_a_sure_no_and_may_be_tried_again(profile: str) -> None:
    fake = fake_gateway(profile)
    fake.arm("empty_429", method="POST", times=2)
    journal, client = MemoryJournal(), client_of(fake)
    first = await create(client, wanted(), journal)
    assert (first.status, len(sent(fake, "POST"))) == (WriteStatus.FAILED, 2)
    assert 0 < present(first.again_after) <= 10
    fake.advance(present(first.again_after))
    assert (await create(client, wanted(), journal)).status is WriteStatus.DONE
    assert len(sent(fake, "POST")) == 3


async def test_a_doubled_delivery_is_adopted_once_and_the_other_shown(profile: str) -> None:
    fake = fake_gateway(profile)
    fake.arm("duplicate", method="POST")
    result = await create(client_of(fake), wanted(), MemoryJournal())
    lowest, highest = sorted(row.id for row in made(fake))
    assert (present(result.key).id, result.extra_key_ids) == (lowest, (highest,))
    assert str(highest) in result.notes[0]
    assert len(fake.keys()) == 2


async def test_the_lowest_unused_of_two_is_adopted(profile: str) -> None:
    fake = fake_gateway(profile)
    fake.arm("duplicate", method="POST")
    fake.on("answer", lambda _call: fake.charge(min(row.id for row in made(fake)), 7), method="POST")
    result = await create(client_of(fake), wanted(), MemoryJournal())
    assert present(result.key).id == max(row.id for row in made(fake))


async def test_a_key_used_before_it_was_read_is_still_ours(profile: str) -> None:
    fake = fake_gateway(profile)
    fake.on("answer", lambda _call: fake.charge(fake.keys()[0].id, 7), method="POST")
    result = await create(client_of(fake), wanted(), MemoryJournal())
    assert (result.status, present(result.key).used_quota) == (WriteStatus.DONE, 7)


async def test_a_key_that_is_not_as_asked_is_reported(profile: str) -> None:
    fake = fake_gateway(profile)
    fake.on("answer", lambda _call: fake.edit_behind(fake.keys()[0].id, allow_ips=""), method="POST")
    result = await create(client_of(fake), wanted(allowed_ips=["10.0.0.1"]), MemoryJournal())
    assert result.status is WriteStatus.FAILED
    assert present(result.key).id == fake.keys()[0].id
    assert [each.field for each in result.differences] == ["allow_ips"]


async def test_a_yes_without_a_key_is_not_repeated(profile: str) -> None:
    fake = fake_gateway(profile)
    fake.on("answer", lambda _call: fake.edit_behind(fake.keys()[0].id, deleted_at=1), method="POST")
    journal, client = MemoryJournal(), client_of(fake)
    result = await to_the_end(fake, lambda: create(client, wanted(), journal))
    assert (result.status, result.again_after) == (WriteStatus.UNKNOWN, None)
    assert len(sent(fake, "POST")) == 1


@pytest.mark.parametrize("record", range(4))
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_crash_at_any_mark_makes_one_key(profile: str, record: int, when: str) -> None:
    fake = fake_gateway(profile)
    journal, client = MemoryJournal(), client_of(fake)
    journal.crash_at = {record: when}
    result = await to_the_end(fake, lambda: create(client, wanted(), journal))
    assert result.status is WriteStatus.DONE
    assert len(fake.keys()) == 1


async def test_run_again_after_the_end_it_gives_the_same_key(profile: str) -> None:
    fake = fake_gateway(profile)
    journal, client = MemoryJournal(), client_of(fake)
    first = await create(client, wanted(), journal)
    assert await create(client, wanted(), journal) == first
    fake.edit_behind(present(first.key).id, deleted_at=1)
    gone = await create(client, wanted(), journal)
    assert (gone.status, gone.refusal) == (WriteStatus.FAILED, Refusal.NOT_FOUND)


async def test_a_crash_on_the_wire_makes_one_key(profile: str) -> None:
    for event in ("request", "answer"):
        fake = fake_gateway(profile)

        def die(_call: HttpCall) -> None:
            raise Crash

        fake.on(event, die, method="POST")
        journal, client = MemoryJournal(), client_of(fake)
        result = await to_the_end(fake, lambda: create(client, wanted(), journal))  # noqa: B023  awaited here
        assert result.status is WriteStatus.DONE
        assert len(fake.keys()) == 1


async def test_an_outage_before_the_post_changes_nothing(profile: str) -> None:
    fake = fake_gateway(profile)
    fake.arm("empty", method="GET", times=None)
    result = await create(client_of(fake), wanted(), MemoryJournal())
    assert (result.status, result.again_after) == (WriteStatus.FAILED, 15.0)


async def test_an_outage_after_the_post_is_unknown(profile: str) -> None:
    fake = fake_gateway(profile)
    fake.arm("empty", method="GET", times=4, skip=1)
    journal, client = MemoryJournal(), client_of(fake)
    result = await create(client, wanted(), journal)
    assert (result.status, result.again_after) == (WriteStatus.UNKNOWN, 15.0)
    assert (await create(client, wanted(), journal)).status is WriteStatus.DONE


async def test_a_token_that_is_not_taken_stops_it(profile: str) -> None:
    fake = fake_gateway(profile)
    fake.arm("empty", method="POST", status=401, lands=False)
    result = await create(client_of(fake), wanted(), MemoryJournal())
    assert (result.status, result.refusal, result.again_after) == (WriteStatus.FAILED, Refusal.BAD_PAT, None)


async def test_cross_group_retry_goes_with_the_automatic_group_only(profile: str) -> None:
    fake = fake_gateway(profile)
    result = await create(client_of(fake), wanted(cross_group_retry=True), MemoryJournal())
    assert result.status is WriteStatus.DONE
    assert fake.keys()[0].cross_group_retry is False
