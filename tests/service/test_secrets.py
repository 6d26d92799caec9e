"""No secret is told: not in an answer, a log, a metric, a file or a command line, whole or in pieces."""

import asyncio
import contextlib
import os
import re
import secrets
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import jwt
import msgspec
import pytest
from redis import Redis

from tests.journal.test_postgres import run
from tests.servers.postgres import Throwaway as Postgres
from tests.servers.postgres import free_port
from tests.servers.valkey import Throwaway as Valkey
from tests.service import echoing
from tests.service.process import Process, children_of
from tests.service.secrecy import Watch
from tests.service.showing import (
    ANSWERS,
    FEED,
    SOCKET,
    STATS,
    Shown,
    asked,
    bearer,
    handshake,
    has_shape,
    showings,
)
from tests.service.streaming import TEXT, masked
from tests.test_cli import punnet
from tests.waiting import until

pytestmark = pytest.mark.service

SILENCE = 0.2
"""Seconds after which a connection that stays open is taken to say nothing more."""

PATIENCE = 30.0
"""Seconds after which it is taken to say nothing at all."""

AT_A_TIME = 32
PAST, FUTURE = 1_760_000_000, 4_000_000_000
RS256 = urlsafe_b64encode(b'{"alg":"RS256","kid":"k"}').decode().rstrip("=")
"""The first part of a token that is signed with a published key."""

ODD = "/?#@:ü"
"""What a password may hold, and must be escaped in a URL."""

FAULTS = """
import punnet
import punnet.web.metrics
from punnet.engine.catalogue import Catalogue
from punnet.protocol.session import Session

def breaking(function, is_odd):
    def broken(*arguments, **known):
        if is_odd(*arguments):
            raise RuntimeError("nobody has foreseen this")
        return function(*arguments, **known)
    return broken

Catalogue.product = breaking(Catalogue.product, lambda _, name: len(name) > 30)
Catalogue.farm = breaking(Catalogue.farm, lambda _, name: len(name) > 30)
Session.receive = breaking(Session.receive, lambda _, frame, *rest: frame.startswith("break"))
punnet.web.metrics.unreadable = breaking(
    punnet.web.metrics.unreadable, lambda scope, *rest: b"break" in scope["query_string"]
)

@punnet.on("RATE_FARM")
def rate(event):
    raise RuntimeError("nobody has foreseen this either")
"""


class Door:
    """A market that asks who calls, all that may be shown to it, and who watches what is said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.watch = Watch()
        self.shown: dict[str, str] = {}
        self.settings = {"AUTH_MODE": "token", "MAIL_FROM": "orders@example.org", "RATE_LIMIT_USER": "off"}
        for name in ("ADMIN_SECRET_KEY", "JWT_SECRET"):
            self.shown[name] = self.settings[name] = self.secret(name)
        signing = self.settings["JWT_SECRET"]
        self.token = token(signing)
        self.shown |= {
            "a token": self.token,
            "an expired token": token(signing, expires=PAST),
            "a forged token": token(secrets.token_urlsafe(32)),
            "a token of another kind": f"{RS256}.{token(signing).partition('.')[2]}",
        }
        for name, shown in self.shown.items():
            if "token" in name:
                # What stands before the first dot is the same in all, and no secret.
                self.watch.guard(name, shown.partition(".")[2])

    def secret(self, name: str) -> str:
        """Make a secret, and know it."""
        made = secrets.token_urlsafe(32)
        self.watch.guard(name, made)
        return made

    def uuid(self, name: str) -> str:
        """Make a UUID that is a secret, and know it."""
        made = str(uuid4())
        self.watch.guard(name, made)
        return made

    def password(self, name: str) -> str:
        """Make a password that must be escaped in a URL, and know it."""
        made = secrets.token_urlsafe(12) + ODD + secrets.token_urlsafe(12)
        self.watch.guard(name, made)
        return made

    def key(self, name: str, said: bytes | str) -> str:
        """Know the API key in what was said, and return it."""
        [(key, random)] = re.findall(
            r"(punnet_[a-z-]+_(\S{43}))", said if isinstance(said, str) else said.decode()
        )
        self.watch.guard(name, random)
        self.shown[name] = key
        return key

    async def program(self, *arguments: str, **settings: str) -> bytes:
        """Run the program with these settings and others, and return what it says on both streams."""
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "punnet", *arguments),
            env=os.environ | self.settings | settings,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=self.folder,
        )
        out, err = await running.communicate()
        self.watch.look(f"punnet {' '.join(arguments)}", err)
        return out + err

    async def show_all(self, port: int, key: str) -> int:
        """Show all there is in every way, look at the answers, and return how many there were."""
        turn = asyncio.Semaphore(AT_A_TIME)

        async def show(name: str, secret: str, shown: Shown) -> bool:
            async with turn:
                answer = await exchange(port, shown.first, *shown.then)
            # Without a shape it is a name like any other where a name is meant.
            but = name if shown.named and not has_shape(secret) else ""
            self.watch.look(f"the answer to {name} as {shown.where}", answer, but=but)
            return bool(answer)

        shows = [
            show(name, secret, shown)
            for name, secret in self.shown.items()
            for shown in showings(secret, self.token, key)
        ]
        return sum(await asyncio.gather(*shows))


def token(secret: str, expires: int = FUTURE, user_id: str = "ann") -> str:
    """Return a token that no other is like."""
    return jwt.encode({"jti": secrets.token_hex(16), "sub": user_id, "exp": expires}, secret, "HS256")


async def exchange(port: int, first: bytes, *then: bytes) -> bytes:
    """Say something on a connection of its own, and return all that is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(first)
        got = await heard(reader)
        for said in then:
            writer.write(said)
        return got + (await heard(reader) if then else b"")
    finally:
        writer.close()


