"""Proves that the private_metadata of a view is what we wrote, for this person and this form, not long ago.

Slack brings private_metadata back with each submission and click. A signature says that a payload came by Slack, not
that its view is one of ours, so what a rule judges (the channel in which somebody asked) counts only under a seal: an
HMAC under a key that every replica derives from a secret that Slack does not have. Ids need none, since they are
looked up and judged again.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from bot.redaction import redact
from bot.slack.blocks import SEAL_LENGTH
from bot.slack.delivery import Delivery, text_of

# A window may stay open for a working day. One that is older is judged as if it had been opened in no channel.
LONGEST_SECONDS = 12 * 3600
_LABEL = b"keydesk private metadata of views v1"
_MAC_LENGTH = 32


@dataclass(frozen=True)
class ViewSeal:
    """`clock`: Unix seconds."""

    key: bytes = field(repr=False)
    clock: Callable[[], float]

    @classmethod
    def of(cls, secret: SecretStr, *, clock: Callable[[], float]) -> "ViewSeal":
        """The seal of every process that has this secret."""
        return cls(hmac.digest(secret.get_secret_value().encode(), _LABEL, hashlib.sha256), clock)

    def close(self, view: Mapping[str, Any], delivery: Delivery) -> dict[str, Any]:
        """The view as it goes to the person of this delivery; one that is drawn anew is as old as it was."""
        # What leaves us holds no secret, and the seal is of what leaves.
        text = redact(text_of(view, "private_metadata"), wide=False)
        if not text:
            return dict(view)
        at = int(self.clock() if delivery.written_at is None else delivery.written_at)
        mac = self._mac(delivery.user_id, text_of(view, "callback_id"), at, text)
        return {**view, "private_metadata": f"{text}\n{at:x}.{mac}"}

    def open(self, delivery: Delivery) -> Delivery:
        """The delivery with the plain private_metadata, and the time at which we wrote it if its seal holds."""
        view = delivery.view
        text, mark, seal = delivery.private_metadata.rpartition("\n")
        if view is None or not mark or len(seal) > SEAL_LENGTH:
            return delivery
        plain = {**delivery.payload, "view": {**view, "private_metadata": text}}
        return delivery.changed(payload=plain, written_at=self._written_at(delivery, text, seal))

    def _written_at(self, delivery: Delivery, text: str, seal: str) -> float | None:
        moment, _, given = seal.partition(".")
        try:
            at = int(moment, 16)
        except ValueError:
            return None
        mac = self._mac(delivery.user_id, delivery.callback_id, at, text)
        if not hmac.compare_digest(mac.encode(), given.encode("utf-8", "replace")):
            return None
        return float(at) if self.clock() - at <= LONGEST_SECONDS else None

    def _mac(self, user_id: str, callback_id: str, at: int, text: str) -> str:
        sealed = json.dumps([user_id, callback_id, at, text]).encode()
        return hmac.digest(self.key, sealed, hashlib.sha256).hex()[:_MAC_LENGTH]
