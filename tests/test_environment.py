"""How settings are read, what is told of them, and what never is."""

import re

import msgspec
import pytest
from click.testing import CliRunner

from punnet.cli import main
from punnet.environment import Listed, Source, read
from punnet.errors import BadSetting
from punnet.settings import Settings

KEY = "00000000-aaaa-bbbb-cccc-0000000000ff"


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


@pytest.mark.parametrize("text", [f"InstrumentationKey={KEY};IngestionEndpoint=https://a.example", KEY])
def test_a_connection_string_is_not_shown_be_it_right_or_wrong(text):
    try:
        shown = str(
            listed(
                read({"APPINSIGHTS_CONNECTION_STRING": text}, {})[1], "APPINSIGHTS_CONNECTION_STRING"
            ).value
        )
    except BadSetting as refused:
        shown = str(refused)
    assert "***" in shown
    assert KEY not in shown
