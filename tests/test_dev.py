"""What `./dev` makes of its locks and its words."""

import json
import re
import runpy
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.servers.postgres import free_port

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def dev():
    return SimpleNamespace(**runpy.run_path(str(ROOT / "dev"), run_name="dev"))


def pinned(lock):
    return set(re.findall(r"^([\w.-]+)==([^ ]+)", lock.read_text(), re.MULTILINE))


def test_each_lock_holds_all_that_the_one_before_it_does(dev):
    run, more, most = map(pinned, dev.GROWING)
    assert run < more < most
    assert {name for name, _ in most - more} >= {"implicit", "scipy"}


def test_an_environment_serves_for_each_lock_that_its_own_holds(dev):
    serving = {
        lock.stem: [dev.serves(dev.digest(made), lock) for made in dev.GROWING] for lock in dev.GROWING
    }
    assert serving == {"run": [True] * 3, "dev": [False, True, True], "bench": [False, False, True]}


def test_nothing_half_made_or_of_another_python_serves(dev):
    assert not dev.serves("", dev.RUN)
    assert not dev.serves(f"elsewhere {dev.digest(dev.BENCH)}", dev.RUN)


def test_the_benchmark_that_is_not_there_is_named(dev):
    with pytest.raises(SystemExit, match=r"there is no bench/nothing\.py"):
        dev.bench("nothing", "--quick")


# -------------------------------------------------------------------------------------------------- the audit


class Advisories(BaseHTTPRequestHandler):
    """Tells of vulnerabilities as OSV does: of the packages that the server has in `vulnerable`.

    It answers as many questions as the server has in `patience`, and then with 500.
    """

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = asked["package"]["name"]
        self.server.asked.append(f"{name}=={asked['version']}")
        package = {"name": name, "ecosystem": "PyPI"}
        ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "999"}]}]
        known = {"id": "PYSEC-0", "aliases": ["CVE-0"], "affected": [{"package": package, "ranges": ranges}]}
        told = {"vulns": [known]} if name in self.server.vulnerable else {}
        self.server.patience -= 1
        body = json.dumps(told).encode() if self.server.says is None else self.server.says
        self.send_response(200 if self.server.patience >= 0 else 500)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def advisories(
    *vulnerable: str, patience: float = float("inf"), says: bytes | None = None
) -> Iterator[object]:
    """Run such a server; its `url` is where it is asked."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Advisories)
    server.vulnerable, server.patience, server.says, server.asked = vulnerable, patience, says, []
    server.url = f"http://127.0.0.1:{server.server_port}/v1/query"
    serving = threading.Thread(target=server.serve_forever, args=(0.01,))
    serving.start()
    try:
        yield server
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def test_all_that_any_lock_pins_is_asked_for_whatever_python_it_is_for(dev, capsys):
    with advisories() as server:
        dev.check_dependencies(server.url)
    pins = {f"{name}=={version}" for lock in (*dev.GROWING, dev.UV) for name, version in pinned(lock)}
    assert set(server.asked) >= pins
    assert capsys.readouterr().err == ""


def test_a_known_vulnerability_fails_and_is_told_of(dev):
    with advisories("click", "uv") as server, pytest.raises(SystemExit) as ended:
        dev.check_dependencies(server.url)
    sentence, *found = str(ended.value).splitlines()
    assert sentence.startswith("dev: known vulnerabilities: ")
    assert [line.split()[0] for line in found] == ["click", "uv"]
    assert all(line.endswith(": PYSEC-0, CVE-0; mended in 999") for line in found)


def test_where_nobody_can_be_asked_it_says_so_and_goes_on(dev, capsys):
    url = f"http://127.0.0.1:{free_port()}/v1/query"
    dev.check_dependencies(url)
    [sentence] = capsys.readouterr().err.splitlines()
    assert sentence.startswith(f"dev: the dependencies were not audited: {url} cannot be reached (")
    assert "Connection refused" in sentence


@pytest.mark.parametrize(
    ("patience", "says"), [(0, None), (3, None), (9, b"<html>Log in to this network</html>")]
)
def test_who_answers_no_more_or_nonsense_cannot_be_reached(dev, capsys, patience, says):
    with advisories(patience=patience, says=says) as server:
        dev.check_dependencies(server.url)
    assert "cannot be reached" in capsys.readouterr().err


def test_who_never_answers_is_not_waited_for(dev, capsys, monkeypatch):
    monkeypatch.setitem(dev.unreachable.__globals__, "SECONDS_TO_REACH", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        dev.check_dependencies(f"http://127.0.0.1:{silent.getsockname()[1]}/")
    assert "cannot be reached (" in capsys.readouterr().err


@pytest.mark.parametrize(
    "broken", ["import sys; sys.exit('odd')", "print('{}')", "print('{\"dependencies\": []}')"]
)
def test_an_audit_that_does_not_work_fails(dev, broken, tmp_path, monkeypatch):
    program = tmp_path / "pip-audit"
    program.write_text(f"#!{sys.executable}\n{broken}\n")
    program.chmod(0o755)
    monkeypatch.setitem(dev.check_dependencies.__globals__, "BIN", tmp_path)
    with advisories() as server, pytest.raises(SystemExit, match="could not be audited"):
        dev.check_dependencies(server.url)
