"""What can be set, and what is said where it is set wrongly."""

from pathlib import Path

import msgspec
import pytest

from punnet.engine.tuning import Tuning
from punnet.environment import read
from punnet.errors import BadSetting
from punnet.settings import Settings
from punnet.web.tokens import SHORTEST_SECRET

ORIGINAL = {
    "WS_PORT": "3001",
    "WS_HOST": "0.0.0.0",
    "WS_PATH": "/ws/recommendations",
    "RECOMMENDATION_CACHE_TTL": "3600000",
    "RECOMMENDATION_BATCH_SIZE": "10",
    "RECOMMENDATION_PROCESSING_INTERVAL": "1000",
    "MAX_CONCURRENT_CONNECTIONS": "2000",
    "EVENT_QUEUE_MAX_SIZE": "10000",
    "RECOMMENDATION_TIMEOUT": "5000",
    "ADMIN_SECRET_KEY": "your-secure-admin-key-here",
    "DATABASE_URL": "postgresql://user:password@postgres:5432/farmersmarket",
    "REDIS_URL": "redis://localhost:6379",
    "REDIS_TTL": "3600",
    "ENABLE_STATS_ENDPOINT": "true",
    "STATS_UPDATE_INTERVAL": "60000",
    "APPINSIGHTS_CONNECTION_STRING": "InstrumentationKey=00000000-aaaa-bbbb-cccc-0000000000ff",
}
"""Every variable of the original description, as it has them."""

TO_BE_CHOSEN = {
    "WS_PORT", "WS_HOST", "ADMIN_SECRET_KEY", "DATABASE_URL", "REDIS_URL", "APPINSIGHTS_CONNECTION_STRING",
}  # fmt: skip
"""Of those, the ones whose value is an example; of the others it is the default."""


def test_the_environment_of_the_original_description_works():
    settings, _ = read(ORIGINAL, {})
    written = {name: str(getattr(settings, name.lower())) for name in ORIGINAL}
    assert written | {"ENABLE_STATS_ENDPOINT": "true"} == ORIGINAL
    chosen = {name.lower(): getattr(Settings(), name.lower()) for name in TO_BE_CHOSEN}
    assert msgspec.structs.replace(settings, **chosen) == Settings()


@pytest.mark.parametrize(
    ("name", "text", "allowed"),
    [
        ("PORT", "ten", "a whole number from 0 to 65535; without it, it is 3000"),
        ("PORT", "65536", "a whole number from 0 to 65535"),
        ("PORT", "-1", "a whole number from 0 to 65535"),
        ("PORT", "80.5", "a whole number from 0 to 65535"),
        ("HOST", "my host", "an address or a name, such as 127.0.0.1"),
        (
            "DATABASE_URL",
            "punnet.db",
            "sqlite:///FILE, postgresql://USER:PASSWORD@HOST/DATABASE or memory:; without it, it is sqlite:///punnet",
        ),
        ("DATABASE_URL", "sqlite:///", "sqlite:///FILE, postgresql://USER:PASSWORD@HOST/DATABASE or memory:"),
        ("DATABASE_URL", "sqlite:///a?mode=ro", "sqlite:///FILE, "),
        ("DATABASE_URL", "postgresql:// market", "sqlite:///FILE, "),
        ("WORKERS", "0", "a whole number from 1 to 128; without it, it is 1"),
        ("TAIL_INTERVAL", "0", "a whole number from 1 to 60000; without it, it is 50"),
        *(
            ("REDIS_URL", text, "redis://[USER:PASSWORD@]HOST[:PORT][/NUMBER] or the like")
            for text in ("localhost:6379", "http://localhost", "redis://", "redis://a b", "unix:///a\n")
        ),
        ("WS_PATH", "ws", "a path, such as /ws"),
        ("WS_PORT", "65536", "a whole number from 0 to 65535; without it, it is 0"),
        ("WS_HOST", "my host", "an address or a name; without it, it is empty"),
        ("ALERTS_KEPT", "0", "a whole number from 1 to 10000000; without it, it is 10000"),
        ("ENABLE_STATS_ENDPOINT", "perhaps", "true or false; without it, it is true"),
        *(
            (
                "ALLOWED_ORIGINS",
                text,
                "scheme://host[:port] without a path, several separated by commas, such as ",
            )
            for text in (
                "*",
                "null",
                "shop.example",
                "https://",
                "https://a/",
                "https://a/shop",
                "https://a b",
                "https://a,",
                ",https://a",
                "https://a;https://b",
                "https://*.a",
                "https://a:port",
                "https://a\n",
            )
        ),
        ("EVENT_QUEUE_MAX_SIZE", "0", "a whole number at least 1"),
        ("SMTP_URL", "mail.example.org", "smtp://USER:PASSWORD@HOST:587 or the like"),
        ("SMTP_URL", "http://mail.example.org", "smtp://USER:PASSWORD@HOST:587 or the like"),
        ("SMTP_URL", "smtp://", "smtp://USER:PASSWORD@HOST:587 or the like"),
        ("SMTP_URL", "smtp://a b", "smtp://USER:PASSWORD@HOST:587 or the like"),
        ("MAIL_FROM", "Shop <a@b.de>", "an address, such as orders@example.org; without it, it is empty"),
        ("MAIL_FROM", "a@b.de\nBcc: c@d.de", "an address, such as orders@example.org"),
        ("MAIL_SHOP", "Shop\nBcc: a@b.de", "a name; without it, it is the market"),
        ("MAIL_SHOP", "Shop\u2028Bcc: a@b.de", "a name"),
        ("MARKET_LATITUDE", "x", "a number from -90 to 90; without it, it is 0"),
        *(
            ("RATE_LIMIT_USER", text, "a number for each second, minute or hour, such as 600/minute, or off")
            for text in ("600", "0/minute", "-1/minute", "600/day", "600 per minute", "none", "600/minute\n")
        ),
        ("CONNECTIONS_PER_ADDRESS", "-1", "a whole number at least 0"),
        ("RECOMMENDATION_CACHE_TTL", "0", "a whole number at least 1; without it, it is 3600000"),
        ("STATS_UPDATE_INTERVAL", "999", "a whole number from 1000 to 3600000; without it, it is 60000"),
        ("WEIGHT_CONTENT", "nan", "a number from 0 to 1"),
        ("WEIGHT_CONTENT", "1.01", "a number from 0 to 1"),
        ("TRENDING_RADIUS_KM", "1e400", "a number from 0 to 20100"),
        ("MARKET_LATITUDE", "91", "a number from -90 to 90"),
    ],
)
def test_a_bad_value_is_refused_with_what_to_write(name, text, allowed):
    with pytest.raises(BadSetting) as refused:
        read({name: text}, {})
    assert str(refused.value).startswith(f'{name} is "{text}", but it takes {allowed}')


