"""The listing of settings."""

import click

from punnet.commands.listing import listed
from punnet.environment import read


def lines(width: int | None, **environment: str) -> dict[str, str]:
    shown = list(listed(read(environment, {})[1], width))
    return {line.split()[0]: line for line in map(click.unstyle, shown)} | {"": "\n".join(shown)}


def test_every_column_has_something_in_it():
    told = lines(None, PORT="8080")
    assert told["PORT"].split(maxsplit=3)[:3] == ["PORT", "8080", "environment"]
    assert told["HANDLERS"].split(maxsplit=3)[:3] == ["HANDLERS", "-", "default"]
    assert told["ENABLE_STATS_ENDPOINT"].split()[1] == "true"
    assert len({line.index("default") for line in told.values() if " default " in line[:75]}) == 1


def test_what_has_not_its_default_stands_out():
    shown = lines(None, PORT="8080")[""]
    (bright,) = [line for line in shown.splitlines() if "\x1b[" in line]
    assert click.unstyle(bright).startswith("PORT ")


def test_no_secret_is_shown():
    told = lines(None, ADMIN_SECRET_KEY="the-key", DATABASE_URL="postgresql://me:the-password@here/market")
    assert "the-key" not in told[""]
    assert "the-password" not in told[""]
    assert told["ADMIN_SECRET_KEY"].split()[1] == "***"


def test_it_fits_a_narrow_terminal():
    shown = lines(80)[""].splitlines()
    assert max(map(len, shown)) <= 80
    assert shown[:2] == [
        "HOST                                127.0.0.1            default",
        "    address to listen on",
    ]
