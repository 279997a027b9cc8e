"""A key that was made in the gateway's console is told once, and adopted, disabled or ignored from its card."""

import functools
from dataclasses import replace

from bot.approvals.models import Status
from bot.care.unknown_keys.messages import SHOWN
from bot.keys import owners
from bot.permissions.care import USUAL
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import GatewayFault, Record
from keydesk_sandbox.fake_slack.messages import SlackMessage
from keydesk_sandbox.world import World
from tests.narrow import present
from tests.scenarios.conftest import OpenDesk
from tests.scenarios.desk import Desk, buttons_of, text_of, view_text

ADA, ALEX, SAM, MIRA = seed.ENGINEER, seed.ADMIN, seed.SECURITY, seed.MANAGER
ENABLED, DISABLED = 1, 2


def cards(desk: Desk) -> list[SlackMessage]:
    return desk.said("made outside Keydesk: nobody asked", seed.SECURITY_CHANNEL)


async def look(desk: Desk) -> None:
    """All keys are listed, and looked at."""

    async def ours() -> bool:
        return True

    await desk.app.resources.accounts.list_passes[0].run(known=(), turn=ours)
    await desk.app.care.schedule.run()


async def console(desk: Desk, *names: str) -> list[Record]:
    """Somebody makes keys in the console, after all that was there was seen."""
    await look(desk)
    made = [desk.gateway.add_key(name=name, remain_quota=100_000) for name in names]
    await look(desk)
    return made


async def press(desk: Desk, user: str, card: SlackMessage, action_id: str, key: Record) -> None:
    """The button of one key among those of many."""
    rows = [block for block in card.blocks if block["type"] == "actions"]
    [row] = [one for one in rows for e in one["elements"] if (e["action_id"], e["value"]) == (action_id, str(key.id))]
    await desk.slack.click(user, card, action_id, block_id=row["block_id"])


async def test_who_decides_is_named_mentioned_once_a_day_and_finds_it_on_the_home(http_desk: Desk) -> None:
    desk = http_desk
    await console(desk, "first")
    [card] = await desk.eventually(lambda: cards(desk))
    assert "<!subteam^S0SECURITY> :mag:" in text_of(card)
    assert "*Who decides*: the role *" in text_of(card)
    assert "There is no time limit" in text_of(card)
    desk.gateway.add_key(name="second", remain_quota=100_000)
    await look(desk)
    second = (await desk.eventually(lambda: [m for m in cards(desk) if "second" in text_of(m)]))[0]
    assert "<!subteam^" not in text_of(second)
    assert "*Who decides*: the role *" in text_of(second)
    for user, sees in ((ADA, False), (SAM, True)):
        await desk.slack.open_home(user)
        home = await desk.eventually(functools.partial(desk.slack.home, user))
        assert ("have no owner: give them one" in view_text(home)) is sees
    await desk.slack.click(SAM, present(desk.slack.home(SAM)), "my_keys")
    await desk.eventually(lambda: desk.dm(SAM, "5 keys found"))


async def test_what_was_there_before_is_one_message_with_the_number(both: OpenDesk) -> None:
    def hundreds(world: World) -> None:
        for number in range(300):
            world.gateway.add_key(name=f"old {number}")

    async with both(prepare=hundreds) as desk:
        await look(desk)
        [summary] = await desk.eventually(lambda: desk.said("have no owner here", seed.SECURITY_CHANNEL))
        assert "303 keys" in text_of(summary)
        assert "/apikey list ownerless" in text_of(summary)
        await look(desk)
        await desk.app.responder.drain(grace=10)
        assert not cards(desk)
        assert len(desk.said("have no owner here", seed.SECURITY_CHANNEL)) == 1


async def test_it_is_adopted_from_its_card(both: OpenDesk) -> None:
    async with both() as desk:
        [key] = await console(desk, "made by hand")
        [card] = await desk.eventually(lambda: cards(desk))
        assert "made by hand" in text_of(card)
        assert buttons_of(card) == ["key.adopt", "key.disable", "unknown_key.ignore"]
        await desk.slack.click(ALEX, card, "key.adopt")
        await desk.eventually(lambda: desk.slack.top_view(ALEX).body["callback_id"] == "key.adopt")
        await desk.fill(ALEX, desk.slack.top_view(ALEX), owner=ADA)
        assert (await desk.slack.submit(ALEX, desk.slack.top_view(ALEX))).ok
        await desk.eventually(lambda: f"belongs to <@{ADA}>" in text_of(cards(desk)[0]))
        assert await desk.app.database.read(owners.owner_of, key.id) == ADA
        assert not buttons_of(cards(desk)[0])
        await look(desk)
        assert len(cards(desk)) == 1
        assert [line["key_id"] for line in await desk.audit("found")] == [key.id]


