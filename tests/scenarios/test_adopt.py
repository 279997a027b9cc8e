"""`/apikey adopt KEY @person`: a key that was made in the console gets an owner, who is told and sees its value."""

import dataclasses
from functools import partial

import pytest

from bot.approvals.models import Status
from bot.keys import owners
from bot.permissions.models import Counted
from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack.people import PersonKind
from tests.scenarios.conftest import OpenDesk
from tests.scenarios.desk import Desk, buttons_of, text_of, view_text
from tests.scenarios.policies import ROLES

pytestmark = pytest.mark.thorough

ADA, BEN, ALEX, CHANNEL = seed.ENGINEER, seed.SECOND_ENGINEER, seed.ADMIN, seed.KEYS_CHANNEL


async def form(desk: Desk, text: str, user: str = ALEX) -> None:
    await desk.slack.command(user, CHANNEL, f"/apikey adopt {text}")
    await desk.eventually(lambda: desk.slack.top_view(user).body["callback_id"] == "key.adopt")


async def counts_of(desk: Desk, person: str) -> tuple[Counted, ...]:
    return await desk.app.approvals.counts.now("key.create", person)


def shows(desk: Desk, user: str, text: str) -> bool:
    return text in view_text(desk.slack.top_view(user))


async def owner_of(desk: Desk, key_id: int) -> str | None:
    return await desk.app.database.read(owners.owner_of, key_id)


async def test_a_key_of_the_console_gets_an_owner_who_is_told_and_sees_its_value(both: OpenDesk) -> None:
    async with both() as desk:
        key = desk.gateway.add_key(name="console", remain_quota=100_000)
        await form(desk, f"{key.id} <@{BEN}|ben> he made it")
        assert "Granted at once" in view_text(desk.slack.top_view(ALEX))
        assert (await desk.slack.submit(ALEX, desk.slack.top_view(ALEX))).ok
        await desk.eventually(lambda: desk.said("has an owner now"))
        assert await owner_of(desk, key.id) == BEN
        assert f"<@{BEN}>" in text_of(desk.said("has an owner now")[0])
        told = await desk.eventually(lambda: desk.dm(BEN, "It is your key"))
        assert "Rotate" in text_of(told[0])
        assert "key.rotate" in buttons_of(told[0])
        line = (await desk.audit("asked"))[-1]
        assert (line["details"]["operation"], line["details"]["why"]) == ("key.adopt", "he made it")
        applied = (await desk.audit("applied"))[-1]
        assert applied["details"]["owner"] == {str(key.id): BEN}
        # Nothing was written to the gateway, and now it is his.
        assert {sent.method for sent in desk.gateway.requests if f"/{key.id}" in sent.path} <= {"GET"}
        await desk.slack.command(ALEX, CHANNEL, f"/apikey adopt {key.id} <@{ADA}>")
        await desk.eventually(lambda: "owner already" in view_text(desk.slack.top_view(ALEX)))
        answer = await desk.slack.submit(ALEX, desk.slack.top_view(ALEX))
        assert "owner already" in str(answer.body)
        assert await owner_of(desk, key.id) == BEN


async def test_the_window_of_a_key_without_an_owner_offers_it_to_those_who_may(http_desk: Desk) -> None:
    desk = http_desk
    key = desk.gateway.add_key(name="console")
    owned = await desk.own(ADA, desk.gateway.add_key(name="hers"))
    for who, which, offered in ((ALEX, key, True), (ALEX, owned, False), (seed.SECURITY, key, False)):
        await desk.slack.command(who, CHANNEL, f"/apikey show {which.id}")
        await desk.eventually(partial(shows, desk, who, which.name))
        view = desk.slack.top_view(who)
        assert ("key.adopt" in str(view.body)) is offered
        if offered:
            await desk.slack.click(who, view, "key.adopt")
            await desk.eventually(lambda: desk.slack.top_view(ALEX).body["callback_id"] == "key.adopt")
            answer = await desk.slack.submit(ALEX, desk.slack.top_view(ALEX))
            assert "required field" in str(answer.complaints)
        for view in reversed(desk.slack.open_views(who)):
            await desk.slack.close_view(who, view)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"<@{seed.GUEST}>", "guest"),
        (f"<@{seed.DEACTIVATED}>", "deactivated"),
        (f"<@{seed.OUTSIDER}>", "another workspace"),
        ("<@U0OTHERBOT>", "an app"),
        ("<@U0NOBODYKNOWS>", "does not say who"),
    ],
)
async def test_only_full_members_get_keys(http_desk: Desk, text: str, words: str) -> None:
    desk = http_desk
    key = desk.gateway.add_key(name="console")
    await form(desk, f"{key.id} {text}")
    answer = await desk.slack.submit(ALEX, desk.slack.top_view(ALEX))
    assert words in str(answer.body)
    assert await desk.audit("asked") == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{n} @somebody", "needs a mention"),
        ("{n} <!subteam^S0ENGINEERS|@engineers>", "a group"),
        (f"{{n}} <@{ADA}> <@{BEN}>", "several"),
        (f"<@{BEN}>", "Which key?"),
        (f"nothing <@{BEN}>", "no key “nothing”"),
        ("", "Which key?"),
    ],
)
async def test_what_cannot_be_meant_is_said_at_once(http_desk: Desk, text: str, words: str) -> None:
    desk = http_desk
    key = desk.gateway.add_key(name="console")
    await desk.slack.command(ALEX, CHANNEL, f"/apikey adopt {text.replace('{n}', str(key.id))}")

    def said() -> bool:
        shown = [view_text(view) for view in desk.slack.open_views(ALEX)]
        return words in " ".join([*shown, *(m.text for m in desk.slack.messages(CHANNEL) if m.ephemeral_to == ALEX)])

    await desk.eventually(said)


