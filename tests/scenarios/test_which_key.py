"""Which key is meant, and who may do it from where: asked once, answered alike by commands, batches and windows."""

from pathlib import Path

import pytest

from keydesk_sandbox import seed
from tests.scenarios.desk import Desk, open_desk, view_text
from tests.scenarios.policies import ROLES

SAM, ADA = seed.SECURITY, seed.ENGINEER
CHANNEL = seed.SECURITY_CHANNEL
FROM_SECURITY_ONLY = f"""{ROLES}
[[rules]]
name  = "only from the security channel"
who   = ["security"]
do    = ["key.disable"]
on    = "any"
when  = {{ channel_in = ["{seed.SECURITY_CHANNEL}"] }}
allow = true

[[rules]]
name  = "look"
who   = ["security"]
do    = ["key.show", "key.list"]
on    = "any"
allow = true
"""


async def window(desk: Desk, user: str, channel: str, text: str) -> str:
    """The window that a command opens, once it is filled."""
    await desk.slack.command(user, channel, text)
    waiting = ("Asking the gateway", "Looking which keys")
    await desk.eventually(lambda: not any(part in view_text(desk.slack.top_view(user)) for part in waiting))
    return view_text(desk.slack.top_view(user))


async def test_a_number_that_is_also_a_name_opens_a_choice_and_writes_nothing(http_desk: Desk) -> None:
    desk = http_desk
    first = desk.gateway.add_key(name="prod")
    second = desk.gateway.add_key(name=f"#{first.id}")
    await desk.app.client.list_keys()  # as the look at the newest keys does every minute
    shown = await window(desk, SAM, CHANNEL, f"/apikey disable #{first.id}")
    assert "2 keys may be meant" in shown
    shown = await window(desk, SAM, CHANNEL, f"/apikey disable #{first.id} production")
    assert "2 keys may be meant by" in shown
    assert {desk.gateway.key(key.id).status for key in (first, second)} == {1}
    assert await desk.audit("asked") == []


async def test_the_chosen_key_is_the_one_that_opens(http_desk: Desk) -> None:
    desk = http_desk
    first = desk.gateway.add_key(name="prod")
    desk.gateway.add_key(name=f"#{first.id}")
    await desk.app.client.list_keys()
    await window(desk, SAM, CHANNEL, f"/apikey disable #{first.id}")
    view = desk.slack.top_view(SAM)
    button = next(b["accessory"] for b in view.body["blocks"] if b.get("accessory", {}).get("value") == str(first.id))
    await desk.slack.click(SAM, view, button["action_id"], value=button["value"])
    await desk.eventually(lambda: f"Key {first.id} · " in view_text(desk.slack.top_view(SAM)))


@pytest.mark.parametrize("user", [ADA])
async def test_not_there_and_not_yours_are_one_answer(http_desk: Desk, user: str) -> None:
    desk = http_desk
    theirs = desk.gateway.add_key(name="theirs")
    hidden = await window(desk, user, seed.KEYS_CHANNEL, f"/apikey edit {theirs.id}")
    missing = await window(desk, user, seed.KEYS_CHANNEL, "/apikey edit 99999")
    assert hidden.replace(str(theirs.id), "N") == missing.replace("99999", "N")
    assert (await desk.audit("refused"))[-1]["key_id"] == theirs.id
    listing = await window(desk, user, seed.KEYS_CHANNEL, f"/apikey disable {theirs.id} 99999")
    assert listing.count("There is no key") == 2


async def test_a_rule_about_the_channel_holds_for_one_key_two_keys_and_a_window(
    tmp_path: Path, sqlite_url: str
) -> None:
    async with open_desk(tmp_path, database_url=sqlite_url, policy=FROM_SECURITY_ONLY) as desk:
        one, two = desk.gateway.add_key(name="one"), desk.gateway.add_key(name="two")
        assert "Granted at once" in await window(desk, SAM, CHANNEL, f"/apikey disable {one.id}")
        assert "2 keys will be disabled" in await window(desk, SAM, CHANNEL, f"/apikey disable {one.id} {two.id}")
        for text in (f"/apikey disable {one.id}", f"/apikey disable {one.id} {two.id}"):
            shown = await window(desk, SAM, seed.KEYS_CHANNEL, text)
            assert "disabling keys, but not what was asked for here" in shown, text


async def test_a_button_in_a_window_counts_as_clicked_in_the_channel_of_the_window(
    tmp_path: Path, sqlite_url: str
) -> None:
    async with open_desk(tmp_path, database_url=sqlite_url, policy=FROM_SECURITY_ONLY) as desk:
        key = desk.gateway.add_key(name="one")
        await window(desk, SAM, CHANNEL, f"/apikey show {key.id}")
        await desk.slack.click(SAM, desk.slack.top_view(SAM), "key.disable")
        await desk.eventually(lambda: "Granted at once" in view_text(desk.slack.top_view(SAM)))
        await window(desk, SAM, seed.KEYS_CHANNEL, f"/apikey show {key.id}")
        buttons = [b for b in desk.slack.top_view(SAM).body["blocks"] if b["type"] == "actions"]
        assert not [e for b in buttons for e in b["elements"] if e["action_id"] == "key.disable"]
