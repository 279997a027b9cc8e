"""Which messages an alert wants, and when. slack/outbox.py posts them, once, and draws them from the row."""

from dataclasses import dataclass

import sqlalchemy as sa

from bot.alerts import sightings, store
from bot.alerts.models import Alert
from bot.languages.sentence import to_stored
from bot.slack import post_store
from bot.slack.outbox import Outbox

CARD, UNKNOWN, OWNER, THREAD, AUTHOR = "alert", "alerts_unknown", "alert_owner", "alert_thread", "alert_author"
CALL = "alert_call"


def card_id(alert_id: int) -> str:
    """The post that is the alert's card."""
    return f"alert:{alert_id}:card"


def unknown_post_id(received_at: float) -> str:
    """The post that alerts about no known key of one minute share."""
    return f"alerts:unknown:{int(received_at // 60)}"


def called_post_id(alert_id: int, number: int) -> str:
    """The post of one call."""
    return f"alert:{alert_id}:called:{number}"


def owner_post_id(alert_id: int, key_id: int) -> str:
    """The post that tells the owner of a key."""
    return f"alert:{alert_id}:owner:{key_id}"


def redraw_card(c: sa.Connection, outbox: Outbox, alert_id: int, *, channel: str) -> None:
    """Have the alert's card drawn, or drawn anew."""
    outbox.want(c, id=card_id(alert_id), kind=CARD, subject=str(alert_id), target=channel)


def _redraw_unknown(c: sa.Connection, outbox: Outbox, received_at: float, *, channel: str) -> None:
    minute = str(int(received_at // 60))
    outbox.want(c, id=unknown_post_id(received_at), kind=UNKNOWN, subject=minute, target=channel)


def untold_owners(c: sa.Connection, alert: Alert) -> dict[int, str]:
    """Key → Slack's word for it, where the owner of the key cannot be written to."""
    found = ((key_id, post_store.load(c, owner_post_id(alert.id, key_id))) for key_id in alert.keys)
    return {key_id: post.error for key_id, post in found if post is not None and post.error and post.ts is None}


@dataclass(frozen=True, kw_only=True)
class AlertNotifications:
    """Turns the state of an alert into wanted posts. `channel` is the security channel."""

    outbox: Outbox
    channel: str

    def card(self, c: sa.Connection, alert: Alert) -> None:
        """Have everything that shows this alert drawn, or drawn anew; it never posts twice.

        Alerts that name no key of the account share one message a minute; one whose key is found gets its own card. An
        alert whose keys other cards show has none: those cards are drawn anew.
        """
        for shown_by in sorted(set(alert.elsewhere.values())):
            shown = store.get(c, shown_by)
            self._in_channel(c, shown)
            self._owners(c, shown)
        self._in_channel(c, alert)
        self._owners(c, alert)
        self._answer(c, alert)

    def moved(self, c: sa.Connection, alert: Alert) -> None:
        """The same when something became of its keys: what answers later messages with these keys says so too."""
        self.card(c, alert)
        for seen in sightings.of_card(c, alert.id):
            self._answer(c, seen)

    def _in_channel(self, c: sa.Connection, alert: Alert) -> None:
        own = post_store.load(c, card_id(alert.id)) is not None
        own_now = own or not (alert.names_nothing_known or alert.is_sighting)
        if own_now:
            redraw_card(c, self.outbox, alert.id, channel=self.channel)
        shared = post_store.load(c, unknown_post_id(alert.received_at)) is not None
        if (shared and not own) or not (own_now or alert.is_sighting):
            _redraw_unknown(c, self.outbox, alert.received_at, channel=self.channel)

    def _owners(self, c: sa.Connection, alert: Alert) -> None:
        for key_id, seen in alert.keys.items():
            if seen.owner and (key_id in alert.sure_keys or key_id in alert.actions):
                self.outbox.want(
                    c,
                    id=owner_post_id(alert.id, key_id),
                    kind=OWNER,
                    subject=str(alert.id),
                    target=f"dm:{seen.owner}",
                    body={"key_id": key_id},
                )

    def _answer(self, c: sa.Connection, alert: Alert) -> None:
        """Whoever wrote the message that holds the key is told, below it or alone."""
        author = str(alert.place.get("warn", ""))
        if author:
            post_id, target = f"alert:{alert.id}:author", f"dm:{author}"
            self.outbox.want(c, id=post_id, kind=AUTHOR, subject=str(alert.id), target=target)
        elif alert.place.get("guarded"):
            self._thread(c, alert)

    def call(self, c: sa.Connection, alert: Alert, who: str, *, silence: str, aloud: bool) -> None:
        """Call people below the card. `who`: mentions; `silence`: why the fallback is called; `aloud`: shown in the
        channel too. What it says beside them is drawn from the rows, so that it says the same as the card.
        """
        redraw_card(c, self.outbox, alert.id, channel=self.channel)
        self.outbox.want(
            c,
            id=called_post_id(alert.id, alert.calls.number),
            kind=CALL,
            subject=str(alert.id),
            target=self.channel,
            thread_of=card_id(alert.id),
            body={
                "who": to_stored(who),
                "silence": to_stored(silence),
                "step": alert.calls.step,
                "broadcast": aloud,
                "number": alert.calls.number,
            },
        )

    def calls_moved(self, c: sa.Connection, alert: Alert) -> None:
        """Things stand otherwise than when people were called: the messages that called them say so."""
        for number in range(alert.calls.first, alert.calls.number):
            post_id = called_post_id(alert.id, number)
            if post_store.load(c, post_id) is not None:
                self.outbox.want(c, id=post_id, kind=CALL, subject=str(alert.id), target=self.channel)

    def _thread(self, c: sa.Connection, alert: Alert) -> None:
        """Answer below the message that holds the key. Somebody else's message becomes a row only to hang ours on."""
        channel, ts = str(alert.place.get("channel", "")), str(alert.place.get("ts", ""))
        parent = f"msg:{channel}:{ts}"
        if post_store.load(c, parent) is None:
            wanted = post_store.upsert(
                c,
                post_id=parent,
                kind="foreign",
                subject=str(alert.id),
                target=channel,
                thread_of=None,
                body=None,
                now=alert.received_at,
            )
            thread_ts = str(alert.place.get("thread_ts") or ts)
            post_store.change(c, parent, channel=channel, ts=thread_ts, drawn=wanted)
        self.outbox.want(
            c,
            id=f"alert:{alert.id}:thread",
            kind=THREAD,
            subject=str(alert.id),
            target=channel,
            thread_of=parent,
        )
