"""What can go wrong between us and Slack. Knows no payload and no feature.

SlackError
├── SlackUnavailable    no answer, a 5xx or a 429: .retry_after seconds, .unsure = it may have been done
└── SlackRefused        Slack answered ok: false: .method and .code, Slack's word for it
    ├── TriggerExpired  a form cannot be opened any more: the click is older than 3 s
    │   └── TriggerUsed a copy of the click came first: its form is open
    ├── ViewChanged     views.update or views.publish with an old hash: read again, draw again
    └── ViewClosed      the modal is not open any more

Sentences here are fit for people; Slack's own texts go to the log only.
"""

from collections.abc import Sequence

from bot.errors import BotError
from bot.languages import tr


class SlackError(BotError):
    """Slack did not do what was asked, or did not say whether it did."""


class SlackUnavailable(SlackError):  # named as the state it tells, like the rest of the tree
    """Slack is slow, down or holds us back. `unsure`: the request was sent and may have taken effect."""

    def __init__(self, *, retry_after: float | None = None, unsure: bool = False, sentence: str = "") -> None:
        super().__init__(sentence or tr("Slack does not answer us right now. Please try again in a minute."))
        self.retry_after = retry_after
        self.unsure = unsure


class SlackRefused(SlackError):  # as above
    """Slack said no. `code` is Slack's error word, `needed` the missing scope if it named one.

    `details`: Slack's own lines about what is wrong where in the blocks; none of them holds what people typed.
    """

    def __init__(
        self, *, method: str, code: str, needed: str = "", sentence: str = "", details: Sequence[str] = ()
    ) -> None:
        super().__init__(sentence or tr("Slack refused this ({code}).", code=code))
        self.method = method
        self.code = code
        self.needed = needed
        self.details = tuple(details)


class TriggerExpired(SlackRefused):
    """Slack lets a form open only within 3 seconds of the click, and once."""


class TriggerUsed(TriggerExpired):
    """What this click opens is open already: a copy of it came first, here or at another replica."""


class ViewChanged(SlackRefused):
    """Somebody or something drew this view meanwhile."""


class ViewClosed(SlackRefused):
    """The person closed the modal before we could draw it."""


FATAL_CODES = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"})
# Refusals that hit every message of the app alike, until an administrator mends it.
APP_CODES = FATAL_CODES | {"missing_scope"}
# Refusals that hit every message to the same place alike, until somebody mends it.
CLOSED_CODES = APP_CODES | {
    "access_denied",
    "channel_is_limited_access",
    "channel_not_found",
    "ekm_access_denied",
    "enterprise_is_restricted",
    "is_archived",
    "is_inactive",
    "no_permission",
    "not_in_channel",
    "org_login_required",
    "restricted_action",
    "restricted_action_non_threadable_channel",
    "restricted_action_read_only_channel",
    "restricted_action_thread_locked",
    "restricted_action_thread_only_channel",
    "team_access_not_granted",
}
# There is nobody who could read it.
NOBODY_CODES = frozenset({"cannot_dm_bot", "user_disabled", "user_not_found", "user_not_visible", "users_not_found"})

_TRIGGER = frozenset({"expired_trigger_id", "invalid_trigger_id", "trigger_expired"})
_TRIGGER_USED = frozenset({"exchanged_trigger_id", "trigger_exchanged"})


def refused(method: str, code: str, *, needed: str = "", details: Sequence[str] = ()) -> SlackRefused:
    """Slack's error word as the most precise of our errors."""
    if code in _TRIGGER | _TRIGGER_USED:
        kind = TriggerUsed if code in _TRIGGER_USED else TriggerExpired
        sentence = tr("The form could not open because Slack closes the door after 3 seconds. Please try again.")
        return kind(method=method, code=code, sentence=sentence)
    if code == "hash_conflict":
        sentence = tr("This view changed while you were looking at it. Please try again.")
        return ViewChanged(method=method, code=code, sentence=sentence)
    if code in {"not_found", "view_not_found"} and method.startswith("views."):
        return ViewClosed(method=method, code=code, sentence=tr("This window is not open any more."))
    return SlackRefused(method=method, code=code, needed=needed, details=details)
