"""Bodies that are deep, compressed, of unclear length or full of odd numbers are refused by name."""

import asyncio
import gzip
import json
import zlib
from urllib.parse import quote

import brotli
import pytest
from websockets.asyncio.client import connect

from tests.service.streaming import upgrade
from tests.web.hostility import ANN, ANSWERS, answer_to, at_work, refused, sent
from tests.web.speaking import converse, get

# ---------------------------------------------------------------------------------------------------- nesting

SHAPES = {
    "lists": ("[", "]"),
    "objects": ('{"a":', "}"),
    "lists that do not end": ("[", ""),
}


def nested(shape: str, depth: int) -> str:
    opening, closing = SHAPES[shape]
    return f"{opening * depth}1{closing * depth}"


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("depth", [10, 1_000, 100_000, 1_000_000])
async def test_what_is_nested_is_refused_however_deep(shape, depth):
    deep = nested(shape, depth)
    async with at_work() as (stall, address):
        before = await stall.state()
        for path in ("/api/orders", ANSWERS):
            for body in (deep, f'{{"userId": {deep}}}'):
                assert refused(await answer_to(address, sent("POST", path, body)))[0] in (400, 413)
        for path in ("/api/events", "/api/catalog"):
            for body in (deep, f"[{deep}]", f'{{"userId": {deep}}}\n{{"id": {deep}}}'):
                answer = await answer_to(address, sent("POST", path, body))
                reports = answer["data"]["lines"] if answer["success"] else [answer]
                assert all(report["error"]["code"] in ("BAD_INPUT", "TOO_LARGE") for report in reports)
        assert await stall.state() == before


async def test_nested_metadata_is_refused_or_can_be_read_again():
    kept: dict[str, object] = {}
    async with at_work() as (_, address):
        for shape in ("lists", "objects"):
            for depth in (1, 5, 20, 50, 100, 200, 500, 1_000):
                deep, name = nested(shape, depth), f"{depth} {shape}"
                body = json.dumps(ANN | {"eventId": name, "metadata": {"note": "?"}}).replace('"?"', deep)
                told = await answer_to(address, sent("POST", ANSWERS, body))
                if told["status"] == 200:
                    kept[name] = json.loads(deep)
                else:
                    assert told["status"] == 400
        export = await answer_to(address, get("/api/users/ann"))
    assert {each["eventId"]: each["metadata"]["note"] for each in export["data"]["actions"]} == kept
    assert kept.keys() >= {"5 lists", "5 objects"}


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_nested_message_is_refused_and_the_stream_lives(shape):
    async with at_work() as (_, address), connect(f"ws://{address}/ws/recommendations?userId=ann") as stream:
        await stream.recv()
        for depth in (10, 100, 1_000, 2_000):
            deep = nested(shape, depth)
            for message in (deep, f'{{"type": "HEARTBEAT", "payload": {deep}}}', f'{{"type": {deep}}}'):
                await stream.send(message)
                assert json.loads(await stream.recv())["type"] in ("ERROR", "HEARTBEAT")
        await stream.send('{"type": "HEARTBEAT", "requestId": "last"}')
        assert json.loads(await stream.recv())["requestId"] == "last"


# ------------------------------------------------------------------------------------------------ compression

SMALL = json.dumps(ANN | {"eventId": "small"}).encode()
BOMB = b'{"userId": "' + bytes(8 << 20) + b'"}'
PACKED = {
    "gzip": gzip.compress(BOMB),
    "deflate": zlib.compress(BOMB),
    "br": brotli.compress(BOMB, quality=1),
    "zstd": SMALL,
    "GZIP": gzip.compress(SMALL),
    "identity, gzip": gzip.compress(SMALL),
    "gzip, gzip": gzip.compress(gzip.compress(BOMB)),
    "x-unheard-of": SMALL,
}


