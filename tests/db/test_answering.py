import asyncio

from bot.db.answering import answering, answers_wait, is_answer, leave


async def test_what_runs_for_an_answer_knows_it_and_what_goes_on_after_it_leaves() -> None:
    seen: list[bool] = []

    async def helper() -> None:
        seen.append(is_answer())

    async def later() -> None:
        leave()
        seen.append(is_answer())

    with answering():
        await asyncio.gather(helper(), later())
        assert is_answer()
        assert answers_wait()
    assert seen == [True, False]
    assert not is_answer()
    assert not answers_wait()
