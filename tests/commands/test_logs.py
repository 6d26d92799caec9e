"""What is logged stands on one line and tells no secret."""

import logging

from punnet.commands.logs import Discreet, secrets_in
from tests.protocol.test_discretion import TOKEN


def record(message: str, *arguments: object, error: BaseException | None = None) -> logging.LogRecord:
    trace = error and (type(error), error, error.__traceback__)
    return logging.LogRecord("punnet.web", logging.ERROR, "file.py", 1, message, arguments, trace)


def raised(sentence: str) -> RuntimeError:
    try:
        raise RuntimeError(sentence)
    except RuntimeError as error:
        return error


def test_a_message_is_one_line_whatever_it_is_about():
    for odd in ("\n", "\r", "\x1b", "\x85", "\u2028", "\u202e", "\x00", "\udc80"):
        written = Discreet().format(record("order %s is late", f"a{odd}2026-01-01 ERROR root: b"))
        assert len(written.splitlines()) == 1
        assert written.isprintable()
        assert "a\\" in written
        assert written.endswith("2026-01-01 ERROR root: b is late")


def test_letters_of_all_languages_stay():
    assert Discreet().format(record("%s", "Zoë 玉葱 🥕")).endswith(" ERROR punnet.web: Zoë 玉葱 🥕")


def test_no_line_of_a_traceback_can_be_taken_for_a_message():
    error = raised("odd\n2026-01-01 00:00:00 ERROR root: made up\x1b[2J")
    first, *trace = Discreet().format(record("it failed", error=error)).split("\n")
    assert first.endswith("it failed")
    assert trace[0] == "  Traceback (most recent call last):"
    assert "made up\\x1b[2J" in trace[-1]
    assert all(line.startswith("  ") for line in trace)


def test_secrets_keys_and_tokens_are_hidden_in_messages_and_tracebacks():
    log = Discreet(["a.secret+", "a.secret+more", "abc", ""])
    written = log.format(record("%s a.secret+more %s abc", TOKEN, "axsecrett", error=raised("a.secret+")))
    assert "*** *** axsecrett abc" in written
    assert written.endswith("RuntimeError: ***")
    assert "a.secret" not in written
    assert "eyJ" not in written


def test_the_secrets_of_the_settings_are_known():
    environment = {
        "JWT_SECRET": "one",
        "ADMIN_SECRET_KEY": "two",
        "DATABASE_URL": "postgresql://ann:th%40ree@db/market",
        "REDIS_URL": "redis://four@cache?password=five",
        "PORT": "3000",
        "HOME": "/root",
    }
    assert set(secrets_in(environment)) - {""} == {"one", "two", "th%40ree", "th@ree", "five"}
