"""What nobody should send: endless frames and handshakes, from broken to nearly right."""

import copy
import json
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from tests.service.streaming import BINARY, CLOSE, CONTINUED, PING, PONG, TEXT, masked, upgrade

GOLDEN = Path(__file__).parents[2] / "protocol" / "fixtures" / "client.json"
LARGEST = 16 * 1024
"""Bytes of the largest message that is allowed."""

PROTOCOL, NOT_UTF8, TOO_BIG = 1002, 1007, 1009

JUNK: tuple[object, ...] = (
    None, True, -1, 0.5, 10**30, -(10**19), "", "x" * 300, "\x00", "\u202e", "💥" * 40, [], {}, [[[]]],
    {"a": {}}, ["price_drops"] * 30, {"type": "SUBSCRIBE"}, "price_drops", "2025-13-45T99:99:99Z",
)  # fmt: skip

NUMBERS = (
    "1e400", "-1e400", "1e-999999", "9" * 5_000, "0." + "1" * 5_000, "-0", "1E+308", "18446744073709551616",
    "NaN", "Infinity", "0x10", "01", "1.", ".5", "--1", "1e", "-",
)  # fmt: skip

SURROGATES = (r"\ud800", r"\udfff", r"\udbff\ud800", r"\udc00\ud800", r"a\ud83d", r"\ud83d\ude00", r"\u0000")


class Shout(NamedTuple):
    """Frames that are right as frames: so many, to which so many answers and these pongs must come."""

    kind: str
    data: bytes
    frames: int = 1
    answers: int = 1
    pongs: tuple[bytes, ...] = ()


class Breach(NamedTuple):
    """Bytes that no client may send in a WebSocket, and the codes with one of which it is to be closed."""

    kind: str
    data: bytes
    codes: tuple[int, ...] = (PROTOCOL,)


