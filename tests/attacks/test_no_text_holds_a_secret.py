"""No secret that somebody types is in a row, a message, a log line or a trace, whatever field, trick and secret it is.

Every field of every form, every command, every source of alerts and every name of a key, over the real wire.
"""

import contextlib
import importlib
import io
import json
import pkgutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import bot
from bot.approvals.models import Status
from bot.audit.tables import lines
from bot.db.engine import Database
from bot.db.safe_types import SafeJson, SafeText
from bot.redaction import HIDDEN
from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack.views import View
from keydesk_sandbox.world import serving
from tests.approvals.kit import ADA as REQUESTER
from tests.approvals.kit import MIRA as MANAGER
from tests.approvals.kit import Spine
from tests.attacks.tricks import CORE, TRICKS
from tests.scenarios.alerting import everything, post
from tests.scenarios.conftest import OpenDesk, both, desk_with
from tests.scenarios.desk import Desk, view_text
from tests.scenarios.operating import open_form, owned

__all__ = ["both", "desk_with"]
ADA, MIRA, SAM = seed.ENGINEER, seed.MANAGER, seed.SECURITY
# A person has a share of commands and clicks a minute; what is over it is not looked at.
A_MINUTE = 61
REFUSED = "looks like the value of a key"
# What a field of each form must hold beside the one that is tried; fields that are missing here may stay empty.
CREATE = {"name": "search", "remain_quota": "900k", "expired_time": "90d"}
COMMANDS = (
    "{}", "new {}", "list {}", "show {}", "edit {}", "quota {}", "quota 101 +5 {}", "disable {}", "disable 101 {}", "enable {}",
    "rotate {}", "delete {}", "end {}", "audit {}", "why {}", "why key.disable {}", "requests {}", "disable all of {}",
    "disable created before {}", "help {}",
)  # fmt: skip


@contextlib.asynccontextmanager
async def collector() -> AsyncIterator[tuple[str, list[bytes]]]:
    """A collector of traces; what it was sent."""
    got: list[bytes] = []

    async def take(request: Request) -> Response:
        got.append(await request.body())
        return Response(status_code=200)

    async with serving(Starlette(routes=[Route("/v1/traces", take, methods=["POST"])])) as address:
        yield address, got


def own_secrets(desk: Desk) -> dict[str, str]:
    world = desk.world
    named = {
        "access token": world.access_token,
        "bot token": world.bot_token,
        "signing secret": world.signing_secret,
    }
    return named | {f"secret of {source}": secret for source, secret in world.alert_secrets.items()}


def squeezed(text: str) -> str:
    return "".join(char for char in text if char.isascii() and char.isalnum())


def found_in(text: str, secrets: list[str]) -> list[str]:
    """Secrets of which a good part stands in a text, whatever stands between its characters."""
    haystack = squeezed(text)
    pieces = {secret: squeezed(secret) for secret in secrets}
    return [
        secret
        for secret, plain in pieces.items()
        if any(plain[at : at + 16] in haystack for at in range(0, max(1, len(plain) - 15), 4))
    ]


async def assert_nowhere(desk: Desk, log: io.StringIO, traces: list[bytes], folder: Path) -> None:
    await desk.app.responder.drain(grace=10)
    encoded = [trick(CORE) for name, trick in TRICKS.items() if name.startswith("in base64") or "digits" in name]
    secrets = [CORE, *encoded, *own_secrets(desk).values()]
    said = [m for channel in desk.slack.workspace.channels for m in desk.slack.messages(channel)]
    private = [m for user in (ADA, MIRA, SAM) for m in desk.slack.dm(user)]
    files = [path for path in folder.rglob("keydesk.sqlite*") if path.is_file()]  # noqa: ASYNC240  # a test may wait
    assert files or desk.app.database.dialect == "postgresql"
    surfaces = {
        "rows, calls, metrics": everything(desk),
        "messages": repr(said) + repr(private),
        "answers": json.dumps([d.answer.body for d in desk.slack.sent if d.answer], default=str),
        "log": log.getvalue(),
        "traces": b"".join(traces).decode("latin-1"),
        **{path.name: path.read_bytes().decode("latin-1") for path in files},
    }
    assert {name: found_in(text, secrets) for name, text in surfaces.items() if found_in(text, secrets)} == {}
    assert log.getvalue().count("\n") > 1


Open = Callable[[Desk], Awaitable[tuple[str, View]]]


def form(user: str, word: str) -> Open:
    async def opened(desk: Desk) -> tuple[str, View]:
        operation = f"key.{'update' if word == 'edit' else word}"
        record = desk.key("dead" if word == "enable" else "own")
        return user, await open_form(desk, user, f"/apikey {word} {record.id}", operation=operation)

    return opened


