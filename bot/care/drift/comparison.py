"""What two readings of a key tell: which settings differ, and by how much its quota was changed. Pure.

Usage moves what is left and what was used against each other, so their sum tells of edits alone. A form of the console
that was saved while the key was in use writes back what was left before: a sum that moved by no more than was used
meanwhile is no change of the quota.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.gateway.models import Key, KeySettings, KeyStatus
from bot.gateway.records import meaning

FIELDS = (
    "name",
    "expired_time",
    "model_limits_enabled",
    "model_limits",
    "allow_ips",
    "group",
    "cross_group_retry",
    "unlimited_quota",
)
DISABLED, TOTAL, USED = "disabled", "total", "used"
Reading = Mapping[str, Any]
"""Settings of a key by name, whether it is disabled, and its counters: plain JSON."""


def reading_of(key: Key) -> dict[str, Any]:
    """What is compared of a key. Expired and used up are no change: the gateway writes them by itself."""
    found = {name: meaning(name, getattr(key, name)) for name in FIELDS}
    found |= {DISABLED: key.status == KeyStatus.DISABLED, TOTAL: key.total_quota, USED: key.used_quota}
    return found


@dataclass(frozen=True, kw_only=True)
class Drift:
    """What was changed outside since it was agreed: the agreed values by name, and the units that were added."""

    before: Mapping[str, Any] = field(default_factory=dict)
    quota: int = 0

    def __bool__(self) -> bool:
        return bool(self.before) or bool(self.quota)

    def stored(self) -> dict[str, Any] | None:
        """Plain JSON for the row."""
        return {"before": dict(self.before), "quota": self.quota} if self else None

    @classmethod
    def of_stored(cls, kept: Mapping[str, Any] | None) -> "Drift":
        """Back from the row."""
        return NOTHING if kept is None else cls(before=kept["before"], quota=kept["quota"])

    def changed_outside(self, old: Reading, new: Reading) -> "Drift":
        """With what differs between two readings; what is as it was agreed again is none."""
        before = dict(self.before)
        for name in differing(old, new):
            before.setdefault(name, old[name])
            if name == "unlimited_quota":
                before.setdefault(TOTAL, old[TOTAL])
            if before[name] == new[name]:
                del before[name]
        if "unlimited_quota" not in before:
            before.pop(TOTAL, None)
        return Drift(before=before, quota=self.quota + quota_change(old, new))

    def changed_here(self, old: Reading, new: Reading) -> "Drift":
        """Without what somebody here has decided anew. A raise here leaves units that were added outside."""
        decided = differing(old, new)
        before = {name: value for name, value in self.before.items() if name not in decided}
        if "unlimited_quota" not in before:
            before.pop(TOTAL, None)
        return Drift(before=before, quota=self.quota)

    def without(self, operation: str) -> "Drift":
        """What is left when this operation has put its part back."""
        names = {name for name, operations in PUT_BACK_BY.items() if operation in operations}
        before = {name: value for name, value in self.before.items() if name not in names}
        return Drift(before=before, quota=0 if operation == "key.quota" else self.quota)

    def agreed(self, now: Reading) -> dict[str, Any]:
        """The key as it was agreed, by how it is now."""
        return {**now, **self.before}


NOTHING = Drift()
# Field → the operations by which it is put back.
PUT_BACK_BY = {
    **dict.fromkeys(FIELDS, ("key.update",)),
    "unlimited_quota": ("key.quota",),
    TOTAL: ("key.quota",),
    DISABLED: ("key.disable", "key.enable"),
}


def differing(old: Reading, new: Reading) -> list[str]:
    """Names of the settings that differ. A list of models that limits nothing is none."""
    names = [name for name in (*FIELDS, DISABLED) if old[name] != new[name]]
    unlimited = not (old["model_limits_enabled"] or new["model_limits_enabled"])
    return [name for name in names if not (unlimited and name == "model_limits")]


def quota_change(old: Reading, new: Reading) -> int:
    """Units that were added outside; negative: taken away. None of a key without a limit."""
    if old["unlimited_quota"] or new["unlimited_quota"]:
        return 0
    change = int(new[TOTAL]) - int(old[TOTAL])
    return change if abs(change) > abs(int(new[USED]) - int(old[USED])) else 0


def settings_of(reading: Reading) -> KeySettings:
    """The settings of a reading, for those who show them."""
    left = int(reading[TOTAL]) - int(reading[USED])
    return KeySettings(**{name: reading[name] for name in FIELDS}, remain_quota=left)


def put_back(key_id: int, drift: Drift, now: Reading) -> dict[str, dict[str, Any]]:
    """What puts the key back, by operation: the input of each."""
    agreed = settings_of(drift.agreed(now))
    wishes: dict[str, dict[str, Any]] = {}
    if update := _update(drift, agreed):
        wishes["key.update"] = {"key_id": key_id, **update}
    if "unlimited_quota" in drift.before:
        limit = max(0, int(drift.before[TOTAL]) - int(now[USED]))
        back = (
            {"unlimited_quota": True} if agreed.unlimited_quota else {"unlimited_quota": False, "remain_quota": limit}
        )
        wishes["key.quota"] = {"key_id": key_id, **back}
    elif drift.quota:
        wishes["key.quota"] = {"key_id": key_id, "delta": -drift.quota}
    if DISABLED in drift.before:
        wishes["key.disable" if drift.before[DISABLED] else "key.enable"] = {"key_id": key_id}
    return wishes


def _update(drift: Drift, agreed: KeySettings) -> dict[str, Any]:
    """The wish for `key.update`: only what was changed."""
    found: dict[str, Any] = {}
    for name in drift.before:
        if name in {"name", "group", "cross_group_retry"}:
            found[name] = drift.before[name]
        elif name == "expired_time":
            found["expiry"] = {"at": agreed.expired_time} if agreed.expired_time >= 0 else {}
        elif name == "allow_ips":
            found["allowed_ips"] = list(agreed.allowed_ips)
        elif name in {"model_limits", "model_limits_enabled"}:
            found |= {"models": list(agreed.models)} if agreed.model_limits_enabled else {"every_model": True}
    return found
