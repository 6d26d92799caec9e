"""The program, as people call it."""

import asyncio
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, NamedTuple

import click
import duckdb
import httpx
import msgspec
import pytest
from click.testing import CliRunner, Result

from punnet.cli import main
from punnet.commands.terminal import ERASED
from punnet.importing.progress import Likeness, Note
from punnet.journal.sqlite import SqliteJournal
from punnet.keys import digest_of
from punnet.settings import Settings
from punnet.sockets import bind
from tests.commands.screen import screen
from tests.web import stall

FARMS = "id,name,latitude,longitude\nhill,Hill Farm,39.1,-84.5\nlow,Low Farm,,\n"
PRODUCTS = "id,name,farmId,category,price\nkale,Kale,hill,Greens,2.5\nleek,Leek,low,Vegetables,3\n"
ORDERS = (
    "id,userId,placedAt,productId,quantity,unitPrice\n"
    "o1,ann,2026-07-01T12:00:00Z,kale,1,2.5\n"
    "o1,ann,2026-07-01T12:00:00Z,leek,2,3\n"
    "o2,bob,2026-07-02T12:00:00Z,kale,1,2.5\n"
)
ACTIONS = '{"userId": "ann", "action": "VIEW_PRODUCT", "entityId": "kale"}\n'


def punnet(*arguments: object, **environment: str) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], env=environment)


def said(result: Result) -> Any:
    return msgspec.json.decode(result.stdout)


# ----------------------------------------------------------------------------------------------------- config


def test_config_prints_every_setting():
    result = punnet("config", PORT="8080")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert len(lines) == len(Settings.__struct_fields__)
    (port,) = [line for line in lines if line.startswith("PORT ")]
    assert port.split()[:3] == ["PORT", "8080", "environment"]


def test_config_as_json_says_where_values_came_from():
    listing = msgspec.json.decode(punnet("config", "--json", ENABLE_STATS_ENDPOINT="false").output)
    listed = {line["name"]: (line["value"], line["source"]) for line in listing}
    assert listed["ENABLE_STATS_ENDPOINT"] == (False, "environment")
    assert listed["PORT"] == (3000, "default")


def test_config_can_leave_out_what_has_its_default():
    assert [line["name"] for line in said(punnet("config", "--changed", "--json", PORT="8080"))] == ["PORT"]
    assert punnet("config", "--changed").output == ""


def test_a_bad_setting_ends_with_a_sentence_and_2():
    result = punnet("config", PORT="ten")
    assert result.exit_code == 2
    assert result.stderr == (
        'Error: PORT is "ten", but it takes a whole number from 0 to 65535; without it, it is 3000.\n'
    )


def test_a_port_in_use_is_one_sentence_and_2(tmp_path):
    with bind(Settings(port=0)) as listener:
        port = listener.getsockname()[1]
        result = punnet("serve", "--port", port, "--database", tmp_path / "market.db")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"Error: Punnet cannot listen on 127.0.0.1 port {port}: Address already in use; "
        "set HOST and PORT to others.\n"
    )


def test_a_file_in_use_is_one_sentence_and_2(tmp_path):
    path = tmp_path / "market.db"
    journal = asyncio.run(SqliteJournal.open(path))
    try:
        result = punnet("demo", "--port", 0, "--database", path)
    finally:
        asyncio.run(journal.close())
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: {path} is in use by another punnet; stop that one, ")


def test_bad_usage_ends_with_2():
    assert punnet("serve", "--colour", "green").exit_code == 2
    assert punnet("import", "nowhere.csv").exit_code == 2


# ----------------------------------------------------------------------------------------------------- import


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    contents = {
        "farms.csv": FARMS,
        "products.csv": PRODUCTS,
        "orders.csv": ORDERS,
        "actions.ndjson": ACTIONS,
    }
    for name, content in contents.items():
        (tmp_path / name).write_text(content)
    return [tmp_path / name for name in contents]


def test_import_brings_in_what_files_hold_once(tmp_path, files):
    database = tmp_path / "market.db"
    first = punnet("import", *files, "--database", database)
    assert first.exit_code == 0
    assert [line.partition(": ")[2] for line in first.stdout.splitlines()] == [
        "2 new, 0 known already, 0 refused",
        "2 new, 0 known already, 0 refused",
        "2 new, 0 known already, 0 refused",
        "1 new, 0 known already, 0 refused",
    ]
    second = punnet("import", *files, DATABASE_URL=f"sqlite:///{database}")
    assert second.exit_code == 0
    assert "1 new" not in second.stdout
    assert second.stdout.count(" 0 new, ") == 4