async def heard(reader: asyncio.StreamReader) -> bytes:
    """Return what comes until the end, or until nothing more comes."""
    got = b""
    with contextlib.suppress(ConnectionError, TimeoutError):
        while more := await asyncio.wait_for(reader.read(1 << 16), SILENCE if got else PATIENCE):
            got += more
    return got


def descendants(pid: int) -> Iterator[int]:
    """Yield a process and all that it has started, and they."""
    yield pid
    for child in children_of(pid):
        yield from descendants(child)


def look_at_command_lines(door: Door, server: Process) -> int:
    """Look at the command lines of a server and of all that it has started, and return how many there are."""
    lines = []
    for pid in descendants(server.pid):
        with contextlib.suppress(FileNotFoundError):
            lines.append(Path(f"/proc/{pid}/cmdline").read_bytes())
    door.watch.look("a command line", b" ".join(lines))
    return len(lines)


PURCHASE = {
    "userId": "ann",
    "action": "COMPLETE_PURCHASE",
    "metadata": {"email": "ann@example.org", "items": [{"productId": "kale", "quantity": 1, "unitPrice": 2}]},
}
MARKET = (
    ("PUT", "/api/farms/hill", {"name": "Hill Farm"}),
    ("PUT", "/api/products/kale", {"name": "Kale", "farmId": "hill", "category": "Greens", "price": 2}),
    ("POST", ANSWERS, PURCHASE),
    (
        "POST",
        ANSWERS,
        {"userId": "ann", "action": "RATE_FARM", "entityId": "hill", "metadata": {"rating": 5}},
    ),
)
TOLD = (
    "/",
    "/admin",
    "/product?id=kale",
    "/docs",
    "/docs/start.js",
    "/openapi.json",
    "/asyncapi.json",
    "/metrics",
    "/metrics?break",
    f"{STATS}?detailed=true",
    "/api/events",
    "/api/users/ann",
    "/api/products",
    f"{ANSWERS}?userId=ann",
    "/health/live",
    "/health/ready",
    "/static/client/client.js",
)
PROGRAMS = ("config", "keys list", "snapshot")


async def open_market(port: int, key: str) -> None:
    """Sell kale, and have ann buy some."""
    for method, path, content in MARKET:
        body = msgspec.json.encode(content)
        for _ in range(100):
            answer = await exchange(port, asked(method, path, bearer(key), body=body))
            # A key that was made elsewhere is known a little later.
            if not answer.startswith(b"HTTP/1.1 401"):
                break
        assert re.match(rb"HTTP/1.1 20[01] ", answer), answer


async def look_around(door: Door, server: Process, key: str) -> None:
    """Look at whatever the server tells the administrator, and a shopper on a stream."""
    for path in TOLD:
        answer = await exchange(server.port, asked("GET", path, bearer(key)))
        assert answer, path
        door.watch.look(f"the answer at {path}", answer)
    socket = handshake(f"{SOCKET}?userId=ann&topics=trending,personalized&token={door.token}")
    door.watch.look("a WebSocket", await exchange(server.port, socket, masked(TEXT, b"break")))
    feed = asked("GET", f"{FEED}?userId=ann&token={door.token}")
    door.watch.look("an event stream", await exchange(server.port, feed))
    look_at_command_lines(door, server)


