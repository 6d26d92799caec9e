"""Tokens: which are taken, which are refused and with what sentence, and where keys come from."""

import asyncio
import base64
import gzip
import hashlib
import hmac
import json
import logging
import traceback
from contextlib import asynccontextmanager
from itertools import count

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from jwt import PyJWS
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from punnet.errors import BadFile, BadSetting, Unauthorized, Unavailable
from punnet.web import jwks, tokens
from punnet.web.jwks import Pace, keys_in
from punnet.web.tokens import Pass, Tokens
from tests.waiting import until

SECRET = "correct horse battery staple, and some more of it"
NOW = 1_800_000_000.0
PACE = Pace(patience=0.5)
RSA = rsa.generate_private_key(65537, 2048)
OTHER_RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())


def claims(**changes):
    """Return the claims of a good token with changes; None leaves one out."""
    told = {"sub": "ann", "exp": NOW + 600} | changes
    return {name: value for name, value in told.items() if value is not None}


def signed(payload=None, key=SECRET, algorithm="HS256", headers=None):
    """Return a token."""
    body = (
        payload
        if isinstance(payload, bytes)
        else json.dumps(claims() if payload is None else payload).encode()
    )
    return PyJWS().encode(body, key, algorithm, headers)


def encoded(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def by_hand(header, key, payload=None):
    """Return a token that no library would sign: with HMAC, whatever the header says."""
    parts = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(payload or claims()).encode())}"
    return f"{parts}.{encoded(hmac.new(key, parts.encode(), hashlib.sha256).digest())}"


def published(key, kid="one", **more):
    """Return a public key as a JWKS has it."""
    algorithm = ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else RSAAlgorithm
    jwk = algorithm.to_jwk(key.public_key(), as_dict=True)
    return {name: value for name, value in (jwk | {"kid": kid} | more).items() if value is not None}


def pem(key):
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


class Shop:
    """What answers at the address of the keys: an HTTP server whose answer can be changed."""

    def __init__(self):
        self.asked = self.open = 0
        self.release = asyncio.Event()
        self.release.set()
        self.publish()

    def publish(self, *keys):
        self.say(json.dumps({"keys": list(keys)}).encode())

    def say(self, body, status="200 OK", headers=""):
        self.answer = (
            f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n"
        )
        self.body = body

    async def take(self, reader, writer):
        self.asked += 1
        self.open += 1
        try:
            await reader.readuntil(b"\r\n\r\n")
            await self.release.wait()
            writer.write(self.answer.encode() + self.body)
            await writer.drain()
        except (OSError, EOFError):
            pass
        finally:
            writer.close()
            self.open -= 1


@asynccontextmanager
async def keeping(pace=PACE, clock=None, path="/jwks.json", **options):
    """Give tokens with keys of a shop, the shop, and what takes it away; without a clock, time flies."""
    shop = Shop()
    shop.publish(published(RSA), published(EC, "two"))
    server = await asyncio.start_server(shop.take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    clock = clock or count(step=100).__next__
    kept = Tokens(keys_url=f"http://127.0.0.1:{port}{path}", pace=pace, clock=clock, **options)
    try:
        yield kept, shop, server.close
    finally:
        shop.release.set()
        await kept.close()
        server.close()
        await until(lambda: not shop.open)


def refusal(kept, token, now=NOW):
    """Return the sentence with which a token is refused."""
    with pytest.raises(Unauthorized) as refused:
        kept.known(token, now)
    assert (refused.value.field, refused.value.value) == ("token", None)
    assert refused.value.allowed == "a valid JWT of this shop"
    return str(refused.value)


async def test_a_token_says_whose_it_is_and_until_when_with_the_leeway():
    assert Tokens(secret=SECRET).known(signed(), NOW) == Pass("ann", NOW + 630)
    assert Tokens(secret=SECRET, leeway=0).known(signed(), NOW) == Pass("ann", NOW + 600)
    async with keeping(secret=SECRET) as (kept, shop, _):
        for key, algorithm, kid in [(RSA, "RS256", "one"), (EC, "ES256", "two")]:
            token = signed(key=key, algorithm=algorithm, headers={"kid": kid})
            assert await kept.verify(token, NOW) == Pass("ann", NOW + 630)
            assert kept.known(token, NOW) == Pass("ann", NOW + 630)
        assert kept.known(signed(), NOW) == Pass("ann", NOW + 630)
        assert shop.asked == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    {
        "expired": ({"exp": NOW - 30}, "The token has expired."),
        "no exp": ({"exp": None}, "The token has no exp: it must say when it expires."),
        "a text as exp": ({"exp": "tomorrow"}, "The exp of the token is no time in seconds."),
        "true as exp": ({"exp": True}, "The exp of the token is no time in seconds."),
        "an exp beyond numbers": ({"exp": 10**400}, "The exp of the token is no time in seconds."),
        "not yet valid": ({"nbf": NOW + 31}, "The token is not valid yet."),
        "a list as nbf": ({"nbf": [NOW]}, "The nbf of the token is no time in seconds."),
        "another audience": ({"aud": "bank"}, "The token is for another audience."),
        "other audiences": ({"aud": ["bank", "shops"]}, "The token is for another audience."),
        "an audience that holds it": ({"aud": {"shop": 1}}, "The token is for another audience."),
        "no audience": ({"aud": None}, "The token is for another audience."),
        "another issuer": ({"iss": "mallory"}, "The token is of another issuer."),
        "no issuer": ({"iss": None}, "The token is of another issuer."),
        "no sub": ({"sub": None}, "The token has no sub that is the id of a shopper."),
        "an empty sub": ({"sub": ""}, "The token has no sub that is the id of a shopper."),
        "a number as sub": ({"sub": 7}, "The token has no sub that is the id of a shopper."),
        "a sub of two lines": ({"sub": "ann\nben"}, "The token has no sub that is the id of a shopper."),
    }.values(),
)
def test_a_token_that_is_not_for_here_and_now_is_refused(changes, sentence):
    kept = Tokens(secret=SECRET, audience="shop", issuer="door")
    assert refusal(kept, signed(claims(**{"aud": "shop", "iss": "door"} | changes))) == sentence


