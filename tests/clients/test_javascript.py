"""The JavaScript client: its own tests against real servers, its types, and the package npm makes of it."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests import npm
from tests.clients.serving import served

ROOT = Path(__file__).resolve().parents[2]
CLIENT = ROOT / "clients" / "js"
SOURCE = CLIENT / "src"
STATIC = ROOT / "src" / "punnet" / "web" / "static" / "client"
CONSUMER = Path(__file__).parent / "consumer"


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> str:
    """Return what a program of Node says; it must succeed."""
    done = subprocess.run(
        [npm.node(), *command],
        cwd=cwd,
        env=os.environ | {"NO_COLOR": "1"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def npm_program(*command: str | Path, cwd: Path) -> str:
    """Return what npm says; it asks no registry."""
    script = npm.node().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    options = ("--offline", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    return run(script, *command, *options, cwd=cwd, npm_config_cache=str(npm.TOOLS / "npm"))


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Return the address of a server."""
    with served() as where:
        yield where


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which the packed client was installed, beside React and what checks types."""
    folder = tmp_path_factory.mktemp("consumer")
    (packed,) = json.loads(npm_program("pack", "--json", f"--pack-destination={folder}", cwd=CLIENT))
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    npm_program("install", folder / packed["filename"], cwd=folder)
    try:
        modules = npm.packages(Path(__file__).parent)
    except npm.NoPackages as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    for name in ("react", "@types", "csstype"):
        (folder / "node_modules" / name).symlink_to(modules / name)
    for file in CONSUMER.iterdir():
        shutil.copy(file, folder)
    (folder / "packed.json").write_text(json.dumps(packed))
    return folder


def test_it_does_what_it_says_against_a_real_server_over_a_line_that_is_cut(address: str):
    with served(MAX_CONCURRENT_CONNECTIONS="1") as full:
        tests = sorted((CLIENT / "test").glob("*.test.js"))
        # They wait more than they work.
        options = ("--test", "--test-concurrency=4", "--test-timeout=30000", "--test-reporter=spec")
        said = run(*options, *tests, cwd=CLIENT, PUNNET_URL=address, PUNNET_FULL_URL=full)
    assert "ℹ fail 0" in said
    assert "ℹ skipped 0" in said


def test_the_server_serves_the_same_files(address: str):
    served_files = {path.name for path in STATIC.iterdir()}
    assert served_files == {path.name for path in SOURCE.glob("*.js")}
    for name in served_files:
        assert (STATIC / name).readlink() == Path("../../../../../clients/js/src") / name
        response = httpx.get(f"{address}/static/client/{name}")
        assert response.text == (SOURCE / name).read_text()
        assert response.headers["content-type"].startswith("text/javascript")


def test_the_package_holds_the_client_its_types_and_nothing_else(package: Path):
    packed = json.loads((package / "packed.json").read_text())
    files = {file["path"] for file in packed["files"]}
    sources = {f"src/{path.name}" for path in SOURCE.iterdir()}
    assert files == sources | {"package.json", "README.md", "LICENSE"}
    assert (package / "node_modules" / "punnet" / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
    assert not json.loads((CLIENT / "package.json").read_text()).get("dependencies")


def test_both_entries_of_the_package_can_be_imported(package: Path):
    names = "import * as client from 'punnet'; import * as react from 'punnet/react';"
    said = run("--input-type=module", "--eval", f"{names} console.log({{ client, react }});", cwd=package)
    for name in ("Punnet", "Refused", "Unreachable", "PunnetProvider", "useRecommendations"):
        assert name in said


def test_its_types_allow_what_a_shop_writes_and_refuse_mistakes(package: Path):
    modules = npm.packages(Path(__file__).parent)
    run(modules / "typescript" / "bin" / "tsc", "--project", package, cwd=package)


def test_what_has_these_types_runs(package: Path, address: str):
    for path, body in {
        "farms/hill": {"name": "Hill Farm"},
        "products/rye": {"name": "Rye", "farmId": "hill", "category": "Bread", "price": 5},
        "products/oat": {"name": "Oat", "farmId": "hill", "category": "Bread", "price": 5},
    }.items():
        httpx.put(f"{address}/api/{path}", json=body).raise_for_status()
    program = f"""
        import {{ afternoon }} from './shelf.ts';
        for (const line of await afternoon('{address}')) console.log(line);
    """
    said = run("--input-type=module", "--eval", program, cwd=package).splitlines()
    assert said[0] == "connecting"
    assert "trending,price_drops" in said
    assert "true false" in said
    assert any(line.startswith("oat ") for line in said)
    assert "Refused UNKNOWN_ID 404 the id of a product of the catalogue" in said
    assert said[-1] == "closed null 0 price_drops ann"
