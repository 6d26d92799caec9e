"""Odd ids are refused by name or kept as they are, on every way, and make no header of an e-mail."""

import json
from email import policy
from email.parser import BytesParser
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect

from punnet.protocol.thanks import Bought, Sender, thanks
from tests.web.hostility import ANN, ANSWERS, TOGETHER, answer_to, at_work, refused, sent
from tests.web.speaking import converse, get
from tests.web.stall import NOW, Stall

# -------------------------------------------------------------------------------------------------------- ids

CONTROL = [chr(code) for code in (*range(0x20), 0x7F)]
NOT_UTF8 = {
    "overlong": b"\xc0\xaf",
    "an overlong zero": b"\xc0\x80",
    "a surrogate": b"\xed\xa0\x80",
    "a surrogate pair": b"\xed\xa0\xbd\xed\xb2\xa9",
    "beyond Unicode": b"\xf4\x90\x80\x80",
    "half a letter": b"\xe2\x82",
    "a rest of one": b"\x80",
}
ODD = {
    "next line": "a\x85b",
    "line separator": "a\u2028b",
    "paragraph separator": "a\u2029b",
    "right to left": "a\u202eb\u200f",
    "no width": "\u200ba\ufeff",
    "four bytes": "💥🥕",
    "composed": "caf\u00e9",
    "decomposed": "cafe\u0301",
    "not a character": "\uffff\U0010ffff",
    "quotes": "\"'`<b>&amp;\\",
    "a path": "../../etc/passwd",
    "a query": "a?b=c&d#e;f",
    "escapes": "%00%2e%2e%2f",
    "a header": "a: b; charset=x, c",
    "code": "{id} ${id} {{7*7}} %s %(x)s",
    "spaces": " a  b ",
    "words": "null",
    "the longest": "💥" * 128,
}  # fmt: skip


async def test_control_characters_are_refused_by_name_wherever_an_id_stands():
    async with (
        at_work() as (stall, address),
        connect(f"ws://{address}/ws/recommendations?userId=ann") as stream,
    ):
        await stream.recv()
        before = await stall.state()
        for odd in CONTROL:
            path = f"/api/products/a{quote(odd, safe='')}b"
            for request, field in (
                (get(path), "id"),
                (sent("PUT", path, '{"name": "x", "farmId": "hill", "category": "x", "price": 1}'), "id"),
                (get(f"{ANSWERS}?userId=a{quote(odd, safe='')}b"), "userId"),
                (get(f"{TOGETHER}?productId=a{quote(odd, safe='')}b"), "productId"),
                (sent("POST", ANSWERS, json.dumps(ANN | {"userId": f"a{odd}b"})), "userId"),
                (sent("POST", ANSWERS, json.dumps(ANN | {"eventId": f"a{odd}"})), "eventId"),
            ):
                answer = await answer_to(address, request)
                assert refused(answer) == (400, field), odd
                assert odd not in answer["error"]["message"]
            for name in ("entityId", "eventId"):
                payload = {"type": "VIEW_PRODUCT", "entityId": "basil", name: f"a{odd}b"}
                await stream.send(json.dumps({"type": "USER_ACTION", "payload": payload}))
                assert json.loads(await stream.recv())["payload"]["field"] == f"payload.{name}"
        assert await stall.state() == before


async def test_what_is_not_utf8_is_refused_wherever_an_id_stands():
    async with at_work() as (stall, address):
        before = await stall.state()
        for kind, raw in NOT_UTF8.items():
            body = json.dumps(ANN).encode().replace(b"ann", b"a" + raw)
            for request, field in (
                (get(f"/api/products/{quote(raw)}"), "id"),
                (get(f"{ANSWERS}?userId=a{quote(raw)}"), "userId"),
                (sent("POST", ANSWERS, body), "body"),
            ):
                assert refused(await answer_to(address, request)) == (400, field), kind
            for bulk in (body, b"[" + body + b"]"):
                answer = await answer_to(address, sent("POST", "/api/events", bulk))
                reports = answer["data"]["lines"] if answer["success"] else [answer]
                assert [report["error"]["code"] for report in reports] == ["BAD_INPUT"], kind
        assert await stall.state() == before


