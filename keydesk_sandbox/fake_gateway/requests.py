"""The request log: what arrived, with every known secret replaced by its kind. Keeps no secret."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote

from .wire import HttpCall, LoggedCall

_LOOKS_LIKE_A_KEY = re.compile(r"sk-[0-9A-Za-z]{48}(?![0-9A-Za-z])")


def describe(call: HttpCall, *, secrets_in: Callable[[str], Iterator[tuple[str, str]]], at: float) -> LoggedCall:
    """The log line of a call: secrets named by kind and place, and taken out of query, headers and body."""
    found: list[str] = []

    def clean(place: str, text: str) -> str:
        for secret, kind in tuple(secrets_in(text)):
            found.append(f"{place}: {kind}")
            text = text.replace(f"sk-{secret}", f"<{kind}>").replace(secret, f"<{kind}>")
        if _LOOKS_LIKE_A_KEY.search(text):
            found.append(f"{place}: unknown key")
            text = _LOOKS_LIKE_A_KEY.sub("<unknown key>", text)
        return text

    headers = {name: clean(name, value) for name, value in call.headers.items()}
    if headers.get("authorization") and not any(place.startswith("authorization: ") for place in found):
        found.append("authorization: unknown")
        headers["authorization"] = "<unknown>"
    return LoggedCall(
        at=at,
        method=call.method,
        path=clean("path", call.path),
        query=clean("query", unquote(call.query)) if call.query else "",
        headers=headers,
        body=clean("body", call.body.decode("utf-8", errors="replace")),
        host=call.host,
        client_ip=call.client_ip,
        secrets=tuple(found),
    )
