"""Every command that takes a KEY, every way to write one, every name that collides: asked, never guessed, never written.

The key whose name collides was made in the gateway's console a moment ago, so nothing here has seen it yet.
"""

import pytest

from bot.features import OPERATIONS
from bot.gateway.models import KeyId
from keydesk_sandbox import seed
from tests.scenarios.conftest import OpenDesk
from tests.scenarios.desk import Desk, view_text
from tests.scenarios.policies import ROLES

pytestmark = pytest.mark.thorough

ADA, CHANNEL = seed.ENGINEER, seed.KEYS_CHANNEL
ALL = f"""{ROLES}
[[rules]]
name  = "engineers do everything"
who   = ["engineer"]
do    = ["key.update", "key.quota", "key.allowance", "key.disable", "key.enable", "key.rotate", "key.delete", "key.end", "key.show",
         "key.adopt", "key.transfer", "key.list", "audit.read", "usage.read", "policy.explain"]
on    = "any"
allow = true
"""
# How key N is written → the names that this may mean as well.
WAYS = {
    "{n}": ("{n}", "{n}\u200b", "\ufeff{n}"),
    "#{n}": ("#{n}", "#{n}\u200b", "\u202a#{n}"),
    '"{n}"': ("{n}", '"{n}"', "{n}\u2060"),
    "“#{n}”": ("#{n}", "“#{n}”"),
    "‘{n}’": ("{n}", "‘{n}’"),
    "{n}\u200b": ("{n}", "{n}\u200b"),
    "{wide}": ("{n}", "{wide}"),
    "#{wide}": ("#{n}", "#{wide}"),
}
# How a name is written → names that it means.
NAMES = {
    "prod": ("prod", "prod\u200b", "\ufeffprod"),
    '"prod"': ("prod", '"prod"'),
    "«prod»": ("prod", "«prod»"),
    "caf\u00e9": ("caf\u00e9", "cafe\u0301"),
}
WINDOWS = ("show", "edit", "quota", "allowance", "enable", "disable", "rotate", "delete", "end", "adopt", "give")
ANSWERS = ("audit {}", "usage {}", "why key.disable {}", "why disable {}")
LISTS = ("disable {} other", "enable other, {}")


def written(way: str, number: int) -> str:
    wide = "".join(chr(0xFF10 + int(digit)) for digit in str(number))
    return way.replace("{n}", str(number)).replace("{wide}", wide)


async def answer_to(desk: Desk, text: str) -> str:
    """What the person sees in the end: a filled window, or words only they see."""
    for view in reversed(desk.slack.open_views(ADA)):
        await desk.slack.close_view(ADA, view)
    before = len(desk.slack.messages(CHANNEL))
    assert (await desk.slack.command(ADA, CHANNEL, f"/apikey {text}")).ok
    await desk.app.responder.drain(grace=10)
    said = [m.text for m in desk.slack.messages(CHANNEL)[before:] if m.ephemeral_to == ADA]
    shown = [view_text(view) for view in desk.slack.open_views(ADA)]
    return " ".join([*said, *shown])


async def collisions(desk: Desk, command: str, table: dict[str, tuple[str, ...]]) -> None:
    for way, names in table.items():
        for name in names:
            # One person's share of the gateway's calls comes with time.
            await desk.pass_time(30)
            first = desk.gateway.add_key(name="first")
            text = written(way, first.id)
            if way in NAMES:
                desk.gateway.edit_behind(first.id, name=names[0])
                await desk.app.client.get_key(KeyId(first.id))
            second = desk.gateway.add_key(name=written(name, first.id))
            await desk.pass_time(2)
            begun = len(desk.gateway.requests)
            seen = await answer_to(desk, command.format(text))
            assert "2 keys may be meant by" in seen, (command, text, second.name, seen[:500])
            assert {sent.method for sent in desk.gateway.requests[begun:]} == {"GET"}
            for one in (first, second):
                await desk.app.client.named("").delete_key(KeyId(one.id))


@pytest.mark.parametrize("command", [*(f"{word} {{}}" for word in WINDOWS), *ANSWERS, *LISTS])
async def test_a_key_is_never_guessed(desk_with: OpenDesk, command: str) -> None:
    async with desk_with(policy=ALL) as desk:
        desk.gateway.add_key(name="other")
        await desk.app.client.list_keys()
        await collisions(desk, command, WAYS)
        await collisions(desk, command, NAMES)
        assert await desk.audit("asked") == []


def test_every_command_that_takes_a_key_is_in_the_table() -> None:
    takes = {one.command for one in OPERATIONS.descriptions.values() if "KEY" in one.usage}
    assert takes == {command.split()[0] for command in (*WINDOWS, *ANSWERS, *LISTS)}
