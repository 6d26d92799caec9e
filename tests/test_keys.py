"""API keys: how they look, and what is kept of them."""

import re
from hashlib import sha256

import msgspec
import pytest

from punnet.errors import Refused
from punnet.keys import NOTE_LENGTH, Role, StoredKey, digest_of, is_well_formed, new_key


class Loaded:
    """Chance that always comes out the same."""

    def token_urlsafe(self, nbytes: int) -> str:
        return "x" * (nbytes * 4 // 3 + 1)

    def token_hex(self, nbytes: int) -> str:
        return "0a" * nbytes


def test_a_key_says_whose_it_is_and_has_256_random_bits():
    shown, stored = new_key(Role.BACK_END, Loaded(), at=1e9, note="orders")
    assert shown == f"punnet_back-end_{'x' * 43}"
    assert stored == StoredKey(
        id="0a0a0a0a",
        role=Role.BACK_END,
        digest=sha256(shown.encode()).hexdigest(),
        note="orders",
        created_at=1e9,
    )
    assert stored.digest == digest_of(shown)


@pytest.mark.parametrize("role", Role)
def test_keys_of_every_role_are_well_formed_and_differ(role):
    made = [new_key(role, at=0) for _ in range(100)]
    assert all(is_well_formed(shown) for shown, _ in made)
    assert len({shown for shown, _ in made}) == len({key.digest for _, key in made}) == 100
    assert all(re.fullmatch("[0-9a-f]{8}", key.id) for _, key in made)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "punnet_boss_" + "x" * 43,
        "punnet_shop_" + "x" * 42,
        "punnet_shop_" + "x" * 44,
        "punnet_shop_" + "x" * 43 + "\n",
        "punnet_shop_" + "ä" * 43,
        " punnet_shop_" + "x" * 43,
    ],
)
def test_what_no_key_looks_like_is_not_well_formed(text):
    assert not is_well_formed(text)


def test_neither_a_key_nor_its_digest_stands_in_what_a_log_would_show_of_it():
    shown, stored = new_key(Role.SHOP, at=0, note="x")
    for told in (repr(stored), str(stored), f"{stored}", repr([stored]), repr({"key": stored})):
        assert stored.id in told
        assert stored.digest not in told
        assert shown not in told
    assert stored.digest.encode() in msgspec.json.encode(stored)


def test_a_note_is_one_line_that_is_not_too_long():
    new_key(Role.SHOP, at=0, note="ä" * NOTE_LENGTH)
    for note in ("x" * (NOTE_LENGTH + 1), "two\nlines", "\x1b[31m"):
        with pytest.raises(Refused, match="The note of a key is one line of at most 200 characters"):
            new_key(Role.SHOP, at=0, note=note)
