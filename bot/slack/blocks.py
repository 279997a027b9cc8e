"""Small Block Kit helpers: escape, cut, Slack's limits by name. Plain dicts out; knows no request and no key.

Texts that are too long are cut with "…" (a card must still appear at 3 a.m.); ids and values cannot be cut,
so a wrong one is a ValueError. Limits: slack.md A4–A6. How Slack counts is not documented, so we count
UTF-16 units (never fewer than code points) and stay 5 % under, except in short ASCII texts, where all ways agree.
"""

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from bot.languages import current, said, tr, trn
from bot.slack.button_styles import styled
from bot.slack.reading_order import in_reading_order

Block = dict[str, Any]

TEXT_LIMIT = 3000
FIELD_LIMIT = 2000
FIELDS_LIMIT = 10
HEADER_LIMIT = 150
CONTEXT_ELEMENTS_LIMIT = 10
ACTIONS_ELEMENTS_LIMIT = 25
OVERFLOW_OPTIONS_LIMIT = 5
LABEL_LIMIT = 2000
PLACEHOLDER_LIMIT = 150
BUTTON_LIMIT = 75
BUTTON_VALUE_LIMIT = 2000
URL_LIMIT = 3000
ID_LIMIT = 255
OPTION_LIMIT = 75
OPTION_VALUE_LIMIT = 150
OPTIONS_LIMIT = 100
CHECKBOXES_LIMIT = 10
CONFIRM_TITLE_LIMIT = 100
CONFIRM_TEXT_LIMIT = 300
CONFIRM_BUTTON_LIMIT = 30
TITLE_LIMIT = 24
PRIVATE_METADATA_LIMIT = 3000
# Of it, for the proof that we wrote it (view_seal.py).
SEAL_LENGTH = 60
VIEW_BLOCKS_LIMIT = 100
MESSAGE_BLOCKS_LIMIT = 50
# chat.update refuses more than 4,000; A6.
MESSAGE_TEXT_LIMIT = 4000
# Slack refuses a message near 13,200 characters over all blocks (msg_blocks_too_long), which is written nowhere.
MESSAGE_BLOCKS_TEXT_LIMIT = 12_500

# "@here" and its like ping everybody when Slack parses a text; a zero-width space after the @ stops that.
_EVERYBODY = re.compile(r"@(?=(?:here|channel|everyone|group)\b)", re.IGNORECASE)
# What a cut may leave behind: half an entity or half a <link|text>.
_HALF = re.compile(r"(?:&[a-z]{0,4}|<[^<>]*)\Z")
_MENTIONED = re.compile(r"(<@[UW][A-Z0-9]{1,30}>|<#[CG][A-Z0-9]{1,30}>)")
# What mrkdwn makes of a text, and signs that only look so. Underscores inside a word are formatting nowhere, and IPv6
# addresses hold what else would be the name of an emoji.
_FORMATTING = re.compile(r"[*~`]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])|:(?![0-9a-f]{1,4}:)(?=[0-9A-Za-z_+'-]+:)")
_LOOK_ALIKES = {"*": "∗", "~": "∼", "`": "ˋ", "_": "ˍ", ":": "∶"}
# Between the first and the last quotation mark of a sentence of ours: what somebody typed, whatever marks are in it.
_REPEATED = re.compile("(?<=“).*(?=”)", re.DOTALL)
# Signs that we put before a state: a name that holds one could pose as another state.
_MARKS = re.compile("[✅☑✔✓✖❌⛔🚫🛑⏳⌛🔒🔓⚠🚨▶💤↩↔❓❔ℹ⚓\ufe0f]+")
_MOMENT, _MOMENT_FORMAT = re.compile(r"\b\d{4}-\d{2}-\d{2} \d{2}:\d{2} UTC\b"), "%Y-%m-%d %H:%M UTC"
_LRI, _FSI, _PDI = "\u2066", "\u2068", "\u2069"
_ZERO_WIDTH_SPACE = "\u200b"


@dataclass(frozen=True)
class Message:
    """One Slack message: `text` is the notification and what screen readers get, `blocks` what people see."""

    text: str
    blocks: list[Block] = field(default_factory=list)

    def to_slack(self) -> dict[str, Any]:
        """The arguments for chat.postMessage and chat.update, within Slack's limits; no `blocks` without blocks."""
        content: dict[str, Any] = {"text": truncate(said(self.text), MESSAGE_TEXT_LIMIT) or " "}
        return content | ({"blocks": fit(self.blocks)} if self.blocks else {})


