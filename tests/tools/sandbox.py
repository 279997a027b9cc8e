"""`keydesk sandbox` as a process of its own, for tests that play it from outside."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from tests.tools.ports import free_port

START_SECONDS, STOP_SECONDS = 60.0, 30.0
ROOT = Path(__file__).parent.parent.parent


@contextlib.asynccontextmanager
async def sandbox(*options: str) -> AsyncIterator[str]:
    """`keydesk sandbox` as a process of its own; yields its address."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "sandbox", "--no-open", "--port", str(port), *options,
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    said: list[str] = []
    try:
        async with asyncio.timeout(START_SECONDS):
            while not said or "Keydesk sandbox" not in said[-1]:
                line = await process.stdout.readline()
                assert line, f"the sandbox ended: {''.join(said)}"
                said.append(line.decode())
        yield f"http://127.0.0.1:{port}"
        assert process.returncode is None
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        rest = await asyncio.wait_for(process.stdout.read(), STOP_SECONDS)
        assert await process.wait() == 0
        assert "Traceback" not in rest.decode(), rest.decode()