def test_the_websocket_has_a_port_of_its_own_only_where_that_is_asked_for():
    settings, _ = read({}, {})
    assert (settings.ws_port, settings.ws_host) == (0, "")
    settings, _ = read({"WS_PORT": "3001", "WS_HOST": "0.0.0.0"}, {})
    assert (settings.ws_port, settings.ws_host) == (3001, "0.0.0.0")


@pytest.mark.parametrize("url", ["redis://valkey", "rediss://:a@[::1]:6379/2", "unix:///run/valkey.sock"])
def test_redis_may_be_wherever_it_can_be_reached(url):
    assert read({"REDIS_URL": url}, {})[0].redis_url == url


@pytest.mark.parametrize("url", ["", "sqlite:///market.db", "memory:"])
def test_several_processes_need_a_journal_that_they_can_share(url):
    with pytest.raises(BadSetting) as refused:
        read({"WORKERS": "2", "DATABASE_URL": url}, {})
    assert str(refused.value) == (
        "WORKERS is 2, but a journal in a file or in memory has one process: name a database of PostgreSQL "
        "in DATABASE_URL, or set WORKERS to 1"
    )
    assert read({"WORKERS": "1", "DATABASE_URL": url}, {})[0].workers == 1


@pytest.mark.parametrize("url", ["postgresql://punnet@db/market", "postgres://db/market"])
def test_several_processes_can_share_a_market_on_postgresql(url):
    assert read({"WORKERS": "4"}, {"DATABASE_URL": url})[0].workers == 4


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///punnet.db", Path("punnet.db")),
        ("sqlite:////var/lib/punnet.db", Path("/var/lib/punnet.db")),
        ("memory:", None),
        ("postgresql://punnet@db/market", None),
        ("postgres://db:5433/market?sslmode=require", None),
    ],
)
def test_the_database_is_a_file_a_server_or_memory(url, path):
    assert read({"DATABASE_URL": url}, {})[0].database == path


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({}, Path("punnet.db.snapshot")),
        ({"DATABASE_URL": "sqlite:////var/lib/market.db"}, Path("/var/lib/market.db.snapshot")),
        ({"SNAPSHOT_FILE": "/var/cache/market"}, Path("/var/cache/market")),
        ({"DATABASE_URL": "postgresql://ann@db/market"}, Path("punnet.snapshot")),
        ({"DATABASE_URL": "memory:"}, None),
        ({"DATABASE_URL": "memory:", "SNAPSHOT_FILE": "/var/cache/market"}, None),
    ],
)
def test_the_snapshot_lies_beside_the_journal_or_where_it_is_said(given, path):
    assert read(given, {})[0].snapshot == path


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("", ()),
        ("https://shop.example", ("https://shop.example",)),
        ("https://a.example, http://localhost:8000", ("https://a.example", "http://localhost:8000")),
        ("HTTPS://Shop.Example", ("https://shop.example",)),
        ("https://a:443,http://b:80", ("https://a", "http://b")),
        ("http://a:443,https://b:80,http://c:8080", ("http://a:443", "https://b:80", "http://c:8080")),
        ("http://[::1]:3000,capacitor://localhost", ("http://[::1]:3000", "capacitor://localhost")),
    ],
)
def test_origins_are_named_as_browsers_send_them(text, origins):
    assert read({"ALLOWED_ORIGINS": text}, {})[0].origins == origins


