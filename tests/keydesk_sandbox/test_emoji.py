"""The page draws every emoji that the bot writes; an unknown one would stay a word between colons."""

import re

from keydesk_sandbox.panel import PAGE

BOT = PAGE.parent.parent / "bot"
WRITTEN = re.compile(r"[\"' ](:[a-z][a-z0-9_]+:)[ \"{*]")


def test_the_page_knows_every_emoji_the_bot_writes() -> None:
    sources = list(BOT.rglob("*.py"))
    written = {name for path in sources for name in WRITTEN.findall(path.read_text(encoding="utf-8"))} - {":memory:"}
    known = {f":{name}:" for name in re.findall(r"(\w+): \"", (PAGE / "js" / "emoji.js").read_text(encoding="utf-8"))}
    assert len(written) > 15
    assert written <= known
