"""Every error that Punnet raises on purpose."""

import pytest

from punnet.errors import (
    BadFile,
    BadSetting,
    Conflict,
    Forbidden,
    JournalUnavailable,
    PunnetError,
    Refused,
    TooBusy,
    TooLarge,
    Unauthorized,
    UnknownId,
    not_in_catalogue,
)

REFUSALS = [Refused, UnknownId, Conflict, TooLarge, TooBusy, Unauthorized, Forbidden]
FAILURES = [JournalUnavailable, BadSetting, BadFile]


@pytest.mark.parametrize("error", REFUSALS)
def test_a_refusal_names_the_place_what_stood_there_and_what_may(error):
    refusal = error("a quantity is above 0", field="lines[0].quantity", value=-1, allowed="above 0")
    assert str(refusal) == refusal.message == "a quantity is above 0"
    assert (refusal.field, refusal.value, refusal.allowed) == ("lines[0].quantity", -1, "above 0")


@pytest.mark.parametrize("error", REFUSALS)
def test_a_refusal_may_be_one_sentence(error):
    refusal = error("not now")
    assert str(refusal) == "not now"
    assert (refusal.field, refusal.value, refusal.allowed) == (None, None, None)


def test_every_refusal_has_a_name_of_its_own_for_programs():
    assert [error.code for error in REFUSALS] == [
        "BAD_INPUT",
        "UNKNOWN_ID",
        "CONFLICT",
        "TOO_LARGE",
        "TOO_MANY_REQUESTS",
        "UNAUTHORIZED",
        "FORBIDDEN",
    ]


@pytest.mark.parametrize("error", REFUSALS)
def test_whoever_catches_refusals_catches_each(error):
    with pytest.raises(Refused, match="not now"):
        raise error("not now")


@pytest.mark.parametrize("error", [*REFUSALS, *FAILURES])
def test_whoever_catches_our_errors_catches_each(error):
    with pytest.raises(PunnetError, match="not now"):
        raise error("not now")


def test_an_id_that_is_not_in_the_catalogue_is_named_with_its_field():
    error = not_in_catalogue("farm", "dale", "farmId")
    assert isinstance(error, UnknownId)
    assert error.message == 'farmId "dale" is not a farm of the catalogue.'
    assert (error.field, error.value, error.allowed) == (
        "farmId",
        "dale",
        "the id of a farm of the catalogue",
    )


@pytest.mark.parametrize("error", FAILURES)
def test_a_failure_is_no_refusal(error):
    assert not issubclass(error, Refused)
