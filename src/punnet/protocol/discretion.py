"""What is secret is not repeated, wherever it was put by mistake."""

import re
from collections.abc import Iterator
from urllib.parse import unquote

from punnet.keys import PREFIX, Role

HIDDEN = "***"
"""What stands in the place of a secret."""

SECRET_FIELDS = frozenset({"adminkey", "apikey", "authorization", "key", "password", "secret", "token"})
"""Fields, in small letters, whose value is never told."""

JWT = "eyJ"
"""What tokens begin with: an object of JSON does, in base64."""

_KEY_OR_TOKEN = re.compile(
    rf"{PREFIX}(?:{'|'.join(Role)})_[A-Za-z0-9_-]+|{JWT}[A-Za-z0-9_-]{{5,}}(?:\.[A-Za-z0-9_-]*)*"
)
_PARAMETER = re.compile(r"([?&][^=&]*(?:key|pass|secret|token)[^=&]*=)([^&]*)", re.IGNORECASE)


def discreet(text: str) -> str:
    """Return a text without what looks like an API key or a token (JWT), whole or cut short."""
    return _KEY_OR_TOKEN.sub(HIDDEN, text)


def is_secret(field: str) -> bool:
    """Whether the value of a field, `payload.token` for one, is never told."""
    return field.rpartition(".")[2].lower() in SECRET_FIELDS


def masked(url: str) -> str:
    """Return a URL as it may be shown, be it right or wrong: without what may be a password."""
    shown = _PARAMETER.sub(rf"\1{HIDDEN}", url)
    start, at, place = shown.rpartition("@")
    scheme, mark, user = start.partition("://")
    name, colon, _ = user.partition(":")
    is_name = name.isprintable() and not set(" /?#@") & set(name)
    if not at or (mark and name and is_name and not colon):
        return shown
    known = f"{scheme}{mark}{name if is_name else ''}:" if mark else ""
    return f"{known}{HIDDEN}@{place}"


def passwords(url: str) -> Iterator[str]:
    """Yield the passwords in a URL, as they stand there and as they are meant."""
    found = [value for _, value in _PARAMETER.findall(url)]
    start, at, _ = url.rpartition("@")
    if at:
        found.append(start.partition("://")[2].partition(":")[2])
    for each in found:
        yield each
        yield unquote(each)
