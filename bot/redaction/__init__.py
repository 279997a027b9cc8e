"""What no row, message, log line or trace may hold, and how it is taken out of a text. Knows no settings and no table.

Looked for are the values of gateway keys, tokens that are known by their form, Keydesk's own secrets by value (`know`),
and the account's keys by their ends and fingerprints (`know_keys`). A text is looked at as people see it: without
characters that take no room, in its compatibility form, across the places where a value was broken or glued to
something else, and as it is once escapes and base64 are undone.

Three places ask here: the router refuses such a text in a form, with a sentence; the columns of the database
(db/safe_types.py), the record and every call to Slack replace it, wherever it came from; so does the log.

    texts      refuses and replaces; the rest of Keydesk calls this
    spans      where something secret stands in a text
    known      our own secrets, and the keys of the account
    clean_texts   short texts that need no second look
    encodings  texts inside a text: escapes, base64, hexadecimal digits
"""

from bot.redaction.known import KeyMatcher, is_telling, know, know_keys
from bot.redaction.texts import HIDDEN, REFUSED_TEXT, holds_no_secret, holds_secret, redact, redact_all

__all__ = [
    "HIDDEN",
    "REFUSED_TEXT",
    "KeyMatcher",
    "holds_no_secret",
    "holds_secret",
    "is_telling",
    "know",
    "know_keys",
    "redact",
    "redact_all",
]