def worded(message: Message | None) -> Message | None:
    """The same with every word in the language of the moment, for whoever sends it later, outside of it."""
    return None if message is None else Message(str(said(message.text)), fit(message.blocks))


def length(text: str) -> int:
    """Length in UTF-16 units, the most cautious of the ways in which Slack may count."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def room(limit: int, text: str = "") -> int:
    """How much of `limit` we use for `text`."""
    return limit if limit <= ID_LIMIT and text.isascii() else limit - max(1, limit * 5 // 100)


def truncate(text: str, limit: int) -> str:
    """`text` cut to what fits under Slack's `limit`, never inside an entity or a link; "…" shows the cut."""
    # Most texts are far from their limit, however Slack counts.
    if 3 * len(text) <= limit or length(text) <= room(limit, text):
        return text
    space = room(limit, "…") - 1
    kept = text[:space]
    while length(kept) > space:
        kept = kept[:-1]
    return _HALF.sub("", kept).rstrip() + "…"


def escape(text: str) -> str:
    """Text that people typed, made harmless for mrkdwn: no links, no mentions, no pings."""
    escaped = said(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _EVERYBODY.sub("@" + _ZERO_WIDTH_SPACE, escaped)


def inert(text: str) -> str:
    """Text that people typed, shown as it is: `escape`, and nothing in it is bold, code or an emoji either."""
    plain = said(text)
    # Most names are a word.
    return plain if plain.isalnum() else escape(_FORMATTING.sub(lambda found: _LOOK_ALIKES[found[0]], plain))


def harmless(sentence: str) -> str:
    """A sentence of ours that may repeat what somebody typed, as mrkdwn: links, pings and commands to Slack are inert.

    Mentions of a person or a channel stay; text that was escaped already is not escaped twice. What stands in “…” is
    not formatted either.
    """
    plain = said(sentence).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    plain = _REPEATED.sub(lambda typed: _FORMATTING.sub(lambda found: _LOOK_ALIKES[found[0]], typed[0]), plain)
    parts = _MENTIONED.split(plain)
    return "".join(part if at % 2 else escape(part) for at, part in enumerate(parts))


def isolate(text: str) -> str:
    """Wrap a name or number so that a right-to-left neighbour cannot reorder it (Unicode isolates)."""
    if text.isascii():
        return f"{_FSI}{text}{_PDI}"
    balanced = "".join(char for char in text if not "\u202a" <= char <= "\u202e" and not _FSI > char >= "\u2066")
    return f"{_FSI}{balanced.replace(_FSI, '').replace(_PDI, '')}{_PDI}"


def plain_name(name: str) -> str:
    """The name of a key, which people typed, on one line; it cannot pose as a state or end what is around it."""
    shown = " ".join(_MARKS.sub("▫", name).split())
    return isolate(inert(shown)) if shown else tr("(no name)")


def bold_name(name: str) -> str:
    """A name that people chose, escaped and in bold."""
    return f"*{plain_name(name)}*" if name.strip() else tr("(no name)")


def code(text: str) -> str:
    """`text` in mrkdwn code style; backticks and line breaks cannot end it early."""
    plain = " ".join(text.replace("`", "ˋ").split())
    shown = f"`{escape(plain)}`" if plain else ""
    # What begins with a sign, such as `…hVNL`, would end with it in a text that is read from right to left.
    return f"{_LRI}{shown}{_PDI}" if shown and current().right_to_left else shown


def quote(text: str) -> str:
    """Text that people typed as a mrkdwn quotation, escaped."""
    return "\n".join("> " + line for line in inert(said(text).strip()).splitlines()) or "> –"


def mention(slack_user_id: str) -> str:
    """`<@U…>`; anything that is no user id is shown as escaped text."""
    known = re.fullmatch(r"[UW][A-Z0-9]{1,30}", slack_user_id)
    return _called(f"<@{slack_user_id}>") if known else escape(slack_user_id)


def mention_all(ids: Iterable[str]) -> str:
    """`<!subteam^S…>` for user groups and `<@U…>` for people, which calls them; groups first."""
    named = sorted(ids, key=lambda one: (not one.startswith("S"), one))
    group = re.compile(r"S[A-Z0-9]{1,30}")
    return " ".join(_called(f"<!subteam^{one}>") if group.fullmatch(one) else mention(one) for one in named)


def _called(token: str) -> str:
    """A mention; its `@` would go to the other end of the name in a text that is read from right to left."""
    return f"{_FSI}{token}{_PDI}" if current().right_to_left else token


def channel_link(channel_id: str) -> str:
    """`<#C…>`; anything that is no channel id is shown as escaped text."""
    return f"<#{channel_id}>" if re.fullmatch(r"[CGD][A-Z0-9]{1,30}", channel_id) else escape(channel_id)


def link(url: str, text: str) -> str:
    """A mrkdwn link to an http(s) address; any other address is shown as text only."""
    if not re.match(r"https?://[^\s<>|]+\Z", url):
        return inert(text)
    return f"<{url.replace('&', '&amp;')}|{inert(text).replace('|', '¦')}>"


def date(epoch: float, *, style: str = "{date_short_pretty} {time}") -> str:
    """A time in the reader's own zone (Slack date token); the fallback says UTC. `epoch`: Unix seconds."""
    seconds = min(max(int(epoch), 0), 253_402_300_799)  # year 9999, the last that datetime knows
    year, month, day, hour, minute, *_ = time.gmtime(seconds)
    fallback = f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02} UTC"
    return f"<!date^{seconds}^{style}|{fallback}>"


