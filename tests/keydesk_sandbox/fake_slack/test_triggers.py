"""G2: trigger ids live three seconds, are good once, and only for our app."""

from keydesk_sandbox.fake_slack.slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import Caller, Clock, modal, section, text_input


async def test_a_trigger_opens_one_view(slack: FakeSlack, api: Caller) -> None:
    trigger = slack.triggers.issue("U1ALICE")
    await api.ok("views.open", trigger_id=trigger, view=modal(section()))
    assert await api.refused("views.open", trigger_id=trigger, view=modal(section())) == "exchanged_trigger_id"


async def test_a_trigger_dies_after_three_seconds(slack: FakeSlack, api: Caller, clock: Clock) -> None:
    trigger = slack.triggers.issue("U1ALICE")
    clock.now += 3.1
    assert await api.refused("views.open", trigger_id=trigger, view=modal(section())) == "expired_trigger_id"


async def test_a_made_up_trigger_and_one_of_another_app_are_invalid(slack: FakeSlack, api: Caller) -> None:
    for trigger in ("1.2.abc", slack.foreign_trigger("U1ALICE")):
        assert await api.refused("views.open", trigger_id=trigger, view=modal(section())) == "invalid_trigger_id"


async def test_a_bad_view_leaves_the_trigger_usable(slack: FakeSlack, api: Caller) -> None:
    trigger = slack.triggers.issue("U1ALICE")
    assert await api.refused("views.open", trigger_id=trigger, view={"type": "modal"}) == "invalid_arguments"
    await api.ok("views.open", trigger_id=trigger, view=modal(section()))


async def test_a_missing_trigger_is_named(api: Caller) -> None:
    answer = await api("views.open", view=modal(section()))
    assert answer["error"] == "invalid_arguments"
    assert "trigger_id" in answer["response_metadata"]["messages"][0]


async def test_push_needs_a_trigger_from_inside_the_modal(slack: FakeSlack, api: Caller) -> None:
    await api.ok("views.open", trigger_id=slack.triggers.issue("U1ALICE"), view=modal(text_input()))
    outside = slack.triggers.issue("U1ALICE")
    assert await api.refused("views.push", trigger_id=outside, view=modal(section())) == "not_found"
    inside = slack.triggers.issue("U1ALICE", view_id=slack.top_view("U1ALICE").id)
    await api.ok("views.push", trigger_id=inside, view=modal(section()))