def look_at_files(door: Door, first: str) -> None:
    """Look at every file that is left, but for the one place of the first key."""
    for path in door.folder.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            content = path.read_bytes()
            door.watch.look(
                path.name, content.replace(first.encode(), b"", 1) if path.name == "log" else content
            )


def in_url(password: str) -> str:
    return quote(password, safe="")


async def test_a_market_in_a_file_tells_no_secret_whatever_is_shown_to_it_and_whatever_fails(tmp_path):
    door = Door(tmp_path)
    (tmp_path / "faults.py").write_text(FAULTS)
    async with echoing.listening(echoing.relay) as relay, echoing.listening(echoing.redis) as redis:
        keys = f"127.0.0.1:{free_port()}/keys?token={door.secret('the token in JWKS_URL')}"
        door.settings |= {
            "DATABASE_URL": f"sqlite:///{tmp_path}/market.db",
            "HANDLERS": str(tmp_path / "faults.py"),
            "JWKS_URL": f"http://shop:{in_url(door.password('JWKS_URL'))}@{keys}",
            "REDIS_URL": f"redis://shop:{in_url(door.password('REDIS_URL'))}@127.0.0.1:{redis}/0",
            "SMTP_URL": f"smtp+plain://shop:{in_url(door.password('SMTP_URL'))}@127.0.0.1:{relay}",
            "APPINSIGHTS_CONNECTION_STRING": (
                f"InstrumentationKey={door.uuid('the instrumentation key')};"
                f"IngestionEndpoint=http://127.0.0.1:{free_port()}"
            ),
            "STATS_UPDATE_INTERVAL": "1000",
            "SNAPSHOT_RECORDS": "3",
        }
        server = Process(door.settings["DATABASE_URL"], tmp_path / "log", **door.settings)
        await server.start()
        try:
            first = door.key("the first key", server.log)
            door.key("another key", await door.program("keys", "create", "--role", "back-end"))
            await open_market(server.port, first)
            answers = await door.show_all(server.port, first)
            await look_around(door, server, first)
            said = [await door.program(*words.split()) for words in PROGRAMS]
            await until(lambda: "e-mails wait" in server.log)
        finally:
            await server.stop()
    door.watch.look("the programs", b"".join(said))
    door.watch.look("stdout", server.greeting + server.farewell)
    look_at_files(door, first)
    assert not door.watch.leaks, "\n".join(door.watch.leaks)
    # All of this went wrong, and could have told something.
    for failing in (
        "e-mails wait: the relay refuses",
        "Application Insights cannot be told: All connection attempts failed",
        "Redis cannot be told: unknown command, with args",
        "keys of tokens cannot be fetched from http://127.0.0.1",
        "the handler own.faults.rate failed",
        "GET /metrics failed",
        "GET /api/farms failed",
        f"{SOCKET} failed",
    ):
        assert failing in server.log
    assert answers > 1_000
    assert door.watch.looked > 1_000_000


async def test_a_market_of_two_processes_tells_no_secret_in_tables_command_lines_and_trouble(tmp_path):
    door = Door(tmp_path)
    with closing(Postgres()) as postgres, closing(Valkey()) as valkey:
        database = await with_passwords(door, postgres, valkey)
        wrong = f"postgresql://keeper:{door.secret('a wrong password')}@{database}"
        server = Process(door.settings["DATABASE_URL"], tmp_path / "log", **door.settings)
        await server.start()
        try:
            first = door.key("the first key", server.log)
            await open_market(server.port, first)
            await until(lambda: look_at_command_lines(door, server) >= 4)
            await look_around(door, server, first)
            for name, secret in door.shown.items():
                for ask in (
                    asked("GET", STATS, bearer(secret)),
                    handshake(f"{SOCKET}?userId=ann&token={secret}"),
                ):
                    door.watch.look(f"the answer to {name}", await exchange(server.port, ask))
            await look_at_tables(door, postgres, valkey)
            refused = await door.program("keys", "list", DATABASE_URL=wrong)
            postgres.kill()
            valkey.kill()
            body = msgspec.json.encode(PURCHASE)
            answer = await exchange(server.port, asked("POST", ANSWERS, bearer(first), body=body))
            await until(lambda: "Redis cannot be" in server.log and "API keys cannot be read" in server.log)
        finally:
            await server.stop()
    door.watch.look("the answer while there is no database", answer)
    door.watch.look("stdout", server.greeting + server.farewell)
    look_at_files(door, first)
    assert not door.watch.leaks, "\n".join(door.watch.leaks)
    assert b"password authentication failed" in refused
    assert answer.startswith(b"HTTP/1.1 503 ")


