"""Which messages a request wants, and when: the card, its thread, the confirmation, the word to the requester.

A message is wanted in the transaction that makes it true; slack/outbox.py posts it, once, drawn from the row.
"""

from collections.abc import Callable

import sqlalchemy as sa

from bot.approvals.cards.quiet_days import DAY, ChannelNoise, day_id, day_of, is_quiet
from bot.approvals.models import IN_HAND, ApprovalRequest, OriginKind, Status
from bot.keys import owners
from bot.languages import joined, tr
from bot.languages.sentence import to_stored
from bot.slack.outbox import Outbox

CARD, CONFIRMATION, NOTICE, OWNER, STORY = "card", "confirmation", "notice", "owner", "story"
DECIDER = "decider"
# To the new owner of a key, who accepts it or not.
ACCEPTANCE = "acceptance"
# Told of every change of a request, in the transaction that makes it: another room has messages of its own to redraw.
Follow = Callable[[sa.Connection, ApprovalRequest], None]
# The requester hears of these in person. The rest is on the card, or follows at once.
_TOLD = frozenset({Status.OFFERED, Status.UNKNOWN, Status.SUCCEEDED, Status.FAILED, Status.DENIED, Status.EXPIRED})


def card_id(request_id: int) -> str:
    """The post that is the request's card."""
    return f"req:{request_id}:card"