def test_the_defaults_are_those_of_the_engine():
    assert Settings().tuning == Tuning()


def test_everything_the_engine_goes_by_can_be_set():
    names = {"neighbours": "COLLABORATIVE_MAX_NEIGHBOURS"}
    for field in msgspec.structs.fields(Tuning):
        tuning = read({names.get(field.name, field.name.upper()): "1"}, {})[0].tuning
        assert tuning == msgspec.structs.replace(Tuning(), **{field.name: 1})


@pytest.mark.parametrize(
    "url",
    [
        "smtp://mail.example.org",
        "smtp://ann@mail.example.org:587/",
        "smtp://ann%40example.org:s%2Fcret@mail.example.org",
        "smtps://a:b@[::1]:465",
        "smtp+plain://localhost:25",
    ],
)
def test_a_relay_of_e_mails_is_taken_with_an_address_they_come_from(url):
    settings, _ = read({"SMTP_URL": url, "MAIL_FROM": "orders@example.org"}, {})
    assert (settings.smtp_url, settings.mail_from) == (url, "orders@example.org")


def test_e_mails_come_from_somebody():
    with pytest.raises(BadSetting, match="SMTP_URL needs MAIL_FROM beside it"):
        read({"SMTP_URL": "smtp://mail.example.org"}, {})


@pytest.mark.parametrize("name", ["JWT_SECRET", "JWKS_URL"])
def test_a_mode_that_asks_for_tokens_needs_to_know_how_they_are_signed(name):
    with pytest.raises(BadSetting, match="AUTH_MODE=token needs JWT_SECRET or JWKS_URL beside it"):
        read({"AUTH_MODE": "token"}, {})
    with pytest.raises(BadSetting, match=r"AUTH_MODE is .closed., but it takes open or token"):
        read({"AUTH_MODE": "closed"}, {})
    value = {"JWT_SECRET": "s" * 32, "JWKS_URL": "https://shop.example/keys"}[name]
    settings, listed = read({"AUTH_MODE": "token", name: value}, {})
    assert settings.auth_mode == "token"
    shown = {each.name: each.value for each in listed}
    assert shown["JWT_SECRET"] == ("***" if name == "JWT_SECRET" else "")


def test_a_secret_that_no_token_is_safe_with_is_refused_before_anything_is_opened():
    with pytest.raises(BadSetting, match="JWT_SECRET is too short: it must have 32 bytes or more") as refused:
        read({"AUTH_MODE": "token", "JWT_SECRET": "s" * (SHORTEST_SECRET - 1)}, {})
    assert "sss" not in str(refused.value)
    read({"AUTH_MODE": "token", "JWT_SECRET": "ü" * (SHORTEST_SECRET // 2)}, {})
    read({"JWT_SECRET": "short"}, {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["127.0.0.1/32", "::1/128"]),
        ("none", []),
        ("10.0.0.0/8, 192.168.1.7,fd00::/8", ["10.0.0.0/8", "192.168.1.7/32", "fd00::/8"]),
    ],
)
def test_proxies_are_addresses_and_networks(text, expected):
    settings, _ = read({"TRUSTED_PROXIES": text}, {})
    assert [str(network) for network in settings.proxies] == expected


@pytest.mark.parametrize("text", ["proxy.example.org", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.1,", "None", "*"])
def test_what_is_no_network_is_no_proxy(text):
    with pytest.raises(BadSetting) as refused:
        read({"TRUSTED_PROXIES": text}, {})
    assert str(refused.value).startswith("TRUSTED_PROXIES is not understood, ")
    assert "; write addresses and networks with commas, such as 10.0.0.0/8" in str(refused.value)
