"""Lines of keys that replaced one another, as the attacks on money look at them: what they hold, have spent, can spend."""

from collections.abc import Iterable

from keydesk_sandbox.fake_gateway import FakeGateway, Record


def living(gateway: FakeGateway, name: str) -> list[Record]:
    """The keys called `name`, `name (2)` and so on that can be used."""
    records = gateway.keys()
    return [one for one in records if one.name.split(" (")[0] == name and one.status == 1 and not one.dry()]


def total(gateway: FakeGateway, numbers: Iterable[int]) -> int:
    """What these keys have left and have spent, those that are gone too: it grows by what is granted alone."""
    records = [gateway.key(number) for number in numbers]
    return sum(record.remain_quota + record.used_quota for record in records)


def line(gateway: FakeGateway, name: str) -> list[int]:
    """The numbers of the keys called so."""
    records = gateway.keys(deleted=True)
    return sorted(one.id for one in records if one.name.split(" (")[0] == name)
