"""Who may not: guests, outsiders, deactivated people. A sentence for them, a line in the record, and no effect."""

import copy
from collections.abc import Callable

import pytest

from keydesk_sandbox import seed
from tests.scenarios.alerting import learned
from tests.scenarios.conftest import OpenDesk
from tests.scenarios.desk import Desk, refusal, text_of, view_text
from tests.scenarios.forging import last, send_as

ADA, MIRA = seed.ENGINEER, seed.MANAGER
WORDS = {
    seed.GUEST: "Guests of this workspace have no role",
    seed.OUTSIDER: "People of other workspaces have no role",
    seed.DEACTIVATED: "Deactivated people have no role",
}
KINDS = {seed.GUEST: "guest", seed.OUTSIDER: "outsider", seed.DEACTIVATED: "deactivated"}


async def test_a_guest_who_types_the_command_is_told(desk: Desk) -> None:
    answer = await desk.slack.command(seed.GUEST, seed.KEYS_CHANNEL, "/apikey new")
    assert WORDS[seed.GUEST] in answer.body["text"]
    assert desk.slack.open_views(seed.GUEST) == []
    assert [(line["actor"], line["details"]["kind"]) for line in await desk.audit("refused")] == [(seed.GUEST, "guest")]


@pytest.mark.parametrize("who", WORDS)
async def test_a_command_that_should_not_exist_is_refused(http_desk: Desk, who: str) -> None:
    await http_desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey new")
    answer = await send_as(http_desk, last(http_desk, "command"), who)
    assert WORDS[who] in answer.body["text"]
    refused = await http_desk.audit("refused")
    assert [(line["actor"], line["details"]["kind"]) for line in refused] == [(who, KINDS[who])]


@pytest.mark.parametrize(("field", "status"), [("team_id", 403), ("api_app_id", 403), ("channel_name", 200)])
async def test_a_payload_for_another_workspace_or_app_is_refused_at_the_door(
    http_desk: Desk, field: str, status: int
) -> None:
    await http_desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey help")
    payload = last(http_desk, "command") | {field: "T0ELSEWHERE"}
    answer = await send_as(http_desk, payload, ADA)
    assert answer.status == status
    counted = http_desk.app.health.registry.get_sample_value("keydesk_rejected_total", {"why": "stranger"})
    assert counted == (1 if status == 403 else None)
    refused = [line["details"] for line in await http_desk.audit("refused")]
    told = {"kind": "outsider", "team": "T0ELSEWHERE", "tried": "help"}
    assert refused == ([told] if field == "team_id" else [])


async def test_a_key_that_a_stranger_types_is_not_put_on_record(http_desk: Desk) -> None:
    value = "aB3d" * 12
    await http_desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey help")
    payload = last(http_desk, "command") | {"team_id": "T0ELSEWHERE", "text": f"{value} is leaked"}
    assert (await send_as(http_desk, payload, ADA)).status == 403
    assert [line["details"]["tried"] for line in await http_desk.audit("refused")] == ["[redacted]"]


@pytest.mark.parametrize("who", WORDS)
async def test_a_small_request_of_theirs_is_refused_under_the_form(desk: Desk, who: str) -> None:
    await desk.ask(ADA, name="tiny", remain_quota="$1", expired_time="7d")
    await desk.settled()
    payload = last(desk, "view_submission")
    payload["view"]["state"]["values"]["name"]["value"]["value"] = "theirs"
    answer = await send_as(desk, payload, who)
    assert WORDS[who] in refusal(answer)
    assert [record.name for record in desk.gateway.keys(deleted=True)].count("theirs") == 0
    assert [line["actor"] for line in await desk.audit("refused")] == [who]


async def test_somebody_who_becomes_a_guest_over_an_open_form_is_refused(http_desk: Desk) -> None:
    desk = http_desk
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey new")
    await desk.fill(ADA, desk.slack.top_view(ADA), name="late", remain_quota="1")
    await desk.slack.changes.change_person(ADA, kind="guest")
    answer = await desk.slack.submit(ADA, desk.slack.top_view(ADA))
    assert WORDS[seed.GUEST] in refusal(answer)
    assert desk.slack.top_view(ADA).values["name"]["value"]["value"] == "late"