def test_an_import_thanks_nobody_for_the_past(tmp_path, files):
    item = {"productId": "kale", "quantity": 1, "unitPrice": 2}
    purchase = {"userId": "ann@example.org", "action": "COMPLETE_PURCHASE", "metadata": {"items": [item]}}
    bought = tmp_path / "bought.ndjson"
    bought.write_bytes(msgspec.json.encode(purchase))
    mail = {"SMTP_URL": "smtp+plain://127.0.0.1:1", "MAIL_FROM": "orders@example.org"}
    result = punnet("import", *files, bought, "--database", tmp_path / "market.db", **mail)
    assert result.stdout.splitlines()[-1] == f"{bought}: 1 new, 0 known already, 0 refused"
    with closing(sqlite3.connect(tmp_path / "market.db")) as database:
        assert database.execute("SELECT count(*) FROM outbox").fetchone() == (0,)


def test_import_tells_a_program_what_became_of_each_file(tmp_path, files):
    bad, worse = tmp_path / "more.csv", tmp_path / "worse.parquet"
    bad.write_text("id,name,farmId,category,price\nbeet,Beet,hill,Roots,-1\nmint,Mint,low,Herbs,1\n")
    worse.write_text("farms")
    result = punnet("import", files[0], bad, worse, "--database", "memory:", "--json")
    assert (result.exit_code, result.stderr) == (1, "")
    farms, more, none = said(result)
    came = {"new": 2, "known": 0, "refused": 0}
    assert farms == {"file": str(files[0]), **came, "lines": [], "error": None, "after": 0}
    assert (more["new"], more["refused"], more["lines"][0]["line"]) == (1, 1, 2)
    assert more["lines"][0]["why"].startswith("price is -1")
    assert none["error"].startswith("it is not Parquet: ")
    assert punnet("import", files[0], "--database", "memory:", "--json").exit_code == 0


def test_import_names_the_line_that_failed_and_goes_on(tmp_path, files):
    bad = tmp_path / "more.csv"
    bad.write_text(
        "id,name,farmId,category,price\nbeet,Beet,hill,Roots,-1\ndill,Dill,nobody,Herbs,1\nmint,Mint,low,Herbs,1\n"
    )
    result = punnet("import", files[0], bad, "--database", "memory:")
    assert result.exit_code == 1
    assert f"{bad}: 1 new, 0 known already, 2 refused" in result.stdout
    first, second, last = result.stderr.splitlines()
    assert first.startswith(f"{bad}:2: price is -1")
    assert second.startswith(f"{bad}:3: farmId ")
    assert last == "Nothing was kept: the journal is in memory."


def test_import_of_a_file_that_is_not_what_it_claims_goes_on_with_the_next(tmp_path, files):
    bad = tmp_path / "bad.parquet"
    bad.write_text("farms")
    result = punnet("import", bad, files[0], "--database", "memory:")
    assert result.exit_code == 1
    assert f"{bad}: it is not Parquet" in result.stderr
    assert f"{files[0]}: 2 new" in result.stdout


def kept(database: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(database)) as opened:
        return opened.execute("SELECT kind, key, body FROM journal ORDER BY seq").fetchall()