async def new(desk: Desk) -> tuple[str, View]:
    return ADA, await open_form(desk, ADA, "/apikey new", operation="key.create")


def on_card(action: str, callback: str) -> Open:
    async def opened(desk: Desk) -> tuple[str, View]:
        for view in reversed(desk.slack.open_views(MIRA)):
            await desk.slack.close_view(MIRA, view)
        await desk.slack.click(MIRA, desk.card(1), action)
        await desk.eventually(lambda: desk.slack.top_view(MIRA).body["callback_id"] == callback)
        return MIRA, desk.slack.top_view(MIRA)

    return opened


async def batch(desk: Desk) -> tuple[str, View]:
    own, other = desk.key("own").id, desk.key("other").id
    return SAM, await open_form(desk, SAM, f"/apikey disable {own} {other}", operation="batch.start")


FORMS: dict[str, tuple[Open, dict[str, str]]] = {
    "create": (new, CREATE),
    **{word: (form(ADA, word), {}) for word in ("edit", "quota", "disable", "enable", "rotate", "end")},
    "delete": (form(ADA, "delete"), {"confirm": "own"}),
    "deny": (on_card("deny", "request.deny"), {}),
    "offer": (on_card("approve_with_changes", "request.offer"), {}),
    "batch": (batch, {"confirm": "DISABLE 2", "reason": "why"}),
}


def text_fields(view: View) -> dict[str, str]:
    """Names of fields, and what stands in them."""
    inputs = [block for block in view.body["blocks"] if block["type"] == "input"]
    texts = [(block["block_id"], block["element"]) for block in inputs]
    return {name: one.get("initial_value", "") for name, one in texts if one["type"] == "plain_text_input"}


async def refuses_all(desk: Desk, name: str, texts: list[str]) -> dict[str, int]:
    """Every text in every field of a form; how many were sent in each."""
    opened, others = FORMS[name]
    user, view = await opened(desk)
    sent: dict[str, int] = {}
    assert text_fields(view), view_text(view)
    for field, before in text_fields(view).items():
        await desk.fill(user, desk.slack.top_view(user), **{n: v for n, v in others.items() if n != field})
        for number, text in enumerate(texts):
            if number % 20 == 0:
                await desk.pass_time(A_MINUTE)
            await desk.slack.type_in(user, desk.slack.top_view(user), field, text)
            # Nobody sends more than 60 commands and clicks in a minute, however fast the machine is.
            await desk.pass_time(3.0)
            answer = await desk.slack.submit(user, desk.slack.top_view(user))
            if not answer.body and desk.slack.top_view(user).errors:
                continue  # too long, or with a line break: the client itself does not send it
            assert REFUSED in (answer.body.get("errors") or {}).get(field, ""), (name, field, text, answer)
            sent[field] = sent.get(field, 0) + 1
        await desk.slack.type_in(user, desk.slack.top_view(user), field, others.get(field, before))
    assert sorted(sent) == sorted(text_fields(view))
    return sent


@pytest.mark.parametrize("name", FORMS)
async def test_no_field_takes_a_secret(desk_with: OpenDesk, log: io.StringIO, tmp_path: Path, name: str) -> None:
    async with collector() as (address, traces):
        async with desk_with(OTEL_EXPORTER_OTLP_ENDPOINT=address) as desk:
            await owned(desk, name="own")
            await owned(desk, name="other")
            await owned(desk, name="dead", status=2)
            if name in {"deny", "offer"}:
                await desk.ask(ADA, **CREATE)
                await desk.eventually(desk.card)
            texts = [trick(CORE) for trick in TRICKS.values()]
            texts += [
                TRICKS[trick](secret) for secret in own_secrets(desk).values() for trick in ("plain", "in pieces")
            ]
            assert min((await refuses_all(desk, name, texts)).values()) > len(texts) / 2
            await assert_nowhere(desk, log, traces, tmp_path)
        assert traces
        assert found_in(b"".join(traces).decode("latin-1"), [CORE]) == []


@pytest.mark.parametrize("user", [ADA, SAM, seed.GUEST, seed.OUTSIDER])
async def test_no_command_keeps_a_secret(desk_with: OpenDesk, log: io.StringIO, tmp_path: Path, user: str) -> None:
    async with desk_with() as desk:
        texts = [trick(CORE) for trick in TRICKS.values()] + list(own_secrets(desk).values())
        channel = "C0PARTNER" if user == seed.OUTSIDER else seed.KEYS_CHANNEL
        for number, text in enumerate(texts):
            # Each text with a third of the commands, each command with a third of the texts.
            for command in COMMANDS[number % 3 :: 3]:
                answer = await desk.slack.command(user, channel, f"/apikey {command.format(text)}")
                assert "in a minute" not in str(answer.body)
            await desk.pass_time(A_MINUTE)
            for view in reversed(desk.slack.open_views(user)):
                assert found_in(view_text(view), [CORE, *own_secrets(desk).values()]) == []
                await desk.slack.close_view(user, view)
        await assert_nowhere(desk, log, [], tmp_path)


