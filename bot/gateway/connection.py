"""Opens the connection to one gateway: a client with its wire."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

import httpx
from pydantic import SecretStr

from bot.gateway.client import GatewayClient
from bot.gateway.limiter import CallLimiter
from bot.gateway.numbers import KeyNumbers
from bot.gateway.wire import Wire


def connect(
    *,
    base_url: str,
    access_token: SecretStr,
    user_id: str | None = None,
    timeout: float = 30.0,
    transport: httpx.AsyncBaseTransport | None = None,
    proxy: str | None = None,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    rng: random.Random | None = None,
    limiter: CallLimiter | None = None,
    observe: Callable[[str, str, float], None] | None = None,
    numbers: KeyNumbers | None = None,
) -> GatewayClient:
    """One client with one connection pool; close it with `aclose()`. ConfigurationError = unusable settings.

    `proxy`: the address of the proxy to go through. `limiter`: shared by all clients of one address, None = of this
    one alone. `observe` is called after each call with what was done, "ok" or the name of the error class, and its
    seconds. `numbers`: of its keys inside Keydesk, None = as the gateway itself numbers them.
    """
    return GatewayClient(
        wire=Wire(
            base_url=base_url,
            access_token=access_token,
            user_id=user_id,
            timeout=timeout,
            transport=transport,
            proxy=proxy,
            clock=clock,
            sleep=sleep,
            rng=rng or random.Random(),  # noqa: S311  jitter and log references, not secrets
            limiter=limiter,
            observe=observe,
            numbers=numbers,
        ),
    )