def test_what_is_within_the_leeway_is_taken():
    kept = Tokens(secret=SECRET, audience="shop", issuer="door")
    told = claims(exp=NOW - 29, nbf=NOW + 30, aud=["bank", "shop"], iss="door")
    assert kept.known(signed(told), NOW) == Pass("ann", NOW + 1)
    assert Tokens(secret=SECRET).known(signed(claims(aud="bank", iss="mallory")), NOW)
    assert Tokens(secret=SECRET).known(signed(claims(exp=1e300)), NOW) == Pass("ann", tokens.END_OF_TIME)


async def test_each_algorithm_has_its_own_keys():
    async with keeping(secret=SECRET) as (kept, _, _):
        await kept.verify(signed(key=RSA, algorithm="RS256", headers={"kid": "one"}), NOW)
        wrong = "The token is not signed with HS256 or ES256 or RS256."
        assert refusal(kept, by_hand({"alg": "none"}, b"")) == wrong
        assert refusal(kept, signed(key=None, algorithm="none")[:-1] + ".AAAA") == wrong
        assert "no JWT" in refusal(kept, signed(key=None, algorithm="none"))
        for algorithm in ("HS384", "HS512"):
            assert refusal(kept, signed(key=SECRET * 2, algorithm=algorithm)) == wrong
        for algorithm in ("RS384", "PS256"):
            assert refusal(kept, signed(key=RSA, algorithm=algorithm, headers={"kid": "one"})) == wrong
        for name in ("hs256", "None", "", None, 5, ["HS256"]):
            assert refusal(kept, by_hand({"alg": name}, SECRET.encode())) == wrong
        assert refusal(kept, by_hand({}, SECRET.encode())) == wrong

        forged = "The signature of the token is wrong."
        for key in (pem(RSA), RSA.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        ), json.dumps(published(RSA)).encode()):  # fmt: skip
            assert refusal(kept, by_hand({"alg": "HS256", "kid": "one"}, key)) == forged
        for header in ({"alg": "RS256", "kid": "one"}, {"alg": "ES256", "kid": "two"}):
            assert refusal(kept, by_hand(header, SECRET.encode())) == forged
        assert refusal(kept, signed(key=OTHER_RSA, algorithm="RS256", headers={"kid": "one"})) == forged
        assert refusal(kept, signed(key=SECRET + "!")) == forged


def test_where_there_is_no_secret_or_no_address_its_algorithms_are_refused():
    kept = Tokens(secret=SECRET)
    assert refusal(kept, signed(key=RSA, algorithm="RS256")) == "The token is not signed with HS256."


async def test_without_a_secret_no_token_is_signed_with_one():
    async with keeping() as (kept, _, _):
        assert refusal(kept, by_hand({"alg": "HS256"}, b"")) == "The token is not signed with ES256 or RS256."


