"""Which key is meant: every way of writing a KEY, by itself and in a list, against every kind of name."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import InputError
from bot.gateway.models import Key
from bot.keys.inventory import Inventory
from bot.keys.lookup import KeyLookup, listed, one
from keydesk_sandbox.fake_gateway import FakeGateway
from tests.gateway.kit import client_of, fake_gateway

# Ways to write a text that is a number or a name.
WAYS = ("{}", "#{}", '"{}"', "“{}”", "„{}“", "«{}»", "‘{}’", "'{}'", "{}\u200b", "\ufeff{}")


async def find(fake: FakeGateway, text: str, *, remembered: bool = True) -> list[Key]:
    client = client_of(fake)
    inventory = Inventory(client, clock=fake.clock)
    try:
        lookup = KeyLookup(reader=client, inventory=inventory if remembered else None)
        return [match.key for match in await lookup.matches(text, deadline=5)]
    finally:
        await inventory.close()
        await client.aclose()


async def everything(fake: FakeGateway) -> list[Key]:
    client = client_of(fake)
    try:
        return await client.list_keys()
    finally:
        await client.aclose()


def named(keys: Sequence[Key], text: str) -> list[int]:
    return [key.id for key in listed(text, keys, seen=lambda _key: True)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("remembered", [True, False])
async def test_a_number_that_is_also_a_name_is_never_guessed(way: str, remembered: bool) -> None:
    fake = fake_gateway()
    first = fake.add_key(name="prod")
    text = way.format(first.id)
    second = fake.add_key(name=text)
    assert {key.id for key in await find(fake, text, remembered=remembered)} == {first.id, second.id}
    with pytest.raises(InputError, match="may be meant by"):
        named(await everything(fake), text)


@pytest.mark.parametrize("way", [way for way in WAYS if way != "#{}"])
async def test_a_name_with_and_without_its_quotation_marks_is_never_guessed(way: str) -> None:
    fake = fake_gateway()
    plain = fake.add_key(name="old ci")
    text = way.format("old ci")
    odd = fake.add_key(name=text) if text != "old ci" else plain
    assert {key.id for key in await find(fake, text)} == {plain.id, odd.id}
    if odd is plain:
        assert named(await everything(fake), text) == [plain.id]
    else:
        with pytest.raises(InputError):
            named(await everything(fake), text)


@pytest.mark.parametrize(
    "name", ['"prod"', "caf\u0065\u0301", "“x”", "#7", "a,b", "pro\u200bd", "二号", "it's", "a  b"]
)
async def test_every_name_that_is_stored_can_be_typed(name: str) -> None:
    fake = fake_gateway()
    key = fake.add_key(name=name)
    fake.add_key(name="other")
    assert [found.id for found in await find(fake, name)] == [key.id]
    assert named(await everything(fake), f"{name} other") == [key.id, key.id + 1]


async def test_a_name_in_the_other_unicode_form_means_the_same_key() -> None:
    fake = fake_gateway()
    key = fake.add_key(name="caf\u0065\u0301 u\u0308")
    assert [found.id for found in await find(fake, "caf\u00e9 \u00fc")] == [key.id]


async def test_a_name_of_several_words_and_its_first_word_are_both_readings() -> None:
    fake = fake_gateway()
    short, long = fake.add_key(name="prod"), fake.add_key(name="prod eu")
    assert {key.id for key in await find(fake, "prod eu +100k")} == {short.id, long.id}
    fake.add_key(name="eu")
    with pytest.raises(InputError, match="one key or several"):
        named(await everything(fake), "prod eu")


async def test_without_a_memory_a_name_with_spaces_is_still_found() -> None:
    fake = fake_gateway()
    key = fake.add_key(name="old ci key")
    assert [found.id for found in await find(fake, "old ci key +5", remembered=False)] == [key.id]


async def test_one_key_is_one_key_however_often_it_is_named() -> None:
    fake = fake_gateway()
    key = fake.add_key(name="prod")
    keys = await everything(fake)
    assert named(keys, f'prod #{key.id}, "prod" {key.id}') == [key.id]


async def test_a_key_that_may_not_be_seen_is_not_there() -> None:
    fake = fake_gateway()
    mine, theirs = fake.add_key(name="prod"), fake.add_key(name="prod")
    keys = await everything(fake)
    assert [key.id for key in listed("prod", keys, seen=lambda key: key.id == mine.id)] == [mine.id]
    with pytest.raises(InputError) as hidden:
        listed(str(theirs.id), keys, seen=lambda key: key.id == mine.id)
    with pytest.raises(InputError) as missing:
        listed("999", keys, seen=lambda key: key.id == mine.id)
    assert hidden.value.sentence.replace(str(theirs.id), "N") == missing.value.sentence.replace("999", "N")


async def test_the_value_of_a_key_is_looked_for_nowhere() -> None:
    fake = fake_gateway()
    key = fake.add_key(name="prod")
    before = len(fake.requests)
    with pytest.raises(InputError, match="value of a key"):
        await find(fake, fake.key_value(key.id))
    with pytest.raises(InputError, match="value of a key"):
        listed(fake.key_value(key.id), [], seen=lambda _key: True)
    assert len(fake.requests) == before


async def test_none_and_several_are_no_key() -> None:
    fake = fake_gateway()
    with pytest.raises(InputError, match="There is no key “ghost” that you may see"):
        one([], "ghost")
    fake.add_key(name="twin")
    fake.add_key(name="twin")
    with pytest.raises(InputError, match="2 keys may be meant"):
        named(await everything(fake), "twin")
    with pytest.raises(InputError, match="Which keys"):
        named(await everything(fake), " , ")


NAMES = st.sampled_from(["101", "#101", "102", '"101"', "prod", "prod eu", "eu", "#102", "“prod”", "p"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(NAMES, min_size=1, max_size=4), way=st.sampled_from(WAYS), at=st.integers(0, 3))
async def test_what_is_found_holds_every_reading(names: list[str], way: str, at: int) -> None:
    """The model: a text means a number, or any key whose name is the text with or without its marks."""
    fake = fake_gateway()
    keys = [fake.add_key(name=name) for name in names]
    inner = names[at % len(names)]
    text = way.format(inner)
    visible = text.replace("\u200b", "").replace("\ufeff", "")
    readings = {visible, visible[1:-1] if way[0] in "\"“„«‘'" else visible}
    if visible[0] in '"“' and visible[-1] in '"”':
        readings.add(visible[1:-1])
    meant = {key.id for key in keys if key.name in readings}
    meant |= {key.id for key in keys for one_text in readings if one_text in {str(key.id), f"#{key.id}"}}
    assert meant <= {key.id for key in await find(fake, text)}


async def test_what_is_remembered_holds_every_reading_and_asks_nobody() -> None:
    fake = fake_gateway()
    first = fake.add_key(name="prod")
    second, third = fake.add_key(name=str(first.id)), fake.add_key(name="prod line")
    client = client_of(fake)
    inventory = Inventory(client, clock=fake.clock)
    await client.list_keys()
    asked = len(fake.requests)
    lookup = KeyLookup(reader=client, inventory=inventory)
    for text, meant in {
        f"{first.id} at once": {first.id, second.id},
        "prod line": {first.id, third.id},
        "nothing": set(),
        "99999": set(),
    }.items():
        assert {match.key.id for match in await lookup.remembered(text)} == meant
    assert [match.rest for match in await lookup.remembered(f"{second.id} at once")] == ["at once"]
    assert await KeyLookup(reader=client).remembered("prod") == []
    assert len(fake.requests) == asked
    await inventory.close()
    await client.aclose()
