"""Every way to run it, as its own file says: SIGTERM under load; a database that is not there yet; two that migrate."""

import asyncio
import contextlib
import re
import shlex
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.approvals.models import Status
from keydesk_sandbox import seed
from tests.crash.house import House, Nursery, Process, open_house
from tests.crash.test_database_faults import Cluster, cluster  # noqa: F401  # a fixture
from tests.crash.test_stop import SMALL, _submit_anyway

ROOT = Path(__file__).parents[2]
ADA, KEYS = seed.ENGINEER, seed.KEYS_CHANNEL
# What systemd, Kubernetes and Compose are told to wait before they kill.
STOP_SECONDS = 30.0


def arguments_of(words: list[str]) -> list[str]:
    """What follows `keydesk`, or `python -m bot`."""
    at = next(number for number, word in enumerate(words) if Path(word).name in {"keydesk", "bot"})
    return words[at + 1 :]


def procfile() -> list[list[str]]:
    lines = (ROOT / "Procfile").read_text().splitlines()
    found = dict(line.split(": ", 1) for line in lines)
    return [arguments_of(shlex.split(found[name])) for name in ("worker", "web")]


def unit() -> list[list[str]]:
    text = (ROOT / "deploy" / "systemd" / "keydesk.service").read_text()
    assert "KillSignal=SIGTERM" in text
    assert f"TimeoutStopSec={STOP_SECONDS:.0f}" in text
    return [arguments_of(shlex.split(re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)[0]))]


def image() -> list[list[str]]:
    text = (ROOT / "Dockerfile").read_text()
    words = [yaml.safe_load(re.findall(rf"^{name} (\[.*\])$", text, re.MULTILINE)[0]) for name in ("ENTRYPOINT", "CMD")]
    return [arguments_of(words[0] + words[1])]


def chart() -> list[list[str]]:
    """Worker first: Slack sends to the process that was started last."""
    objects = yaml.safe_load_all((ROOT / "tests" / "deploy" / "rendered.yaml").read_text())
    pods = [one["spec"]["template"]["spec"] for one in objects if one and one["kind"] == "Deployment"]
    found = [list(pod["containers"][0]["args"]) for pod in pods]
    assert all(pod.get("terminationGracePeriodSeconds", 30) >= STOP_SECONDS for pod in pods)
    return sorted(found, key=lambda words: "work" not in words)


FORMS = {"Procfile": procfile, "chart": chart, "systemd": unit, "image": image}


async def stops_under_load(house: House, forms: list[list[str]]) -> None:
    processes = [await house.start(*words, quick=False) for words in forms]
    views = []
    for number in range(8):
        await house.slack.command(ADA, KEYS, "/apikey new")
        view = house.slack.top_view(ADA)
        await house.desk.fill(ADA, view, **{**SMALL, "name": f"k{number}"})
        views.append(view)
    answers = [asyncio.create_task(_submit_anyway(house, view)) for view in views]
    # The first is answered, so its run is under way; the others are at every stage before it.
    await asyncio.wait(answers, return_when=asyncio.FIRST_COMPLETED)
    for process in processes:
        process.kill(signal.SIGTERM)
    good = sum(await asyncio.gather(*answers))
    codes = [await process.end(seconds=STOP_SECONDS) for process in processes]
    assert codes == [0] * len(processes), [process.said()[-1500:] for process in processes]
    assert not any("Traceback" in process.said() for process in processes)
    assert good >= 1
    again = [await house.start(*words) for words in forms]
    requests = await house.requests()
    assert len(requests) >= good
    for request in requests:
        assert (await house.settled(request.id)).status is Status.SUCCEEDED
    made = [name for name in house.names() if name.startswith("k")]
    assert sorted(made) == sorted({request.key_name for request in requests})
    assert house.verdict().problems == ()
    assert [await process.end(seconds=STOP_SECONDS) for process in again] == [0] * len(again)


ALONE, APART = [["serve"]], [["work"], ["serve", "--no-worker"]]


def test_every_form_is_one_of_those_that_are_stopped_below() -> None:
    assert {name: form() for name, form in FORMS.items()} == {
        "Procfile": APART,
        "chart": APART,
        "systemd": ALONE,
        "image": ALONE,
    }


async def test_sigterm_under_load_on_sqlite(house: House) -> None:
    await stops_under_load(house, ALONE)


@pytest.mark.thorough
@pytest.mark.postgres
@pytest.mark.parametrize("forms", [ALONE, APART], ids=["alone", "apart"])
async def test_sigterm_under_load_on_postgresql(pg_house: House, forms: list[list[str]]) -> None:
    await stops_under_load(pg_house, forms)


@contextlib.contextmanager
def stopped(server: Cluster) -> Iterator[None]:
    server.control("-m", "fast", "stop")
    yield
    server.control("-m", "fast", "restart")


async def hears(process: Process, words: str) -> None:
    async with asyncio.timeout(60):
        while words not in process.said():
            assert process.alive, process.said()
            await asyncio.sleep(0.02)


@pytest.mark.thorough
@pytest.mark.postgres
async def test_a_database_that_is_not_there_yet_is_waited_for(
    tmp_path: Path,
    cluster: Cluster,  # noqa: F811
    nursery: Nursery,
) -> None:
    """An empty one, too: the tables are made when it is there."""
    url = cluster.url.replace("+psycopg", "")
    async with open_house(tmp_path, database_url=url, nursery=nursery) as house:
        with stopped(cluster):
            process = await house.start(wait=False)
            await hears(process, "does not answer yet")
        await house.ready(process, seconds=60)
        house.slack.bot_url = f"http://127.0.0.1:{process.port}/slack/events"
        assert (await house.slack.command(ADA, KEYS, "/apikey help")).ok
        assert "Traceback" not in process.said()
        assert await process.end() == 0


@pytest.mark.postgres
async def test_two_processes_that_migrate_at_once(tmp_path: Path, empty_postgres_url: str, nursery: Nursery) -> None:
    async with open_house(tmp_path, database_url=empty_postgres_url, nursery=nursery) as house:
        both = [await house.start("migrate", wait=False) for _ in range(2)]
        codes = [await asyncio.wait_for(asyncio.shield(process.ended), 60) for process in both]
        assert codes == [0, 0], [process.said() for process in both]
        done: list[Any] = [re.findall(r"applied (\S+)", process.said()) for process in both]
        assert len(done[0] + done[1]) == len(set(done[0] + done[1])) > 5
        process = await house.start()
        assert await process.end() == 0


@pytest.mark.thorough
async def test_a_new_signing_secret_in_its_file_is_in_force_without_a_restart(house: House, tmp_path: Path) -> None:
    secret, fresh = tmp_path / "signing", "f" * 32
    secret.write_text(house.world.signing_secret)
    process = await house.start(SLACK_SIGNING_SECRET="", SLACK_SIGNING_SECRET_FILE=str(secret))
    assert (await house.slack.command(ADA, KEYS, "/apikey help")).ok
    secret.write_text(f"{fresh}\n")
    await hears(process, "a new SLACK_SIGNING_SECRET is in force")
    assert (await house.slack.command(ADA, KEYS, "/apikey help")).status == 401
    house.slack.deliveries._secret = fresh.encode()
    assert (await house.slack.command(ADA, KEYS, "/apikey help")).ok
    assert fresh not in process.said()
    assert await process.end() == 0