@pytest.mark.service
def test_an_import_that_was_killed_goes_on_and_brings_the_same_as_one_at_once(tmp_path, files):
    many = tmp_path / "many.ndjson"
    views = [
        f'{{"userId": "u{number % 7}", "action": "VIEW_PRODUCT", "entityId": "kale"}}\n'
        for number in range(60_000)
    ]
    many.write_text('{"id": }\n' + "".join(views))
    whole, broken = tmp_path / "whole.db", tmp_path / "broken.db"
    once = punnet("import", *files, many, "--database", whole)
    assert once.stdout.splitlines()[-1] == f"{many}: 60,000 new, 0 known already, 1 refused"
    punnet("import", *files, "--database", broken)
    command = [sys.executable, "-m", "punnet", "import", str(many), "--database", str(broken)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as program:
        note = tmp_path / "many.ndjson.punnet-import"
        while program.poll() is None and not note.exists():
            time.sleep(0.01)
        program.kill()
    assert program.returncode == -signal.SIGKILL
    line = msgspec.json.decode(note.read_bytes())["line"]
    again = punnet("import", many, "--database", broken)
    new, known = map(int, re.findall(r"([\d,]+) (?:new|known)", again.stdout.replace(",", "")))
    assert new + known == 60_000
    assert again.stderr.startswith(
        f"{many}: it goes on behind line {line:,}; up to there it is in the market.\n"
    )
    assert again.stderr.count("not JSON") == 1
    assert kept(broken) == kept(whole)
    assert not note.exists()


def test_who_breaks_an_import_off_is_told_how_it_goes_on(tmp_path):
    many = tmp_path / "many.ndjson"
    many.write_text("".join(f'{{"id": "f{number}", "name": "Farm"}}\n' for number in range(200_000)))
    command = [sys.executable, "-m", "punnet", "import", str(many), "--database", str(tmp_path / "market.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        while program.poll() is None and not (tmp_path / "many.ndjson.punnet-import").exists():
            time.sleep(0.01)
        program.send_signal(signal.SIGINT)
        said, wrong = program.communicate()
    assert program.returncode == 130
    assert said == ""
    assert wrong.strip() == f"{many}: it was broken off; run the same command again to go on."


def test_import_goes_on_where_it_was_unless_it_is_to_begin_from_the_start(tmp_path, files):
    database, farms = tmp_path / "market.db", files[0]
    punnet("import", farms, "--database", database)
    with closing(sqlite3.connect(database)) as opened:
        (identity,) = opened.execute("SELECT identity FROM market").fetchone()
    note = Note(
        journal=identity,
        file=Likeness.of(farms),
        line=2,
        read=len("".join(FARMS.splitlines(keepends=True)[:2])),
        counted=False,
        last="Farm:hill",
        new=1,
        known=0,
        refused=(),
    )

    def after(*options: str) -> int:
        (tmp_path / "farms.csv.punnet-import").write_bytes(msgspec.json.encode(note))
        return said(punnet("import", farms, "--database", database, "--json", *options))[0]["after"]

    assert after() == 2
    assert after("--from-start") == 0


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_import_takes_tables_too_and_says_nothing_of_a_password(tmp_path, files):
    with duckdb.connect(tmp_path / "history.ddb") as history:
        history.execute("CREATE TABLE farms AS SELECT 'hill' AS id, 'Hill Farm' AS name")
    url = f"duckdb://{tmp_path}/history.ddb"
    secret = "postgresql://ann:hush-hush@127.0.0.1:1/shop#orders"
    result = punnet("import", f"{url}#farms", secret, "--database", "memory:")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"{url}#farms: 1 new, 0 known already, 0 refused",
        "postgresql://127.0.0.1:1/shop#orders: 0 new, 0 known already, 0 refused",
    ]
    line, _ = result.stderr.splitlines()
    assert line.startswith("postgresql://127.0.0.1:1/shop#orders: it cannot be read: ")
    assert "hush" not in result.output
    assert (
        punnet("import", "postgresql://ann:hush-hush@127.0.0.1:1/shop", "--database", "memory:").exit_code
        == 1
    )


# --------------------------------------------------------------------------------------------------- snapshot


def test_snapshot_says_what_it_made(tmp_path, files):
    database = tmp_path / "market.db"
    punnet("import", *files, "--database", database)
    result = punnet("snapshot", "--database", database)
    size = Path(f"{database}.snapshot").stat().st_size
    assert result.exit_code == 0
    assert re.fullmatch(rf"Snapshot of record 7: {size:,} bytes in \d+\.\d s\.\n", result.stdout)


def test_snapshot_tells_a_program_what_it_made(tmp_path, files):
    database = tmp_path / "market.db"
    punnet("import", *files, "--database", database)
    made = said(punnet("snapshot", "--database", database, "--json"))
    assert (made["record"], made["bytes"]) == (7, Path(f"{database}.snapshot").stat().st_size)
    assert made["seconds"] > 0


def test_snapshot_of_nothing_is_one_sentence_and_2(tmp_path):
    result = punnet("snapshot", "--database", tmp_path / "market.db")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: {tmp_path}/market.db cannot be read: ")


def test_a_snapshot_that_cannot_be_written_is_one_sentence_and_2(tmp_path, files):
    database = tmp_path / "market.db"
    punnet("import", *files, "--database", database)
    result = punnet("snapshot", "--database", database, SNAPSHOT_FILE=f"{tmp_path}/nowhere/snapshot")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"Error: {tmp_path}/nowhere/snapshot cannot be written: No such file or directory.\n"
    )


# ------------------------------------------------------------------------------------------------------- keys

KEY = re.compile(r"punnet_(shop|back-end|admin)_[A-Za-z0-9_-]{43}")


def keys(*arguments: object, database: object) -> Result:
    return punnet("keys", *arguments, "--database", database)


def test_a_key_is_printed_alone_and_once(tmp_path):
    made = keys("create", "--role", "back-end", "--note", "orders", database=tmp_path / "market.db")
    assert made.exit_code == 0
    shown = made.stdout.rstrip("\n")
    assert KEY.fullmatch(shown)
    told = re.fullmatch(
        r"That is the key ([0-9a-f]{8}), for the role back-end. It is not shown again.\n", made.stderr
    )
    assert told
    listed = keys("list", database=tmp_path / "market.db")
    assert re.fullmatch(rf"{told[1]}  back-end  20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ  orders\n", listed.stdout)


def test_no_list_and_no_file_has_a_key_and_no_list_a_digest(tmp_path):
    database = tmp_path / "market.db"
    shown = [
        keys("create", "--role", role, database=database).stdout.strip()
        for role in ("shop", "back-end", "admin", "shop")
    ]
    digests = [digest_of(each) for each in shown]
    listings = [keys("list", *json, database=database) for json in ([], ["--json"])]
    for listed in listings:
        assert not [secret for secret in (*shown, *digests) if secret in listed.output]
    assert [key["role"] for key in said(listings[1])] == ["shop", "back-end", "admin", "shop"]
    assert [set(key) for key in said(listings[1])] == [{"id", "role", "note", "created"}] * 4
    at_rest = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert not [each for each in shown if each.encode() in at_rest]
    assert all(each.encode() in at_rest for each in digests)


def test_a_program_is_told_a_new_key_and_its_id(tmp_path):
    made = keys("create", "--role", "admin", "--json", database=tmp_path / "market.db")
    assert made.stderr == ""
    told = said(made)
    assert KEY.fullmatch(told.pop("key"))
    assert said(keys("list", "--json", database=tmp_path / "market.db")) == [told]


def test_revoke_ends_with_1_and_a_sentence_where_no_key_has_the_id(tmp_path):
    database = tmp_path / "market.db"
    key_id = said(keys("create", "--role", "shop", "--json", database=database))["id"]
    gone = keys("revoke", key_id, database=database)
    assert (gone.exit_code, gone.stderr) == (0, f"The key {key_id} is revoked.\n")
    again = keys("revoke", key_id, database=database)
    assert (again.exit_code, again.stdout) == (1, "")
    assert again.stderr == (f"Error: No key has the id {key_id}; `punnet keys list` shows those there are.\n")
    mistaken = keys("revoke", f"punnet_shop_{key_id}", database=database)
    assert (mistaken.exit_code, key_id in mistaken.stderr) == (1, False)
    none = keys("list", database=database)
    assert (none.exit_code, none.stdout, none.stderr) == (0, "", "There are no keys.\n")
    assert said(keys("list", "--json", database=database)) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("create",), "Missing option '--role'"),
        (("create", "--role", "boss"), "'boss' is not one of 'shop', 'back-end', 'admin'"),
        (("create", "--role", "shop", "--note", "a\nb"), "The note of a key is one line of at most 200"),
        (("list", "--database", "memory:"), "Keys are kept beside a journal: name a file or a database"),
    ],
)
def test_what_keys_cannot_do_is_one_sentence_and_2(tmp_path, arguments, sentence):
    result = punnet("keys", *arguments, DATABASE_URL=f"sqlite:///{tmp_path}/market.db")
    assert (result.exit_code, result.stdout) == (2, "")
    assert sentence in result.stderr