@pytest.mark.parametrize("lone", [r"\ud800", r"\udfff", r"\udc00\ud800", r"a\ud83d"])
async def test_a_lone_surrogate_is_refused_by_name(lone):
    async with (
        at_work() as (stall, address),
        connect(f"ws://{address}/ws/recommendations?userId=ann") as stream,
    ):
        await stream.recv()
        before = await stall.state()
        for name in ("userId", "entityId", "eventId"):
            body = json.dumps(ANN | {name: "LONE"}).replace("LONE", lone)
            assert refused(await answer_to(address, sent("POST", ANSWERS, body))) == (400, name)
        payload = '{"type": "USER_ACTION", "payload": {"type": "VIEW_PRODUCT", "entityId": "LONE"}}'
        await stream.send(payload.replace("LONE", lone))
        assert json.loads(await stream.recv())["payload"]["field"] == "payload.entityId"
        assert await stall.state() == before


async def kept(stall: Stall, address: str, odd: str) -> list[object]:
    """Put an id of a product and one of a shopper in every way, and return them as they come back."""
    path, name = f"/api/products/{quote(odd, safe='')}", quote(odd, safe="")
    product = json.dumps({"name": odd, "farmId": "hill", "category": "Odd", "price": 1})
    put = await answer_to(address, sent("PUT", path, product))
    seen = await answer_to(address, get(path))
    listed = await answer_to(address, get("/api/products?limit=100"))
    [there] = [product["id"] for product in listed["data"]["products"] if product["id"] == odd]
    found: list[object] = [put["data"]["id"], seen["data"]["id"], there]
    action = ANN | {"userId": odd, "entityId": odd, "eventId": odd, "metadata": {odd: odd}}
    done = await answer_to(address, sent("POST", ANSWERS, json.dumps(action, ensure_ascii=False)))
    again = await answer_to(address, sent("POST", ANSWERS, json.dumps(action)))
    assert (done["data"]["duplicate"], again["data"]["duplicate"]) == (False, True)
    export = (await answer_to(address, get(f"/api/users/{name}")))["data"]
    found += [done["data"]["eventId"], export["userId"]]
    found += [export["actions"][0][field] for field in ("userId", "entityId", "eventId")]
    found += [*export["actions"][0]["metadata"], *export["actions"][0]["metadata"].values()]
    for query in (f"userId={name}", f"userId={name}&productId=basil"):
        found.append((await answer_to(address, get(f"{ANSWERS}?{query}")))["data"]["userId"])
    async with connect(f"ws://{address}/ws/recommendations?userId={name}") as stream:
        found.append(json.loads(await stream.recv())["payload"]["userId"])
        view = {"type": "VIEW_PRODUCT", "entityId": odd, "eventId": f"{odd[:127]}!"}
        await stream.send(json.dumps({"type": "USER_ACTION", "payload": view, "requestId": odd}))
        types = {}
        while "ACTION_ACK" not in types:
            message = json.loads(await stream.recv())
            types[message["type"]] = message
        found += [
            types["ACTION_ACK"]["requestId"],
            types["ACTION_ACK"]["payload"]["eventId"][:-1] + odd[127:],
        ]
    return found


async def test_an_odd_id_comes_back_as_it_was_from_everywhere():
    async with at_work() as (stall, address):
        for odd in ODD.values():
            assert set(await kept(stall, address, odd)) == {odd}
        [metrics] = await converse(address, [get("/metrics")])
        text = metrics.body.decode()
        assert not [kind for kind, odd in ODD.items() if kind != "words" and odd in text]
        for odd in ODD.values():
            path = f"/api/users/{quote(odd, safe='')}"
            assert (await answer_to(address, sent("DELETE", path, b"")))["data"]["userId"] == odd
            assert (await answer_to(address, get(path)))["status"] == 404


async def test_letters_that_look_alike_are_different_ids():
    async with at_work() as (_, address):
        for name in (ODD["composed"], ODD["decomposed"], "Café", "cafe"):
            farm = await answer_to(address, sent("PUT", f"/api/farms/{quote(name)}", '{"name": "x"}'))
            assert farm["status"] == 201


NAMES = st.text(
    st.characters(exclude_characters=[*CONTROL], exclude_categories=["Cs"]), min_size=1, max_size=200
)


@settings(max_examples=30)
@given(NAMES)
def test_no_name_makes_a_header_of_an_e_mail(product):
    def written(name: str) -> bytes:
        bought = [Bought(2, name)]
        return thanks(Sender("the market", "a@b.example"), "c@d.example", "<1@e>", bought, [], NOW).as_bytes()

    plain, odd = (BytesParser(policy=policy.default).parsebytes(written(name)) for name in ("Kale", product))
    headers = [name for name, _ in odd.items()]
    assert headers == [name for name, _ in plain.items()]
    assert odd["Subject"] == plain["Subject"]
    assert odd["To"] == "c@d.example"
    assert [part.get_content_type() for part in odd.walk()] == [
        part.get_content_type() for part in plain.walk()
    ]