class Gibberish:
    """Makes it up."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        cases = json.loads(GOLDEN.read_text())["cases"]
        self._golden = [case["text"] if "text" in case else json.dumps(case["message"]) for case in cases]
        self._messages = [case["message"] for case in cases if isinstance(case.get("message"), dict)]

    def shout(self) -> Shout:
        """Return something that must be answered, or may be ignored."""
        chance = self._chance
        which = chance.choices(
            (self._text, self._binary, self._pieces, self._ping, self._pong), (75, 8, 10, 4, 3)
        )
        return which[0]()

    def half(self) -> bytes:
        """Return the beginning of a frame."""
        frame = masked(TEXT, self._message()[1], key=self._key())
        return frame[: self._chance.randint(1, len(frame) - 1)]

    def breach(self) -> Breach:
        """Return a breach of the protocol."""
        chance = self._chance
        text, small = self._message()[1], chance.randbytes(chance.randint(0, 100))
        control = chance.choice((PING, PONG, CLOSE))
        bad_code = chance.choice((0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65535)).to_bytes(2)
        unfinished, not_utf8 = masked(TEXT, text, first=0), masked(CONTINUED, self._not_utf8())
        return chance.choice((
            Breach("not masked", bytes([0x80 | TEXT, len(small)]) + small),
            Breach("reserved bits", masked(TEXT, text, first=0x80 | chance.choice((0x10, 0x20, 0x40, 0x70)))),
            Breach("unknown opcode", masked(chance.choice((3, 4, 5, 6, 7, 11, 12, 13, 14, 15)), small)),
            Breach("control frame too long", masked(control, bytes(chance.randint(126, 3_000)))),
            Breach("control frame in pieces", masked(control, small, first=0)),
            Breach("continues nothing", masked(CONTINUED, small)),
            Breach("begins in the middle", unfinished + masked(TEXT, small), (PROTOCOL, TOO_BIG)),
            Breach("close with half a code", masked(CLOSE, b"\x03")),
            Breach("close with a wrong code", masked(CLOSE, bad_code + b"bye")),
            Breach("close not in UTF-8", masked(CLOSE, b"\x03\xe8\xff\xfe"), (PROTOCOL, NOT_UTF8)),
            Breach("text not in UTF-8", masked(TEXT, self._not_utf8()), (NOT_UTF8,)),
            Breach("pieces not in UTF-8", unfinished + not_utf8, (NOT_UTF8, TOO_BIG)),
            Breach("too large", masked(TEXT, b" " * (LARGEST + chance.randint(1, 40_000))), (TOO_BIG,)),
            Breach("too large in pieces", self._large_pieces(), (TOO_BIG,)),
            Breach("announced too large", bytes([0x80 | BINARY, 0xFF]) + (1 << 40).to_bytes(8), (TOO_BIG,)),
            Breach("of no possible length", b"\x81\xff" + b"\xff" * 8 + bytes(4), (PROTOCOL, TOO_BIG)),
            Breach("noise", b"\xff" + chance.randbytes(chance.randint(20, 500)), (PROTOCOL, TOO_BIG)),
        ))  # fmt: skip

    def handshake(self) -> tuple[str, bytes]:
        """Return a handshake that must not succeed."""
        chance = self._chance
        right = upgrade("/ws/recommendations?userId=somebody")
        nobody = right.replace(b"userId=somebody", b"")
        at, key = chance.randint(0, len(right) - 5), b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        return chance.choice((
            ("noise", chance.randbytes(chance.randint(1, 2_000)) + b"\r\n\r\n"),
            ("no key", right.replace(key, b"")),
            ("two keys", right.replace(key, key + key)),
            ("a short key", right.replace(b"AAAAAA==", b"==")),
            ("another version", right.replace(b"Version: 13", b"Version: 7")),
            ("no version", right.replace(b"Sec-WebSocket-Version: 13\r\n", b"")),
            ("a POST", right.replace(b"GET", b"POST")),
            ("no userId", nobody),
            ("an empty userId", right.replace(b"somebody", b"")),
            ("a userId too long", right.replace(b"somebody", b"x" * 500)),
            ("a userId not in UTF-8", right.replace(b"somebody", b"%ff%fe")),
            ("a query not in ASCII", right.replace(b"somebody", b"&latitude=\xc3\xa9\xff")),
            ("a header not in ASCII", nobody.replace(key, key + b"X-Odd: \xc3\xff\r\n")),
            ("unknown topics", right.replace(b"somebody", b"somebody&topics=gossip")),
            ("half a place", right.replace(b"somebody", b"somebody&latitude=1")),
            ("another path", right.replace(b"/ws/", b"/sw/")),
            ("a header too long", right.replace(key, key + b"X-Long: " + b"x" * 70_000 + b"\r\n")),
            ("a thousand headers", right.replace(key, key + b"X-Many: 1\r\n" * 1_000)),
            ("a byte that does not belong", right[:at] + b"\x00" + right[at:]),
            ("cut short", right[:at]),
        ))  # fmt: skip

    def _text(self) -> Shout:
        kind, message = self._message()
        return Shout(kind, masked(TEXT, message, key=self._key()))

    def _binary(self) -> Shout:
        chance = self._chance
        content = chance.choice((self._message()[1], chance.randbytes(chance.randint(0, 600))))
        return Shout("binary", masked(BINARY, content, key=self._key()))

    def _pieces(self) -> Shout:
        """Return a message in pieces, with a control frame between two of them now and then."""
        chance = self._chance
        opcode, (_, message) = chance.choice((TEXT, BINARY)), self._message()
        cuts = sorted(chance.choices(range(len(message) + 1), k=chance.randint(1, 4)))
        bounds = [0, *cuts, len(message)]
        pieces = [message[start:end] for start, end in pairwise(bounds)]
        data, pongs = masked(opcode, pieces[0], first=0, key=self._key()), []
        for piece in pieces[1:-1]:
            if chance.random() < 0.3:
                pongs.append(chance.randbytes(chance.randint(0, 125)))
                data += masked(PING, pongs[-1], key=self._key())
            data += masked(CONTINUED, piece, first=0, key=self._key())
        data += masked(CONTINUED, pieces[-1], key=self._key())
        return Shout("in pieces", data, len(pieces) + len(pongs), 1, tuple(pongs))

    def _ping(self) -> Shout:
        payload = self._chance.randbytes(self._chance.choice((0, 1, 4, 125, self._chance.randint(0, 125))))
        return Shout("ping", masked(PING, payload, key=self._key()), answers=0, pongs=(payload,))

    def _pong(self) -> Shout:
        payload = self._chance.randbytes(self._chance.randint(0, 125))
        return Shout("pong nobody asked for", masked(PONG, payload, key=self._key()), answers=0)

    def _message(self) -> tuple[str, bytes]:
        """Return a text in UTF-8 that is small enough, and of what kind it is."""
        kinds = {
            "golden": (12, lambda: self._chance.choice(self._golden)),
            "cut short": (15, self._shortened),
            "mutated": (20, self._mutated),
            "wrong types": (25, self._retyped),
            "deeply nested": (4, self._deep),
            "huge numbers": (6, self._number),
            "lone surrogates": (6, self._surrogate),
            "any text": (10, self._any),
            "large": (2, self._large),
        }
        kind = self._chance.choices([*kinds], [weight for weight, _ in kinds.values()])[0]
        return kind, kinds[kind][1]().encode()[:LARGEST].decode(errors="ignore").encode()

    def _shortened(self) -> str:
        text = self._chance.choice(self._golden)
        return text[: self._chance.randint(0, len(text))]

    def _mutated(self) -> str:
        chance, text = self._chance, list(self._chance.choice(self._golden))
        for _ in range(chance.randint(1, 5)):
            at = chance.randint(0, len(text))
            what = chance.choice(
                ("", '"', "{", "]", ",", ":", "\\", "\x00", "\x1f", "é", "💥", "\ufeff", "null", "1e9")
            )
            text[at : at + chance.randint(0, 3)] = what
        return "".join(text)

    def _retyped(self) -> str:
        """Return a golden message with junk in one of its places."""
        chance, message = self._chance, copy.deepcopy(self._chance.choice(self._messages))
        place: Any = message
        while True:
            keys = [*place] if isinstance(place, dict) else [*range(len(place))]
            key = chance.choice(keys) if keys else "new"
            inner = place[key] if keys else None
            if not (isinstance(inner, dict | list) and inner) or chance.random() < 0.3:
                break
            place = inner
        if isinstance(place, dict):
            place[chance.choice((key, key, "requestId", "payload", "another"))] = chance.choice(JUNK)
        else:
            place[key] = chance.choice(JUNK)
        return json.dumps(message, ensure_ascii=chance.random() < 0.5)

    def _deep(self) -> str:
        depth, chance = self._chance.randint(20, 8_000), self._chance
        opening, closing = chance.choice((("[", "]"), ('{"a":', "}"), ('{"payload":', "}"), ("[[", "]")))
        depth = min(depth, LARGEST // len(opening + closing) - 40)
        inside = opening * depth + "1" + closing * (depth if chance.random() < 0.8 else 0)
        return f'{{"type": "HEARTBEAT", "payload": {{"a": {inside}}}}}' if chance.random() < 0.7 else inside

    def _number(self) -> str:
        number, field = self._chance.choice(NUMBERS), self._chance.choice(("limit", "latitude", "price"))
        payload = f'{{"{field}": {number}, "longitude": {number}}}'
        return self._chance.choice((
            f'{{"type": "REQUEST_RECOMMENDATIONS", "payload": {payload}}}',
            f'{{"type": "HEARTBEAT", "payload": {{"a": {number}}}}}',
            f'{{"type": "HEARTBEAT", "requestId": {number}}}',
            number,
        ))  # fmt: skip

    def _surrogate(self) -> str:
        odd = self._chance.choice(SURROGATES)
        payload = self._chance.choice((
            f'"topics": ["{odd}"]',
            f'"topics": ["trending"], "filter": {{"farmIds": ["{odd}"]}}',
            f'"type": "SEARCH", "metadata": {{"searchQuery": "{odd}"}}',
            f'"type": "VIEW_PRODUCT", "entityId": "{odd}", "eventId": "{odd}"',
            f'"excludeIds": ["{odd}"]',
            f'"{odd}": 1',
        ))  # fmt: skip
        kind = self._chance.choice(("SUBSCRIBE", "USER_ACTION", "REQUEST_RECOMMENDATIONS", "HEARTBEAT", odd))
        request_id = self._chance.choice(("", f', "requestId": "{odd}"'))
        return f'{{"type": "{kind}", "payload": {{{payload}}}{request_id}}}'

    def _any(self) -> str:
        chance = self._chance
        ranges = chance.choices(((0, 0x7F), (0xA0, 0xD7FF), (0x1F300, 0x1F6FF)), k=chance.randint(0, 60))
        return "".join(chr(chance.randint(*some)) for some in ranges)

    def _large(self) -> str:
        content = "x" * (LARGEST - 60)
        return self._chance.choice((
            f'{{"type": "HEARTBEAT", "payload": {{"a": "{content[:16_000]}"}}}}',
            f'{{"type": "SUBSCRIBE", "payload": {{"topics": ["{content}"]}}}}',
            '{"type": "SUBSCRIBE", "payload": {"topics": [' + '"trending",' * 1_200 + '"trending"]}}',
            '{"type": "HEARTBEAT", ' + '"a": 1,' * 2_000 + '"a": 2}',
            content,
        ))  # fmt: skip

    def _not_utf8(self) -> bytes:
        odd = self._chance.choice(
            (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80", b"\xe2\x82")
        )
        return b'{"type": "HEARTBEAT", "requestId": "' + odd + b'"}'

    def _large_pieces(self) -> bytes:
        piece = bytes(self._chance.randint(3_000, 16_000))
        count = LARGEST // len(piece) + 1
        return masked(BINARY, piece, first=0) + masked(CONTINUED, piece, first=0) * count

    def _key(self) -> bytes:
        """Return what masks a frame; most often zeros, which are the quickest."""
        return self._chance.randbytes(4) if self._chance.random() < 0.2 else bytes(4)