@pytest.mark.parametrize(
    ("headers", "sentence"),
    [
        ({"crit": ["exp"], "exp": 1}, "The header of the token is not that of a JWT which is taken here."),
        ({"crit": ["b64"], "b64": True}, "The token asks for an extension that is not known here."),
        ({"b64": True}, "The token asks for an extension that is not known here."),
        ({"crit": []}, "The header of the token is not that of a JWT which is taken here."),
        ({"kid": 5}, "The header of the token is not that of a JWT which is taken here."),
    ],
)
def test_a_header_that_asks_for_more_is_refused(headers, sentence):
    assert refusal(Tokens(secret=SECRET), by_hand({"alg": "HS256"} | headers, SECRET.encode())) == sentence


@pytest.mark.parametrize(
    "token",
    ["", ".", "a.b", "..", "a.b.c.d", "Bearer a.b.c", "a.b.c\n", "é.é.é", "\ud800.a.a", signed() + "="],
)
def test_what_is_no_jwt_is_refused(token):
    assert refusal(Tokens(secret=SECRET), token) == "The token is no JWT."


@pytest.mark.parametrize("body", [b"", b"[]", b"5", b"{", b"\xff", b"[" * 5000])
def test_a_body_that_is_no_object_is_refused(body):
    kept = Tokens(secret=SECRET)
    assert refusal(kept, signed(body)) in (
        "What is signed in the token is no JSON object.",
        "The token is no JWT.",
    )


def test_a_token_that_is_too_long_is_refused_before_any_work():
    kept = Tokens(secret=SECRET)
    assert kept.known(signed(claims(note="x" * 5000)), NOW)
    assert refusal(kept, signed(claims(note="x" * 8000))) == "The token is longer than 8 KiB."


@given(st.data())
def test_a_token_that_was_tampered_with_is_never_taken(data):
    algorithm = data.draw(st.sampled_from(["HS256", "RS256"]))
    token = _PLAIN if algorithm == "HS256" else _ASYMMETRIC
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.one_of(st.characters(), st.sampled_from("ABab01-_=.")))
    tampered = token[:at] + other + token[at + 1 :]
    kept = _both()
    if tampered == token:
        assert kept.known(tampered, NOW)
    else:
        refusal(kept, tampered)


@given(st.binary(max_size=80), st.binary(max_size=80), st.binary(max_size=80))
def test_anything_in_three_parts_is_refused_and_nothing_else_happens(header, body, signature):
    refusal(_both(), ".".join(map(encoded, (header, body, signature))))


_PLAIN = signed()
_ASYMMETRIC = signed(key=RSA, algorithm="RS256", headers={"kid": "one"})


def _both():
    """Return tokens with a secret and with keys that were fetched, without a loop."""
    kept = Tokens(secret=SECRET, keys_url="http://127.0.0.1:1/", clock=lambda: 0.0)
    kept._keys._take(json.dumps({"keys": [published(RSA), published(EC, "two")]}).encode())
    kept._keys._tried_at = 0.0
    return kept


async def test_nothing_that_is_said_repeats_a_token_or_a_secret(caplog):
    caplog.set_level(logging.DEBUG)
    said = []
    async with keeping(secret=SECRET, path="/keys?code=hush") as (kept, shop, _):
        shop.say(b"{}")
        foreign = signed(key=RSA, algorithm="RS256", headers={"kid": "kid-of-ann"})
        shown = [
            foreign, signed() + "x", signed(claims(sub="\x00ann")), by_hand({"alg": "HS999"}, b"x"),
            "secretpart", encoded(b'{"alg": secretpart') + ".AA.AA", signed(claims(exp="secretpart")),
            signed(b"secretpart"), signed(claims(exp=1)), "x" * 9000,
        ]  # fmt: skip
        for token in shown:
            try:
                await kept.verify(token, NOW)
            except (Unauthorized, Unavailable) as error:
                said += [str(error), repr(error), *traceback.format_exception(error, chain=False)]
        assert await kept.verify(signed(), NOW)
        said += [repr(kept), repr(kept._keys), repr(kept._known), str(kept)]
    logged = [record.getMessage() for record in caplog.records if record.name.startswith("punnet")]
    text = "\n".join(said + logged)
    assert logged
    assert "hush" not in text
    for token in [*shown, signed(), SECRET]:
        for part in token.split("."):
            for at in range(max(1, len(part) - 7)):
                assert len(part) < 8 or part[at : at + 8] not in text or part[at : at + 8] in "xxxxxxxxx"


