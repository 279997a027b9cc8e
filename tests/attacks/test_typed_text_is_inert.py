"""Whatever people type is shown as they typed it, on every surface: no ping, no link, no bold, no emoji, no status.

One desk per text: it is typed into every field and sent by every source of alerts, then every surface is walked.
"""

import functools
import json
import re
from typing import Any

import pytest

from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack.views import View
from tests.scenarios.alerting import cards, learned, post
from tests.scenarios.conftest import http_desk
from tests.scenarios.desk import Desk, buttons_of, text_of
from tests.scenarios.operating import do, open_form, owned

__all__ = ["http_desk"]
ADA, MIRA, SAM = seed.ENGINEER, seed.MANAGER, seed.SECURITY
# Each with what must not stand in mrkdwn as it was typed.
TEXTS = {
    "ping": ("<!channel> @everyone <@U0ADA>", ("<!channel>", "@everyone")),
    "link": ("<https://evil.test|click me>", ("<https://evil",)),
    "bold": ("prod* :check_mark_0wned: *0wned*", ("*0wned*", ":check_mark_0wned:", "prod* ")),
    "styles": ("_0wned_ ~0wned~ `0wned`", ("_0wned_", "~0wned~")),
    "marks that end ours": ("”* ✅ *0wned* “x", ("*0wned*", "✅ *")),
    "entities": ("&lt;!channel&gt; <!here>", ("<!here>", "<!channel>")),
}
# Slack parses none of these, or we set them for a window to come back with.
UNPARSED = frozenset({"private_metadata", "initial_value", "value", "placeholder"})


def parsed(content: Any) -> list[str]:
    """Every text of a message or a view that Slack reads as mrkdwn, without what stands in code."""
    if isinstance(content, dict):
        if content.get("type") in {"plain_text", "rich_text"}:
            return []
        own = [content["text"]] if isinstance(content.get("text"), str) else []
        return own + [text for name, item in content.items() if name not in UNPARSED for text in parsed(item)]
    return [text for item in content for text in parsed(item)] if isinstance(content, list) else []


def live(content: Any, marks: tuple[str, ...]) -> list[str]:
    texts = [re.sub(r"`[^`\n]*`", "", text) for text in parsed(content)]
    return [text for text in texts if any(mark in text for mark in marks)]


async def close_all(desk: Desk, user: str) -> None:
    for view in reversed(desk.slack.open_views(user)):
        await desk.slack.close_view(user, view)


async def _type_everywhere(desk: Desk, text: str) -> None:
    """Names, groups, addresses, reasons, denials, offers, a batch, and alerts of two sources."""
    name = f"a {text}"[:50]
    key = await owned(desk, name=name, group=text, allow_ips=text, model_limits_enabled=True, model_limits=text)
    other = await owned(desk, name=f"b {text}"[:50])
    leaky = await owned(desk, name=f"e {text}"[:50])
    view = await open_form(desk, ADA, "/apikey new", operation="key.create")
    await desk.fill(ADA, view, name=f"c {text}"[:50], remain_quota="900k", expired_time="90d", reason=text)
    assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok
    await desk.slack.click(MIRA, await desk.eventually(desk.card), "deny")
    await desk.fill(MIRA, desk.slack.top_view(MIRA), reason=text)
    assert (await desk.slack.submit(MIRA, desk.slack.top_view(MIRA))).ok
    for word, fields in (("quota", {"delta": "+5k"}), ("disable", {}), ("enable", {}), ("rotate", {})):
        answer = await do(desk, ADA, word, key, **fields, reason=text)
        assert answer.ok, (word, answer)
        await desk.app.responder.drain(grace=10)
        number = {"quota": 2, "disable": 3, "enable": 4, "rotate": 5}[word]
        await desk.settled(number)
    await desk.edit(ADA, other.id, name=f"d {text}"[:50], reason=text)
    await close_all(desk, SAM)
    view = await open_form(desk, SAM, f"/apikey disable {key.id} {other.id}", operation="batch.start")
    confirm = next(b["label"]["text"] for b in view.body["blocks"] if b.get("block_id") == "confirm")
    await desk.fill(SAM, view, confirm=confirm.removeprefix("Type "), reason=text)
    assert (await desk.slack.submit(SAM, desk.slack.top_view(SAM))).ok
    leaked = f"sk-{desk.gateway.key_value(leaky.id).removeprefix('sk-')}"
    await learned(desk)
    generic = {"id": "1", "title": text, "text": text, "url": "https://x.test/a", "secrets": [leaked]}
    assert (await post(desk, "generic", json.dumps(generic).encode())).status_code == 202
    assert (await post(desk, "generic", json.dumps({**generic, "id": "2", "url": ""}).encode())).status_code == 202
    manager = {
        "status": text,
        "groupKey": "g",
        "alerts": [{"startsAt": text, "fingerprint": "f"}],
        "commonLabels": {"alertname": text},
        "commonAnnotations": {"summary": text},
    }
    assert (await post(desk, "alertmanager", json.dumps(manager).encode())).status_code == 202
    # Two alerts about one key are one card.
    await desk.eventually(lambda: len(cards(desk)) >= 2 and "Seen 2 times" in "".join(map(text_of, cards(desk))))


async def _surfaces(desk: Desk) -> dict[str, Any]:
    """All that anybody was shown: messages, windows, Homes, and answers to every command."""
    found: dict[str, Any] = {}
    for user in (ADA, MIRA, SAM):
        await close_all(desk, user)
        for command in ("list", "requests", "audit", "show 104", "show 105", "why key.update 104", "audit 104"):
            await desk.slack.command(user, seed.KEYS_CHANNEL, f"/apikey {command}")
        await desk.app.responder.drain(grace=10)
        await desk.slack.open_home(user)
        found[f"Home of {user}"] = (await desk.eventually(functools.partial(desk.slack.home, user))).body["blocks"]
        found |= {f"DM of {user} {m.ts}": [{"text": m.text}, *m.blocks] for m in desk.slack.dm(user)}
        for channel in (seed.KEYS_CHANNEL, seed.SECURITY_CHANNEL):
            found |= {f"{channel} {m.ts}": [{"text": m.text}, *m.blocks] for m in desk.slack.messages(channel, user)}
    card = await desk.eventually(lambda: next(m for m in cards(desk) if "rotate" in buttons_of(m)))
    await desk.slack.click(SAM, card, "rotate")
    await desk.app.responder.drain(grace=10)
    windows = [call.arguments["view"] for call in desk.slack.calls if "view" in call.arguments]
    answers = [d.answer.body["view"] for d in desk.slack.sent if d.answer and "view" in (d.answer.body or {})]
    for number, view in enumerate([*windows, *answers]):
        body = view.body if isinstance(view, View) else json.loads(view) if isinstance(view, str) else view
        found[f"window {number} {body.get('callback_id')}"] = body["blocks"]
    return found


@pytest.mark.parametrize("kind", TEXTS)
async def test_what_people_type_is_inert_on_every_surface(http_desk: Desk, kind: str) -> None:
    text, marks = TEXTS[kind]
    await _type_everywhere(http_desk, text)
    shown = await _surfaces(http_desk)
    assert len(shown) > 40
    assert (
        any(
            "0wned" in str(blocks) or "click me" in str(blocks) or "channel" in str(blocks) for blocks in shown.values()
        )
        or kind == "entities"
    )
    assert {where: live(blocks, marks) for where, blocks in shown.items() if live(blocks, marks)} == {}
