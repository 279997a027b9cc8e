"""blocks.validate, and block types that the workspace is told not to take (slack.md A4, A5)."""

from collections.abc import Collection
from typing import Any

from keydesk_sandbox.fake_slack.blocks import message_problems, view_problems
from keydesk_sandbox.fake_slack.contents import of_types, raise_if
from keydesk_sandbox.fake_slack.errors import ApiError, InvalidArguments
from keydesk_sandbox.fake_slack.web_api.arguments import Arguments
from keydesk_sandbox.fake_slack.web_api.parts import Method, Parts


def refuse_types(refused: Collection[str], arguments: Arguments) -> None:
    """Raises when the call carries a block of a refused type: `invalid_blocks`, or `invalid_arguments` for a view."""
    if not refused:
        return
    raise_if(of_types(refused, arguments.object("blocks", "invalid_blocks_format"), "/blocks"))
    view = arguments.object("view", "invalid_arguments")
    problems = of_types(refused, view.get("blocks") if isinstance(view, dict) else None, "/view/blocks")
    if problems:
        raise InvalidArguments(*map(str, problems))


def _validate(_: Parts, arguments: Arguments) -> dict[str, Any]:
    """Blocks, a message or a view; the answer names each fault with its JSON pointer."""
    if arguments.given("view"):
        view = arguments.object("view", "invalid_arguments")
        raise_if(view_problems(view, "home" if isinstance(view, dict) and view.get("type") == "home" else "modal"))
    elif arguments.given("message"):
        message = arguments.object("message", "invalid_arguments")
        if not isinstance(message, dict):
            raise InvalidArguments("must provide an object [json-pointer:/message]")
        raise_if(message_problems(message.get("blocks", []), "/message/blocks"))
    elif arguments.given("blocks"):
        raise_if(message_problems(arguments.object("blocks", "invalid_blocks_format")))
    else:
        raise ApiError("no_blocks")
    return {}


METHODS = {"blocks.validate": Method(run=_validate, covered="blocks, message or view; JSON pointers; no scope")}