class Notifications:
    """Turns the state of a request into wanted posts. `channel` is where requests and confirmations go."""

    def __init__(self, *, outbox: Outbox, channel: str, noise: ChannelNoise = ChannelNoise.ALL) -> None:
        self._outbox = outbox
        self._channel = channel
        self._noise = noise
        self._followers: list[Follow] = []

    def subscribe(self, follow: Follow) -> None:
        """Tell another room of every change from now on."""
        self._followers.append(follow)

    def announce(self, c: sa.Connection, request: ApprovalRequest) -> None:
        """Want everything the request's present state asks for. Wanting twice redraws, it never posts twice."""
        if request.origin.kind is OriginKind.ALLOWANCE:
            # Quiet. That it failed is told with the row of the allowance (allowance_rows.py), where it was told before.
            if request.status is Status.UNKNOWN and request.outcome is not None and request.outcome.by_hand:
                self.tell(c, request)
        elif not request.origin.shown_elsewhere:
            self._want(c, request)
        for follow in self._followers:
            follow(c, request)

    def _want(self, c: sa.Connection, request: ApprovalRequest) -> None:
        subject = str(request.id)
        if request.has_card:
            self._outbox.want(c, id=card_id(request.id), kind=CARD, subject=subject, target=self._channel)
        for message in request.progress.messages:
            self._call(c, message, subject)
        if request.status is Status.SUCCEEDED:
            self._confirm(c, request)
        # A counter-offer has a message with buttons, which must be redrawn when the offer ends.
        if request.status in _TOLD or request.counter_offer is not None or request.progress.acceptance is not None:
            self.tell(c, request)
        if request.progress.acceptance is not None and request.counted_for != request.requester_id:
            self.ask_new_owner(c, request)
        if request.status is Status.SUCCEEDED:
            self._tell_owner(c, request)

    def _confirm(self, c: sa.Connection, request: ApprovalRequest) -> None:
        """Say in the channel that it is done: under its card, by itself, or under the day's message."""
        # Its card says so in the channel by itself: one message there for each request.
        under = card_id(request.id) if request.has_card else None
        if self._noise is not ChannelNoise.ALL and is_quiet(request):
            if request.origin.alert_id is not None:
                return  # its alert says so, in the security channel
            day = day_of(request.settled_at or 0.0)
            under = day_id(day)
            self._outbox.want(c, id=under, kind=DAY, subject=str(day), target=self._channel)
            if self._noise is ChannelNoise.DIGEST:
                return
        self._outbox.want(
            c,
            id=f"req:{request.id}:confirmation",
            kind=CONFIRMATION,
            subject=str(request.id),
            target=self._channel,
            thread_of=under,
        )

    def tell(self, c: sa.Connection, request: ApprovalRequest) -> None:
        """Tell the requester where it stands: one message, drawn anew as things move. Keydesk does not tell itself, nor
        those who see it elsewhere.
        """
        waits = request.status in IN_HAND - {Status.UNKNOWN}
        silent = request.origin.kind in {OriginKind.ALERT_RULE, OriginKind.CARE} or request.origin.shown_elsewhere
        if silent or (request.origin.kind is OriginKind.ALLOWANCE and waits):
            return
        target = f"dm:{request.requester_id}"
        self._outbox.want(c, id=f"req:{request.id}:dm", kind=NOTICE, subject=str(request.id), target=target)

    def _tell_owner(self, c: sa.Connection, request: ApprovalRequest) -> None:
        """Whose key it is hears what somebody else did to it."""
        if request.origin.alert_id is not None and request.operation == "key.disable":
            return  # the alert tells them, with what leaked and where
        if request.origin.kind is OriginKind.CARE:
            return  # its own messages tell them, with the button that takes it back
        owner = None if request.key_id is None else owners.last_owner_of(c, request.key_id)
        if owner is not None and owner != request.requester_id:
            self._outbox.want(
                c, id=f"req:{request.id}:owner", kind=OWNER, subject=str(request.id), target=f"dm:{owner}"
            )

        former = request.input.get("from_id")
        if former not in {None, owner, request.requester_id}:
            self._outbox.want(
                c, id=f"req:{request.id}:former", kind=OWNER, subject=str(request.id), target=f"dm:{former}"
            )

    def ask_new_owner(self, c: sa.Connection, request: ApprovalRequest, *, again: str = "") -> None:
        """Offer the key to its new owner: one message, which follows it. `again`: another one, of that name."""
        target, post_id = f"dm:{request.counted_for}", f"req:{request.id}:acceptance{again}"
        self._outbox.want(c, id=post_id, kind=ACCEPTANCE, subject=str(request.id), target=target)

    def call(self, c: sa.Connection, request: ApprovalRequest, slack_user_id: str, *, name: str) -> str:
        """Send somebody who may decide the card; returns the id of the post, which follows the request from now on."""
        message = f"req:{request.id}:call:{name}:{slack_user_id}"
        self._call(c, message, str(request.id))
        return message

    def _call(self, c: sa.Connection, message: str, subject: str) -> None:
        target = f"dm:{message.rpartition(':')[2]}"
        self._outbox.want(c, id=message, kind=DECIDER, subject=subject, target=target)

    def alarm(self, c: sa.Connection, request: ApprovalRequest, sentence: str) -> None:
        """Say what must be seen in the channel, once. `sentence` is ours and holds nothing people typed."""
        whose = tr("(Request {number}.)", number=request.number)
        self._outbox.want(
            c,
            id=f"req:{request.id}:alarm",
            kind=STORY,
            subject=str(request.id),
            target=self._channel,
            thread_of=card_id(request.id) if request.has_card else None,
            body={"text": to_stored(joined(sentence, whose)), "broadcast": True},
        )

    def story(self, c: sa.Connection, request: ApprovalRequest, sentence: str) -> None:
        """Add a line to the card's thread. `sentence` is ours, with mentions, and holds nothing people typed."""
        self._thread(c, request, f"req:{request.id}:story:{request.version}", {"text": to_stored(sentence)})

    def remind(self, c: sa.Connection, request: ApprovalRequest, sentence: str, *, name: str) -> None:
        """Remind in the thread. `name` tells one reminder of a request from the next."""
        self._thread(c, request, f"req:{request.id}:remind:{name}", {"text": to_stored(sentence)})

    def escalate(self, c: sa.Connection, request: ApprovalRequest, sentence: str) -> None:
        """Say in the thread, shown in the channel too, that more people may decide."""
        post_id = f"req:{request.id}:remind:escalate:{request.version}"
        self._thread(c, request, post_id, {"text": to_stored(sentence), "broadcast": True})

    def _thread(self, c: sa.Connection, request: ApprovalRequest, post_id: str, body: dict[str, object]) -> None:
        if not request.has_card:
            return
        self._outbox.want(
            c,
            id=post_id,
            kind=STORY,
            subject=str(request.id),
            target=self._channel,
            thread_of=card_id(request.id),
            body=body,
        )
