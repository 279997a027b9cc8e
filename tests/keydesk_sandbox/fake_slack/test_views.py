"""G3, G8: what views refuse, the stack, the hash, kept input, closing, Home (G20)."""

import pytest

from tests.keydesk_sandbox.fake_slack.kit import Caller, actions, button, modal, plain, section, text_input


@pytest.fixture
def open_modal(slack, api):
    async def open_one(*blocks, user="U1ALICE", **more):
        await api.ok("views.open", trigger_id=slack.triggers.issue(user), view=modal(*blocks, **more))
        return slack.top_view(user)

    return open_one


async def messages_of(slack, api, view):
    answer = await api("views.open", trigger_id=slack.triggers.issue("U1ALICE"), view=view)
    assert answer["error"] == "invalid_arguments", answer
    return answer["response_metadata"]["messages"]


async def test_a_long_title_is_refused_in_slacks_words(slack, api):
    said = await messages_of(slack, api, modal(section(), title=plain("x" * 25)))
    assert said == [
        "[ERROR] failed to match all allowed schemas [json-pointer:/view]",
        "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]",
    ]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"submit": plain("x" * 25)}, "must be less than 25 characters [json-pointer:/view/submit/text]"),
        ({"close": plain("")}, "must be more than 0 characters [json-pointer:/view/close/text]"),
        ({"private_metadata": "x" * 3001}, "must be less than 3001 characters [json-pointer:/view/private_metadata]"),
        ({"callback_id": "x" * 256}, "must be less than 256 characters [json-pointer:/view/callback_id]"),
        ({"external_id": "x" * 256}, "must be less than 256 characters [json-pointer:/view/external_id]"),
        ({"notify_on_close": "yes"}, "must provide a boolean [json-pointer:/view/notify_on_close]"),
        ({"submit_disabled": True}, "invalid additional property: submit_disabled [json-pointer:/view]"),
        ({"title": {"type": "mrkdwn", "text": "x"}}, "must be a valid enum value [json-pointer:/view/title/type]"),
        ({"blocks": {}}, "must provide an array [json-pointer:/view/blocks]"),
        ({"blocks": [section()] * 101}, "no more than 100 items allowed [json-pointer:/view/blocks]"),
        ({"blocks": [text_input()]}, "missing required field: submit [json-pointer:/view]"),
    ],
)
async def test_what_a_modal_may_not_be(slack, api, more, words):
    said = await messages_of(slack, api, {"type": "modal", "title": plain("t"), "blocks": [section()], **more})
    assert f"[ERROR] {words}" in said


async def test_missing_fields_are_all_named(slack, api):
    said = " ".join(await messages_of(slack, api, {"type": "modal"}))
    assert "missing required field: title" in said
    assert "missing required field: blocks" in said


async def test_a_view_over_250_kb_is_too_large(slack, api):
    view = modal(*[section("x" * 2900) for _ in range(90)])
    assert await api.refused("views.open", trigger_id=slack.triggers.issue("U1ALICE"), view=view) == "view_too_large"


async def test_a_stack_holds_three_views(slack, api, open_modal):
    first = await open_modal(section())
    for expected in (True, True, False):
        trigger = slack.triggers.issue("U1ALICE", view_id=slack.top_view("U1ALICE").id)
        answer = await api("views.push", trigger_id=trigger, view=modal(section()))
        assert answer["ok"] is expected
    assert answer["error"] == "push_limit_reached"
    top = slack.view_book.wire(slack.top_view("U1ALICE"))
    assert top["root_view_id"] == first.id
    assert top["previous_view_id"] == slack.open_views("U1ALICE")[1].id


async def test_an_old_hash_conflicts_and_no_hash_wins(slack, api, open_modal):
    view = await open_modal(section())
    old = view.hash
    await api.ok("views.update", view_id=view.id, view=modal(section("two")), hash=old)
    assert await api.refused("views.update", view_id=view.id, view=modal(section()), hash=old) == "hash_conflict"
    await api.ok("views.update", view_id=view.id, view=modal(section("three")))


async def test_a_view_is_found_by_external_id_which_is_unique(slack, api, open_modal):
    await open_modal(section(), external_id="one")
    await api.ok("views.update", external_id="one", view=modal(section("two"), external_id="one"))
    view = modal(section(), external_id="one")
    trigger = slack.triggers.issue("U2BOB")
    assert await api.refused("views.open", trigger_id=trigger, view=view) == "duplicate_external_id"


async def test_update_needs_one_id_and_a_view_that_is_open(slack, api, open_modal):
    view = await open_modal(section())
    both = await api("views.update", view_id=view.id, external_id="x", view=modal(section()))
    assert both["response_metadata"]["messages"] == ["[ERROR] Cannot provide both `view_id` and `external_id`"]
    assert await api.refused("views.update", view=modal(section())) == "invalid_arguments"
    await slack.close_view("U1ALICE", view)
    assert await api.refused("views.update", view_id=view.id, view=modal(section())) == "not_found"