def test_keys_are_kept_on_postgresql_too(lasting_url):
    made = said(keys("create", "--role", "shop", "--note", "till", "--json", database=lasting_url))
    assert [key["note"] for key in said(keys("list", "--json", database=lasting_url))] == ["till"]
    assert keys("revoke", made["id"], database=lasting_url).exit_code == 0
    assert said(keys("list", "--json", database=lasting_url)) == []


# --------------------------------------------------------------------------------------------------- simulate


@pytest.fixture(scope="module")
def market() -> Iterator[str]:
    """Return the address of a stall that is open in another thread."""

    async def hold(opening: Future[str], done: asyncio.Event) -> None:
        async with stall.opened(ticking=True, capacity=10_000) as own, stall.served(own.app) as address:
            opening.set_result(f"http://{address}")
            await done.wait()

    opening: Future[str] = Future()
    with asyncio.Runner() as runner, ThreadPoolExecutor(1) as thread:
        done = asyncio.Event()
        holding = thread.submit(runner.run, hold(opening, done))
        yield opening.result(20)
        runner.get_loop().call_soon_threadsafe(done.set)
        holding.result(20)


def test_simulate_says_what_shoppers_did_and_how_long_answers_took(market):
    result = punnet("simulate", market, "--rate", 2_000, "--actions", 150, "--shoppers", 3)
    assert (result.exit_code, result.stderr) == (0, "")
    first, kinds, orders, head, *times = result.stdout.splitlines()
    assert re.fullmatch(r"150 actions in \d+\.\d s, [\d,.]+ a second", first)
    assert sum(int(count) for count, _ in re.findall(r"(\d+) ([A-Z_]+)", kinds)) == 150
    assert re.fullmatch(r"  \d+ orders for [\d,]+\.\d\d in all", orders)
    assert head.split() == ["answers", "took", "p50", "p99", "at", "most"]
    assert [line.partition("  ")[2][:7] for line in times] == ["actions", "actions", "orders "]


