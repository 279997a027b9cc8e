"""Section 8 and 19.7: pages, search, one record, delete, reveal, batches."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.keydesk_sandbox.fake_gateway.talk import Talk, add_many


async def ids(t: Talk, query: str) -> list[int]:
    return [item["id"] for item in (await t.data(f"/api/token/{query}"))["items"]]


async def test_the_list_is_newest_first_with_ten_to_a_page_by_default(talk: Callable[..., Any]) -> None:
    t = talk()
    add_many(t, 12)
    page = await t.data("/api/token/")
    assert (page["page"], page["page_size"], page["total"]) == (1, 10, 12)
    assert [item["id"] for item in page["items"]] == list(range(112, 102, -1))


@pytest.mark.parametrize("query", ["?page_size=0", "?page_size=abc", "?page_size=", "?p=0", "?p=abc"])
async def test_nonsense_means_the_default(talk: Callable[..., Any], query: str) -> None:
    t = talk()
    add_many(t, 12)
    page = await t.data(f"/api/token/{query}")
    assert (page["page"], page["page_size"], len(page["items"])) == (1, 10, 10)


@pytest.mark.parametrize("query", ["?page_size=3", "?ps=3", "?size=3", "?page_size=0&ps=3", "?page_size=3&size=9"])
async def test_the_page_size_has_two_aliases(talk: Callable[..., Any], query: str) -> None:
    t = talk()
    add_many(t, 12)
    assert await ids(t, query) == [112, 111, 110]


async def test_more_than_a_hundred_to_a_page_becomes_a_hundred(talk: Callable[..., Any]) -> None:
    t = talk()
    add_many(t, 102)
    page = await t.data("/api/token/?page_size=1000")
    assert (page["page_size"], len(page["items"])) == (100, 100)
    assert await ids(t, "?page_size=1000&p=2") == [102, 101]


async def test_a_negative_page_is_echoed_and_shows_the_first_rows(talk: Callable[..., Any]) -> None:
    t = talk()
    add_many(t, 3)
    page = await t.data("/api/token/?p=-4&page_size=2")
    assert (page["page"], [item["id"] for item in page["items"]]) == (-4, [103, 102])


async def test_a_negative_page_size_turns_the_limit_off(talk: Callable[..., Any]) -> None:
    t = talk()
    add_many(t, 120)
    page = await t.data("/api/token/?page_size=-1")
    assert (page["page_size"], len(page["items"])) == (-1, 120)


async def test_past_the_end_there_are_no_items_and_the_true_total(talk: Callable[..., Any]) -> None:
    t = talk()
    add_many(t, 3)
    page = await t.data("/api/token/?p=9")
    assert (page["items"], page["total"]) == ([], 3)


async def test_offset_paging_repeats_a_row_after_a_create_and_skips_one_after_a_delete(
    talk: Callable[..., Any],
) -> None:
    t = talk()
    add_many(t, 6)
    assert await ids(t, "?page_size=2&p=1") == [106, 105]
    t.gateway.add_key()
    assert await ids(t, "?page_size=2&p=2") == [105, 104]
    await t.send("DELETE", "/api/token/107")
    await t.send("DELETE", "/api/token/106")
    assert await ids(t, "?page_size=2&p=2") == [103, 102]


async def test_foreign_and_deleted_keys_are_not_listed(talk: Callable[..., Any]) -> None:
    t = talk()
    add_many(t, 2)
    t.gateway.add_key(user_id=2)
    await t.send("DELETE", "/api/token/102")
    page = await t.data("/api/token/")
    assert ([item["id"] for item in page["items"]], page["total"]) == ([101], 1)


async def test_g1_search_finds_fragments_in_a_flat_array(talk: Callable[..., Any]) -> None:
    t = talk()
    add_many(t, 12)
    found = await t.data("/api/token/search", params={"keyword": "ey-1"})
    assert [item["name"] for item in found] == ["key-11", "key-10", "key-1"]
    value = t.gateway.key_value(105)
    assert [item["id"] for item in await t.data("/api/token/search", params={"token": value})] == [105]


@pytest.mark.parametrize(
    ("keyword", "expected"),
    [
        ("key-1", ["key-1"]),
        ("ey-1", []),
        ("key-1%", ["key-11", "key-10", "key-1"]),
        ("%ey-1%", ["key-11", "key-10", "key-1"]),
        ("%-11", ["key-11"]),
        ("k_y-1", []),
        ("k%-1%", ["key-11", "key-10", "key-1"]),
        ("", [f"key-{n}" for n in range(11, 1, -1)]),
    ],
)
async def test_g2_search_is_exact_unless_percent_is_used_and_comes_in_pages(
    talk: Callable[..., Any], keyword: str, expected: list[str]
) -> None:
    t = talk("upstream")
    add_many(t, 12)
    page = await t.data("/api/token/search", params={"keyword": keyword})
    assert [item["name"] for item in page["items"]] == expected
    assert page["page"] == 1


@pytest.mark.parametrize("keyword", ["%a%b%c", "ab%%", "%a", "%"])
async def test_g2_search_refuses_wild_patterns(talk: Callable[..., Any], keyword: str) -> None:
    assert not (await talk("upstream").get("/api/token/search", params={"keyword": keyword}))["success"]


async def test_g2_search_refuses_percent_to_accounts_over_their_limit(talk: Callable[..., Any]) -> None:
    t = talk("upstream")
    add_many(t, 3)
    t.gateway.switch("max_keys", 2)
    assert not (await t.get("/api/token/search", params={"keyword": "key%"}))["success"]
    assert (await t.get("/api/token/search", params={"keyword": "key-1"}))["success"]


async def test_keys_are_shown_in_full_on_cometapi_and_masked_upstream(talk: Callable[..., Any]) -> None:
    full, masked = talk(), talk("upstream")
    full.gateway.add_key()
    masked.gateway.add_key()
    core = full.gateway.key_value(101).removeprefix("sk-")
    assert (await full.data("/api/token/101"))["key"] == core
    assert (await masked.data("/api/token/101"))["key"] == f"{core[:4]}{'*' * 10}{core[-4:]}"
    assert "DeletedAt" not in await full.data("/api/token/101")
    assert (await masked.data("/api/token/101"))["DeletedAt"] is None