async def test_what_is_compressed_is_refused_by_name_and_never_unpacked():
    async with at_work() as (stall, address):
        before = await stall.state()
        for coding, packed in PACKED.items():
            told = f"Content-Encoding: {coding}"
            for path in (ANSWERS, "/api/events", "/api/orders"):
                for headers in ([told], ["Content-Encoding: identity", told.lower()]):
                    [answer] = await converse(address, [sent("POST", path, packed, *headers)])
                    error = json.loads(answer.body)["error"]
                    assert (answer.status, error["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
                    assert error["details"]["field"] == "Content-Encoding"
                    assert error["details"]["value"].lower() == coding.lower()
                    assert b"\r\naccept-encoding: identity" in answer.head
        assert await stall.state() == before


async def test_what_is_as_it_is_may_say_so():
    async with at_work() as (_, address):
        for coding in ("identity", "Identity", ""):
            answer = await answer_to(address, sent("POST", ANSWERS, SMALL, f"Content-Encoding: {coding}"))
            assert answer["status"] == 200


async def test_no_stream_is_compressed_where_that_is_offered():
    offer = b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
    async with at_work() as (_, address):
        host, port = address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(upgrade("/ws/recommendations?userId=ann")[:-2] + offer)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")
        assert b"extensions" not in head.lower()
        # The bit that says so, in a frame of two bytes.
        writer.write(b"\xc1\x82" + bytes(4) + b"{}")
        rest = await reader.read()
        writer.close()
    assert (1002).to_bytes(2) in rest


# ------------------------------------------------------------------------------------------ where a body ends

BEHIND = get("/api/products/basil")
ORDER = b'{"id":"o"}'
FIRST = "POST /api/orders HTTP/1.1\r\nHost: stall\r\nContent-Type: application/json\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"


def framed(headers: str, body: bytes) -> bytes:
    return f"{FIRST}{headers}\r\n".encode("latin-1") + body


CHUNKS = b"a\r\n" + ORDER + b"\r\n0\r\n\r\n"
SMUGGLED = {
    "a length and chunks": framed(f"Content-Length: 4\r\n{CHUNKED}", CHUNKS),
    "chunks and a length": framed(f"{CHUNKED}Content-Length: 4\r\n", CHUNKS),
    "two lengths": framed("Content-Length: 10\r\nContent-Length: 4\r\n", ORDER),
    "the same length twice": framed("Content-Length: 10\r\nContent-Length: 10\r\n", ORDER),
    "a list of lengths": framed("Content-Length: 10, 10\r\n", ORDER),
    "a length with a sign": framed("Content-Length: +10\r\n", ORDER),
    "a length below nothing": framed("Content-Length: -1\r\n", ORDER),
    "a length in hexadecimal": framed("Content-Length: 0xa\r\n", ORDER),
    "a length with a space": framed("Content-Length: 1 0\r\n", ORDER),
    "a length beyond all": framed(f"Content-Length: {10**30}\r\n", ORDER),
    "an empty length": framed("Content-Length:\r\n", ORDER),
    "chunks twice": framed(CHUNKED * 2, CHUNKS),
    "chunks within chunks": framed("Transfer-Encoding: chunked, chunked\r\n", CHUNKS),
    "nearly chunks": framed("Transfer-Encoding: xchunked\r\n", CHUNKS),
    "chunks behind a tab": framed("Transfer-Encoding: \x0bchunked\r\n", CHUNKS),
    "chunks and then gzip": framed("Transfer-Encoding: chunked, gzip\r\n", CHUNKS),
    "only gzip": framed("Transfer-Encoding: gzip\r\n", ORDER),
    "only identity": framed("Transfer-Encoding: identity\r\n", ORDER),
    "chunks before the colon": framed("Transfer-Encoding : chunked\r\n", CHUNKS),
    "a folded header": framed("Transfer-Encoding:\r\n chunked\r\n", CHUNKS),
    "a folded header of no matter": framed(f"{CHUNKED}X-Odd: a\r\n b\r\n", CHUNKS),
    "a bare line feed": framed(f"{CHUNKED}X-Odd: a\n", CHUNKS),
    "a bare carriage return": framed(f"{CHUNKED}X-Odd: a\rX-Even: b\r\n", CHUNKS),
    "a zero byte": framed(f"{CHUNKED}X-Odd: a\x00b\r\n", CHUNKS),
    "a header without a name": framed(f"{CHUNKED}: b\r\n", CHUNKS),
    "chunks that line feeds end": framed(CHUNKED, CHUNKS.replace(b"\r\n", b"\n")),
    "a chunk whose size line feeds end": framed(CHUNKED, CHUNKS.replace(b"a\r\n", b"a;x\n")),
    "a chunk of an odd size": framed(CHUNKED, CHUNKS.replace(b"a\r\n", b"0xa\r\n")),
    "a chunk of a size with a space": framed(CHUNKED, CHUNKS.replace(b"a\r\n", b"a \r\n")),
    "a chunk of an endless size": framed(CHUNKED, CHUNKS.replace(b"a\r\n", b"f" * 20 + b"\r\n")),
    "a chunk that is longer than it says": framed(CHUNKED, CHUNKS.replace(b"\r\n0", b"XX0")),
    "a length behind the chunks": framed(CHUNKED, CHUNKS[:-2] + b"Content-Length: 5\r\n\r\n"),
}  # fmt: skip


async def test_where_the_end_of_a_body_is_unclear_nothing_behind_it_is_read():
    async with at_work() as (stall, address):
        before = await stall.state()
        for trick, request in SMUGGLED.items():
            answers = await converse(address, [request + BEHIND])
            assert [answer.status for answer in answers] == [400], trick
        assert await stall.state() == before


CLEAR = (
    ("userId", framed(CHUNKED, CHUNKS.replace(b"a\r\n", b'a;x="y"\r\n'))),
    ("userId", framed("Content-Length:  10 \r\n", ORDER)),
    ("Transfer-Encoding", framed("Transfer-Encoding: gzip, chunked\r\n", CHUNKS)),
    ("body", framed(f"Content-Length: {len(BEHIND)}\r\n", BEHIND)),
)
"""What is refused first, of requests behind which another one is read."""


async def test_where_it_is_clear_one_answer_follows_the_other():
    async with at_work() as (_, address):
        for field, request in CLEAR:
            first, second = await converse(address, [request + BEHIND])
            assert (first.status, second.status) == (400, 200), field
            assert json.loads(first.body)["error"]["details"]["field"] == field
            assert json.loads(second.body)["data"]["id"] == "basil"


# ---------------------------------------------------------------------------------------------------- numbers

REFUSED = (
    "1e400",
    "-1e400",
    "NaN",
    "Infinity",
    "-Infinity",
    str(2**63),
    "9" * 1_000_000,
    "1e999999999",
    '"1"',
    "true",
    "-1",
)
BROKEN = ("01", "1.", ".5", "0x10", "+1", "1_0", "--1", "1e", "１", "-")
TAKEN = {"-0": 0, "-0.0": 0, "1e-400": 0, "1E0": 1, "2.0": 2, "0." + "1" * 900_000: 0.1111111111111111}


def priced(field: str, number: str) -> bytes:
    body = {"name": "Basil", "farmId": "hill", "category": "Herbs", "price": 1} | {field: "NUMBER"}
    return sent("PUT", "/api/products/basil", json.dumps(body).replace('"NUMBER"', number))


@pytest.mark.parametrize("field", ["price", "stock"])
async def test_odd_numbers_are_refused_by_name(field):
    async with at_work() as (stall, address):
        before = await stall.state()
        for number in REFUSED:
            assert refused(await answer_to(address, priced(field, number))) == (400, field), number[:20]
        for number in BROKEN:
            assert refused(await answer_to(address, priced(field, number))) == (400, "body"), number
        for number in (*REFUSED, *BROKEN):
            target = f"{ANSWERS}?userId=ann&limit={quote(number[:1_000])}"
            assert refused(await answer_to(address, get(target))) == (400, "limit"), number[:20]
        assert await stall.state() == before


async def test_numbers_are_kept_as_json_means_them():
    async with at_work() as (_, address):
        for number, meant in TAKEN.items():
            assert (await answer_to(address, priced("price", number)))["data"]["price"] == meant


async def test_of_a_field_that_comes_twice_the_last_counts_in_both_decoders():
    twice = '{"name": "a", "name": "b", "farmId": "hill", "category": "Herbs", "price": PRICE, "price": 2}'
    async with at_work() as (_, address):
        # 2.0 as a stock makes the first decoder give up, and the second read it.
        for price, stock in (("1", ""), ('"odd"', ""), ("1", ', "stock": 2.0')):
            body = twice.replace("PRICE", price).replace("}", f"{stock}}}")
            answer = await answer_to(address, sent("PUT", "/api/products/twice", body))
            assert (answer["data"]["name"], answer["data"]["price"]) == ("b", 2)
