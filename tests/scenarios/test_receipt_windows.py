"""The window of a sent form becomes the result by itself: creating, then ready with Reveal, or waiting, then decided."""

import pytest

from bot.approvals.cards import receipt_windows
from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack.views import View
from tests.narrow import present
from tests.scenarios.desk import Desk, view_text
from tests.scenarios.operating import do, owned

pytestmark = pytest.mark.thorough

ADA, MIRA = seed.ENGINEER, seed.MANAGER


def buttons(view: View) -> list[str]:
    return [e["action_id"] for b in view.body["blocks"] if b["type"] == "actions" for e in b["elements"]]


def top(desk: Desk, user: str = ADA) -> View:
    return desk.slack.top_view(user)


async def test_a_key_that_is_made_is_revealed_from_the_window_of_its_form(desk: Desk) -> None:
    await desk.ask(ADA, name="mine", remain_quota="100k")
    window = top(desk)
    assert "Creating key " in view_text(window)
    assert buttons(window) == []
    await desk.eventually(lambda: "is ready" in view_text(top(desk)))
    assert top(desk).id == window.id
    assert buttons(top(desk)) == ["reveal"]
    await desk.slack.click(ADA, top(desk), "reveal")
    value = desk.gateway.key_value(desk.key("mine").id)
    await desk.eventually(lambda: value in view_text(top(desk)))
    shown = view_text(top(desk))
    assert f"export OPENAI_BASE_URL={desk.app.settings.cometapi_base_url}/v1" in shown
    assert "You, and nobody else, can reveal it again" in shown
    # On top of the window, which is still there under it.
    assert len(desk.slack.open_views(ADA)) == 2


async def test_a_request_that_waits_can_be_withdrawn_and_shows_its_end(http_desk: Desk) -> None:
    desk = http_desk
    await desk.ask(ADA, name="big", remain_quota="2M")
    assert "waits for a decision" in view_text(top(desk))
    assert buttons(top(desk)) == ["withdraw"]
    await desk.slack.click(MIRA, await desk.eventually(lambda: desk.card(1)), "approve")
    await desk.eventually(lambda: "is ready" in view_text(top(desk)))
    assert buttons(top(desk)) == ["reveal"]


async def test_a_denial_is_shown_with_its_reason(http_desk: Desk) -> None:
    desk = http_desk
    await desk.ask(ADA, name="big", remain_quota="2M")
    await desk.slack.click(MIRA, await desk.eventually(lambda: desk.card(1)), "deny")
    await desk.fill(MIRA, top(desk, MIRA), reason="Use the team's key.")
    await desk.slack.submit(MIRA, top(desk, MIRA))
    await desk.eventually(lambda: "denied" in view_text(top(desk)))
    assert "Use the team's key." in view_text(top(desk))
    assert buttons(top(desk)) == ["key.create.again"]


async def test_an_offer_can_be_accepted_in_the_window(http_desk: Desk) -> None:
    desk = http_desk
    await desk.ask(ADA, name="big", remain_quota="2M")
    await desk.slack.click(MIRA, await desk.eventually(lambda: desk.card(1)), "approve_with_changes")
    await desk.fill(MIRA, top(desk, MIRA), remain_quota="1M")
    await desk.slack.submit(MIRA, top(desk, MIRA))
    await desk.eventually(lambda: buttons(top(desk)) == ["accept_offer", "withdraw"])
    await desk.slack.click(ADA, top(desk), "accept_offer")
    await desk.eventually(lambda: desk.said("was created"))
    assert desk.key("big").remain_quota == 1_000_000


async def test_another_operation_says_when_it_is_done(http_desk: Desk) -> None:
    desk = http_desk
    key = await owned(desk)
    await do(desk, ADA, "disable", key)
    await desk.eventually(lambda: "was disabled" in view_text(top(desk)))
    assert buttons(top(desk)) == []


async def test_a_gateway_that_is_away_is_said(http_desk: Desk) -> None:
    desk = http_desk
    desk.gateway.arm("refused", times=None)
    await desk.ask(ADA, name="mine", remain_quota="100k")
    await desk.eventually(lambda: "Nothing is lost" in view_text(top(desk)))
    desk.gateway.disarm()
    await desk.eventually(lambda: "is ready" in view_text(top(desk)))


async def test_a_window_that_was_closed_is_forgotten(http_desk: Desk) -> None:
    desk = http_desk
    await desk.ask(ADA, name="big", remain_quota="2M")
    windows = desk.app.windows
    assert len(windows._windows) == 1
    await desk.slack.close_view(ADA, top(desk))
    await desk.slack.click(MIRA, await desk.eventually(lambda: desk.card(1)), "approve")
    await desk.eventually(lambda: not windows._windows)
    await desk.eventually(lambda: desk.said("was created"))


async def test_windows_are_few_and_are_not_looked_after_for_ever(
    http_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = http_desk
    monkeypatch.setattr(receipt_windows, "MOST", 2)
    await desk.ask(ADA, name="big", remain_quota="2M")
    windows, request = desk.app.windows, await desk.request(1)
    for number in range(5):
        windows.watch(f"V0{number}", request)
    assert list(windows._windows) == ["V03", "V04"]
    monkeypatch.setattr(receipt_windows, "LONGEST", 0.0)
    await desk.eventually(lambda: not windows._windows)
    await desk.eventually(lambda: present(windows._task).done())
