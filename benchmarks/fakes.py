"""The sandbox's Slack and gateway in a process of their own. python -m benchmarks.fakes FOLDER; prints the settings."""

import asyncio
import json
import sys
from pathlib import Path

from benchmarks.payloads import SECRET
from keydesk_sandbox import seed
from keydesk_sandbox.world import World, serving


async def main(folder: Path) -> None:
    world = World(folder=folder, signing_secret=SECRET)
    seed.fill_gateway(world.gateway)
    world.slack.limits.enforced = False
    async with serving(world.slack.app) as slack_url, serving(world.gateway.app, date_header=False) as gateway_url:
        world.slack.base_url = slack_url
        # All load is one person's, so that no person's share is measured.
        shares = {"KEYDESK_COMMANDS_PER_MINUTE": "1000000", "KEYDESK_OPEN_REQUESTS": "1000000"}
        print(json.dumps(world.environment(gateway_url=gateway_url, port=0) | shares), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
