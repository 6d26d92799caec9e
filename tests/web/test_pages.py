"""The pages and their files."""

import posixpath
import re

import pytest

from punnet.web.pages import below, file_of


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/product", "text/html; charset=utf-8"),
        ("/cart", "text/html; charset=utf-8"),
        ("/search", "text/html; charset=utf-8"),
        ("/static/home.js", "text/javascript; charset=utf-8"),
        ("/static/shop.css", "text/css; charset=utf-8"),
        ("/static/icon.svg", "image/svg+xml"),
        ("/docs", "text/html; charset=utf-8"),
        ("/docs/swagger-ui.css", "text/css; charset=utf-8"),
        ("/docs/swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
        ("/docs/start.js", "text/javascript; charset=utf-8"),
        ("/openapi.json", "application/json"),
        ("/asyncapi.json", "application/json"),
    ],
)
async def test_a_file_comes_with_its_type_and_a_tag_to_ask_again_with(stall, path, kind):
    response = await stall.client.get(path)
    again = await stall.client.get(path, headers={"If-None-Match": response.headers["ETag"]})
    other = await stall.client.get(path, headers={"If-None-Match": '"other"'})

    assert (response.status_code, response.headers["Content-Type"]) == (200, kind)
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert (again.status_code, again.content) == (304, b"")
    assert other.content == response.content


@pytest.mark.parametrize("path", ["/", "/product", "/cart", "/search", "/docs"])
async def test_everything_a_page_names_is_there_and_comes_from_here(stall, path):
    page = (await stall.client.get(path)).text

    named = re.findall(r'(?:src|href)="([^"#]+)', page)
    assert named
    for name in named:
        assert not name.startswith(("http:", "https:", "//")), name
        assert (await stall.client.get(f"/{name}")).status_code == 200, name


@pytest.mark.parametrize("path", ["/", "/product", "/cart", "/search", "/admin"])
async def test_every_module_that_a_page_needs_is_there(stall, path):
    page = (await stall.client.get(path)).text
    (script,) = re.findall(r'<script type="module" src="([^"]+)"', page)
    waiting, seen = [f"/{script}"], set()
    while waiting:
        address = waiting.pop()
        seen.add(address)
        response = await stall.client.get(address)
        assert response.status_code == 200, address
        imported = re.findall(r'^(?:import|export)[^"]*"(\.[^"]+)";', response.text, re.MULTILINE)
        folder = posixpath.dirname(address)
        waiting += {posixpath.normpath(f"{folder}/{name}") for name in imported} - seen
    assert len(seen) > 1


@pytest.mark.parametrize(
    "path", ["/static/", "/static/nothing.js", "/static/%2e%2e/app.py", "/docs/x", "/staticky"]
)
async def test_what_is_no_file_is_not_found(stall, path):
    response = await stall.client.get(path)

    assert response.status_code == 404
    assert response.json()["error"]["code"] == "UNKNOWN_PATH"


def test_a_file_of_an_unknown_kind_is_bytes():
    assert file_of("seed", b"").media_type == "application/octet-stream"
    assert file_of("apple.png", b"").media_type == "image/png"


def test_a_tag_changes_with_the_content():
    assert file_of("a.js", b"1").etag != file_of("a.js", b"2").etag


def test_files_are_found_in_folders_of_folders(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.js").write_bytes(b"1")
    (tmp_path / "b.js").write_bytes(b"2")

    assert dict(below(tmp_path)) == {"deep/a.js": b"1", "b.js": b"2"}


@pytest.mark.parametrize("path", ["/", "/product", "/cart", "/search", "/admin", "/docs"])
async def test_a_page_runs_no_script_but_its_own_and_stands_in_no_other_page(stall, path):
    response = await stall.client.get(path)
    policy = dict(part.split(" ", 1) for part in response.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert "script-src" not in policy
    assert policy.get("style-src", "'self'") == ("'self' 'unsafe-inline'" if path == "/docs" else "'self'")
    assert response.headers["Referrer-Policy"] == "same-origin"


async def test_what_is_no_page_has_no_policy(stall):
    for path in ("/static/shop.css", "/openapi.json", "/health/live"):
        assert "Content-Security-Policy" not in (await stall.client.get(path)).headers
