"""Lists of addresses as people copy them, and what is said of one that is none."""

import pytest

from bot.features.forms.addresses import address_problem, split_ips
from tests.languages.pseudo import pseudo


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ('"203.0.113.7", "203.0.113.8",', ["203.0.113.7", "203.0.113.8"]),
        ("[203.0.113.0/24]; 198.51.100.1;", ["203.0.113.0/24", "198.51.100.1"]),
        ("203.0.113.7 # office\n# home\n198.51.100.1 // vpn", ["203.0.113.7", "198.51.100.1"]),
        ("192.0.2.0-192.0.2.255", ["192.0.2.0/24"]),
        ("192.0.2.1 – 192.0.2.2", ["192.0.2.1", "192.0.2.2"]),
        ("::ffff:192.0.2.1 ::ffff:192.0.2.0/120", ["192.0.2.1", "192.0.2.0/24"]),
        ("::ffff:0.0.0.0/64", ["::ffff:0.0.0.0/64"]),
        ("192.0.2.9-192.0.2.1", ["192.0.2.9-192.0.2.1"]),
        ("192.0.2.1-2001:db8::1", ["192.0.2.1-2001:db8::1"]),
        ("one-two", ["one-two"]),
        ("１９２.0.2.1", ["192.0.2.1"]),
        ("2001:db8::1-2001:db8::2", ["2001:db8::1", "2001:db8::2"]),
        ("", []),
    ],
)
def test_addresses_are_read_as_people_copy_them(text: str, entries: list[str]) -> None:
    assert split_ips(text) == entries


@pytest.mark.parametrize("entry", ["one", "build.example.com", "fe80::1%eth0", "192.0.2.1/33"])
def test_what_is_wrong_with_an_entry_is_said_in_the_language_of_the_moment(entry: str) -> None:
    english = str(address_problem(entry))
    assert english.startswith(f"“{entry}”")
    with pseudo():
        assert str(address_problem(entry)) == f"“{entry}”{english.removeprefix(f'“{entry}”').upper()}"


def test_nothing_is_wrong_with_addresses_and_networks() -> None:
    assert [address_problem(entry) for entry in ("192.0.2.1", "192.0.2.0/24", "2001:db8::/32")] == [None] * 3