async def test_an_outsider_in_a_shared_channel_cannot_decide(desk_with: OpenDesk) -> None:
    async with desk_with(KEYDESK_CHANNEL="C0PARTNER") as desk:
        await desk.ask(ADA, name="big", remain_quota="2M")
        card = (await desk.eventually(lambda: desk.said("asks", "C0PARTNER")))[0]
        before = text_of(card)
        for button in ("approve", "deny", "take", "approve_with_changes", "withdraw", "remind"):
            assert (await desk.slack.click(seed.OUTSIDER, card, button)).ok
        await desk.eventually(lambda: len(_ephemerals(desk, "C0PARTNER", seed.OUTSIDER)) == 6)
        said = _ephemerals(desk, "C0PARTNER", seed.OUTSIDER)
        assert sum("People of other workspaces have no role." in text for text in said) == 4
        assert sum("Only <@U0ADA>, who asked" in text for text in said) == 2
        assert text_of(card) == before
        assert [line["actor"] for line in await desk.audit("refused")] == [seed.OUTSIDER] * 6


@pytest.mark.parametrize("who", [seed.GUEST, seed.DEACTIVATED, seed.SECOND_ENGINEER, seed.SECURITY])
async def test_a_click_on_a_card_by_somebody_without_the_role_changes_nothing(http_desk: Desk, who: str) -> None:
    desk = http_desk
    await desk.ask(ADA, name="big", remain_quota="2M")
    card = await desk.eventually(lambda: desk.card(1))
    # A real click of somebody else, to have its payload.
    await desk.slack.click(ADA, card, "approve")
    payload = last(desk, "block_actions")
    before = copy.deepcopy(text_of(card))
    assert (await send_as(desk, payload, who)).ok
    await desk.eventually(lambda: True)
    assert [line["actor"] for line in await desk.audit("refused")] == [ADA, who]
    assert text_of(desk.card(1)) == before
    assert not desk.said("was created")


async def test_a_manager_who_lost_the_role_after_the_card_came_is_refused(desk: Desk) -> None:
    await desk.ask(ADA, name="big", remain_quota="2M")
    card = await desk.eventually(lambda: desk.card(1))
    before = text_of(card)
    await desk.slack.changes.set_group("S0MANAGERS", [seed.SECOND_MANAGER])
    await desk.slack.click(MIRA, card, "approve")
    await desk.eventually(
        lambda: any("Only manager may answer this." in t for t in _ephemerals(desk, seed.KEYS_CHANNEL, MIRA))
    )
    assert text_of(card) == before
    assert [line["actor"] for line in await desk.audit("refused")] == [MIRA]
    await desk.slack.click(seed.SECOND_MANAGER, card, "approve")
    await desk.eventually(lambda: desk.said("was created"))


async def test_without_the_event_the_role_is_still_judged_at_the_click(http_desk: Desk) -> None:
    desk = http_desk
    await desk.ask(ADA, name="big", remain_quota="2M")
    card = await desk.eventually(lambda: desk.card(1))
    await desk.slack.click(MIRA, card, "take")
    desk.slack.workspace.groups["S0MANAGERS"].users.remove(MIRA)
    # What was asked of Slack two seconds ago may stand; more than that may not.
    desk.app.directory._clock = _later(desk.app.directory._clock, 3)
    await desk.slack.click(MIRA, card, "approve")
    await desk.eventually(lambda: any("Only manager" in t for t in _ephemerals(desk, seed.KEYS_CHANNEL, MIRA)))


def _later(clock: Callable[[], float], seconds: float) -> Callable[[], float]:
    return lambda: clock() + seconds


async def test_a_manager_cannot_approve_an_own_request(http_desk: Desk) -> None:
    desk = http_desk
    await desk.ask(MIRA, name="mine", remain_quota="5")
    card = await desk.eventually(lambda: desk.card(1))
    await desk.slack.click(MIRA, card, "approve")
    await desk.eventually(
        lambda: any("You can't approve your own request" in t for t in _ephemerals(desk, seed.KEYS_CHANNEL, MIRA))
    )
    assert not desk.said("was created")


