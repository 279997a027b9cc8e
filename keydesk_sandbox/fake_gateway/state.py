"""The state behind all endpoints: rows, account, switches, clock. Knows no HTTP beyond the words of a refusal."""

import base64
import random
import re
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .clock import Clock
from .limits import Windows
from .messages import text
from .records import WIRE_FIELDS, Record, Store, mask
from .switches import GatewaySwitches
from .wire import HttpCall, HttpReply, failure

MODELS = ("claude-sonnet-4", "gpt-4o", "gpt-4o-mini", "gemini-2.5-pro", "text-embedding-3-small")
_LETTERS_AND_DIGITS = string.ascii_letters + string.digits
_WORD = re.compile(r"[0-9A-Za-z]+")
NO_STORE = (("Cache-Control", "no-store, no-cache, must-revalidate"), ("Pragma", "no-cache"), ("Expires", "0"))


@dataclass(frozen=True, kw_only=True)
class LogRow:
    """One paid call as the account's log shows it, filed by the key's name as it was then (section 15)."""

    created_at: int
    token_name: str
    token_id: int
    model_name: str
    quota: int
    group: str
    request_id: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    type: int = 2  # consume


@dataclass(kw_only=True)
class AccountRow:
    """The owner of the PAT. `groups` maps a usable group to its ratio and description (section 10)."""

    id: int
    username: str = "keydesk"
    email: str = "keydesk@example.test"
    role: int = 1
    banned: bool = False
    group: str = "default"
    quota: int = 50_000_000
    used_quota: int = 0
    request_count: int = 0
    groups: dict[str, tuple[float | str, str]] = field(
        default_factory=lambda: {
            "default": (1, "Everybody's group"),
            "vip": (0.8, "Cheaper, for those who asked"),
            "auto": ("auto", "Whichever group works"),
        }
    )
    group_models: dict[str, tuple[str, ...]] = field(default_factory=dict)  # a group that offers fewer models
    withdrawn: set[str] = field(default_factory=set)  # groups once usable, now refused with another text


@dataclass(kw_only=True)
class GatewayState:
    """Everything an endpoint may look at. `hooks` are called by name between two steps of a handler."""

    clock: Clock
    switches: GatewaySwitches
    account: AccountRow
    pat: str = field(repr=False)
    seed: int
    store: Store = field(init=False)
    windows: Windows = field(default_factory=Windows)
    models: tuple[str, ...] = MODELS
    log: list[LogRow] = field(default_factory=list)
    later: list[tuple[float, Callable[[], object]]] = field(default_factory=list, repr=False)
    request_id: str = ""
    old_pats: list[str] = field(default_factory=list, repr=False)
    hook: Callable[[str, HttpCall], None] = field(default=lambda _event, _call: None, repr=False)

    def __post_init__(self) -> None:
        self.store = Store(seed=self.seed)
        # Not for secrets: fakes that must be the same on every run.
        self.random = random.Random(self.seed + 1)  # noqa: S311 - see above

    def now(self) -> float:
        return self.clock.now()

    def new_request_id(self) -> None:
        """The id of the call that is answered now: 20 digits of time, then letters and digits (section 1)."""
        moment = datetime.fromtimestamp(self.now(), tz=UTC)
        digits = f"{moment:%Y%m%d%H%M%S}{moment.microsecond:06d}"
        rest = self.random.choices(_LETTERS_AND_DIGITS, k=self.switches.request_id_length - len(digits))
        self.request_id = digits + "".join(rest)

    def after(self, seconds: float, work: Callable[[], object]) -> None:
        """Do it when the clock has moved so far; at once for 0."""
        if seconds > 0:
            self.later.append((self.now() + seconds, work))
        else:
            work()

    def usable_groups(self) -> dict[str, tuple[float | str, str]]:
        """What `/api/user/self/groups` offers; a default server does not offer `auto` (section 20.7)."""
        offered = self.switches.auto_group
        return {name: group for name, group in self.account.groups.items() if offered or name != "auto"}

    def models_of(self, group: str) -> list[str]:
        """The models that a group offers; for "" those of any usable group."""
        groups, fewer = self.usable_groups(), self.account.group_models
        names = [name for name in ([group] if group else groups) if name in groups]
        return sorted({model for name in names for model in fewer.get(name, self.models)})

    def refuse(
        self, name: str, call: HttpCall, *values: object, status: int = 200, code: str | None = None
    ) -> HttpReply:
        """A refusal of that class in the words of this deployment (section 5)."""
        words = text(name, self.switches, call.header("accept-language"), *values)
        return failure(words, status=status, code=code)

    def view(self, record: Record) -> dict[str, Any]:
        """The record as list, get and update show it (section 3)."""
        shown: dict[str, Any] = {name: getattr(record, name) for name in WIRE_FIELDS}
        if self.switches.masked:
            shown["key"] = mask(record.key)
        if self.switches.deleted_at:
            shown["DeletedAt"] = None
        if self.switches.auto_groups:
            shown["auto_groups"] = None  # its shape is not documented
        return shown

    def replace_pat(self) -> str:
        """What `GET /api/user/token` does: a new PAT, and the old one is dead (section 1)."""
        self.old_pats.append(self.pat)
        self.pat = base64.b64encode(self.random.randbytes(24)).decode()
        return self.pat

    def secrets_in(self, text: str) -> Iterator[tuple[str, str]]:
        """Every secret of this gateway that stands in the text, and what kind it is."""
        for kind, values in (("pat", [self.pat]), ("old pat", self.old_pats)):
            yield from ((value, kind) for value in values if value in text)
        for word in set(_WORD.findall(text)):
            if (key_id := self.store.id_of(word)) is not None:
                yield word, f"key {key_id}"
