"""The errors of the gateway as one tree, and the single mapping from its texts to our classes.

    bot.errors.GatewayError
    └── GatewayCallError                .facts: operation, key id, request id, reference, HTTP status
        ├── GatewayUnavailable          nothing was changed; trying again later makes sense
        │   ├── GatewayLimited          it takes no more calls for a while; .seconds until it may
    │   └── GatewayRemoved          it is not in the policy file any more
        ├── GatewayOutcomeUnknown       a write without a sure answer: it may have happened, or may still
        ├── GatewayRejected             .refusal: the gateway understood and said no; nothing was changed
        │   └── KeyNotFound             no such key, or not of this account, or deleted
        ├── GatewayAuthError            .refusal: our access token is not taken; stop at once, do not retry
        └── GatewayProtocolError        not the API we know: a redirect, HTML, a wrong shape
        └── GatewayBlocked          a CDN in front of it answered instead

It knows no HTTP library. The gateway's raw text is never in an error: it goes to the log, with secrets removed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from bot.errors import GatewayError
from bot.gateway.limiter import Limit, duration_text
from bot.gateway.numbers import shown_number
from bot.languages import Sentence, joined, tr, trc


class Refusal(StrEnum):
    """Why the gateway, or we before asking it, said no (gateway-api.md, section 5). The last five are ours."""

    NAME_TOO_LONG = "name_too_long"
    GROUP_DENIED = "group_denied"
    QUOTA_NEGATIVE = "quota_negative"
    QUOTA_TOO_LARGE = "quota_too_large"
    EXPIRED_CANNOT_ENABLE = "expired_cannot_enable"
    EXHAUSTED_CANNOT_ENABLE = "exhausted_cannot_enable"
    TOO_MANY_KEYS = "too_many_keys"
    NOT_FOUND = "not_found"
    ID_MISSING = "id_missing"
    BAD_ID = "bad_id"
    BAD_JSON = "bad_json"
    NOT_LOGGED_IN = "not_logged_in"
    BAD_PAT = "bad_pat"
    USER_HEADER = "user_header"
    WRONG_USER_ID = "wrong_user_id"
    BANNED = "banned"
    ROLE_TOO_LOW = "role_too_low"
    BAD_PARAMS = "bad_params"
    UNKNOWN = "unknown"
    NOT_OFFERED = "not_offered"
    VALUE_HIDDEN = "value_hidden"
    NAME_IN_USE = "name_in_use"
    CHANGED_SINCE = "changed_since"
    INVALID = "invalid"


SENTENCES: Mapping[Refusal, Sentence] = {
    Refusal.NAME_TOO_LONG: tr("The gateway finds the name too long; use at most 50 bytes."),
    Refusal.GROUP_DENIED: tr("The gateway account may not use this group; choose another one."),
    Refusal.QUOTA_NEGATIVE: tr("The quota would be below zero, and the gateway takes no less than that."),
    Refusal.QUOTA_TOO_LARGE: tr("The gateway does not take a quota this large; ask for less."),
    Refusal.EXPIRED_CANNOT_ENABLE: tr("The key has expired and needs a new expiry before it can be enabled."),
    Refusal.EXHAUSTED_CANNOT_ENABLE: tr("The key has no quota left and needs more before it can be enabled."),
    Refusal.TOO_MANY_KEYS: tr("The gateway account has as many keys as it may have; delete one first."),
    Refusal.NOT_FOUND: tr("The gateway has no such key in this account; it may have been deleted."),
    Refusal.ID_MISSING: tr("The gateway missed the number of the key in our request."),
    Refusal.BAD_ID: tr("The gateway could not read the number of the key in our request."),
    Refusal.BAD_JSON: tr("The gateway could not read our request."),
    Refusal.NOT_LOGGED_IN: tr("The gateway saw no access token; an administrator must check COMETAPI_ACCESS_TOKEN."),
    Refusal.BAD_PAT: tr(
        "The gateway does not take our access token; an administrator must renew COMETAPI_ACCESS_TOKEN."
    ),
    Refusal.USER_HEADER: tr("The gateway wants the account's user id; an administrator must set COMETAPI_USER_ID."),
    Refusal.WRONG_USER_ID: tr(
        "COMETAPI_USER_ID is not the number of the account that the access token belongs to; "
        "an administrator must correct it."
    ),
    Refusal.BANNED: tr("The gateway has banned the account; an administrator must talk to the gateway's operator."),
    Refusal.ROLE_TOO_LOW: tr("The gateway account lacks the right to do this; an administrator must look at its role."),
    Refusal.BAD_PARAMS: tr("The gateway did not take the values in our request."),
    Refusal.UNKNOWN: tr("The gateway refused for a reason we do not know; its words are in the log."),
    Refusal.NOT_OFFERED: tr("This gateway does not offer the call that this needs."),
    Refusal.VALUE_HIDDEN: tr(
        "This gateway does not show the value of an existing key; rotate the key to get a new one."
    ),
    Refusal.NAME_IN_USE: tr("Another key already has this name; choose another name."),
    Refusal.CHANGED_SINCE: tr("The key has changed since this was asked; look at it and ask again."),
    Refusal.INVALID: tr("The values cannot be sent to the gateway as they are."),
}

AUTH_REFUSALS = frozenset(
    {
        Refusal.NOT_LOGGED_IN,
        Refusal.BAD_PAT,
        Refusal.USER_HEADER,
        Refusal.WRONG_USER_ID,
        Refusal.BANNED,
        Refusal.ROLE_TOO_LOW,
    },
)

_CODES: Mapping[str, Refusal] = {
    "AUTH_UNAUTHORIZED": Refusal.BAD_PAT,
    "AUTH_USER_DISABLED": Refusal.BANNED,
    "AUTH_INSUFFICIENT_PRIVILEGE": Refusal.ROLE_TOO_LOW,
}

# Top to bottom, first match wins. Each fragment is a regular expression, matched without case: the order matters
# where texts share words (the user-header text also says "logged in", the quota text also says "maximum").
_FRAGMENTS: tuple[tuple[Refusal, str], ...] = (
    (Refusal.WRONG_USER_ID, r"new-api-user.*(?:match|format|匹配|格式|相符)"),
    (Refusal.USER_HEADER, r"new-api-user"),
    (Refusal.NOT_LOGGED_IN, r"not logged in|未登录|未登入"),
    (Refusal.BAD_PAT, r"invalid access token|token 无效|token 無效"),
    (Refusal.BANNED, r"\bbanned\b|封禁"),
    (Refusal.ROLE_TOO_LOW, r"insufficient privilege|权限不足|權限不足"),
    (Refusal.NAME_TOO_LONG, r"name is too long|名称过长|名稱過長"),
    (Refusal.GROUP_DENIED, r"no access to group|无权访问|無權訪問|無權存取"),
    (Refusal.QUOTA_NEGATIVE, r"cannot be negative|不能为负|不能為負"),
    (Refusal.QUOTA_TOO_LARGE, r"exceeds valid range|超出有效范围|超出有效範圍"),
    (Refusal.EXPIRED_CANNOT_ENABLE, r"expired.*cannot be enabled|已过期.*无法启用|已過期.*無法啟用"),
    (Refusal.EXHAUSTED_CANNOT_ENABLE, r"exhausted.*cannot be enabled|已用尽.*无法启用|已用盡.*無法啟用"),
    (Refusal.TOO_MANY_KEYS, r"最大令牌数量|最大令牌數量|maximum.*token"),
    (Refusal.NOT_FOUND, r"record not found"),
    (Refusal.ID_MISSING, r"userid 为空|userid 為空"),
    (Refusal.BAD_ID, r"invalid syntax"),
    (Refusal.BAD_JSON, r"cannot unmarshal|invalid character|\beof\b"),
    (Refusal.BAD_PARAMS, r"invalid parameters|参数|參數"),
)
_MATCHERS = tuple((refusal, re.compile(pattern, re.IGNORECASE | re.DOTALL)) for refusal, pattern in _FRAGMENTS)


def refusal_of(message: str, *, code: str = "") -> Refusal:
    """Classes a refusal by the gateway's words, in either language, or by its code. Only a hint: read back."""
    if code in _CODES:
        return _CODES[code]
    bounded = message[:4000]
    return next((refusal for refusal, matcher in _MATCHERS if matcher.search(bounded)), Refusal.UNKNOWN)


