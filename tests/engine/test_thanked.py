"""Who is thanked for a purchase, and who is not."""

import pytest

from punnet.engine.thanked import LATEST, Thanked, thanked
from punnet.market import UserAction
from tests.engine.facts import DAY, NOW, did, engine_of, farm, index_of, order, product

ANN = "ann@example.org"
FACTS = (farm(), product("leeks"), order("ann", "leeks", id="o1"), order(ANN, "leeks", id="o2"))
INDEX = index_of(*FACTS)


def bought(user_id, order_id, **known):
    return did(user_id, "COMPLETE_PURCHASE", order_id, **known)


def test_the_shopper_is_thanked_at_the_address_that_the_purchase_says():
    purchase = bought("ann", "o1", metadata={"email": "me@example.org"})
    assert thanked(INDEX, (purchase,), NOW) == Thanked("o1", "ann", "me@example.org")
    assert engine_of(*FACTS).thanked((purchase,), NOW) == Thanked("o1", "ann", "me@example.org")


@pytest.mark.parametrize("metadata", [{}, {"email": None}])
def test_without_one_a_user_id_that_is_an_address_will_do(metadata):
    assert thanked(INDEX, (bought(ANN, "o2", metadata=metadata),), NOW) == Thanked("o2", ANN, ANN)


def test_without_any_address_nobody_is_thanked():
    assert thanked(INDEX, (bought("ann", "o1"),), NOW) is None


@pytest.mark.parametrize("email", [7, "ann", "ann@example.org\nBcc: bob@example.org", ["ann@example.org"]])
def test_what_is_no_address_is_not_written_to(email):
    assert thanked(INDEX, (bought("ann", "o1", metadata={"email": email}),), NOW) is None


def test_an_order_that_comes_with_its_purchase_is_its_shopper_s():
    facts = (order("ann", "leeks", id="new"), bought("ann", "new", metadata={"email": ANN}))
    assert thanked(INDEX, facts, NOW) == Thanked("new", "ann", ANN)


@pytest.mark.parametrize("facts", [(), (order("bob", "leeks", id="else"),)])
def test_who_names_the_order_of_another_gets_no_e_mail_about_it(facts):
    purchase = bought("bob", "o1", metadata={"email": "bob@example.org"})
    assert thanked(INDEX, (*facts, purchase), NOW) is None


@pytest.mark.parametrize("order_id", ["unheard of", None])
def test_without_an_order_there_is_nothing_to_thank_for(order_id):
    assert thanked(INDEX, (bought(ANN, order_id),), NOW) is None


@pytest.mark.parametrize("action", [action for action in UserAction if action != "COMPLETE_PURCHASE"])
def test_nothing_else_is_thanked_for(action):
    assert thanked(INDEX, (did(ANN, action, "o2"),), NOW) is None


def test_an_order_by_itself_is_not_thanked_for():
    assert thanked(INDEX, (order(ANN, "leeks"),), NOW) is None


@pytest.mark.parametrize(("days", "whom"), [(2.9, ANN), (3.1, None), (-1, ANN)])
def test_a_purchase_told_of_late_is_history(days, whom):
    found = thanked(INDEX, (bought(ANN, "o2", days=days),), NOW)
    assert (found and found.address) == whom
    assert LATEST == 3 * DAY
