"""`keydesk check` against a world, with what every line of it must fulfil."""

import io
from collections.abc import Collection
from typing import Any

from bot.cli.check import check
from bot.cli.check.scopes import needed
from bot.settings import PartialSettings
from keydesk_sandbox.world import World


async def no_wait(_seconds: float) -> None:
    """The retries of reads are tested elsewhere."""


async def look(world: World, partial: PartialSettings, **more: Any) -> tuple[int, list[str]]:
    out = io.StringIO()
    means: dict[str, Any] = {
        "gateway_transport": world.gateway.transport(),
        "manifest": manifest,
        "sleep": no_wait,
    } | more
    code = await check(partial, out=out, **means)
    text = out.getvalue()
    for secret in (world.bot_token, world.app_token, world.signing_secret, world.access_token):
        assert secret not in text
    lines = text.splitlines()
    for line in lines[:-1]:
        assert line[:6] in {"ok    ", "warn  ", "FAIL  "}, line
        assert ": " in line[6:], line
    assert code == any(line.startswith("FAIL") for line in lines)
    return code, lines


def bad(lines: list[str]) -> list[str]:
    """Every line that is not ok, without the last, which counts them, and without what the sandbox's policy means so."""
    meant = (": it gives key.", ": it brings any number of keys back", " of the example stand for your own")
    return [line for line in lines[:-1] if not line.startswith("ok ") and not any(words in line for words in meant)]


def manifest(
    *,
    scopes: Collection[str] = needed(),
    url: str = "https://keydesk.example.org/slack/events",
    socket_mode: bool = False,
) -> dict[str, Any]:
    """What `check` reads of a manifest; by default as an operator has made it, with a host of their own."""
    settings = {"event_subscriptions": {"request_url": url}, "socket_mode_enabled": socket_mode}
    return {"oauth_config": {"scopes": {"bot": sorted(scopes)}}, "settings": settings}
