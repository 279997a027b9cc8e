"""What an app may put into a message."""

from typing import Any

import pytest

from keydesk_sandbox.fake_slack.contents import ATTACHMENTS, read_content
from keydesk_sandbox.fake_slack.errors import ApiError

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "x"}}


def test_a_clean_content_comes_back() -> None:
    metadata = {"event_type": "t", "event_payload": {"id": "p1"}}
    found = read_content({"text": "hi", "blocks": [SECTION], "metadata": metadata})
    assert (found.text, found.blocks, found.metadata) == ("hi", [SECTION], metadata)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"blocks": [{"type": "section"}]}, "invalid_blocks"),
        ({"text": "x", "attachments": [{}] * (ATTACHMENTS + 1)}, "too_many_attachments"),
        ({"text": "x", "attachments": [{"colour": "red"}]}, "invalid_attachments"),
        ({"text": "x", "metadata": {"event_type": ""}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": 7}, "invalid_metadata_format"),
    ],
)
def test_what_is_refused_has_slacks_word(arguments: dict[str, Any], code: str) -> None:
    with pytest.raises(ApiError) as caught:
        read_content(arguments)
    assert caught.value.code == code
