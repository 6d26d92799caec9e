"""Addresses: who is one caller, who asks for somebody else, and how many of something each has."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.web.addresses import Addresses, AddressLimit

PROXIES = tuple(map(ipaddress.ip_network, ("127.0.0.1", "::1", "10.0.0.0/8", "fd00::/8")))


def came(peer, *forwarded, proxies=PROXIES):
    """Return whom a request counts against that came from `peer` with these headers."""
    headers = [(b"host", b"x"), *((b"x-forwarded-for", each.encode("latin-1")) for each in forwarded)]
    scope = {"type": "http", "client": peer and (peer, 1), "headers": headers}
    return Addresses(proxies).of(scope)


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("127.0.0.2", "127.0.0.2"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", ""),
        ("::ffff:127.0.0.1", ""),
        ("::1", ""),
        ("10.9.8.7", ""),
        ("fd00::1", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_who_connects_counts_by_address_or_is_a_proxy(peer, address):
    assert came(peer) == address


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        (["203.0.113.7"], "203.0.113.7"),
        (["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
        (["203.0.113.7, 10.1.1.1"], "203.0.113.7"),
        (["198.51.100.1", "203.0.113.7 ,10.1.1.1"], "203.0.113.7"),
        (["2001:db8::5"], "2001:db8::/64"),
        (["10.1.1.1"], ""),
        ([""], ""),
        (["unknown"], ""),
        (["203.0.113.7, \xff"], "203.0.113.7"),
    ],
)
def test_a_proxy_says_for_whom_it_asks(forwarded, address):
    assert came("127.0.0.1", *forwarded) == address


def test_nobody_else_is_believed():
    assert came("198.51.100.1", "203.0.113.7") == "198.51.100.1"
    assert came("127.0.0.1", "203.0.113.7", proxies=()) == "127.0.0.1"


@given(st.text(st.characters(max_codepoint=255)), st.ip_addresses())
def test_what_is_said_in_front_of_the_client_changes_nothing(said, client):
    expected = came(str(client))
    if expected:
        assert came("127.0.0.1", f"{said},{client}") == expected


def test_each_address_may_have_so_many():
    limit = AddressLimit(2)
    leaves = [limit.enter("a"), limit.enter("a")]
    assert limit.enter("a") is None
    assert limit.enter("b") is not None
    leaves[0]()
    assert limit.enter("a") is not None
    assert limit.enter("a") is None


def test_nothing_is_kept_of_who_has_left():
    limit = AddressLimit(3)
    leaves = [limit.enter(address) for address in "aab"]
    assert limit.addresses == 2
    for leave in leaves:
        leave()
    assert limit.addresses == 0


def test_who_has_no_address_and_where_there_is_no_limit_may_have_any_number():
    for limit, address in ((AddressLimit(1), ""), (AddressLimit(), "a")):
        for _ in range(3):
            leave = limit.enter(address)
            assert leave is not None
            leave()
            leave()
        assert limit.addresses == 0