def dated(text: str) -> str:
    """Mrkdwn with each moment in it that names UTC (units.format_moment) as a date token, in the reader's own zone."""
    return _MOMENT.sub(_token, said(text))


def _token(found: re.Match[str]) -> str:
    try:
        at = datetime.strptime(found[0], _MOMENT_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return found[0]
    return date(at.timestamp())


def time_text(at: float) -> str:
    """A moment to the second, in the reader's own zone."""
    return date(at, style="{time_secs}")


def plain(text: str, limit: int = TEXT_LIMIT) -> Block:
    """A plain_text object. Nothing in it is parsed by Slack, so it needs no escaping; emoji codes stay text."""
    return {"type": "plain_text", "text": truncate(said(text), limit) or " ", "emoji": False}


def mrkdwn(text: str, limit: int = TEXT_LIMIT) -> Block:
    """A mrkdwn object. People's text must come escaped; verbatim stops Slack from finding mentions by itself."""
    return {"type": "mrkdwn", "text": truncate(in_reading_order(said(text)), limit) or " ", "verbatim": True}


def section(
    text: str, *, accessory: Block | None = None, fields: Sequence[str] = (), block_id: str | None = None
) -> Block:
    """A mrkdwn paragraph, with an element at its right and up to ten fields below."""
    block: Block = {"type": "section", "text": mrkdwn(text)}
    if fields:
        block["fields"] = [mrkdwn(item, FIELD_LIMIT) for item in fields[:FIELDS_LIMIT]]
    if accessory is not None:
        block["accessory"] = accessory
    return _with_id(block, block_id)


def fields(pairs: Mapping[str, str] | Iterable[tuple[str, str]], *, block_id: str | None = None) -> list[Block]:
    """Facts as `*label*` over value, two columns; as many sections as needed. Labels and values are mrkdwn."""
    items = list(pairs.items() if isinstance(pairs, Mapping) else pairs)
    texts = [mrkdwn(f"*{said(label)}*\n{said(value)}", FIELD_LIMIT) for label, value in items]
    parts = [texts[start : start + FIELDS_LIMIT] for start in range(0, len(texts), FIELDS_LIMIT)]
    return [
        _with_id({"type": "section", "fields": part}, block_id if number == 0 else None)
        for number, part in enumerate(parts)
    ]


def context(*texts: str, block_id: str | None = None) -> Block:
    """A block of small grey text."""
    return _with_id({"type": "context", "elements": [mrkdwn(t) for t in texts[:CONTEXT_ELEMENTS_LIMIT]]}, block_id)


def header(text: str) -> Block:
    """A large line of plain text."""
    return {"type": "header", "text": plain(text, HEADER_LIMIT)}


def divider() -> Block:
    """A thin line."""
    return {"type": "divider"}


def actions(*elements: Block, block_id: str | None = None) -> Block:
    """A row of buttons and selects; at most 25."""
    if not 1 <= len(elements) <= ACTIONS_ELEMENTS_LIMIT:
        raise ValueError(f"an actions block holds 1 to {ACTIONS_ELEMENTS_LIMIT} elements, not {len(elements)}")
    return _with_id({"type": "actions", "elements": list(elements)}, block_id)


def confirm(title: str, text: str, *, yes: str, no: str = tr("Cancel")) -> Block:
    """Slack's own "are you sure" dialog, for a button."""
    return {
        "title": plain(title, CONFIRM_TITLE_LIMIT),
        "text": plain(text, CONFIRM_TEXT_LIMIT),
        "confirm": plain(yes, CONFIRM_BUTTON_LIMIT),
        "deny": plain(no, CONFIRM_BUTTON_LIMIT),
    }


def button(
    text: str,
    action_id: str,
    *,
    value: str = "",
    style: Literal["primary", "danger"] | None = None,
    url: str = "",
    confirm: Block | None = None,
    label: str = "",
) -> Block:
    """A button. `value` is the id of a stored row and nothing else. `label` is read to people who do not see it."""
    element: Block = {
        "type": "button",
        "text": plain(text, BUTTON_LIMIT),
        "action_id": _checked(action_id, ID_LIMIT, "action_id"),
    }
    if value:
        element["value"] = _checked(value, BUTTON_VALUE_LIMIT, "value")
    if url:
        element["url"] = _checked(url, URL_LIMIT, "url")
    if label:
        element["accessibility_label"] = truncate(said(label), BUTTON_LIMIT)
    return styled(element | {name: item for name, item in (("style", style), ("confirm", confirm)) if item})


def option(text: str, value: str, *, description: str = "") -> Block:
    """One choice of a select, of checkboxes or of an overflow menu."""
    item: Block = {"text": plain(text, OPTION_LIMIT), "value": _checked(value, OPTION_VALUE_LIMIT, "option value")}
    return item | ({"description": plain(description, OPTION_LIMIT)} if description else {})


def overflow(action_id: str, *options: Block) -> Block:
    """A menu behind three dots: two to five options, each with a value of its own."""
    if not 1 < len(options) <= OVERFLOW_OPTIONS_LIMIT:
        raise ValueError(f"an overflow menu has 2 to {OVERFLOW_OPTIONS_LIMIT} options, not {len(options)}")
    return {"type": "overflow", "action_id": action_id, "options": list(options)}


def modal(
    callback_id: str,
    title: str,
    blocks: Sequence[Block],
    *,
    submit: str | None = None,
    close: str = tr("Cancel"),
    private_metadata: str = "",
    notify_on_close: bool = False,
    external_id: str = "",
) -> dict[str, Any]:
    """A modal view. Raises ValueError when Slack would refuse it (too many blocks, inputs without a submit)."""
    if len(blocks) > VIEW_BLOCKS_LIMIT:
        raise ValueError(f"a view holds {VIEW_BLOCKS_LIMIT} blocks, not {len(blocks)}")
    if submit is None and any(block["type"] == "input" for block in blocks):
        raise ValueError("a modal with input blocks needs a submit text")
    view: dict[str, Any] = {
        "type": "modal",
        "callback_id": _checked(callback_id, ID_LIMIT, "callback_id"),
        "title": plain(title, TITLE_LIMIT),
        "close": plain(close, TITLE_LIMIT),
        "blocks": list(blocks),
        "private_metadata": _checked(private_metadata, PRIVATE_METADATA_LIMIT - SEAL_LENGTH, "private_metadata"),
        "notify_on_close": notify_on_close,
    }
    if submit is not None:
        view["submit"] = plain(submit, TITLE_LIMIT)
    return view | ({"external_id": _checked(external_id, ID_LIMIT, "external_id")} if external_id else {})


def home(blocks: Sequence[Block], *, callback_id: str = "home") -> dict[str, Any]:
    """An App Home view; what is over 100 blocks is left out with a line that says so."""
    return {"type": "home", "callback_id": callback_id, "blocks": fit(blocks, limit=VIEW_BLOCKS_LIMIT, total=60_000)}


def fit(
    blocks: Sequence[Block], *, limit: int = MESSAGE_BLOCKS_LIMIT, total: int = MESSAGE_BLOCKS_TEXT_LIMIT
) -> list[Block]:
    """As many blocks as Slack takes; what is left out comes from the middle, since buttons stand at the end."""
    kept, tail = list(blocks), 3
    left_out = 0
    while len(kept) > tail and (len(kept) + bool(left_out) > limit or sum(map(_weight, kept)) > total):
        kept.pop(-tail - 1)
        left_out += 1
    if left_out:
        kept.insert(len(kept) - tail, context(_left_out(left_out)))
    return kept


def _left_out(parts: int) -> str:
    return trn("{count} more part does not fit here.", "{count} more parts do not fit here.", parts)


def _weight(item: object) -> int:
    if isinstance(item, str):
        return length(item)
    if isinstance(item, Mapping):
        return sum(map(_weight, item.values()))
    return sum(map(_weight, item)) if isinstance(item, list) else 0


def _with_id(block: Block, block_id: str | None) -> Block:
    return block if block_id is None else block | {"block_id": _checked(block_id, ID_LIMIT, "block_id")}


def _checked(text: str, limit: int, name: str) -> str:
    if len(text) > limit:
        raise ValueError(f"{name} has {len(text)} characters; Slack takes {limit}")
    return text
