"""The pages and their files, held in memory."""

import hashlib
import mimetypes
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template

from litestar.enums import ScopeType
from litestar.handlers import ASGIRouteHandler, asgi
from litestar.types import HTTPScope, Receive, Scope, Send
from swagger_ui_bundle import swagger_ui_path

from punnet.web.exchange import (
    Headers,
    Sent,
    failed,
    header,
    no_stream,
    nothing_at,
    path_of,
    request_id_of,
    send_response,
    unreadable,
)

REVALIDATE = b"no-cache"

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
"""Content types that no machine's own table may change."""

POLICY = (
    b"default-src 'self'; img-src 'self' data: https: http:; object-src 'none'; base-uri 'none'; "
    b"form-action 'self'; frame-ancestors 'none'"
)
"""What a page may load and who may show it within another: nothing but its own, and pictures of products."""

DOCS_POLICY = POLICY + b"; style-src 'self' 'unsafe-inline'"
"""Swagger UI writes styles into its elements."""

SHOP = {"/": "home.html", "/product": "product.html", "/cart": "cart.html", "/search": "search.html"}
"""The pages of the demo shop: each a head and, after an empty line, what `frame.html` is put around."""

DOCS = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Punnet · API</title>
  <link rel="icon" type="image/svg+xml" href="static/icon.svg">
  <link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
  <div id="swagger-ui"></div>
  <script src="docs/swagger-ui-bundle.js"></script>
  <script src="docs/start.js"></script>
</body>
</html>
"""

START_DOCS = """SwaggerUIBundle({ url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true });
"""


@dataclass(frozen=True, slots=True)
class File:
    """One file: what it holds, what it is, and the tag that changes when it does."""

    content: bytes
    media_type: str
    etag: bytes


def file_of(name: str, content: bytes) -> File:
    """Return content as a file; its type follows from its name."""
    suffix = name[name.rfind(".") :]
    media_type = TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return File(content, media_type, b'"%s"' % hashlib.sha256(content).hexdigest()[:24].encode())


def pages(openapi: bytes, asyncapi: bytes) -> dict[str, File]:
    """Return every file by its path: the pages, what is below `/static/`, the documentation at `/docs`."""
    static = dict(below(files("punnet.web") / "static"))
    found = {f"/static/{name}": file_of(name, content) for name, content in static.items()}
    frame = Template(static["frame.html"].decode())
    for path, name in SHOP.items():
        head, _, main = static[name].decode().partition("\n\n")
        found[path] = file_of(name, frame.substitute(head=head, main=main).encode())
    found["/admin"] = found["/static/admin.html"]
    found["/openapi.json"] = file_of("openapi.json", openapi)
    found["/asyncapi.json"] = file_of("asyncapi.json", asyncapi)
    found["/docs"] = file_of("docs.html", DOCS.encode())
    found["/docs/start.js"] = file_of("start.js", START_DOCS.encode())
    for name in ("swagger-ui.css", "swagger-ui-bundle.js"):
        found[f"/docs/{name}"] = file_of(name, (swagger_ui_path / name).read_bytes())
    return found


def page_handlers(found: Mapping[str, File], new_id: Callable[[], str]) -> list[ASGIRouteHandler]:
    """Return the handlers of all files."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.WEBSOCKET:
            await no_stream(receive, send)
        else:
            await send_response(send, _answer(found, scope, new_id))

    alone = [path for path in found if not path.startswith(("/static/", "/docs"))]
    return [
        asgi(alone, name="pages", copy_scope=False)(serve),
        asgi(["/static", "/docs"], name="files", is_mount=True, copy_scope=False)(serve),
    ]


def _answer(found: Mapping[str, File], scope: HTTPScope, new_id: Callable[[], str]) -> Sent:
    path = path_of(scope).decode("latin-1")
    file = found.get(path)
    if file is None:
        return failed(nothing_at(scope), request_id_of(scope, new_id))
    if refused := unreadable(scope, "A page", new_id):
        return refused
    if file.etag in header(scope, b"if-none-match"):
        return Sent(304, b"", _headers(path, file))
    size = (b"content-length", str(len(file.content)).encode())
    return Sent(200, file.content, (*_headers(path, file), size))


def _headers(path: str, file: File) -> Headers:
    told = (
        (b"content-type", file.media_type.encode()),
        (b"etag", file.etag),
        (b"cache-control", REVALIDATE),
        (b"x-content-type-options", b"nosniff"),
    )
    if not file.media_type.startswith("text/html"):
        return told
    policy = DOCS_POLICY if path == "/docs" else POLICY
    return (*told, (b"content-security-policy", policy), (b"referrer-policy", b"same-origin"))


def below(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    """Yield the files of a folder and of those in it, by their path from there."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from below(entry, f"{prefix}{entry.name}/")
        else:
            yield f"{prefix}{entry.name}", entry.read_bytes()
