"""Every text that people type, with every character that nobody sees or that only looks like the plain one.

The fields of forms have a table of their own (tests/features/forms/test_fields.py); here are commands, the words that a
window asks for, and the searches of selects.
"""

import functools
from collections.abc import Callable

import pytest

from bot.features.forms.fields import group_options, model_options
from bot.incident.scope import is_batch, parse
from keydesk_sandbox import seed
from tests.scenarios.desk import Desk, view_text
from tests.scenarios.test_every_key_command import answer_to
from tests.test_typed_text import INVISIBLE

pytestmark = pytest.mark.thorough

ADA, SAM = seed.ENGINEER, seed.SECURITY
UNSEEN = [char for char in INVISIBLE if char != "\u2028"]


def around(text: str, char: str) -> tuple[str, ...]:
    return (char + text, text + char, text[:1] + char + text[1:])


def wide(text: str) -> str:
    """The same in full-width characters."""
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


def everywhere(text: str, *, also: tuple[str, ...] = ()) -> list[str]:
    return [*(dirty for char in UNSEEN for dirty in around(text, char)), *also]


@pytest.mark.parametrize(
    "text",
    [
        "created before 2026-03-01",
        "created before 2026-03-01 12:00",
        "all of <@U0ADA>",
        "all of <@U0ADA> created before 2026-03-01",
        "batch 4",
    ],
)
def test_the_scope_of_a_batch_is_what_can_be_seen(text: str) -> None:
    meant = parse(text)
    dashes = tuple(text.replace("-", dash) for dash in "\u2010\u2011\u2012\u2013\u2014\u2212\uff0d")
    digits = "".join(wide(char) if char.isdigit() else char for char in text)
    for dirty in everywhere(text, also=(*dashes, digits, wide(text))):
        assert is_batch(dirty), repr(dirty)
        assert parse(dirty) == meant, repr(dirty)


@pytest.mark.parametrize("search", [functools.partial(model_options, prices={}), group_options])
def test_a_search_is_for_what_can_be_seen(search: Callable[[None, str], list[dict[str, object]]]) -> None:
    plain = search(None, "vip")
    for dirty in everywhere("vip"):
        assert search(None, dirty) == plain, repr(dirty)


@pytest.mark.parametrize(
    ("command", "part"),
    [("list 2", "list"), ("list 2", "2"), ("why key.create", "key.create"), ("requests", "requests")],
)
async def test_commands_and_their_numbers_are_what_can_be_seen(http_desk: Desk, command: str, part: str) -> None:
    plain = await answer_to(http_desk, command)
    assert plain
    assert "I do not know" not in plain
    for dirty in everywhere(part, also=(wide(part),)):
        assert await answer_to(http_desk, command.replace(part, dirty)) == plain, repr(dirty)


@pytest.mark.parametrize("command", ["audit {}", "show {}", "edit {}", "why key.disable {}"])
async def test_a_key_that_nobody_sees_is_none(http_desk: Desk, command: str) -> None:
    plain = await answer_to(http_desk, command.format("").strip())
    assert plain
    for char in UNSEEN:
        assert await answer_to(http_desk, command.format(char)) == plain, repr(char)


async def test_what_is_typed_to_confirm_a_batch_is_what_can_be_seen(http_desk: Desk) -> None:
    desk = http_desk
    for dirty in [*everywhere("DISABLE 2", also=(wide("DISABLE") + " ２", "ｄisable\u00a02")), "DISABLE 3"]:
        keys = [desk.gateway.add_key(name=name) for name in ("one", "two")]
        await desk.slack.command(SAM, seed.SECURITY_CHANNEL, f"/apikey disable {keys[0].id} {keys[1].id}")
        await desk.eventually(lambda: "Type DISABLE 2" in view_text(desk.slack.top_view(SAM)))
        await desk.fill(SAM, desk.slack.top_view(SAM), confirm=dirty, reason="x")
        answer = await desk.slack.submit(SAM, desk.slack.top_view(SAM))
        assert ("Type DISABLE 2, exactly" in str(answer.body)) is (dirty == "DISABLE 3"), repr(dirty)
