"""The first phase: what is opened before Slack is met, and that all of it is closed."""

from pathlib import Path

from bot.resources import Resources
from bot.settings import load
from keydesk_sandbox.world import World


async def nothing() -> list[str]:
    return []


async def test_they_are_opened_without_asking_anybody_and_closed(tmp_path: Path) -> None:
    world = World(folder=tmp_path)
    settings = load(world.environment(gateway_url="https://gateway.test", port=3000), env_file=None)
    one = Resources(settings, blocked=lambda: ["x"], reasons=nothing, clock=lambda: 7.0)
    assert (one.clock(), one.health.ready, one.gateway_problems()) == (7.0, False, [])
    await one.close()
    # The lock of the file is free again, and each process has a name of its own.
    two = Resources(settings, blocked=list, reasons=nothing)
    assert one.name != two.name
    await two.close()
    assert world.gateway.requests == []
    await world.slack.close()
