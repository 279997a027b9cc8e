"""A key's number inside Keydesk, and the name of its gateway."""

import pytest

from bot.errors import GatewayError
from bot.gateway.errors import CallFacts, GatewayProtocolError
from bot.gateway.models import KeyId
from bot.gateway.numbers import BLOCK, KeyNumbers, block_of, first_of, gateway_of, in_block, know_names
from bot.gateway.records import key_and_value
from bot.languages import english
from tests.gateway.answers import ROW
from tests.gateway.kit import client_of, fake_gateway, sent, wanted


def test_the_gateway_of_the_settings_keeps_its_numbers() -> None:
    numbers = KeyNumbers()
    assert (numbers.inside(12), numbers.own(12), block_of(12), first_of(0)) == (12, 12, 0, 0)
    assert in_block("mark", 0) == "mark"


def test_another_gateway_has_its_own_block() -> None:
    numbers = KeyNumbers(name="prod", block=3)
    assert numbers.inside(12) == 3 * BLOCK + 12
    assert (numbers.own(numbers.inside(12)), block_of(numbers.inside(12))) == (12, 3)
    assert in_block("mark", 3) == "mark:3"


@pytest.mark.parametrize("own", [-1, BLOCK])
def test_no_number_reaches_into_another_block(own: int) -> None:
    with pytest.raises(ValueError, match=str(own)):
        KeyNumbers().inside(own)


def test_nobody_reads_of_gateways_while_there_is_one() -> None:
    know_names({0: "default"})
    assert gateway_of(12) == ""
    know_names({0: "default", 1: "prod"})
    assert (gateway_of(12), gateway_of(BLOCK + 12), gateway_of(7 * BLOCK)) == ("default", "prod", "")


async def test_the_block_is_added_where_records_come_in_and_taken_off_where_requests_go_out() -> None:
    fake = fake_gateway("upstream-g2")
    client = client_of(fake, numbers=KeyNumbers(name="prod", block=2))
    row = fake.add_key(name="svc", remain_quota=1_000)
    inside = KeyId(2 * BLOCK + row.id)
    key = await client.get_key(inside)
    assert key.id == inside
    assert [one.id for one in await client.list_keys()] == [inside]
    assert (await client.get_keys([inside])).keys() == {inside}
    assert [one.id for one in await client.find_keys("svc")] == [inside]
    assert (await client.reveal_keys([inside])).keys() == {inside}
    assert await client.reveal_key(inside)
    changed = await client.update_key(key.model_copy(update={"name": "renamed"}))
    assert changed is None or changed.id == inside
    await client.set_status(key, 2)
    assert (fake.key(row.id).name, fake.key(row.id).status) == ("renamed", 2)
    made = await client.create_key(wanted("another"))
    assert made is None or block_of(made) == 2
    await client.delete_key(inside)
    assert not any(str(inside) in call for call in sent(fake))


def test_a_number_that_no_key_has_is_no_answer() -> None:
    facts = CallFacts(operation="reading key", key_id=None, request_id=None, reference="0", status=None)
    with pytest.raises(GatewayProtocolError, match="no key can have"):
        key_and_value({**ROW, "id": BLOCK + 1}, facts, KeyNumbers())


async def test_an_error_names_the_gateway_where_there_are_several() -> None:
    know_names({0: "default", 1: "prod"})
    fake = fake_gateway()
    fake.arm("refused", times=None)
    with pytest.raises(GatewayError) as caught:
        await client_of(fake, numbers=KeyNumbers(name="prod", block=1)).get_status()
    assert "(At the gateway prod, while reading the gateway's status; reference " in english(caught.value.sentence)
    fake.disarm()
    fake.arm("panic", times=None)
    with pytest.raises(GatewayError) as told:
        await client_of(fake, numbers=KeyNumbers(name="prod", block=1)).get_status()
    assert "; the gateway's request id " in english(told.value.sentence)