@dataclass(frozen=True, kw_only=True)
class CallFacts:
    """What support needs to find one call again: `reference` is in our log, `request_id` in the gateway's."""

    operation: str
    key_id: int | None
    request_id: str | None
    reference: str
    status: int | None
    # The gateway's name where there is more than one, else "".
    gateway: str = ""

    @property
    def doing(self) -> str:
        """The call in words, for the middle of a sentence."""
        known = _DOING.get(self.operation)
        if known is not None:
            return known.filled(key=shown_number(self.key_id))
        return self.operation if self.key_id is None else f"{self.operation} {self.key_id}"


_DOING: Mapping[str, Sentence] = {
    "reading key": trc("what Keydesk was doing", "reading key {key}"),
    "listing the keys": trc("what Keydesk was doing", "listing the keys"),
    "searching the keys": trc("what Keydesk was doing", "searching the keys"),
    "revealing key": trc("what Keydesk was doing", "revealing key {key}"),
    "revealing keys": trc("what Keydesk was doing", "revealing keys"),
    "listing the models": trc("what Keydesk was doing", "listing the models"),
    "listing the groups": trc("what Keydesk was doing", "listing the groups"),
    "listing the prices": trc("what Keydesk was doing", "listing the prices"),
    "reading the gateway's status": trc("what Keydesk was doing", "reading the gateway's status"),
    "reading the account": trc("what Keydesk was doing", "reading the account"),
    "trying a key": trc("what Keydesk was doing", "trying a key"),
    "creating a key": trc("what Keydesk was doing", "creating a key"),
    "changing key": trc("what Keydesk was doing", "changing key {key}"),
    "setting the status of key": trc("what Keydesk was doing", "setting the status of key {key}"),
    "deleting key": trc("what Keydesk was doing", "deleting key {key}"),
}
"""The calls of client.py and listing.py by their English names, which metrics and log keep."""


