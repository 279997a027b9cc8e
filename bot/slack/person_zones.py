"""In which time zone each person is, by the user objects that Slack shows (`tz_offset`, seconds east of UTC)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.slack.delivery import text_of

_MOST_PEOPLE = 5_000
_WIDEST = 15 * 3600


@dataclass(eq=False)
class SeenZones:
    """What Slack said since this process started; the directory tells it."""

    _offsets: dict[str, int] = field(default_factory=dict, init=False)

    def note(self, user: Mapping[str, Any]) -> None:
        """Slack has shown somebody; who has no time zone counts as in UTC."""
        person, offset = text_of(user, "id"), user.get("tz_offset")
        if not person:
            return
        odd = isinstance(offset, bool) or not isinstance(offset, int) or abs(offset) > _WIDEST
        self._offsets.pop(person, None)
        self._offsets[person] = 0 if odd else int(str(offset))
        if len(self._offsets) > _MOST_PEOPLE:
            del self._offsets[next(iter(self._offsets))]

    def of(self, slack_user_id: str) -> int | None:
        """Seconds east of UTC; None for somebody whom Slack has not shown."""
        return self._offsets.get(slack_user_id)


@dataclass(frozen=True, kw_only=True)
class PersonZones:
    """`ask`: has Slack asked who somebody is, which ends in `seen`; never raises, answers soon."""

    seen: SeenZones
    ask: Callable[[str, str], Awaitable[object]]

    async def of(self, slack_user_id: str) -> int | None:
        """Seconds east of UTC, asked of Slack for somebody who was never seen; None when Slack does not tell now."""
        if self.seen.of(slack_user_id) is None:
            await self.ask(slack_user_id, "")
        return self.seen.of(slack_user_id)