@pytest.mark.parametrize("field", ["title", "text", "url", "id"])
async def test_no_alert_keeps_a_secret(both: OpenDesk, log: io.StringIO, tmp_path: Path, field: str) -> None:
    async with both() as desk:
        texts = [trick(CORE) for trick in TRICKS.values()]
        texts += own_secrets(desk).values()
        for number, text in enumerate(texts):
            body = {"id": f"n{number}", "title": "a leak", "text": "see it", "url": "https://x.test/1"}
            body[field] = f"https://x.test/{text}" if field == "url" else text
            assert (await post(desk, "generic", json.dumps(body).encode())).status_code == 202
        await desk.eventually(lambda: desk.said("Alert ", seed.SECURITY_CHANNEL))
        await assert_nowhere(desk, log, [], tmp_path)


async def test_a_name_that_is_a_secret_is_shown_nowhere_and_its_key_can_still_be_disabled(
    both: OpenDesk, log: io.StringIO, tmp_path: Path
) -> None:
    async with both() as desk:
        named = [TRICKS["plain"](CORE), TRICKS["zero-width space"](CORE), *own_secrets(desk).values()]
        records = [await owned(desk, name=name) for name in named]
        for record in records:
            for command in ("list", f"show {record.id}", f"audit {record.id}", f"why key.disable {record.id}"):
                await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey {command}")
        await desk.slack.open_home(ADA)
        for number, record in enumerate(records[:3], 1):
            view = await open_form(desk, ADA, f"/apikey disable {record.id}", operation="key.disable")
            assert found_in(json.dumps(view.body), [CORE, *own_secrets(desk).values()]) == []
            assert (await desk.slack.submit(ADA, view)).ok
            asked = max(line["request_id"] for line in await desk.audit("asked"))
            assert (await desk.settled(asked)).status is Status.SUCCEEDED
            view = await open_form(desk, ADA, f"/apikey edit {record.id}", operation="key.update")
            await desk.fill(ADA, view, name=f"better {number}")
            assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok
        await assert_nowhere(desk, log, [], tmp_path)


async def test_behind_the_forms_the_store_and_the_messages_hold_none(database: Database) -> None:
    """What comes by another way than a form is stored, without the secret."""
    spine = Spine(database)
    await spine.ask(reason=f"see sk-{CORE}", group=CORE, name="ok")
    await spine.actions.deny(1, MANAGER, REQUESTER, reason=f"no: sk-{CORE[:24]}\n{CORE[24:]}")
    row = await spine.row()
    assert (row.reason, row.denial) == (f"see {HIDDEN}", f"no: {HIDDEN}")
    with database.engine.connect() as c:
        names = sa.inspect(c).get_table_names()
        stored = " ".join(str(row) for name in names for row in c.execute(sa.text(f'SELECT * FROM "{name}"')))
    assert found_in(stored, [CORE]) == []


def _ours(name: str) -> bool:
    """Migrations hold the schema as it was; `__main__` runs."""
    return "migrations" not in name and "__main__" not in name


def test_every_column_that_can_hold_a_text_of_people_lets_no_secret_in() -> None:
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(bot.__path__, "bot.")
        if _ours(found.name)
    ]
    tables = {one for module in modules for one in vars(module).values() if isinstance(one, sa.Table)} - {lines}
    assert {"requests", "keys", "posts", "alerts", "batches", "batch_keys", "notes"} <= {table.name for table in tables}
    open_columns = [
        f"{table.name}.{column.name}"
        for table in tables
        for column in table.columns
        if isinstance(column.type, sa.Text | sa.JSON) and not isinstance(column.type, SafeText | SafeJson)
    ]
    assert open_columns == []
    # The record redacts before it hashes, so its column must not change what it is given.
    assert type(lines.c.details.type) is sa.Text


def test_nothing_of_this_file_is_vacuous() -> None:
    assert found_in("a B3dE5fG7hJ9", [CORE]) == []
    assert found_in(f"x {CORE[:10]} \u200b{CORE[10:]}", [CORE]) == [CORE]
    assert found_in(f"x {CORE[24:]}", [CORE]) == [CORE]