def test_simulate_tells_a_program_the_same(market):
    result = punnet("simulate", market, "--rate", 2_000, "--seconds", 0.2, "--seed", 7, "--json")
    told = said(result)
    assert (told["url"], told["shoppers"], told["products"]) == (market, 50, 3)
    assert told["actions"]["VIEW_PRODUCT"] > 0
    times = told["milliseconds"]["actions with suggestions"]
    assert 0 < times["p50"] <= times["p99"] <= times["most"]
    answers = sum(each["answers"] for name, each in told["milliseconds"].items() if name != "orders")
    assert answers == sum(told["actions"].values())


def test_simulate_goes_to_this_machine_unless_told_otherwise():
    with bind(Settings(port=0)) as unheard:
        port = unheard.getsockname()[1]
    result = punnet("simulate", PORT=str(port))
    assert result.exit_code == 2
    assert result.stderr == f"Error: http://127.0.0.1:{port} cannot be reached: Connection refused.\n"


@pytest.mark.parametrize(
    "arguments", [("localhost:3000",), ("--rate", 0), ("--seconds", -1), ("--actions", "x")]
)
def test_simulate_refuses_what_it_cannot_do(arguments):
    result = punnet("simulate", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1].startswith("Error: Invalid value for ")


@pytest.mark.service
def test_simulate_shows_what_goes_on_until_the_keyboard_ends_it(market, tmp_path):
    with screen(tmp_path, "simulate", market, "--rate", 100, "--seconds", 600) as terminal:
        terminal.wait_for(" of 10:00 · ")
        terminal.wait_for(" actions · ")
        terminal.press(b"\x03")
        assert terminal.end() == 0
    assert " a second\x1b[0m\r\n" in terminal.said.rpartition(ERASED)[2]


# ---------------------------------------------------------------------------------------------- on a terminal


@pytest.mark.service
def test_import_shows_how_far_it_is_and_ends_quietly_when_the_keyboard_says_so(tmp_path):
    many = tmp_path / "farms.ndjson"
    many.write_text("".join(f'{{"id": "f{number}", "name": "Farm"}}\n' for number in range(100_000)))
    with screen(tmp_path, "import", many, "--database", "market.db") as terminal:
        terminal.wait_for("%")
        terminal.press(b"\x03")
        assert terminal.end() == 130
    assert "Traceback" not in terminal.said
    assert "Aborted" not in terminal.said


