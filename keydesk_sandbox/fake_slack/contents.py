"""What an app may put into a message (slack.md A6, G4). Judges and gives back a clean Content; keeps nothing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from keydesk_sandbox.fake_slack.blocks import BlockProblem, message_problems, message_too_long
from keydesk_sandbox.fake_slack.errors import ApiError

MARKDOWN_CHARACTERS = 12_000
ATTACHMENTS = 100
ATTACHMENT_FIELDS = frozenset(
    [
        "actions",
        "author_icon",
        "author_id",
        "author_link",
        "author_name",
        "author_subname",
        "blocks",
        "callback_id",
        "color",
        "fallback",
        "fields",
        "footer",
        "footer_icon",
        "from_url",
        "id",
        "image_url",
        "mrkdwn_in",
        "original_url",
        "preview",
        "pretext",
        "service_icon",
        "service_name",
        "service_url",
        "text",
        "thumb_url",
        "title",
        "title_link",
        "ts",
    ]
)


@dataclass(frozen=True, kw_only=True)
class Content:
    """Text, blocks and attachments; None means: not given."""

    text: str | None
    blocks: list[dict[str, Any]] | None
    attachments: list[dict[str, Any]] | None
    metadata: dict[str, Any] | None


def read_content(arguments: Mapping[str, Any]) -> Content:
    """The content of a message call. Raises ApiError with the names Slack uses."""
    markdown = arguments.get("markdown_text")
    text = arguments.get("text")
    if text is not None and not isinstance(text, str):
        raise ApiError("invalid_arguments", response_metadata={"messages": ["[ERROR] must provide a string"]})
    blocks = _list_of_objects(arguments.get("blocks"), "invalid_blocks_format")
    attachments = _list_of_objects(arguments.get("attachments"), "invalid_attachments")
    if markdown is not None:
        if text is not None or blocks:
            raise ApiError("markdown_text_conflict")
        if len(markdown) > MARKDOWN_CHARACTERS:
            raise ApiError("msg_too_long")
        text = markdown
    if not text and not blocks and not attachments:
        raise ApiError("no_text")
    if blocks is not None:
        raise_if(message_problems(blocks))
        if message_too_long(blocks):
            raise ApiError("msg_blocks_too_long")
    if attachments is not None:
        _check_attachments(attachments)
    return Content(text=text, blocks=blocks, attachments=attachments, metadata=_metadata(arguments.get("metadata")))


def of_types(refused: Collection[str], blocks: Any, at: str) -> list[BlockProblem]:
    """A problem for each block of a type that this workspace is told not to take."""
    return [
        BlockProblem(f"unsupported type: {block['type']}", f"{at}/{index}/type")
        for index, block in enumerate(blocks if isinstance(blocks, list) else [])
        if isinstance(block, dict) and block.get("type") in refused
    ]


def raise_if(problems: list[BlockProblem]) -> None:
    """Raises invalid_blocks with both lists of Slack's answer when there is any problem."""
    if problems:
        texts = [str(problem) for problem in problems]
        raise ApiError(
            "invalid_blocks", errors=texts, response_metadata={"messages": [f"[ERROR] {text}" for text in texts]}
        )


def _list_of_objects(value: Any, code: str) -> list[dict[str, Any]] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise ApiError(code)
    return value


def _check_attachments(attachments: list[dict[str, Any]]) -> None:
    if len(attachments) > ATTACHMENTS:
        raise ApiError("too_many_attachments")
    for number, attachment in enumerate(attachments):
        if attachment.keys() - ATTACHMENT_FIELDS:
            raise ApiError("invalid_attachments", response_metadata={"messages": ["[ERROR] invalid_keys"]})
        if "blocks" in attachment:
            raise_if(message_problems(attachment["blocks"], f"/attachments/{number}/blocks"))


def _metadata(value: Any) -> dict[str, Any] | None:
    if value is None or value == {}:
        return value if value is None else {}
    if (
        not isinstance(value, dict)
        or not isinstance(value.get("event_type"), str)
        or not value["event_type"]
        or not isinstance(value.get("event_payload"), dict)
    ):
        raise ApiError("invalid_metadata_format")
    return value
