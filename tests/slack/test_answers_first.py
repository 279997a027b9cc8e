"""A handler makes an answer; what it leaves for later does not."""

import asyncio

from bot.db.answering import answers_wait, is_answer
from bot.slack.delivery import Delivery
from bot.slack.router import Router
from tests.slack import kit


async def test_a_handler_is_an_answer_and_its_background_work_is_not() -> None:
    seen: dict[str, bool] = {}
    done = asyncio.Event()

    async def later() -> None:
        await asyncio.sleep(0)
        seen["later"] = is_answer()
        done.set()

    async def handler(delivery: Delivery) -> None:
        seen["handler"] = is_answer()
        delivery.responder.later(later())

    router = Router()
    router.command("new", handler)
    responder = kit.make_responder()
    await router.dispatch(kit.make_delivery(text="new", responder=responder))
    await asyncio.wait_for(done.wait(), 30)
    assert seen == {"handler": True, "later": False}
    assert not answers_wait()