@pytest.mark.service
@pytest.mark.parametrize(("environment", "bright"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_config_is_in_colours_where_those_are_wanted(tmp_path, environment, bright):
    with screen(tmp_path, "config", columns=90, PORT="8080", **environment) as terminal:
        assert terminal.end() == 0
    assert ("\x1b[33m" in terminal.said) is bright
    assert max(len(click.unstyle(line)) for line in terminal.said.split("\r\n")) <= 90


@pytest.mark.service
def test_a_reader_who_has_seen_enough_ends_it_quietly():
    command = [sys.executable, "-u", "-m", "punnet", "config"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout is not None
        program.stdout.close()
        assert program.stderr is not None
        assert program.stderr.read() == b""


@pytest.mark.service
@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["serve", "--help"], ["config"], ["simulate", "x"], ["keys"], ["keys", "list", "-h"]],
)
def test_what_needs_no_server_loads_none(arguments):
    heavy = ["asyncpg", "litestar", "numba", "numpy", "punnet.bootstrap", "uvicorn"]
    program = (
        "import sys\nfrom punnet.cli import main\ntry:\n    main(sys.argv[1:])\nfinally:\n"
        f"    print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    command = [sys.executable, "-c", program, *arguments]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.stderr.splitlines()[-1] == "[]"


# --------------------------------------------------------------------------------------------- serve and demo


class Program(NamedTuple):
    """The program, running."""

    process: asyncio.subprocess.Process
    said: list[str]
    client: httpx.AsyncClient

    async def end(self, number: signal.Signals) -> int:
        """Send the signal and return the exit code."""
        self.process.send_signal(number)
        async with asyncio.timeout(20):
            return await self.process.wait()


@asynccontextmanager
async def started(folder: Path, *arguments: str, **environment: str) -> AsyncIterator[Program]:
    """Run the program until it says where it listens."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "punnet", *arguments, "--port", "0"),
        cwd=folder,
        env=os.environ | environment,
        stdout=pipe,
        stderr=pipe,
    )
    said: list[str] = []
    try:
        async with asyncio.timeout(60):
            while not said or not said[-1].startswith("Punnet listens on "):
                line = await process.stdout.readline()
                assert line, (await process.stderr.read()).decode()
                said.append(line.decode().strip())
        async with httpx.AsyncClient(base_url=said[-1].split()[3], timeout=20) as client:
            yield Program(process, said, client)
    finally:
        if process.returncode is None:
            process.kill()
        # Reads what is left, so that the pipes are closed.
        await process.communicate()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for the condition, at most 20 seconds."""
    for _ in range(400):
        if await condition():
            return
        await asyncio.sleep(0.05)
    pytest.fail("it never came true")


def order(number: int) -> dict[str, object]:
    line = {"productId": "kale", "quantity": 1, "unitPrice": 2.5}
    return {"id": f"o{number}", "userId": "ann", "placedAt": "2026-07-01T12:00:00Z", "lines": [line]}


async def open_stall(client: httpx.AsyncClient) -> None:
    kale = {"name": "Kale", "farmId": "hill", "category": "Greens", "price": 2.5}
    for path, content in (("farms/hill", {"name": "Hill Farm"}), ("products/kale", kale)):
        (await client.put(f"/api/{path}", json=content)).raise_for_status()


@pytest.mark.service
async def test_a_signal_ends_it_with_0_and_the_next_start_has_its_state(tmp_path):
    arguments = ("serve", "--database", "market.db")
    async with started(tmp_path, *arguments) as program:
        await open_stall(program.client)
        assert await program.end(signal.SIGTERM) == 0
    async with started(tmp_path, *arguments) as program:
        assert "2 records replayed" in program.said[-1]
        assert (await program.client.get("/api/products/kale")).status_code == 200
        assert await program.end(signal.SIGINT) == 0


@pytest.mark.service
async def test_keys_are_made_listed_and_revoked_beside_a_running_server(tmp_path):
    async def run(*arguments: str) -> Result:
        return await asyncio.to_thread(keys, *arguments, database=tmp_path / "market.db")

    async with started(tmp_path, "serve", "--database", "market.db") as program:
        await open_stall(program.client)
        made = said(await run("create", "--role", "back-end", "--json"))
        assert [key["id"] for key in said(await run("list", "--json"))] == [made["id"]]
        (await program.client.post("/api/orders", json=order(1))).raise_for_status()
        assert (await run("revoke", made["id"])).exit_code == 0
        assert said(await run("list", "--json")) == []
        kept = said(await run("create", "--role", "shop", "--json"))
        assert await program.end(signal.SIGTERM) == 0
        rest = (await program.process.stderr.read()).decode()
        assert not [key for key in (made["key"], kept["key"]) if key in rest or digest_of(key) in rest]
    async with started(tmp_path, "serve", "--database", "market.db") as program:
        assert "3 records replayed" in program.said[-1]
        assert [key["id"] for key in said(await run("list", "--json"))] == [kept["id"]]


@pytest.mark.service
async def test_what_was_answered_with_2xx_survives_a_kill(tmp_path):
    arguments = ("serve", "--database", "market.db")
    answered: list[str] = []
    enough = asyncio.Event()

    async def buy(client: httpx.AsyncClient, first: int) -> None:
        for number in range(first, 10**6, 8):
            response = await client.post("/api/orders", json=order(number))
            if response.is_success:
                answered.append(f"o{number}")
            if len(answered) >= 200:
                enough.set()

    async with started(tmp_path, *arguments) as program:
        await open_stall(program.client)
        buyers = [asyncio.create_task(buy(program.client, first)) for first in range(8)]
        async with asyncio.timeout(30):
            await enough.wait()
        assert await program.end(signal.SIGKILL) == -signal.SIGKILL
        ends = await asyncio.gather(*buyers, return_exceptions=True)
        assert all(isinstance(end, httpx.TransportError) for end in ends)
    async with started(tmp_path, *arguments) as program:
        for order_id in answered:
            response = await program.client.get(f"/api/orders/{order_id}")
            assert response.status_code == 200, order_id
        assert (await program.client.post("/api/orders", json=order(0))).is_success
        assert await program.end(signal.SIGINT) == 0


@pytest.mark.service
async def test_a_server_makes_snapshots_by_itself_and_the_next_start_uses_the_last(tmp_path):
    arguments, snapshot = ("serve", "--database", "market.db"), tmp_path / "market.db.snapshot"
    known = {"SNAPSHOT_RECORDS": "10"}

    async def is_there() -> bool:
        return snapshot.exists()

    async with started(tmp_path, *arguments, **known) as program:
        await open_stall(program.client)
        for number in range(8):
            (await program.client.post("/api/orders", json=order(number))).raise_for_status()
        await until(is_there)
        assert await program.end(signal.SIGKILL) == -signal.SIGKILL
    async with started(tmp_path, *arguments, **known) as program:
        assert " · 10 records from the snapshot, 0 replayed in " in program.said[-1]
        assert (await program.client.post("/api/orders", json=order(7))).json()["data"]["duplicate"]
        (await program.client.post("/api/orders", json=order(8))).raise_for_status()
        assert await program.end(signal.SIGTERM) == 0
    snapshot.write_bytes(b"no snapshot")
    async with started(tmp_path, *arguments, **known) as program:
        assert " · 11 records replayed in " in program.said[-1]
        await until(is_there)
        assert (tmp_path / "market.db.snapshot.aside").read_bytes() == b"no snapshot"
        assert await program.end(signal.SIGINT) == 0


@pytest.mark.service
async def test_the_demo_is_alive_and_goes_on_after_a_restart(tmp_path):
    async def statistics(client: httpx.AsyncClient) -> dict[str, dict[str, int]]:
        return (await client.get("/api/recommendations/stats")).json()["data"]

    async with started(tmp_path, "demo", "--shoppers", "400") as program:
        query = {"userId": "shopper-0001", "limit": 10}
        answer = (await program.client.get("/api/recommendations", params=query)).json()["data"]
        assert len(answer["recommendations"]) == 10

        async def shopped() -> bool:
            return (await statistics(program.client))["events"]["total"] >= 20

        await until(shopped)
        before = await statistics(program.client)
        about, _, key = program.said[-2].rpartition(" ")
        assert about == "The dashboard is at /admin; its admin key, for this run:"
        cleared = await program.client.delete("/api/recommendations/stats", headers={"X-Admin-Key": key})
        assert cleared.status_code == 200
        assert await program.end(signal.SIGINT) == 0
    async with started(tmp_path, "demo", "--shoppers", "0") as program:
        assert "0 of them new" in program.said[0]
        after = await statistics(program.client)
        assert after["events"]["total"] >= before["events"]["total"]
        assert after["market"]["products"] == before["market"]["products"]
        assert await program.end(signal.SIGINT) == 0
    assert (tmp_path / "punnet-demo.db").exists()
