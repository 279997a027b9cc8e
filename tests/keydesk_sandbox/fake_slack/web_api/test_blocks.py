"""blocks.validate, and types of blocks that a workspace does not take."""

from keydesk_sandbox.fake_slack.slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import Caller, plain, section


async def test_a_block_type_may_be_refused_in_messages_and_in_views(slack: FakeSlack, api: Caller) -> None:
    slack.switches.refused_blocks = frozenset({"divider", "alert"})
    blocks = [section("hi"), {"type": "divider"}]
    answer = await api("chat.postMessage", channel="C1GENERAL", text="hi", blocks=blocks)
    assert (answer["error"], answer["errors"]) == (
        "invalid_blocks", ["unsupported type: divider [json-pointer:/blocks/1/type]"],
    )  # fmt: skip
    view = {"type": "home", "blocks": blocks}
    answer = await api("views.publish", user_id="U1ALICE", view=view)
    assert answer["error"] == "invalid_arguments"
    assert "[json-pointer:/view/blocks/1/type]" in answer["response_metadata"]["messages"][0]
    await api.ok("chat.postMessage", channel="C1GENERAL", text="hi", blocks=[section("hi")])


async def test_blocks_are_validated_wherever_they_are_meant_for(api: Caller) -> None:
    wrong = [section("x" * 3001)]
    await api.ok("blocks.validate", blocks=[section("hi")])
    await api.ok("blocks.validate", message={"text": "hi", "blocks": [section("hi")]})
    await api.ok("blocks.validate", view={"type": "modal", "title": plain("A"), "blocks": [section("hi")]})
    assert "/blocks/0/text" in (await api("blocks.validate", blocks=wrong))["errors"][0]
    assert "/message/blocks/0/text" in (await api("blocks.validate", message={"blocks": wrong}))["errors"][0]
    answer = await api("blocks.validate", view={"type": "home", "blocks": wrong})
    assert any("/view/blocks/0/text" in text for text in answer["errors"])
    assert await api.refused("blocks.validate") == "no_blocks"
    assert await api.refused("blocks.validate", message=[]) == "invalid_arguments"