async def test_of_several_keys_one_is_chosen(http_desk: Desk) -> None:
    desk = http_desk
    for _ in range(2):
        desk.gateway.add_key(name="twin")
    await desk.slack.command(ALEX, CHANNEL, f"/apikey adopt twin <@{BEN}>")
    await desk.eventually(lambda: "2 keys may be meant" in view_text(desk.slack.top_view(ALEX)))


async def test_who_may_not_gets_no_key_for_themselves(http_desk: Desk) -> None:
    desk = http_desk
    key = desk.gateway.add_key(name="console")
    await desk.slack.command(ADA, CHANNEL, f"/apikey adopt {key.id} <@{ADA}>")
    await desk.app.responder.drain(grace=10)
    assert await desk.audit("asked") == []
    assert [line["actor"] for line in await desk.audit("refused")] == [ADA]
    assert await owner_of(desk, key.id) is None


COUNTED = f"""{ROLES}
admin    = ["S0ADMINS"]

[[rules]]
name  = "few keys are adopted at once"
who   = ["admin"]
do    = ["key.adopt", "key.show"]
on    = "any"
when  = {{ keys_at_most = 1, granted_at_most = "$1", per = "30d" }}
allow = true

[[rules]]
name     = "more with a manager"
who      = ["admin"]
do       = ["key.adopt"]
on       = "any"
approval = {{ from = ["manager"] }}

[[rules]]
name  = "one may create one"
who   = ["engineer"]
do    = ["key.create"]
when  = {{ keys_at_most = 2, granted_at_most = "$1", per = "30d" }}
allow = true
"""


async def test_a_key_that_arrives_counts_for_its_new_owner(both: OpenDesk) -> None:
    async with both(policy=COUNTED) as desk:
        keys = [desk.gateway.add_key(name=f"console {number}", remain_quota=400_000) for number in range(2)]
        await form(desk, f"{keys[0].id} <@{BEN}>")
        await desk.slack.submit(ALEX, desk.slack.top_view(ALEX))
        await desk.eventually(lambda: desk.said("has an owner now"))
        await desk.slack.close_view(ALEX, desk.slack.top_view(ALEX))
        # The second is one key more of his, whoever asks; a manager says yes, and it is done.
        await form(desk, f"{keys[1].id} <@{BEN}>")
        assert "Needs approval" in view_text(desk.slack.top_view(ALEX))
        await desk.slack.submit(ALEX, desk.slack.top_view(ALEX))
        card = await desk.eventually(lambda: next(m for m in desk.messages() if "approve" in buttons_of(m)))
        assert f"<@{BEN}>" in text_of(card)
        await desk.slack.click(seed.MANAGER, card, "approve")
        await desk.eventually(lambda: len(desk.said("has an owner now")) >= 2)
        # Both came to him, so a third is none of the two that are free, and of the dollar's worth little is left.
        assert "allows creating keys" in str(
            (await desk.ask(BEN, name="more", remain_quota="50k", expired_time="30d")).body
        )
        (found,) = [one for one in await counts_of(desk, BEN) if one.count.what == "granted"]
        assert found.value == 800_000
        assert len(await desk.audit("asked")) == 2


async def test_a_person_who_left_after_the_approval_gets_nothing(desk_with: OpenDesk) -> None:
    policy = COUNTED.replace('"$1", per', '"$0", per')
    async with desk_with(policy=policy) as desk:
        key = desk.gateway.add_key(name="console", remain_quota=400_000)
        await form(desk, f"{key.id} <@{BEN}>")
        await desk.slack.submit(ALEX, desk.slack.top_view(ALEX))
        card = await desk.eventually(lambda: next(m for m in desk.messages() if "approve" in buttons_of(m)))
        people = desk.slack.workspace.people
        people[BEN] = dataclasses.replace(people[BEN], kind=PersonKind.DEACTIVATED)
        await desk.pass_time(4)
        await desk.slack.click(seed.MANAGER, card, "approve")
        row = await desk.settled((await desk.audit("asked"))[0]["request_id"])
        assert row.status is Status.FAILED
        assert "deactivated" in str(row.outcome)
        assert await owner_of(desk, key.id) is None
