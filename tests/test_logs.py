import io
import json
import logging
import random
from collections.abc import Iterator
from typing import Any

import pytest

from bot import logs

RNG = random.Random(11)
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"
KEY = "".join(RNG.choices(LETTERS, k=48))
PAT = "pat/" + "".join(RNG.choices(LETTERS, k=20))


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    """Where the logs go; the loggers are as before afterwards."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in logs.QUIET}
    stream = io.StringIO()
    logs.configure(secrets=[PAT, "hush-hush"], stream=stream, human=False)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    for name, old in levels.items():
        logging.getLogger(name).setLevel(old)


def fail(text: str) -> None:
    raise ValueError(text)


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_has_time_level_logger_message_and_what_was_added(out: io.StringIO) -> None:
    logging.getLogger("bot.x").info("Key %d\nmade", 7, extra={"request": 12, "channel": "C1"})
    (line,) = lines(out)
    assert line.pop("time").endswith("Z")
    assert line == {"level": "info", "logger": "bot.x", "message": "Key 7\nmade", "request": 12, "channel": "C1"}


@pytest.mark.parametrize(
    "secret",
    [
        f"sk-{KEY}",
        f"sk-{KEY}-12",
        KEY,
        f"sk-{KEY[:8]}",
        f"xoxb-1234-{KEY[:20]}",
        f"xoxe.xoxp-1-{KEY[:20]}",
        f"xapp-1-A1-{KEY[:20]}",
        f"ghp_{KEY[:36]}",
        "https://hooks.slack.com/actions/T1/2/abc",
        PAT,
        PAT.replace("/", "%2F"),
        "hush-hush",
    ],
)
def test_secrets_are_hidden_wherever_they_are(out: io.StringIO, secret: str) -> None:
    logger = logging.getLogger("bot.x")
    try:
        fail(f"bad {secret}!")
    except ValueError:
        logger.exception("said %s", secret, extra={"body": {"a": [secret], secret: 1}, "thing": io.StringIO})
    logger.warning(f"in the text: {secret}", stack_info=True)  # noqa: G004 also a mistake must not leak
    assert secret not in out.getvalue()
    assert "bad [redacted]" in out.getvalue()
    assert all(line["message"].endswith("[redacted]") for line in lines(out))


def test_payloads_of_libraries_are_not_logged(out: io.StringIO) -> None:
    for name in ("slack_bolt.AsyncApp", "slack_sdk.web", "httpx", "dbos", "uvicorn.access"):
        logger = logging.getLogger(name)
        before, logger.level = logger.level, logging.DEBUG  # as Bolt does: it copies the root's level to its own
        logger.info("the whole body")
        logger.level = before
    assert out.getvalue() == ""


def test_warnings_of_libraries_pass_and_bolts_are_cut(out: io.StringIO) -> None:
    logging.getLogger("slack_bolt.AsyncApp").warning("Unhandled request %s", "b" * 2000)
    logging.getLogger("dbos").warning("d" * 2000)
    first, second = lines(out)
    assert (len(first["message"]), len(second["message"])) == (301, 2000)


def test_a_library_with_a_similar_name_is_not_held_back(out: io.StringIO) -> None:
    logging.getLogger("dbosx").info("hello")
    assert lines(out)[0]["message"] == "hello"


def test_a_terminal_gets_lines_to_read() -> None:
    stream = io.StringIO()
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    try:
        logs.configure(stream=stream, human=True)
        logging.getLogger("bot.x").info("Key made", extra={"request": 12})
        try:
            fail("gone")
        except ValueError:
            logging.getLogger("bot.x").exception("Failed")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    first, second, *trace = stream.getvalue().splitlines()
    assert first[8:].split() == ["[info", "]", "Key", "made", "[bot.x]", "request=12"]
    assert second[8:].split() == ["[error", "]", "Failed", "[bot.x]"]
    assert trace[-1] == "ValueError: gone"


def test_the_level_is_respected(out: io.StringIO) -> None:
    logging.getLogger("bot.x").debug("no")
    assert out.getvalue() == ""


def test_every_line_inside_a_context_carries_its_fields(out: io.StringIO) -> None:
    with logs.log_context(request=12):
        logging.getLogger("bot.deep.inside").info("working")
    logging.getLogger("bot.x").info("after")
    first, second = lines(out)
    assert first["request"] == 12
    assert "request" not in second


async def test_a_job_about_a_request_logs_its_number(out: io.StringIO) -> None:
    async def job(argument: str) -> str:
        logging.getLogger("bot.x").info("at it")
        return argument * 2

    assert await logs.for_request(job)("7") == "77"
    assert lines(out)[0]["request"] == "7"


@pytest.mark.parametrize("human", [True, False])
def test_no_text_moves_the_cursor_or_turns_a_line(human: bool) -> None:
    stream = io.StringIO()
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    hostile = "a\x1b[2Jb\u202ec\u2066d\x9be\u200ff\r"
    try:
        logs.configure(stream=stream, human=human)
        logging.getLogger("bot.x").info("said %s", hostile, extra={"name_": hostile})
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    assert not set("\x1b\u202e\u2066\x9b\u200f\r") & set(stream.getvalue())
    assert "u202e" in stream.getvalue()


def test_a_text_of_a_megabyte_is_cut(out: io.StringIO) -> None:
    logging.getLogger("bot.x").info("x" * 1_000_000)
    assert len(lines(out)[0]["message"]) == logs.LONGEST_TEXT + 1
