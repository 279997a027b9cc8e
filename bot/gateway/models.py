"""What the gateway keeps, in its own documented words (gateway-api.md, sections 3, 8, 9, 15).

Knows no HTTP. The value of a key is never a field here, so all of these can be stored and logged.
Numbers are strict: a string, a bool or a float where an integer is documented is an error.
"""

import re
from collections.abc import Iterable
from enum import IntEnum, StrEnum
from typing import Annotated, NewType

from pydantic import BaseModel, ConfigDict, Field, SecretStr

KeyId = NewType("KeyId", int)
NEVER = -1
"""`expired_time` of a key that never expires."""

Int64 = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
_IGNORED_IN_IPS = re.compile(r"[ ,\t\r]")


class KeyStatus(IntEnum):
    """The documented values of `status`; any other value also blocks the key."""

    ENABLED = 1
    DISABLED = 2
    EXPIRED = 3
    EXHAUSTED = 4


class EffectiveState(StrEnum):
    """What the key is worth right now, whatever its `status` says: servers write 3 and 4 late or never."""

    ACTIVE = "active"
    DISABLED = "disabled"
    EXPIRED = "expired"
    EXHAUSTED = "exhausted"
    OVERDRAWN = "overdrawn"
    UNKNOWN = "unknown"


_STATES: dict[int, EffectiveState] = {
    KeyStatus.DISABLED: EffectiveState.DISABLED,
    KeyStatus.EXPIRED: EffectiveState.EXPIRED,
    KeyStatus.EXHAUSTED: EffectiveState.EXHAUSTED,
}


class ModelAccess(StrEnum):
    """Which models a key may use. NOTHING = limited to an empty list.

    New-api refuses such a key every model, while CometAPI documents an empty list as no limit.
    """

    EVERY = "every"
    LIMITED = "limited"
    NOTHING = "nothing"