async def test_typed_input_is_kept_only_while_both_ids_stay(slack, api, open_modal):
    view = await open_modal(text_input("a"), text_input("b"))
    await slack.type_in("U1ALICE", view, "a", "kept")
    await slack.type_in("U1ALICE", view, "b", "lost")
    renamed = text_input("b", action_id="other", initial_value="new")
    await api.ok("views.update", view_id=view.id, view=modal(text_input("a", initial_value="ignored"), renamed))
    assert view.values["a"]["value"]["value"] == "kept"
    assert view.values["b"] == {"other": {"type": "plain_text_input", "value": "new"}}


async def test_closing_is_told_only_with_notify_on_close_and_without_inputs(slack, bot, open_modal):
    view = await open_modal(text_input())
    assert await slack.close_view("U1ALICE", view) is None
    view = await open_modal(text_input(), notify_on_close=True)
    await slack.type_in("U1ALICE", view, "name", "typed")
    assert (await slack.close_view("U1ALICE", view)).ok
    assert bot.last["type"] == "view_closed"
    assert bot.last["is_cleared"] is False
    assert bot.last["view"]["state"]["values"] == {}


async def test_the_x_clears_the_stack_and_names_the_root(slack, bot, api, open_modal):
    root = await open_modal(section(), notify_on_close=True)
    trigger = slack.triggers.issue("U1ALICE", view_id=root.id)
    await api.ok("views.push", trigger_id=trigger, view=modal(section()))
    await slack.close_view("U1ALICE", slack.top_view("U1ALICE"), clear=True)
    assert slack.open_views("U1ALICE") == []
    assert bot.last["is_cleared"] is True
    assert bot.last["view"]["id"] == root.id


async def test_clear_on_close_closes_everything(slack, api, open_modal):
    root = await open_modal(section())
    trigger = slack.triggers.issue("U1ALICE", view_id=root.id)
    await api.ok("views.push", trigger_id=trigger, view=modal(section(), clear_on_close=True))
    await slack.close_view("U1ALICE", slack.top_view("U1ALICE"))
    assert slack.open_views("U1ALICE") == []


async def test_a_submission_carries_response_urls_of_the_chosen_conversation(slack, bot, open_modal):
    select = {"type": "conversations_select", "action_id": "c", "response_url_enabled": True}
    view = await open_modal({"type": "input", "block_id": "where", "label": plain("Where"), "element": select})
    await slack.type_in("U1ALICE", view, "where", "C1GENERAL")
    await slack.submit("U1ALICE", view)
    urls = bot.last["response_urls"]
    assert [(url["block_id"], url["channel_id"]) for url in urls] == [("where", "C1GENERAL")]


async def test_home_is_published_per_person_with_a_hash(slack, api, bot):
    home = {"type": "home", "blocks": [section(), actions(button())]}
    published = await api.ok("views.publish", user_id="U1ALICE", view=home)
    assert slack.home("U2BOB") is None
    await api.ok("views.publish", user_id="U1ALICE", view=home, hash=published["view"]["hash"])
    stale = published["view"]["hash"]
    assert await api.refused("views.publish", user_id="U1ALICE", view=home, hash=stale) == "hash_conflict"
    await slack.click("U1ALICE", slack.home("U1ALICE"), "go")
    assert bot.last["view"]["type"] == "home"


async def test_home_opened_comes_with_the_view_once_there_is_one(slack, api, bot):
    await slack.open_home("U1ALICE")
    await api.ok("views.publish", user_id="U1ALICE", view={"type": "home", "blocks": [section()]})
    await slack.open_home("U1ALICE")
    first, second = bot.of_type("app_home_opened")
    assert "view" not in first
    assert second["view"]["type"] == "home"
    assert second["tab"] == "home"


async def test_home_is_not_enabled_when_the_manifest_says_so(make_slack):
    api = Caller(make_slack(manifest={"home": False}))
    home = {"type": "home", "blocks": []}
    assert await api.refused("views.publish", user_id="U1ALICE", view=home) == "not_enabled"


async def test_a_home_view_takes_no_title_and_no_datetimepicker(api):
    view = {"type": "home", "title": plain("t"), "blocks": [actions({"type": "datetimepicker"})]}
    answer = await api("views.publish", user_id="U1ALICE", view=view)
    said = answer["response_metadata"]["messages"]
    assert "[ERROR] invalid additional property: title [json-pointer:/view]" in said
    assert any("unsupported type: datetimepicker" in text for text in said)
