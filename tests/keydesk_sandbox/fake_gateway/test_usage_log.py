"""What the account spent: the log of its calls and the sums per day."""

from collections.abc import Callable

from .talk import Talk

DAY = 86_400


def spend(talk: Talk) -> int:
    """Three calls of two keys, the last one a day later; the time of the first."""
    first, second = talk.gateway.add_key(name="ci", remain_quota=10_000), talk.gateway.add_key(name="web")
    talk.gateway.edit_behind(second.id, remain_quota=10_000)
    begun = int(talk.gateway.clock.now())
    for key, model, units in ((first, "gpt-4o", 100), (second, "gpt-4o-mini", 7)):
        talk.gateway.call_model(talk.gateway.key_value(key.id), model=model, units=units)
    talk.gateway.advance(DAY)
    talk.gateway.call_model(talk.gateway.key_value(first.id), model="gpt-4o", units=30)
    return begun


async def test_the_log_is_newest_first_and_is_filtered_by_key_model_and_time(talk: Callable[..., Talk]) -> None:
    t = talk("upstream-g2")
    begun = spend(t)
    rows = (await t.data("/api/log/self"))["items"]
    assert [row["quota"] for row in rows] == [30, 7, 100]
    for query, found in (
        ("token_name=ci", [30, 100]),
        ("model_name=gpt-4o-mini", [7]),
        (f"end_timestamp={begun + 1}", [7, 100]),
        (f"start_timestamp={begun + DAY}", [30]),
        ("token_name=nobody", []),
        ("type=99", []),
    ):
        assert [row["quota"] for row in (await t.data(f"/api/log/self?{query}"))["items"]] == found, query


async def test_the_sums_count_all_that_match_and_the_rate_only_the_last_minute(talk: Callable[..., Talk]) -> None:
    t = talk("upstream-g2")
    spend(t)
    told = await t.data("/api/log/self/stat")
    assert (told["quota"], told["rpm"]) == (137, 1)
    assert (await t.data("/api/log/self/stat?token_name=web"))["quota"] == 7


async def test_spending_comes_per_day_and_model_for_a_month_at_most(talk: Callable[..., Talk]) -> None:
    t = talk("upstream-g2")
    begun = spend(t)
    span = f"start_timestamp={begun - 1}&end_timestamp={begun + 2 * DAY}"
    days = await t.data(f"/api/data/self?{span}")
    assert sorted((row["model_name"], row["count"], row["quota"]) for row in days) == [
        ("gpt-4o", 1, 30), ("gpt-4o", 1, 100), ("gpt-4o-mini", 1, 7),
    ]  # fmt: skip
    too_long = await t.get(f"/api/data/self?start_timestamp=0&end_timestamp={32 * DAY}")
    assert too_long["success"] is False
