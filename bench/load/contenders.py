"""Our server and its peers, each in a process on the core of the servers."""

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from bench.load.callers import HOST
from bench.load.crowd import Speaker, crowd
from bench.load.serving import Serving, serving
from bench.load.websocket import connect, greeted
from tests import npm
from tests.service.streaming import TEXT, masked

HERE = Path(__file__).resolve().parent
PEERS = HERE / "peers"

FRAME_BYTES = 500
LONGEST_NAME = 200
TOP_PRICE = 1_000_000
JSON = {"content-type": "application/json"}


class Contender(NamedTuple):
    """A server that can be started, and who makes it speak once it runs on that port."""

    name: str
    start: Callable[[], AbstractContextManager[Serving]]
    speaker: Callable[[int], Speaker]


# ------------------------------------------------------------------------------------------------------ cores


def cores() -> tuple[int, int] | None:
    """Return a core for the servers and one for their load; None where they must share one."""
    allowed = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []
    return (allowed[0], allowed[1]) if len(allowed) > 1 else None


CORES = cores()


def load_on_its_core() -> None:
    """Keep this process where no server runs."""
    if CORES:
        os.sched_setaffinity(0, {CORES[1]})


@contextmanager
def servers_core() -> Iterator[None]:
    """Have what is started meanwhile, with all threads that it starts itself, run on the core of servers."""
    if CORES:
        os.sched_setaffinity(0, {CORES[0]})
    try:
        yield
    finally:
        load_on_its_core()


# ------------------------------------------------------------------------------------------------- our server


class PriceDrops:
    """Lowers the price of the one product over and over."""

    def __init__(self, port: int) -> None:
        self._price = TOP_PRICE
        self._caller = http.client.HTTPConnection(HOST, port, timeout=30)

    def open_market(self, name: str) -> None:
        """Put the product on the shelf at the top price, under that name."""
        self._price = TOP_PRICE
        product = {"name": name, "farmId": "f", "category": "Fruits", "price": TOP_PRICE}
        self._request("PUT", "/api/farms/f", {"name": "Farm"})
        self.settle()
        self._request("PUT", "/api/products/p", product)
        self.settle()

    def say(self) -> None:
        """Ask for a lower price."""
        self._price -= 1
        self._request("PATCH", "/api/products/p", {"price": self._price})

    def settle(self) -> None:
        """Wait for the answer."""
        answer = self._caller.getresponse()
        body = answer.read()
        if answer.status not in (200, 201):
            raise RuntimeError(f"the server refused a price: {answer.status} {body.decode()}")

    def _request(self, method: str, path: str, noun: Mapping[str, object]) -> None:
        self._caller.request(method, path, json.dumps(noun), JSON)


@contextmanager
def _punnet(name: str) -> Iterator[Serving]:
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        with servers_core():
            server = stack.enter_context(serving(f"sqlite:///{folder}/bench.db"))
        PriceDrops(server.port).open_market(name)
        yield server


def punnet() -> tuple[Contender, bytes]:
    """Return our server, and the message that it sends when a price falls: of about FRAME_BYTES."""
    with _punnet("~") as server:
        short = _said(server.port, "~")
        named = short.count(b"~")
        longer = (FRAME_BYTES - len(short)) // named if named else 0
        name = "~" * max(1, min(1 + longer, LONGEST_NAME))
        message = _said(server.port, name)
    return Contender("punnet", partial(_punnet, name), PriceDrops), message


def _said(port: int, name: str) -> bytes:
    speaker = PriceDrops(port)
    speaker.open_market(name)
    with crowd(port, 1) as people:
        people.tell(speaker)
        return people.last


# ------------------------------------------------------------------------------------------------------ peers


class Herald:
    """Has a peer repeat a message to everyone else."""

    def __init__(self, message: bytes, port: int) -> None:
        self._frame = masked(TEXT, message)
        self._connection: socket.socket = connect(port, "/herald")
        greeted(self._connection)

    def say(self) -> None:
        """Send the message."""
        self._connection.sendall(self._frame)

    def settle(self) -> None:
        """Return at once: a peer answers nothing."""


def websockets(message: bytes) -> Contender:
    """Return a server of the `websockets` library, on uvloop."""
    start = partial(_peer, [sys.executable, PEERS / "broadcast.py"], Path.cwd())
    return Contender(f"websockets {version('websockets')}", start, partial(Herald, message))


def node_ws(message: bytes) -> Contender:
    """Return a server of Node's `ws`, which npm brings; raise NoPackages where it cannot."""
    modules, node = npm.packages(PEERS), _node()
    about = json.loads((modules / "ws" / "package.json").read_text())
    running = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    start = partial(_peer, [node, PEERS / "ws.mjs"], modules.parent)
    return Contender(f"ws {about['version']}, Node {running}", start, partial(Herald, message))


def fastify(file: Path, kind: str) -> AbstractContextManager[Serving]:
    """Return a Fastify that answers with what is in a file, as `object` or `bytes`.

    NoPackages where npm cannot bring it.
    """
    modules = npm.packages(PEERS)
    return _peer([_node(), PEERS / "fastify.mjs", file, kind], modules.parent)


@contextmanager
def storefront(*, quick: bool) -> Iterator[dict[str, Serving]]:
    """Run our server around a made market, and yield what it is on each of its ports."""
    command = [sys.executable, HERE / "storefront.py", *(["--quick"] if quick else [])]
    with _started(command, Path.cwd()) as (process, greeting):
        if not greeting:
            raise RuntimeError("our server did not start")
        yield {name: Serving(port, process.pid) for name, port in json.loads(greeting).items()}


@contextmanager
def _peer(command: list[str | Path], folder: Path) -> Iterator[Serving]:
    with _started(command, folder) as (process, greeting):
        port = re.search(r":(\d+)$", greeting.strip())
        if port is None:
            raise RuntimeError(f"a peer did not start: {command}")
        yield Serving(int(port[1]), process.pid)


def _node() -> str:
    return shutil.which("node") or str(npm.node())


@contextmanager
def _started(command: list[str | Path], folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a server, and yield it with the first line that it says."""
    with servers_core():
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        yield process, process.stdout.readline()
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
