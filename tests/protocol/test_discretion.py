"""What looks like a secret is not repeated, and what does not is."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.keys import Role, new_key
from punnet.protocol.discretion import HIDDEN, discreet, is_secret, masked, passwords

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl"


@pytest.mark.parametrize("role", Role)
def test_keys_are_hidden_whole_and_cut_short(role):
    key, _ = new_key(role, at=0)
    for shown in (key, key[:-20], f"{key}x"):
        assert discreet(f'id "{shown}" is no shopper.') == f'id "{HIDDEN}" is no shopper.'


@given(st.integers(12, len(TOKEN)), st.sampled_from(['"', "/", " ", "…", ""]))
def test_tokens_are_hidden_whole_and_cut_short(size, beside):
    shown = TOKEN[:size]
    assert discreet(f"before{beside} {beside}{shown}{beside or ' '}after") == (
        f"before{beside} {beside}{HIDDEN}{beside or ' '}after"
    )


@pytest.mark.parametrize(
    "text", ["punnet_of_strawberries", "punnet_shopping", "eyJ.x", "Beyond", "", "a.b.c"]
)
def test_what_is_neither_stays(text):
    assert discreet(text) == text


@pytest.mark.parametrize(
    "field", ["token", "payload.token", "adminKey", "lines[0].password", "Authorization"]
)
def test_some_fields_are_never_told(field):
    assert is_secret(field)


@pytest.mark.parametrize("field", ["", "tokens", "payload", "token.name", "productId"])
def test_others_are(field):
    assert not is_secret(field)


SHOWN = {
    "postgresql://ann:secret@db/market": "postgresql://ann:***@db/market",
    "postgresql://ann:s/c@r?e#t@db/market": "postgresql://ann:***@db/market",
    "postgresql://:secret@db": "postgresql://:***@db",
    "postgresql://ann@db:5432/market": "postgresql://ann@db:5432/market",
    "postgresql://db/market?user=ann": "postgresql://db/market?user=ann",
    "postgresql://db/market?password=secret&user=ann": "postgresql://db/market?password=***&user=ann",
    "postgresql://db:1/market?user=ann&password=se@cret": "postgresql://db:1/market?user=ann&password=***",
    "postgresql://db/market?sslpassword=secret": "postgresql://db/market?sslpassword=***",
    "https://shop.example/keys?Token=secret": "https://shop.example/keys?Token=***",
    "postgresql:/ann:secret@db/market": "***@db/market",
    "ann:secret@db/market": "***@db/market",
    "postgresql//ann:secret@db": "***@db",
    "mysql://ann:sec\nret@db": "mysql://ann:***@db",
    "mysql://se cret@db": "mysql://:***@db",
    "redis://secret/1@db": "redis://:***@db",
    "redis://@db": "redis://:***@db",
    "sqlite:///market.db": "sqlite:///market.db",
    "market.db": "market.db",
}  # fmt: skip


@pytest.mark.parametrize("url", SHOWN)
def test_a_url_is_shown_without_what_may_be_a_password(url):
    assert masked(url) == SHOWN[url]


@given(
    st.text(st.characters(exclude_characters="*&"), min_size=4).filter(lambda text: text not in "postgresql")
)
def test_no_password_is_shown_whatever_it_is(password):
    for url in (f"postgresql://ann:{password}@h/1", f"h/1?password={password}", f"ann:{password}@h/1"):
        assert password not in masked(url)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("redis://ann:s%40cret@db/0", {"s%40cret", "s@cret"}),
        ("redis://db?password=a%20b&token=c", {"a%20b", "a b", "c"}),
        ("smtp://relay:25", set()),
    ],
)
def test_the_passwords_of_a_url_are_found_as_they_stand_there_and_as_they_are_meant(url, found):
    assert set(passwords(url)) == found


def test_a_key_that_chance_made_has_the_form_that_is_hidden():
    chance = random.Random(1)

    class Chance:
        def token_urlsafe(self, nbytes: int) -> str:
            return "".join(chance.choices("-_aZ09", k=nbytes * 4 // 3 + 1))

        def token_hex(self, nbytes: int) -> str:
            return chance.randbytes(nbytes).hex()

    for _ in range(20):
        assert discreet(new_key(Role.BACK_END, Chance(), at=0)[0]) == HIDDEN
