"""What Slack refuses, limits, forgets or loses, with people in the middle of things: honest words, nothing lost.

Each test starts a process, so `make thorough` runs one of each kind: a form that cannot open, a channel that closes, a direct
message that cannot be opened, a lost answer. The others are in `make soak`.
"""

import functools
from collections.abc import Awaitable, Callable

import pytest

from bot.approvals.models import Status
from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack.messages import SlackMessage
from keydesk_sandbox.fake_slack.people import PersonKind
from keydesk_sandbox.fake_slack.web_api import METHODS
from tests.crash.house import House
from tests.crash.policy import BIG, SMALL
from tests.scenarios.desk import buttons_of, text_of, view_text

ADA, MIRA, CHANNEL = seed.ENGINEER, seed.MANAGER, seed.KEYS_CHANNEL
TOO_LATE = "Slack closes the door after 3 seconds"


def said_to(house: House, user: str) -> str:
    """Ephemeral and direct messages."""
    shown = [m for m in house.slack.messages(CHANNEL, viewer=user) if m.ephemeral_to == user]
    return " ".join(text_of(m) for m in [*shown, *house.slack.dm(user)])


def _told_once_more(house: House, user: str, before: int) -> bool:
    return said_to(house, user).count(TOO_LATE) == before + 1


async def waiting_card(house: House) -> SlackMessage:
    """Ada asks for much; the card."""
    assert (await house.desk.ask(ADA, **BIG)).ok
    card: SlackMessage = await house.desk.eventually(lambda: house.desk.card(1))
    return card


async def done(house: House) -> None:
    """The one request did what it should, once, and says so."""
    assert (await house.settled(1)).status is Status.SUCCEEDED
    await house.shown()
    await house.desk.eventually(lambda: "approved by" in text_of(house.desk.card(1)))
    assert buttons_of(house.desk.card(1)) == ["look_at_request"]
    assert house.names().count("big") == 1
    assert house.verdict().problems == ()


async def test_a_form_that_could_not_open_is_no_secret(house: House) -> None:
    await house.start()
    key = await house.desk.own(ADA, house.gateway.add_key(name="mine"))
    card = await waiting_card(house)
    steps: list[tuple[str, Callable[[], Awaitable[object]]]] = [
        (ADA, lambda: house.slack.command(ADA, CHANNEL, "/apikey new")),
        (ADA, lambda: house.slack.command(ADA, CHANNEL, f"/apikey edit {key.id}")),
        (ADA, lambda: house.slack.shortcut(ADA, "new_key")),
        (MIRA, lambda: house.slack.click(MIRA, card, "approve_with_changes")),
        (MIRA, lambda: house.slack.click(MIRA, card, "deny")),
    ]
    for number, (user, step) in enumerate(steps):
        house.slack.changes.reload(user)
        before = said_to(house, user).count(TOO_LATE)
        house.slack.faults.add("views.open", "refuse", code="expired_trigger_id")
        await step()
        await house.desk.eventually(functools.partial(_told_once_more, house, user, before))
        assert house.slack.open_views(user) == [], number
        await step()
        await house.desk.eventually(functools.partial(house.slack.open_views, user))


@pytest.mark.soak
async def test_a_slack_that_opens_forms_too_slowly(house: House) -> None:
    """The trigger dies while Slack's own Web API hangs."""
    await house.start()
    house.slack.faults.add("views.open", "delay", delay=3.3)
    assert (await house.slack.command(ADA, CHANNEL, "/apikey new")).ok
    await house.desk.eventually(lambda: TOO_LATE in said_to(house, ADA))
    assert house.slack.open_views(ADA) == []


@pytest.mark.soak
async def test_a_form_that_was_drawn_meanwhile_stays_as_it_is(house: House) -> None:
    await house.start()
    await house.slack.command(ADA, CHANNEL, "/apikey new")
    view = house.slack.top_view(ADA)
    house.slack.faults.add("views.update", "refuse", code="hash_conflict", times=2)
    await house.desk.fill(ADA, view, **BIG)
    await house.desk.eventually(lambda: [fault.times for fault in house.slack.faults.armed] in ([], [1]))
    assert "name" in {block.get("block_id") for block in house.slack.top_view(ADA).body["blocks"]}
    assert (await house.slack.submit(ADA, house.slack.top_view(ADA))).ok
    card = await house.desk.eventually(lambda: house.desk.card(1))
    await house.slack.click(MIRA, card, "approve")
    await done(house)
    assert said_to(house, ADA).count("changed while") == 0


@pytest.mark.soak
async def test_a_card_that_a_person_deletes_comes_again_when_it_changes(house: House) -> None:
    await house.start()
    card = await waiting_card(house)
    await house.slack.changes.delete_message(card)
    await house.slack.open_home(MIRA)
    home = await house.desk.eventually(lambda: house.slack.home(MIRA))
    await house.slack.click(MIRA, home, "look_at_request")
    await house.desk.eventually(lambda: "approve" in str(house.slack.top_view(MIRA).body))
    await house.slack.click(MIRA, house.slack.top_view(MIRA), "approve")
    await done(house)
    assert house.desk.card(1).ts > card.ts