class GatewayModel(BaseModel):
    """A frozen value from the wire: extra members are ignored, missing or mistyped ones are an error."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class KeySettings(GatewayModel):
    """The nine fields that a create or an update writes, raw, so an untouched one goes back byte for byte."""

    name: str
    expired_time: Int64
    remain_quota: Int64
    unlimited_quota: bool
    model_limits_enabled: bool
    model_limits: str
    allow_ips: str | None
    group: str
    cross_group_retry: bool

    @property
    def models(self) -> tuple[str, ...]:
        """Model ids the key is limited to; empty = every model."""
        if not self.model_limits_enabled:
            return ()
        return tuple(model for model in self.model_limits.split(",") if model)

    @property
    def model_access(self) -> ModelAccess:
        """Every model, a list of them, or a list with nothing in it."""
        if not self.model_limits_enabled:
            return ModelAccess.EVERY
        return ModelAccess.LIMITED if self.models else ModelAccess.NOTHING

    @property
    def allowed_ips(self) -> tuple[str, ...]:
        """The entries as the gateway reads them at use (section 10); empty = every address."""
        lines = (_IGNORED_IN_IPS.sub("", line) for line in (self.allow_ips or "").split("\n"))
        return tuple(line for line in lines if line)

    @classmethod
    def of(
        cls,
        *,
        name: str,
        remain_quota: int = 0,
        unlimited_quota: bool = False,
        expired_time: int = NEVER,
        models: Iterable[str] = (),
        allowed_ips: Iterable[str] = (),
        group: str = "",
        cross_group_retry: bool = False,
    ) -> "KeySettings":
        """Builds settings from lists; `model_limits_enabled` follows from the models."""
        models = tuple(models)
        return cls(
            name=name,
            expired_time=expired_time,
            remain_quota=remain_quota,
            unlimited_quota=unlimited_quota,
            model_limits_enabled=bool(models),
            model_limits=",".join(models),
            allow_ips="\n".join(allowed_ips),
            group=group,
            cross_group_retry=cross_group_retry,
        )


SETTINGS_FIELDS: tuple[str, ...] = tuple(KeySettings.model_fields)
"""The nine writable fields, in the order of the contract."""


class Key(KeySettings):
    """One record. `hint` is the first and last four characters of the value; `masked` = that is all we were told."""

    id: KeyId
    user_id: Int64
    status: Int64
    created_time: Int64
    accessed_time: Int64
    used_quota: Int64
    hint: str
    masked: bool

    @property
    def last_four(self) -> str:
        """All of the value that people see outside the reveal window: `…wxyz`."""
        return "…" + self.hint.rpartition("…")[2]

    @property
    def total_quota(self) -> int:
        """`remain_quota + used_quota`: a charge leaves it, only an edit moves it (section 9)."""
        return self.remain_quota + self.used_quota

    @property
    def unused(self) -> bool:
        """Whether nothing was ever charged to the key."""
        return self.used_quota == 0 and self.accessed_time == self.created_time

    def is_past(self, now: float) -> bool:
        """Whether the stored expiry lies before `now` (Unix seconds of the server's clock)."""
        return self.expired_time != NEVER and self.expired_time < now

    def state(self, now: float) -> EffectiveState:
        """The effective state at `now` (Unix seconds of the server's clock; section 9)."""
        if self.status != KeyStatus.ENABLED:
            return _STATES.get(self.status, EffectiveState.UNKNOWN)
        if self.is_past(now):
            return EffectiveState.EXPIRED
        if not self.unlimited_quota and self.remain_quota <= 0:
            return EffectiveState.OVERDRAWN if self.remain_quota < 0 else EffectiveState.EXHAUSTED
        return EffectiveState.ACTIVE

    def settings(self) -> KeySettings:
        """The nine writable fields alone."""
        return KeySettings(**{field: getattr(self, field) for field in SETTINGS_FIELDS})


class Group(GatewayModel):
    """A group that the account may give to a key. `ratio` is a number, or a word for the automatic group."""

    name: str
    description: str
    ratio: str

    @property
    def automatic(self) -> bool:
        """Whether it routes to other groups: the gateway shows a word then where others have a number."""
        return bool(self.ratio) and not re.fullmatch(r"[0-9.]+(?:[eE][-+]?[0-9]+)?", self.ratio)


class GatewayAccount(GatewayModel):
    """The account behind the access token. `quota` = units left, `used_quota` = units spent."""

    id: Int64
    username: str
    group: str
    quota: Int64
    used_quota: Int64
    request_count: Int64


class GatewayStatus(GatewayModel):
    """What `/api/status` tells without a token. `quota_per_unit` = units per dollar, None when it makes no sense."""

    quota_per_unit: int | None
    version: str


class OverPromise(GatewayModel):
    """What limited keys may still spend beside what the account has; `unlimited` keys are counted apart."""

    promised: int
    balance: int
    unlimited: int

    @property
    def missing(self) -> int:
        """Units that could be asked of the account and are not there."""
        return max(0, self.promised - self.balance)


def over_promise(keys: Iterable[Key], account: GatewayAccount, *, now: float) -> OverPromise:
    """Adds up what every key that works now may still spend."""
    working = [key for key in keys if key.state(now) is EffectiveState.ACTIVE]
    return OverPromise(
        promised=sum(key.remain_quota for key in working if not key.unlimited_quota),
        balance=account.quota,
        unlimited=sum(key.unlimited_quota for key in working),
    )


class KeyValue(BaseModel):
    """A key and its value while it is being fingerprinted or shown; never stored. None = the gateway hides it."""

    model_config = ConfigDict(frozen=True)

    key: Key
    value: SecretStr | None


class CheckOutcome(StrEnum):
    """What one free call with the key itself told."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNCLEAR = "unclear"


class KeyCheck(GatewayModel):
    """One check of a key value (section 11). `reason` is a class in our words, never the gateway's text.

    `refused` = a 401 in the gateway's own JSON, the only proof that a key is dead. A 403 comes after the key
    was recognised: it is `unclear` with reason `recognised`.
    """

    outcome: CheckOutcome
    status: int | None
    reason: str