def reveals(desk: Desk) -> int:
    """How often a person's key was read. The index reads lists and values by itself, whenever it likes."""
    path = f"/api/token/{desk.key('mine').id}"
    return sum(call.path.startswith(path) for call in desk.gateway.requests)


@pytest.mark.parametrize("who", [*WORDS, seed.SECOND_ENGINEER, MIRA, seed.ADMIN])
async def test_a_reveal_by_anybody_else_shows_nothing_and_is_recorded(desk: Desk, who: str) -> None:
    await desk.ask(ADA, name="mine", remain_quota="100k")
    notice = (await desk.eventually(lambda: desk.dm(ADA, "is ready")))[0]
    await desk.slack.close_view(ADA, desk.slack.top_view(ADA))
    await desk.slack.click(ADA, notice, "reveal")
    value = desk.gateway.key_value(desk.key("mine").id)
    await desk.eventually(lambda: value in view_text(desk.slack.top_view(ADA)))
    revealed = len([call for call in desk.slack.calls if value in str(call)])
    await learned(desk)  # the index reads a new key, too
    asked = reveals(desk)

    assert (await send_as(desk, last(desk, "block_actions"), who)).ok
    await desk.eventually(lambda: desk.app.responder.busy == 0)
    assert len([call for call in desk.slack.calls if value in str(call)]) == revealed
    assert reveals(desk) == asked
    assert [(line["actor"], line["key_id"]) for line in await desk.audit("refused")] == [(who, desk.key("mine").id)]
    assert len(await desk.audit("revealed")) == 1


@pytest.mark.parametrize("signature", ["wrong", "missing", "old"])
async def test_what_is_not_signed_by_slack_is_not_heard(http_desk: Desk, signature: str) -> None:
    desk = http_desk
    await desk.ask(ADA, name="big", remain_quota="2M")
    card = await desk.eventually(lambda: desk.card(1))
    desk.slack.switches.signature = signature  # type: ignore[assignment]  # one of its three words
    answer = await desk.slack.click(MIRA, card, "approve")
    assert answer.status == 401
    assert (await desk.request()).version == 1
    assert await desk.audit("refused") == []


def _ephemerals(desk: Desk, channel: str, user: str) -> list[str]:
    return [text_of(m) for m in desk.slack.messages(channel, viewer=user) if m.ephemeral_to == user]


@pytest.mark.parametrize("taken", [True, False])
async def test_a_denial_stands_at_the_top_of_the_form_until_something_changes(desk_with: OpenDesk, taken: bool) -> None:
    deny = '[[rules]]\nname = "freeze"\nwho = ["*"]\ndo = ["key.create"]\ndeny = "The payment team looks after its keys."\n\n'
    place = seed.POLICY.index("[[rules]]")
    async with desk_with() as desk:
        if not taken:
            desk.slack.switches.refused_blocks = frozenset({"alert"})
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey new")
        await desk.fill(ADA, desk.slack.top_view(ADA), name="kept", remain_quota="$1")
        await desk.eventually(lambda: "Granted at once" in view_text(desk.slack.top_view(ADA)))
        desk.world.policy_path.write_text(seed.POLICY[:place] + deny + seed.POLICY[place:], encoding="utf-8")
        assert desk.app.policy.look()
        answer = await desk.slack.submit(ADA, desk.slack.top_view(ADA))
        assert "The payment team looks after its keys." in refusal(answer)
        view = desk.slack.top_view(ADA)
        assert view.body["blocks"][0]["block_id"] == "problem"
        assert view.values["name"]["value"]["value"] == "kept"
        assert "Granted at once" not in view_text(view)
        if taken:
            await desk.eventually(lambda: desk.slack.top_view(ADA).body["blocks"][0]["type"] == "alert")
        await desk.fill(ADA, desk.slack.top_view(ADA), reason="please")
        await desk.eventually(lambda: "Not allowed" in view_text(desk.slack.top_view(ADA)))
        assert all(block["block_id"] != "problem" for block in desk.slack.top_view(ADA).body["blocks"])