def test_a_token_is_known_again_until_it_expires():
    kept = Tokens(secret=SECRET)
    token = signed()
    first = kept.known(token, NOW)
    assert kept.known(token, NOW + 629) is first
    assert refusal(kept, token, NOW + 630) == "The token has expired."
    assert refusal(kept, token, NOW + 631) == "The token has expired."
    assert not kept._known


def test_the_token_shown_least_lately_is_forgotten_first(monkeypatch):
    monkeypatch.setattr(tokens, "MOST_KNOWN", 2)
    kept = Tokens(secret=SECRET)
    ann, ben, cleo = (signed(claims(sub=name)) for name in ("ann", "ben", "cleo"))
    for token in (ann, ben, ann, cleo):
        kept.known(token, NOW)
    assert [shown.user_id for shown in kept._known.values()] == ["ann", "cleo"]
    assert all(len(name) == 32 for name in kept._known)


async def test_where_the_key_must_be_fetched_nothing_is_known_until_it_is():
    seconds = [0.0]
    async with keeping(Pace(), clock=lambda: seconds[0]) as (kept, shop, _):
        token = signed(key=RSA, algorithm="RS256", headers={"kid": "one"})
        assert kept.known(token, NOW) is None
        assert await kept.verify(token, NOW)

        shop.publish(published(OTHER_RSA, "new"))
        fresh = signed(key=OTHER_RSA, algorithm="RS256", headers={"kid": "new"})
        seconds[0] = 29.9
        unknown = "The token is signed with a key that is not known here."
        assert refusal(kept, fresh) == unknown
        with pytest.raises(Unauthorized, match="not known here"):
            await kept.verify(fresh, NOW)
        assert shop.asked == 1
        seconds[0] = 30
        assert kept.known(fresh, NOW) is None
        assert await kept.verify(fresh, NOW)
        # What was signed with the key that was withdrawn is known no more.
        assert refusal(kept, token) == unknown
        assert shop.asked == 2


async def test_keys_without_an_id_are_tried_and_fetched_anew_after_a_change():
    async with keeping() as (kept, shop, _):
        shop.publish(published(OTHER_RSA, None), published(EC, None), published(RSA, None))
        assert await kept.verify(signed(key=RSA, algorithm="RS256"), NOW)
        shop.publish(published(OTHER_RSA, None))
        assert await kept.verify(signed(key=OTHER_RSA, algorithm="RS256"), NOW)
        assert shop.asked == 1
        shop.publish(published(EC, None))
        assert await kept.verify(signed(key=EC, algorithm="ES256", payload=claims(sub="ben")), NOW)


async def test_many_who_need_keys_wait_for_one_fetch():
    async with keeping(Pace(), lambda: 0.0) as (kept, shop, _):
        shop.release.clear()
        token = signed(key=RSA, algorithm="RS256", headers={"kid": "one"})
        waiting = [asyncio.create_task(kept.verify(token, NOW)) for _ in range(20)]
        await until(lambda: shop.asked == 1)
        waiting[0].cancel()
        shop.release.set()
        came = await asyncio.gather(*waiting, return_exceptions=True)
        assert isinstance(came[0], asyncio.CancelledError)
        assert came[1:] == [Pass("ann", NOW + 630)] * 19
        assert shop.asked == 1


