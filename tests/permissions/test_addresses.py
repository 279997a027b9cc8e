"""A list of addresses is judged by what it lets in."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.permissions import Ask, decide
from bot.permissions.addresses import Widest, lets_in, too_wide, within
from bot.permissions.models import Facts
from tests.permissions.helpers import member, policy, rule

WIDEST = Widest()
NEEDS = rule(rest="when = { allow_ips_required = true }\nallow = true")


def parts_of(network: str) -> st.SearchStrategy[list[str]]:
    """Lists of networks whose union is `network`: split in halves at random, in any order, with anything beside them."""

    @st.composite
    def lists(draw: st.DrawFn) -> list[str]:
        parts = [ipaddress.ip_network(network)]
        for _ in range(draw(st.integers(0, 12))):
            index = draw(st.integers(0, len(parts) - 1))
            parts[index : index + 1] = list(parts[index].subnets())
        written = [draw(st.sampled_from(_spellings(part))) for part in parts]
        beside = draw(st.lists(st.ip_addresses().map(str), max_size=3))
        return draw(st.permutations([*written, *beside]))

    return lists()


def _spellings(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> list[str]:
    if network.version == 6:
        return [str(network), network.exploded]
    mapped = f"::ffff:{network.network_address}/{network.prefixlen + 96}"
    return [str(network), network.with_netmask, mapped]


@given(st.one_of(parts_of("0.0.0.0/0"), parts_of("::/0")))
def test_no_list_that_lets_everybody_in_meets_the_condition(entries: list[str]) -> None:
    read = policy(NEEDS)
    facts = Facts(allow_ips=True, addresses=tuple(entries))
    assert decide(read, Ask(actor=member("U01", "S0ENG"), operation="key.create", facts=facts)).outcome == "deny"


@given(st.lists(st.ip_addresses().map(str), min_size=1, max_size=20, unique=True))
def test_single_addresses_are_always_named(entries: list[str]) -> None:
    assert too_wide(entries, WIDEST) is None


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        (["10.0.0.0/8"], None),
        (["2001:db8::/32"], None),
        (["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"], None),
        (["10.0.0.0/7"], "10.0.0.0/7"),
        (["10.0.0.0/8", "11.0.0.0/8"], "10.0.0.0/7"),
        (["2001:db8::/31"], "2001:db8::/31"),
        (["::ffff:0:0/96"], "0.0.0.0/0"),
        (["::ffff:10.0.0.0/104"], None),
        (["::/64"], "0.0.0.0/0"),
        (["example.com"], "example.com"),
        (["203.0.113.7", "*"], "*"),
    ],
)
def test_the_network_that_is_too_wide_is_named(entries: list[str], found: str | None) -> None:
    assert too_wide(entries, WIDEST) == found


def test_the_policy_may_say_what_is_wide() -> None:
    ask = Ask(actor=member("U01", "S0ENG"), operation="key.create", facts=Facts(addresses=("10.0.0.0/16",)))
    assert decide(policy(NEEDS), ask).allowed
    stricter = decide(policy("[addresses]\nwidest_ipv4 = 24\n" + NEEDS), ask, why=True)
    assert (stricter.outcome, stricter.trail) == ("deny", (("r", "10.0.0.0/16 lets in more than named addresses"),))


def test_facts_of_older_rows_say_only_whether_there_were_addresses() -> None:
    for told, outcome in ((True, "allow"), (False, "deny"), (None, "deny")):
        ask = Ask(actor=member("U01", "S0ENG"), operation="key.create", facts=Facts(allow_ips=told))
        assert decide(policy(NEEDS), ask).outcome == outcome


@pytest.mark.parametrize(
    ("entry", "entries", "inside"),
    [
        ("10.0.0.1", ["10.0.0.0/8"], True),
        ("10.0.0.0/7", ["10.0.0.0/8", "11.0.0.0/8"], True),
        ("11.0.0.1", ["10.0.0.0/8"], False),
        ("::ffff:10.0.0.1", ["10.0.0.1"], True),
        ("2001:db8::1", ["2001:db8::/32"], True),
        ("2001:db8::1", ["10.0.0.0/8"], False),
        ("::/0", ["0.0.0.0/0"], False),
    ],
)
def test_what_is_within_a_list(entry: str, entries: list[str], *, inside: bool) -> None:
    assert within(entry, entries) is inside


@pytest.mark.parametrize(
    ("entries", "network"),
    [
        ([], None),
        (["10.0.0.1", "10.0.0.0/8"], None),
        (["0.0.0.0/1", "128.0.0.0/1"], "0.0.0.0/0"),
        (["10.0.0.0/7"], "10.0.0.0/7"),
        (["10.0.0.0/7", "::/0"], "0.0.0.0/0"),  # what lets everybody in comes first; IPv6 covers IPv4
        (["no network", "10.0.0.1"], None),
    ],
)
def test_the_network_by_which_a_list_lets_in_too_many(entries: list[str], network: str | None) -> None:
    found = lets_in(entries)
    assert (None if found is None else str(found)) == network
