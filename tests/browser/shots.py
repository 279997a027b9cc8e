"""Pictures of the main cards, windows and lists, in the sizes of a desk and of a phone.

`python -m tests.browser.shots FOLDER [SCENE…]` plays the sandbox and writes the pictures and `index.txt`, their names.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.browser import scenes, scenes_of_trouble
from tests.browser.player import chromium, playing

# Each in a sandbox of its own: what moves the clock would end what waits.
DAYS = (
    (
        scenes.keys_of_everybody,
        scenes.help_and_form,
        scenes.form_denied,
        scenes.own_key,
        scenes.request_cards,
        scenes.denied,
        scenes.offered,
        scenes.second_stage,
        scenes.quota_form,
        scenes.lists,
        scenes_of_trouble.alert_cards,
        scenes_of_trouble.open_alert,
        scenes.homes,
        scenes_of_trouble.incident,
        scenes_of_trouble.mass_leak,
    ),
    (scenes_of_trouble.care,),
)


async def take(folder: Path, chosen: Sequence[str]) -> None:
    """Play all days, or the scenes that are named."""
    taken: list[str] = []
    async with chromium() as browser:
        for day in DAYS:
            scenes_of_day = [scene for scene in day if not chosen or scene.__name__ in chosen]
            if not scenes_of_day:
                continue
            async with playing(browser, folder) as play:
                play.taken = taken
                for scene in scenes_of_day:
                    await scene(play)


def main(folder: Path, chosen: Sequence[str]) -> None:
    """Pictures and their index into that folder."""
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(take(folder, chosen))
    names = sorted(path.name for path in folder.glob("*.png"))
    (folder / "index.txt").write_text("\n".join(names) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
