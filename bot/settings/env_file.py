"""What is wrong with the names and the lines that settings come from. Pure: loader.py reads them.

Never repeats a line or a value: a token may stand where a name belongs.
"""

import difflib
import io
import re
from collections.abc import Collection, Iterable, Mapping

# The parser by which pydantic-settings reads .env, so that both mean the same by a line.
from dotenv.parser import parse_stream

from bot.typed_text import QUOTES, is_invisible

OURS = "KEYDESK_"
# NAME_FILE names a file that holds the secret NAME.
FILE = "_FILE"
MARKS = frozenset(QUOTES) | frozenset("".join(QUOTES.values()))
_NO_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
# How much alike a name and a setting must be (0 to 1). Other tools have settings that begin with SLACK_ too:
# SLACK_BOT_TOKN is 0.97 like SLACK_BOT_TOKEN, SLACK_BOT_USER_TOKEN 0.86, COMETAPI_URL 0.83 like COMETAPI_BASE_URL.
_ALIKE = {OURS: 0.8, "SLACK_": 0.88, "COMETAPI_": 0.8}
# The token of older Slack tools, by chance one letter away from SLACK_APP_TOKEN.
_OF_OTHERS = frozenset({"SLACK_API_TOKEN"})
# Kubernetes gives every container of a namespace with a Service “keydesk” KEYDESK_SERVICE_HOST, KEYDESK_PORT and more.
_OF_SERVICE = re.compile(r"(?P<service>\w+?)_(?:SERVICE_HOST|SERVICE_PORT\w*|PORT\w*)")


def strays(names: Iterable[str], settings: Collection[str]) -> tuple[str, ...]:
    """A sentence for each name that is meant as a setting and is none: a near miss, or anything that begins with ours.

    A SLACK_… or COMETAPI_… name is nobody's mistake when the setting that it resembles is there as well.
    """
    given = set(names)
    told = []
    for name in sorted(given - set(settings) - _OF_OTHERS):
        prefix = next((prefix for prefix in _ALIKE if name.upper().startswith(prefix)), None)
        if prefix is None or _is_of_service(name, given):
            continue
        bare = name.upper().removeprefix(OURS)
        candidates = [setting for setting in settings if setting.startswith(prefix)]
        alike = difflib.get_close_matches(name.upper(), candidates, n=1, cutoff=_ALIKE[prefix])
        meant = [bare] if bare in settings else alike
        if prefix != OURS and (not meant or meant[0] in given):
            continue
        told.append(f"{name} is not a setting of Keydesk{f'; did you mean {meant[0]}?' if meant else '.'}")
    return tuple(told)


def _is_of_service(name: str, given: Collection[str]) -> bool:
    found = _OF_SERVICE.fullmatch(name)
    return found is not None and f"{found['service']}_SERVICE_HOST" in given


def values_in(text: str) -> dict[str, str]:
    """The names to which a .env file gives a value, with it; a later line wins, as in a shell."""
    bindings = parse_stream(io.StringIO(text))
    return {binding.key: binding.value or "" for binding in bindings if binding.key is not None}


def unquoted(value: str) -> str:
    """Without the white space, the invisible characters and the quotation marks around it, however many pairs.

    A shell and python-dotenv take the marks away; `docker --env-file` and service managers hand them on.
    """
    bare = _visible(value)
    while len(bare) > 1 and bare[-1] in QUOTES.get(bare[0], ""):
        bare = _visible(bare[1:-1])
    return bare


def _visible(value: str) -> str:
    """Without what nobody sees at both ends."""
    begin, end = 0, len(value)
    while begin < end and _is_unseen(value[begin]):
        begin += 1
    while begin < end and _is_unseen(value[end - 1]):
        end -= 1
    return value[begin:end]


def _is_unseen(char: str) -> bool:
    return char.isspace() or is_invisible(char)


def secret_file(name: str, layers: Iterable[Mapping[str, str]]) -> tuple[str, str]:
    """(the file that holds the secret NAME, what is wrong), each "" where there is none.

    `layers`: the environment, then .env; the first one that says NAME or NAME_FILE decides.
    """
    for layer in layers:
        path = unquoted(layer.get(name + FILE, ""))
        if path:
            both = f"{name} and {name}{FILE} are both set; leave one of them out."
            return ("", both) if layer.get(name, "").strip() else (path, "")
        if layer.get(name, "").strip():
            break
    return "", ""


def needs_percent_encoding(url: str) -> bool:
    """Whether the user name or the password of a database URL holds a character that ends it where it should not.

    `p@ss/w#rd` would be read as a password `p` and a host `ss`, and pieces of it would be shown as a host or a path.
    """
    rest = url.partition("://")[2]
    head, _, query = rest.partition("?")
    if "@" in query and not all("=" in part for part in query.split("&")):
        return True
    if head.count("@") > 1:
        return True
    before = head.partition("@")[0] if "@" in head else ""
    if any(sign in before for sign in "/#[]") or _NO_ESCAPE.search(before):
        return True
    return "@" not in head and "@" in query and ":" in head.partition("/")[0]


def broken_lines(text: str) -> list[tuple[int, str]]:
    """Line number and what is wrong, for each statement of a .env file that says nothing."""
    found = []
    for binding in parse_stream(io.StringIO(text)):
        statement = binding.original.string
        # The parser counts empty lines before a statement as part of it.
        line = binding.original.line + statement[: len(statement) - len(statement.lstrip())].count("\n")
        if binding.error:
            found.append((line, _mistake(statement)))
        elif binding.key is not None and binding.value is None:
            found.append((line, "there is no = in it; write NAME=value on one line"))
    return found


def _mistake(statement: str) -> str:
    name, equals, value = statement.strip().removeprefix("export ").partition("=")
    if not equals or " " in name.strip():
        return "it is not NAME=value"
    if not name.strip():
        return "there is no name before the ="
    if value.lstrip()[:1] in {"'", '"'}:
        return "its quotation marks do not fit: end the value with the one it begins with, and write nothing after it"
    return "it is not NAME=value"