async def with_passwords(door: Door, postgres: Postgres, valkey: Valkey) -> str:
    """Have both ask for passwords, name those in the settings, and return where the database is."""
    password = door.password("DATABASE_URL")
    await run(postgres.dsn, f"CREATE ROLE keeper LOGIN SUPERUSER PASSWORD '{password}'")
    await run(postgres.dsn, "CREATE DATABASE market OWNER keeper")
    rules = postgres._data / "pg_hba.conf"
    rules.write_text(f"host all keeper 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")
    await run(postgres.dsn, "SELECT pg_reload_conf()")
    database = f"127.0.0.1:{postgres.port}/market"
    door.settings |= {"WORKERS": "2", "SNAPSHOT_RECORDS": "3", "REDIS_CACHE": "true"}
    door.settings["DATABASE_URL"] = f"postgresql://keeper:{in_url(password)}@{database}"
    password = door.password("REDIS_URL")
    with Redis(port=valkey.port) as redis:
        redis.acl_setuser(
            "shop", enabled=True, passwords=[f"+{password}"], keys=["*"], channels=["*"], commands=["+@all"]
        )
    door.settings["REDIS_URL"] = f"redis://shop:{in_url(password)}@127.0.0.1:{valkey.port}/0"
    return database


async def look_at_tables(door: Door, postgres: Postgres, valkey: Valkey) -> None:
    """Look at all that is in the database and in Valkey."""
    url = postgres._url("market")
    tables = await run(url, "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
    names = {table["name"] for table in tables}
    assert names > {"journal", "api_key", "outbox"}
    for name in names:
        rows = await run(url, f"SELECT rows::text AS text FROM {name} AS rows")
        door.watch.look(f"the table {name}", "\n".join(row["text"] for row in rows))
    with Redis(port=valkey.port) as redis:
        for name in redis.scan_iter():
            door.watch.look("Valkey", redis.dump(name) or b"")


def test_what_cannot_start_says_why_without_a_secret(tmp_path):
    watch, port = Watch(), free_port()
    password = secrets.token_urlsafe(32)
    watch.guard("a secret", password)
    odd = f"{password[:20]}@{password[20:]}"

    def said(*words: str, **settings: str) -> str:
        result = punnet(*words, **{"PORT": "0", **settings})
        text = f"{result.output}{result.stderr}{result.exception!r}"
        watch.look(f"{words} with {settings}", text)
        return text

    places = [
        f"keeper:{each}@127.0.0.1:{port}/market"
        for each in (password, odd, f"{odd} ", f"{odd[:20]}\n{odd[20:]}")
    ]
    mistyped = [
        f"{start}{place}" for start in ("mysql://", "redis:/", "postgresql//", "") for place in places
    ]
    right = [f"postgresql://{places[0]}"]
    right.append(f"postgresql://127.0.0.1:{port}/market?user=keeper&password={odd}")
    for url in right:
        for words in ("serve", "keys list", "snapshot"):
            assert "cannot be used: Connection refused" in said(*words.split(), DATABASE_URL=url)
        assert "***" in said("config", DATABASE_URL=url)
    assert "DATABASE_URL is not understood" in said("serve", DATABASE_URL=right[0].replace(str(port), "port"))
    for url in mistyped:
        for name in ("DATABASE_URL", "REDIS_URL", "SMTP_URL", "JWKS_URL"):
            assert f'{name} is "' in said("serve", **{name: url})
    for name in ("JWT_SECRET", "ADMIN_SECRET_KEY"):
        assert f'{name} is "***"' in said("serve", **{name: f"{password} x"})
    short = {"JWT_SECRET": password[:30], "AUTH_MODE": "token", "DATABASE_URL": "memory:"}
    assert "JWT_SECRET is too short" in said("serve", **short)
    database = f"{tmp_path}/market.db"
    assert "it cannot be read" in said("import", f"{right[0]}#public.orders", "--database", database)
    assert not watch.leaks, "\n".join(watch.leaks)