WRONG = {
    "no JSON": (b"<html>", "200 OK", "", "its answer is no JWKS"),
    "another JSON": (b'{"keys": 5}', "200 OK", "", "its answer is no JWKS"),
    "no keys": (b'{"keys": []}', "200 OK", "", "its answer has no key for RS256 or ES256"),
    "too much": (b" " * (jwks.LARGEST_SET + 1), "200 OK", "", "its answer has more than 1048576 bytes"),
    "something packed": (gzip.compress(b" " * 10_000_000), "200 OK", "Content-Encoding: gzip\r\n", "no JWKS"),
    "an error": (b"", "500 Oh", "", "it answers with status 500"),
    "another place": (b"", "302 Found", "Location: /jwks.json?there\r\n", "it answers with status 302"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
async def test_what_is_no_set_of_keys_leaves_those_known_before(wrong, caplog):
    body, status, headers, why = wrong
    unknown = signed(key=RSA, algorithm="RS256", headers={"kid": "unknown"})
    async with keeping() as (kept, shop, _):
        assert await kept.verify(signed(key=RSA, algorithm="RS256", headers={"kid": "one"}), NOW)
        shop.say(body, status, headers)
        for _ in range(2):
            with pytest.raises(Unauthorized, match="not known here"):
                await kept.verify(unknown, NOW)
        assert shop.asked == 3
        assert kept.known(signed(claims(sub="ben"), RSA, "RS256", {"kid": "one"}), NOW)
        (told,) = [record.getMessage() for record in caplog.records if record.name == "punnet.loop"]
        assert why in told
        assert told.endswith("those known before stay valid.")
        shop.publish(published(RSA, "unknown"))
        assert await kept.verify(unknown, NOW)
        assert caplog.messages[-1].endswith("/jwks.json again.")


async def test_without_any_key_nothing_can_be_checked_until_there_is_one(caplog):
    token = signed(key=RSA, algorithm="RS256", headers={"kid": "one"})
    seconds = [0.0]
    async with keeping(Pace(patience=0.2), clock=lambda: seconds[0]) as (kept, shop, leave):
        shop.release.clear()
        with pytest.raises(Unavailable, match="cannot be checked now"):
            await kept.verify(token, NOW)
        with pytest.raises(Unavailable):
            kept.known(token, NOW)
        assert shop.asked == 1
        assert "it does not answer; no token can be checked" in caplog.text
        shop.release.set()
        seconds[0] = 5
        assert await kept.verify(token, NOW)
        leave()
        seconds[0] = 60
        with pytest.raises(Unauthorized):
            await kept.verify(signed(key=RSA, algorithm="RS256", headers={"kid": "unknown"}), NOW)
        assert kept.known(token, NOW)


async def test_keys_are_fetched_anew_now_and_then_though_nobody_asks():
    async with keeping(PACE._replace(renewed=0.05)) as (kept, shop, _):
        token = signed(key=RSA, algorithm="RS256", headers={"kid": "one"})
        assert await kept.verify(token, NOW)
        shop.publish(published(EC))
        await until(lambda: shop.asked >= 3)
        with pytest.raises(Unauthorized):
            await kept.verify(token, NOW)


async def test_closing_ends_a_fetch():
    async with keeping(Pace(), lambda: 0.0) as (kept, shop, _):
        shop.release.clear()
        waiting = asyncio.create_task(kept.verify(_ASYMMETRIC, NOW))
        await until(lambda: shop.asked == 1)
        await kept.close()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert await Tokens(secret=SECRET).close() is None


UNUSABLE = {
    "a secret": {"kty": "oct", "k": encoded(SECRET.encode()), "alg": "HS256", "kid": "one"},
    "a key to encrypt with": published(RSA, use="enc"),
    "a key of another algorithm": published(RSA, alg="RS512"),
    "a short key": published(rsa.generate_private_key(65537, 1024)),
    "another curve": published(ec.generate_private_key(ec.SECP384R1())),
    "a private key": RSAAlgorithm.to_jwk(RSA, as_dict=True),
    "half a key": {"kty": "RSA", "n": "AQAB"},
    "a broken key": {"kty": "EC", "crv": "P-256", "x": "AA", "y": 5},
    "a list as its kind": {"kty": ["RSA"]},
}


@pytest.mark.parametrize("key", UNUSABLE.values(), ids=UNUSABLE)
def test_a_key_that_cannot_check_a_token_is_left_out(key):
    with pytest.raises(BadFile, match="no key for RS256 or ES256"):
        keys_in(json.dumps({"keys": [key]}).encode())
    (kept,) = keys_in(json.dumps({"keys": [key, published(EC, "two", alg="ES256", use="sig")]}).encode())
    assert (kept.key_id, kept.algorithm_name) == ("two", "ES256")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "need a secret, or the address"),
        ({"secret": "x" * 31}, "must have 32 bytes or more"),
        ({"secret": pem(RSA).decode()}, "is a public key"),
        ({"secret": json.dumps(published(RSA))}, "is a public key"),
        ({"keys_url": "shop.example/keys"}, "one such as https://"),
        ({"keys_url": "ftp://shop.example/keys"}, "one such as https://"),
        ({"keys_url": "http://shop:x/"}, "one such as https://"),
        ({"keys_url": "https:///keys"}, "one such as https://"),
    ],
)
def test_what_no_token_could_be_checked_with_is_refused_at_once(options, sentence):
    with pytest.raises(BadSetting, match=sentence) as refused:
        Tokens(**options)
    assert options.get("secret", "-----") not in str(refused.value)
