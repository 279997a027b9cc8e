"""The form to change a key, prefilled from a fresh read, and how its answer is read.

A field that still holds what it was prefilled with is untouched, even if somebody else changed the key meanwhile:
the form remembers a short digest of each prefilled value, so that editing one field changes that field only.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from bot.features.forms import fields as form
from bot.features.forms.addresses import split_ips
from bot.features.forms.fields import FormReader, Prefill
from bot.features.forms.preview import UNFINISHED, decision_block
from bot.features.key_update.operation import OPERATION, UpdateKey
from bot.gateway.models import Group, KeySettings
from bot.gateway.numbers import shown_number
from bot.languages import tr
from bot.slack.blocks import code, context, modal
from bot.slack.delivery import Delivery
from bot.slack.inputs import picked_time, ticked, typed
from bot.typed_text import clean_line

_ONLY = tr("only what you change is asked for")


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """What the open form knows of the key: its id, where it was asked for, and digests of what was shown."""

    key_id: int
    channel: str
    shown: dict[str, str]

    @classmethod
    def of(cls, key_id: int, channel: str, prefill: Prefill, *, limited: bool = False) -> "Remembered":
        """Digests of a prefill. `limited`: the key has a limit on models that can be lifted."""
        shown = {name: _digest(value) for name, value in _values(prefill).items()}
        return cls(key_id=key_id, channel=channel, shown=shown | ({form.EVERY_MODEL: ""} if limited else {}))

    @property
    def limited(self) -> bool:
        """Whether the form offers to lift the limit on models."""
        return form.EVERY_MODEL in self.shown

    @classmethod
    def parse(cls, delivery: Delivery) -> "Remembered":
        """From private_metadata: an id to look up, not a right, and a channel if we wrote it. ValueError if odd."""
        data = json.loads(delivery.private_metadata)
        shown = {str(name): str(digest) for name, digest in dict(data["shown"]).items()}
        return cls(key_id=int(data["key"]), channel=delivery.form_channel(str(data["channel"])), shown=shown)

    def dump(self) -> str:
        """The text that the form keeps in private_metadata."""
        return json.dumps({"key": self.key_id, "channel": self.channel, "shown": self.shown}, separators=(",", ":"))

    def untouched(self, field: str, value: object) -> bool:
        """Whether the field still holds what it was shown with."""
        return self.shown.get(field) == _digest(value)


def _values(prefill: Prefill) -> dict[str, object]:
    return {
        form.NAME: prefill.name,
        form.EXPIRY: _minute(form.shown_moment(prefill.expiry_at)) if prefill.expiry == form.CUSTOM else prefill.expiry,
        form.MODELS: form.shown_models(prefill.models),
        form.IPS: split_ips(form.shown_ips(prefill.allowed_ips)),
        form.GROUP: prefill.group,
        form.CROSS_GROUP: prefill.cross_group_retry,
    }


def _minute(moment: int | None) -> int | None:
    """What the picker can tell apart: it has no seconds, and a key's own must not look like a change."""
    return None if moment is None else moment // 60


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def prefill_of(settings: KeySettings) -> Prefill:
    """The form as the key is now."""
    expiry, expiry_at = form.expiry_of(settings.expired_time)
    return Prefill(
        name=settings.name,
        expiry=expiry,
        expiry_at=expiry_at,
        models=settings.models,
        allowed_ips=settings.allowed_ips,
        group=settings.group,
        cross_group_retry=settings.cross_group_retry,
    )


def build_modal(
    remembered: Remembered,
    prefill: Prefill,
    *,
    hint: str,
    chosen_expiry: str | None = None,
    live: str = UNFINISHED,
) -> dict[str, Any]:
    """The modal. `hint`: the key's last characters."""
    blocks = [
        context(
            f"{tr('Key {number}', number=shown_number(remembered.key_id))} · {code(hint)} · "
            f"{tr('only what you change is asked for')}"
        ),
        form.name_block(prefill),
        *form.expiry_blocks(prefill, chosen_expiry or prefill.expiry),
        form.models_block(prefill),
        *([form.every_model_block()] if remembered.limited else []),
        form.ips_block(prefill),
        *form.group_blocks(prefill),
        form.reason_block(prefill),
        decision_block(live),
    ]
    return modal(
        OPERATION.name,
        OPERATION.title,
        blocks,
        submit=form.ASK,
        private_metadata=remembered.dump(),
    )


def parse_submission(
    reader: FormReader,
    remembered: Remembered,
    *,
    groups: list[Group] | None,
    count_bytes: bool,
) -> tuple[UpdateKey, str]:
    """The wish and its reason. Fields left as they were shown are not checked: the gateway has them already."""
    state, same = reader.state, remembered.untouched
    chosen = typed(state, form.EXPIRY)
    moment = _minute(picked_time(state, form.EXPIRY_AT)) if chosen == form.CUSTOM else chosen
    group = typed(state, form.GROUP)
    # It depends on the group: with another one the box is looked at again, though nobody touched it.
    retry_stays = same(form.CROSS_GROUP, "on" in ticked(state, form.CROSS_GROUP)) and same(form.GROUP, group)
    wanted = UpdateKey.model_construct(
        key_id=remembered.key_id,
        name=None if same(form.NAME, typed(state, form.NAME)) else reader.name(count_bytes=count_bytes),
        expiry=None if same(form.EXPIRY, moment) else reader.expiry(),
        models=None if same(form.MODELS, list(ticked(state, form.MODELS))) else reader.models(),
        every_model=remembered.limited and "on" in ticked(state, form.EVERY_MODEL),
        allowed_ips=None if same(form.IPS, split_ips(typed(state, form.IPS))) else reader.allowed_ips(),
        group=None if same(form.GROUP, group) else reader.group(groups),
        cross_group_retry=None if retry_stays else reader.cross_group_retry(clean_line(group), groups),
    )
    reason = reader.reason()
    reader.check()
    return UpdateKey.model_validate(wanted.model_dump()), reason