def no_call(operation: str, key_id: int | None) -> CallFacts:
    """The facts of what needed no call to be known."""
    return CallFacts(operation=operation, key_id=key_id, request_id=None, reference="none", status=None)


class GatewayCallError(GatewayError):
    """One call to the gateway failed. `sentence` is fit for a person; `facts` are for the log and for support.

    `why`: the same without `advice`, for work that tries again by itself.
    """

    def __init__(self, sentence: str, *, facts: CallFacts, advice: str = "") -> None:
        doing, reference = facts.doing, facts.reference
        if facts.gateway and facts.request_id:
            about = tr(
                "(At the gateway {gateway}, while {doing}; reference {reference}; the gateway's request id "
                "{request_id}.)",
                gateway=facts.gateway,
                doing=doing,
                reference=reference,
                request_id=facts.request_id,
            )
        elif facts.gateway:
            about = tr(
                "(At the gateway {gateway}, while {doing}; reference {reference}.)",
                gateway=facts.gateway,
                doing=doing,
                reference=reference,
            )
        elif facts.request_id:
            about = tr(
                "(While {doing}; reference {reference}; the gateway's request id {request_id}.)",
                doing=doing,
                reference=reference,
                request_id=facts.request_id,
            )
        else:
            about = tr("(While {doing}; reference {reference}.)", doing=doing, reference=reference)
        super().__init__(joined(sentence, advice, about))
        self.why = joined(sentence, about)
        self.facts = facts


class GatewayUnavailable(GatewayCallError):
    """Nothing was changed. The gateway cannot be reached, limits our rate, or is broken for the moment."""


class GatewayLimited(GatewayUnavailable):
    """The gateway's limit on calls, or what of it is kept for others, is reached. `seconds` until it may be asked."""

    def __init__(self, *, facts: CallFacts, limit: Limit = Limit.CALLS, seconds: float = 0.0, at: float = 0.0) -> None:
        when = duration_text(seconds)
        if at and seconds > LONG_WAIT:
            when = tr("{time} ({clock} UTC)", time=when, clock=datetime.fromtimestamp(at, UTC).strftime("%H:%M"))
        super().__init__(LIMITED[limit], facts=facts, advice=tr("Try again in {time}.", time=when))
        self.why = joined(LIMITED[limit], tr("It can be asked again in {time}.", time=when))
        self.limit = limit
        self.seconds = seconds


class GatewayRemoved(GatewayUnavailable):
    """The key's gateway is not in the policy file any more: what is about it waits until it is there again."""

    def __init__(self, name: str) -> None:
        sentence = tr(
            "The gateway {gateway} is not in the policy file any more. Whatever concerns its keys waits until it is "
            "there again and Keydesk has been restarted.",
            gateway=name,
        )
        GatewayError.__init__(self, sentence)
        self.why = sentence
        self.facts = no_call("reading key", None)


LONG_WAIT = 90.0
LIMITED: Mapping[Limit, Sentence] = {
    Limit.CALLS: tr("The gateway limits how often Keydesk may ask, and the limit is reached."),
    Limit.REVEALS: tr("The gateway shows only a few values in 20 minutes, and that limit is reached."),
    Limit.SEARCHES: tr("The gateway limits how often Keydesk may search, and the limit is reached."),
}


class GatewayOutcomeUnknown(GatewayCallError):
    """A write got no sure answer. Never repeat it blindly: read back first."""


class GatewayProtocolError(GatewayCallError):
    """What answered is not the API we know. Usually a wrong base URL."""


class GatewayBlocked(GatewayProtocolError):
    """A service in front of the gateway (a CDN) answered with a challenge or a block page."""


class GatewayRejected(GatewayCallError):
    """The gateway understood and refused. `refusal` is the class of its reason."""

    def __init__(self, refusal: Refusal, *, facts: CallFacts) -> None:
        super().__init__(SENTENCES[refusal], facts=facts)
        self.refusal = refusal


class KeyNotFound(GatewayRejected):
    """No key with this number in this account, or no longer."""

    def __init__(self, *, facts: CallFacts) -> None:
        super().__init__(Refusal.NOT_FOUND, facts=facts)


class GatewayAuthError(GatewayCallError):
    """The gateway does not take our access token, user header or role. Retrying cannot help."""

    def __init__(self, refusal: Refusal, *, facts: CallFacts) -> None:
        super().__init__(SENTENCES[refusal], facts=facts)
        self.refusal = refusal