async def test_it_is_disabled_from_its_card(http_desk: Desk) -> None:
    desk = http_desk
    [key] = await console(desk, "made by hand")
    [card] = await desk.eventually(lambda: cards(desk))
    await desk.slack.click(SAM, card, "key.disable")
    await desk.eventually(lambda: desk.slack.top_view(SAM).body["callback_id"] == "key.disable")
    assert (await desk.slack.submit(SAM, desk.slack.top_view(SAM))).ok
    await desk.eventually(lambda: ":no_entry: disabled" in text_of(cards(desk)[0]))
    assert desk.gateway.key(key.id).status == DISABLED
    assert buttons_of(cards(desk)[0]) == ["key.adopt", "unknown_key.ignore"]


async def test_what_is_ignored_stays_ignored_and_not_everybody_may_say_so(http_desk: Desk) -> None:
    desk = http_desk
    [key] = await console(desk, "made by hand")
    [card] = await desk.eventually(lambda: cards(desk))
    await desk.slack.click(MIRA, card, "unknown_key.ignore")
    assert [line["actor"] for line in await desk.audit("refused")] == [MIRA]
    await desk.slack.click(SAM, card, "unknown_key.ignore")
    await desk.eventually(lambda: f"<@{SAM}> says that it may stay" in text_of(cards(desk)[0]))
    for _ in range(3):
        await look(desk)
    await desk.app.responder.drain(grace=10)
    assert (len(cards(desk)), buttons_of(cards(desk)[0])) == (1, [])
    assert desk.gateway.key(key.id).status == ENABLED
    assert [line["key_id"] for line in await desk.audit("ignored")] == [key.id]
    # Adopting it is still possible.
    await desk.slack.command(ALEX, seed.KEYS_CHANNEL, f"/apikey adopt {key.id} <@{ADA}>")
    await desk.eventually(lambda: desk.slack.top_view(ALEX).body["callback_id"] == "key.adopt")


async def test_many_at_once_are_one_message(http_desk: Desk) -> None:
    desk = http_desk
    keys = await console(desk, *(f"script {number}" for number in range(40)))
    [card] = await desk.eventually(lambda: cards(desk))
    assert "40 keys were made outside Keydesk" in text_of(card)
    assert buttons_of(card).count("key.adopt") == SHOWN
    assert "`/apikey list ownerless`" in text_of(card)
    await press(desk, SAM, card, "unknown_key.ignore", keys[-1])
    await desk.eventually(lambda: f"<@{SAM}> says that it may stay" in text_of(cards(desk)[0]))
    await look(desk)
    assert len(cards(desk)) == 1


async def test_a_key_that_keydesk_is_making_is_not_unknown(free_desk: OpenDesk) -> None:
    async with free_desk() as desk:
        await look(desk)
        # The answer to the create is lost, and the key cannot be found for a while.
        desk.gateway.arm(GatewayFault(kind="lost_reply", method="POST", path="/api/token/?.*"))
        desk.gateway.arm(GatewayFault(kind="panic", method="GET", path="/api/token/.*", times=6))
        await desk.ask(name="ours", remain_quota="10k", expired_time="30d", reason="x")
        await desk.eventually(lambda: desk.key("ours"))
        await desk.app.care.schedule.run()
        assert (await desk.settled()).status is Status.SUCCEEDED
        await look(desk)
        await desk.app.responder.drain(grace=10)
        assert not cards(desk)


async def test_switched_off_nothing_is_told_and_switching_it_on_is_no_flood(http_desk: Desk) -> None:
    desk = http_desk
    desk.app.care.parts.terms = lambda: replace(USUAL, unknown_keys=False)
    await console(desk, "made by hand")
    desk.app.care.parts.terms = lambda: USUAL
    await look(desk)
    await desk.app.responder.drain(grace=10)
    assert not cards(desk)
    desk.gateway.add_key(name="another")
    await look(desk)
    await desk.eventually(lambda: cards(desk))
