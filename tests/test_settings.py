"""What can be set, and what is said where it is set wrongly."""

import re
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from punnet.cli import main
from punnet.engine.tuning import Tuning
from punnet.errors import BadSetting
from punnet.settings import Listed, Settings, Source, read


def listed(listing: list[Listed], name: str) -> Listed:
    return next(line for line in listing if line.name == name)


def test_without_anything_set_everything_has_its_default():
    settings, listing = read({}, {})
    assert settings == Settings()
    assert {line.source for line in listing} == {Source.DEFAULT}


def test_every_setting_is_listed_with_what_it_is_for():
    _, listing = read({}, {})
    assert [line.name.lower() for line in listing] == list(Settings.__struct_fields__)
    assert all(line.purpose for line in listing)


def test_the_environment_sets_a_value_of_its_type():
    settings, listing = read(
        {"PORT": "8080", "ENABLE_STATS_ENDPOINT": "false", "MARKET_LATITUDE": "-33.9"}, {}
    )
    assert (settings.port, settings.enable_stats_endpoint, settings.market_latitude) == (8080, False, -33.9)
    assert listed(listing, "PORT").source is Source.ENVIRONMENT
    assert listed(listing, "HOST").source is Source.DEFAULT


def test_an_option_wins_over_the_environment():
    settings, listing = read({"PORT": "8080", "HOST": "::1"}, {"PORT": "9090"})
    assert (settings.port, settings.host) == (9090, "::1")
    assert listed(listing, "PORT") == Listed(
        name="PORT", value=9090, source=Source.OPTION, purpose="port to listen on; 0 takes a free one"
    )


def test_a_variable_that_is_empty_counts_as_not_set():
    settings, listing = read({"PORT": ""}, {})
    assert settings.port == 3000
    assert listed(listing, "PORT").source is Source.DEFAULT


def test_variables_of_others_are_none_of_our_business():
    assert read({"PATH": "/bin", "PORTS": "x", "port": "x"}, {})[0] == Settings()


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


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://punnet:secret@db/market", "postgresql://punnet:***@db/market"),
        ("postgresql://punnet:s/c@re#t@db/market", "postgresql://punnet:***@db/market"),
        ("postgresql://db/market?user=me&password=sec@ret", "postgresql://db/market?user=me&password=***"),
        ("postgresql://db/market?password=secret&user=me", "postgresql://db/market?password=***&user=me"),
    ],
)
def test_a_password_is_not_shown(url, shown):
    _, listed = read({"DATABASE_URL": url}, {})
    assert next(entry.value for entry in listed if entry.name == "DATABASE_URL") == shown
    with pytest.raises(BadSetting, match=re.escape(f'DATABASE_URL is "no {shown}"')):
        read({"DATABASE_URL": f"no {url}"}, {})


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:secret@localhost:6379/1", "redis://:***@localhost:6379/1"),
        ("rediss://ann:s/c@ret@valkey", "rediss://ann:***@valkey"),
        ("unix:///run/valkey?password=secret", "unix:///run/valkey?password=***"),
    ],
)
def test_neither_is_that_of_redis_by_the_program_or_in_a_refusal(url, shown):
    listing = CliRunner().invoke(main, ["config", "--changed", "--json"], env={"REDIS_URL": url})
    assert [line["value"] for line in msgspec.json.decode(listing.stdout)] == [shown]
    with pytest.raises(BadSetting, match=re.escape(f'REDIS_URL is "no {shown}"')):
        read({"REDIS_URL": f"no {url}"}, {})


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


def test_a_key_is_not_shown_be_it_right_or_wrong():
    settings, listing = read({"ADMIN_SECRET_KEY": "open-sesame"}, {})
    assert settings.admin_secret_key == "open-sesame"
    assert listed(listing, "ADMIN_SECRET_KEY").value == "***"
    assert listed(read({}, {})[1], "ADMIN_SECRET_KEY").value == ""
    for bad in ("open sesame", "open-sesame\n"):
        with pytest.raises(BadSetting) as refused:
            read({"ADMIN_SECRET_KEY": bad}, {})
        assert str(refused.value).startswith('ADMIN_SECRET_KEY is "***", but it takes a text without spaces')
        assert "sesame" not in str(refused.value)


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
    settings, listing = read({"SMTP_URL": url, "MAIL_FROM": "orders@example.org"}, {})
    assert (settings.smtp_url, settings.mail_from) == (url, "orders@example.org")
    assert "s%2Fcret" not in str(listed(listing, "SMTP_URL").value)


def test_e_mails_come_from_somebody():
    with pytest.raises(BadSetting, match="SMTP_URL needs MAIL_FROM beside it"):
        read({"SMTP_URL": "smtp://mail.example.org"}, {})


@pytest.mark.parametrize("password", ["secret", "se/cret", "se@cret", "se:c?r#et"])
def test_the_password_of_a_refused_relay_is_not_shown_either(password):
    with pytest.raises(BadSetting) as refused:
        read({"SMTP_URL": f"smtpx://ann:{password}@mail.example.org"}, {})
    assert 'SMTP_URL is "smtpx://ann:***@mail.example.org"' in str(refused.value)


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL", "SMTP_URL", "JWKS_URL"])
@pytest.mark.parametrize(
    "url", ["ann:secret@h", "redis:/ann:secret@h", "redis//ann:secret@h", "mysql://a:se\ncret@h"]
)
def test_the_password_of_an_address_that_was_mistyped_is_not_shown(name, url):
    with pytest.raises(BadSetting) as refused:
        read({name: url}, {})
    assert "***@h" in str(refused.value)
    assert "cret" not in str(refused.value)


def test_what_is_secret_in_the_address_of_keys_is_not_shown():
    _, listing = read({"JWKS_URL": "https://ann:secret@shop.example/keys?token=secret"}, {})
    assert listed(listing, "JWKS_URL").value == "https://ann:***@shop.example/keys?token=***"


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