@pytest.mark.thorough
@pytest.mark.parametrize(
    "trouble",
    [
        "archived",
        pytest.param("bot_removed", marks=pytest.mark.soak),
        pytest.param("restricted", marks=pytest.mark.soak),
        pytest.param("token_revoked", marks=pytest.mark.soak),
    ],
)
async def test_the_channel_closes_between_the_card_and_the_words(house: House, trouble: str) -> None:
    await house.start()
    card = await waiting_card(house)
    changes, switches = house.slack.changes, house.slack.switches
    if trouble == "archived":
        await changes.archive(CHANNEL)
    elif trouble == "bot_removed":
        await changes.remove_bot(CHANNEL)
    elif trouble == "restricted":
        for method in ("chat.postMessage", "chat.update"):
            house.slack.faults.add(method, "refuse", code="restricted_action", times=10_000)
    await house.slack.click(MIRA, card, "approve")
    if trouble == "token_revoked":
        switches.token = "token_revoked"
    assert (await house.settled(1)).status is Status.SUCCEEDED
    if trouble == "token_revoked":
        await house.says("/readyz", "SLACK_BOT_TOKEN")
    else:
        # The line in the card's thread, behind which the confirmation waits; and what else that trouble hits.
        troubled = {"archived": 2, "bot_removed": 1, "restricted": 3}[trouble]
        await house.says("/metrics", f'keydesk_posts{{state="in_trouble"}} {troubled}')
    assert "req:1:confirmation" not in house.posted()
    if trouble == "archived":
        await changes.archive(CHANNEL, archived=False)
    elif trouble == "bot_removed":
        await changes.join(seed.BOT_USER, CHANNEL)
    house.slack.faults.armed.clear()
    switches.token = "valid"
    await done(house)
    await house.says("/metrics", 'keydesk_posts{state="in_trouble"} 0')


@pytest.mark.thorough
async def test_a_dm_that_cannot_be_opened_now_comes_later(house: House) -> None:
    await house.start()
    house.slack.faults.add("conversations.open", "refuse", code="org_login_required", times=3)
    assert (await house.desk.ask(ADA, **SMALL)).ok
    assert (await house.settled(1)).status is Status.SUCCEEDED
    await house.shown()


@pytest.mark.soak
async def test_a_person_who_leaves_holds_nothing_up(house: House) -> None:
    """Gone between the approval and the words: the key is made, the channel hears of it, nobody writes to them."""
    await house.start()
    card = await waiting_card(house)
    house.gateway.arm("slow", method="POST", path="/api/token/", delay=1.0)
    await house.slack.click(MIRA, card, "approve")
    await house.desk.eventually(lambda: house.names().count("big"))
    house.slack.workspace.people[ADA].kind = PersonKind.DEACTIVATED
    assert (await house.settled(1)).status is Status.SUCCEEDED
    await house.desk.eventually(lambda: house.posted().get("req:1:confirmation") == 1)
    await house.says("/metrics", 'keydesk_posts{state="in_trouble"} 1')
    refused = [call for call in house.slack.calls if (call.answer or {}).get("error") == "user_disabled"]
    assert [call.method for call in refused] == ["conversations.open"]


@pytest.mark.soak
async def test_every_method_is_limited_once(house: House) -> None:
    for method in METHODS:
        house.slack.limits.force(method, retry_after=1)
    await house.start()

    async def until(what: Callable[[], object], step: Callable[[], Awaitable[object]]) -> None:
        """What people do: once more."""
        for _ in range(10):
            await step()
            try:
                await house.desk.eventually(what, seconds=10)
            except AssertionError:
                continue
            return
        raise AssertionError("never")

    await until(lambda: house.slack.top_view(ADA), lambda: house.slack.command(ADA, CHANNEL, "/apikey new"))
    view = house.slack.top_view(ADA)
    await house.desk.fill(ADA, view, **BIG)
    await until(lambda: house.desk.card(1), lambda: house.persist(lambda: house.slack.submit(ADA, view)))
    card = house.desk.card(1)
    await until(
        lambda: "key" in house.names() or "big" in house.names(), lambda: house.slack.click(MIRA, card, "approve")
    )
    await until(lambda: house.slack.home(ADA), lambda: house.slack.open_home(ADA))
    await done(house)
    limited = {call.method for call in house.slack.calls if call.status == 429}
    called = {call.method for call in house.slack.calls}
    assert limited == called, called - limited
    assert called >= {"chat.postMessage", "chat.update", "views.open", "views.publish", "conversations.open"}


@pytest.mark.thorough
@pytest.mark.parametrize(
    "method",
    [
        "chat.postMessage",
        *(pytest.param(method, marks=pytest.mark.soak) for method in ("chat.update", "conversations.open")),
    ],
)
async def test_answers_of_posting_calls_are_lost(house: House, method: str) -> None:
    await house.start()
    house.slack.faults.add(method, "lost_answer", times=3)
    card = await waiting_card(house)
    await house.slack.click(MIRA, card, "approve")
    await done(house)


@pytest.mark.soak
async def test_a_form_whose_opening_was_not_confirmed_is_filled_all_the_same(house: House) -> None:
    await house.start()
    key = await house.desk.own(ADA, house.gateway.add_key(name="mine"))
    house.slack.faults.add("views.open", "lost_answer")
    await house.slack.command(ADA, CHANNEL, f"/apikey edit {key.id}")
    await house.desk.eventually(lambda: house.slack.top_view(ADA).body["callback_id"] == "key.update")
    house.slack.changes.reload(ADA)
    house.slack.faults.add("views.open", "lost_answer")
    await house.slack.command(ADA, CHANNEL, "/apikey new")
    await house.desk.eventually(lambda: "If it is not there" in said_to(house, ADA))
    assert "name" in view_text(house.slack.top_view(ADA)).lower()
