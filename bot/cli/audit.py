"""`keydesk audit export | verify`: the record as lines, and the proof that it is whole. Knows no argparse."""

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from bot import audit
from bot.approvals.record_check import disagreements
from bot.audit.formats import as_csv, as_ocsf
from bot.audit.signed_head import Head, HeadSigner, UntrustedHead, read_anchor, read_head
from bot.db.engine import Database
from bot.errors import CannotStart, ConfigurationError
from bot.settings import PartialSettings, proxies
from bot.slack.errors import SlackError
from bot.slack.web_client import SlackWebClient

FORMATS: dict[str, Callable[[Iterable[str]], Iterator[str]]] = {"jsonl": iter, "csv": as_csv, "ocsf": as_ocsf}
# A signed note is short, and so is the last line of an export.
_TAIL = 65_536
# Anchors are written once a day; other messages may stand between them.
_PAGE, _MOST_PAGES = 200, 50


def signer_of(partial: PartialSettings) -> HeadSigner | None:
    """What signs heads; None when the signing secret is not set here."""
    if not partial.usable("SLACK_SIGNING_SECRET"):
        return None
    return HeadSigner(partial.settings.slack_signing_secret.get_secret_value())


def export_record(
    database: Database, *, out: TextIO, err: TextIO, signer: HeadSigner | None = None, form: str = "jsonl"
) -> int:
    """Write every line of the record, oldest first, and the head; 0."""
    lines = audit.export(database, sign=None if signer is None else signer.sign)
    out.writelines(f"{line}\n" for line in FORMATS[form](lines))
    if signer is None:
        err.write("keydesk: SLACK_SIGNING_SECRET is not set here, so the head is not signed.\n")
    return 0


def verify_record(database: Database, *, out: TextIO, heads: Iterable[Head] = ()) -> int:
    """Write `ok: N lines` and return 0, or the first thing that is wrong and return 1: in the record, then in the rows.

    `heads`: earlier ones.
    """
    earlier = tuple(heads)
    verdict = audit.verify_database(database, heads=earlier)
    if not verdict.problems:
        with database.engine.connect() as c:
            wrong = list(disagreements(c))
        if wrong:
            out.write(f"{wrong[0]}{_more(len(wrong) - 1)}\n")
            return 1
        highest = max((head.count for head in earlier), default=0)
        after = f", and they go on from the head after line {highest}" if earlier else ""
        out.write(f"ok: {verdict.count} lines{after}\n")
        return 0
    out.write(f"{verdict.problems[0].sentence}{_more(len(verdict.problems) - 1)}\n")
    return 1


def _more(others: int) -> str:
    return f" ({others} more)" if others else ""


def kept_head(path: Path, signer: HeadSigner | None) -> Head:
    """The head that was kept in a file. Raises ConfigurationError for no file, UntrustedHead for no head of ours."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL))
            tail = file.read()
        # Of a long export only the last line counts; the first piece may begin within a character.
        text = (tail if size <= _TAIL else tail.partition(b"\n")[2]).decode("utf-8-sig")
        return read_head(text, signer)
    except OSError as error:
        raise ConfigurationError([f"{path} cannot be read: {error.strerror}."]) from None
    except UnicodeDecodeError:
        raise UntrustedHead("There is no head in it: it is not UTF-8 text.") from None


def anchored_heads(partial: PartialSettings) -> list[Head]:
    """The heads in the anchor channel. Raises ConfigurationError without the settings, CannotStart without Slack."""
    settings = partial.settings
    missing = [
        partial.problems[name] for name in ("SLACK_BOT_TOKEN", "KEYDESK_ANCHOR_CHANNEL") if name in partial.problems
    ]
    if settings.keydesk_anchor_channel is None and not missing:
        missing = ["KEYDESK_ANCHOR_CHANNEL is not set, so there are no anchors to compare with."]
    if missing:
        raise ConfigurationError(missing)
    web = SlackWebClient(token=settings.slack_bot_token, api_url=settings.slack_api_url, proxy_of=proxies().of_url)
    return asyncio.run(read_anchors(web, settings.keydesk_anchor_channel or ""))


async def read_anchors(web: SlackWebClient, channel: str) -> list[Head]:
    """The heads that Keydesk itself wrote into a channel, newest first; closes `web`. Raises CannotStart."""
    found: list[Head] = []
    try:
        me = await web.read("auth.test")
        arguments: dict[str, Any] = {"channel": channel, "limit": _PAGE}
        for _ in range(_MOST_PAGES):
            page = await web.read("conversations.history", **arguments)
            messages = page.get("messages")
            for message in messages if isinstance(messages, list) else []:
                # Only what Keydesk itself wrote: anybody in the channel can write such a sentence.
                if isinstance(message, Mapping) and message.get("bot_id") and message.get("bot_id") == me.get("bot_id"):
                    head = read_anchor(str(message.get("text", "")))
                    found += [] if head is None else [head]
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                break
            arguments["cursor"] = cursor
    except SlackError as error:
        raise CannotStart(
            f"The anchor channel cannot be read: {getattr(error, 'code', '') or 'Slack is away'}."
        ) from None
    finally:
        await web.close()
    return found
