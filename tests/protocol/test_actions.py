"""What an action must bring, and what follows from it."""

from datetime import UTC, datetime

import pytest

from punnet.errors import Refused
from punnet.market import Action, EntityType, OrderLine, UserAction
from punnet.protocol.actions import DEEPEST_METADATA, ENTITIES, PostedAction, tracked

NOW = 1_736_937_000.0
ITEM = {"productId": "tomatoes", "quantity": 2, "unitPrice": 4.99}


def action(kind, **known):
    return Action(**{"event_id": "e1", "user_id": "ann", "action": UserAction(kind)} | known)


def refusal(done, place=""):
    with pytest.raises(Refused) as caught:
        tracked(done, NOW, place=place)
    return caught.value.field, caught.value.allowed


def test_every_action_has_an_entity():
    assert set(ENTITIES) == set(UserAction)


@pytest.mark.parametrize("kind", UserAction)
def test_an_entity_is_of_the_first_type_the_action_is_about_unless_it_says_another(kind):
    metadata = {"rating": 3} if kind.startswith("RATE") else {}
    done = action(kind, entity_id="x", metadata=metadata)

    assert tracked(done, NOW).action.entity_type is ENTITIES[kind][0]


def test_a_wishlist_may_hold_farms():
    done = action("ADD_TO_WISHLIST", entity_id="hill", entity_type=EntityType.FARM)

    assert tracked(done, NOW).action == done


def test_an_entity_type_that_the_action_is_not_about_is_refused():
    done = action("ADD_TO_WISHLIST", entity_id="hill", entity_type=EntityType.ORDER)

    assert refusal(done) == ("entityType", "PRODUCT or FARM in ADD_TO_WISHLIST")


NAMING = ("PRODUCT", "FARM", "CART", "WISHLIST", "CLICK_RECOMMENDATION")


@pytest.mark.parametrize("kind", [kind for kind in UserAction if kind.endswith(NAMING)])
def test_an_action_about_something_names_it(kind):
    assert refusal(action(kind, metadata={"rating": 3}))[0] == "entityId"


def test_seeing_recommendations_needs_no_entity():
    assert tracked(action("VIEW_RECOMMENDATIONS"), NOW).action.entity_type is None


def test_seeing_recommendations_may_say_which():
    done = action("VIEW_RECOMMENDATIONS", metadata={"productIds": ["basil"] * 100, "page": "HOME"})

    assert tracked(done, NOW).action == done


@pytest.mark.parametrize(
    ("product_ids", "field"),
    [([], ""), (["basil"] * 101, ""), ("basil", ""), ({}, ""), (["basil", 7], "[1]"), ([""], "[0]")],
)
def test_what_cannot_have_been_seen_is_refused(product_ids, field):
    done = action("VIEW_RECOMMENDATIONS", metadata={"productIds": product_ids})

    assert refusal(done, "payload.")[0] == f"payload.metadata.productIds{field}"


def test_the_words_of_a_search_end_up_in_its_metadata():
    done = tracked(action("SEARCH", entity_id="honey", metadata={"page": 2}), NOW).action

    assert done.metadata == {"page": 2, "searchQuery": "honey"}


def test_words_in_the_metadata_come_before_the_entity():
    done = action(
        "SEARCH", entity_id="honey", entity_type=EntityType.SEARCH, metadata={"searchQuery": "mead"}
    )

    assert tracked(done, NOW).action == done


def test_a_search_may_be_for_a_category_alone():
    done = action("SEARCH", metadata={"category": "Preserved"})

    assert tracked(done, NOW).action == done


def test_a_filter_keeps_its_entity_as_the_category():
    done = action("FILTER_CATEGORY", entity_id="Preserved", entity_type=EntityType.SEARCH)

    assert tracked(done, NOW).action == done


@pytest.mark.parametrize(("kind", "field"), [("SEARCH", "searchQuery"), ("FILTER_CATEGORY", "category")])
def test_a_search_for_nothing_is_refused(kind, field):
    assert refusal(action(kind))[0] == f"metadata.{field}"


@pytest.mark.parametrize("rating", [1, 4.5, 5])
def test_a_rating_is_from_1_to_5(rating):
    done = action("RATE_FARM", entity_id="hill", entity_type=EntityType.FARM, metadata={"rating": rating})

    assert tracked(done, NOW).action == done


@pytest.mark.parametrize("rating", [0, 5.5, "5", None, True])
def test_another_rating_is_refused(rating):
    done = action("RATE_PRODUCT", entity_id="basil", metadata={"rating": rating})

    assert refusal(done) == ("metadata.rating", "a number from 1 to 5")


def test_a_purchase_may_name_its_order():
    done = tracked(action("COMPLETE_PURCHASE", entity_id="o1"), NOW)

    assert (done.action.entity_type, done.order) == (EntityType.ORDER, None)


def test_a_purchase_with_items_becomes_an_order_of_its_own():
    done = tracked(action("COMPLETE_PURCHASE", metadata={"items": [ITEM]}), NOW)

    assert done.order is not None
    assert (done.order.id, done.order.user_id) == ("order-of-e1", "ann")
    assert done.order.placed_at == datetime.fromtimestamp(NOW, UTC)
    assert done.order.lines == (OrderLine(product_id="tomatoes", quantity=2, unit_price=4.99),)
    assert (done.action.entity_id, done.action.entity_type) == ("order-of-e1", EntityType.ORDER)


def test_the_order_takes_the_id_and_the_time_that_the_purchase_names():
    then = datetime(2025, 1, 1, tzinfo=UTC)
    done = tracked(
        action("COMPLETE_PURCHASE", entity_id="o1", timestamp=then, metadata={"items": [ITEM]}), NOW
    )

    assert done.order is not None
    assert (done.order.id, done.order.placed_at) == ("o1", then)


def test_a_purchase_of_nothing_is_refused():
    assert refusal(action("COMPLETE_PURCHASE"))[0] == "entityId"


def test_an_event_id_too_long_to_name_an_order_is_refused():
    longest = action("COMPLETE_PURCHASE", event_id="e" * 119, metadata={"items": [ITEM]})
    longer = action("COMPLETE_PURCHASE", event_id="e" * 120, metadata={"items": [ITEM]})

    assert tracked(longest, NOW).order is not None
    assert refusal(longer)[0] == "eventId"


@pytest.mark.parametrize(
    ("items", "field"),
    [
        ([], "items"),
        ("x", "items"),
        ([{**ITEM, "quantity": 0}], "items[0].quantity"),
        ([ITEM, {}], "items[1].productId"),
    ],
)
def test_bad_items_are_refused_by_their_place(items, field):
    assert refusal(action("COMPLETE_PURCHASE", metadata={"items": items}))[0] == f"metadata.{field}"


@pytest.mark.parametrize(
    "email",
    [
        "ann@example.org",
        "a.b+c_d@mail.example.co.uk",
        "o'neill@xn--bcher-kva.example",
        "A1@b-c.de",
        f"{'a' * 64}@example.org",
    ],
)
def test_a_purchase_may_say_where_thanks_for_it_go(email):
    done = action("COMPLETE_PURCHASE", entity_id="o1", metadata={"email": email})

    assert tracked(done, NOW).action.metadata == {"email": email}


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ann",
        "@example.org",
        "ann@",
        "ann@example",
        "ann@10.0.0.1",
        "ann@@example.org",
        "ann@example.org\n",
        "ann@example.org\r\nBcc: bob@example.org",
        "ann@example.org, bob@example.org",
        "Ann <ann@example.org>",
        "ann smith@example.org",
        "ann\x00@example.org",
        "änn@example.org",
        "ann@exämple.org",
        ".ann@example.org",
        "a..n@example.org",
        "ann@-example.org",
        f"{'a' * 65}@example.org",
        f"ann@{'a.' * 125}org",
        7,
        ["ann@example.org"],
    ],
)
def test_what_is_no_address_is_refused_by_its_name(email):
    done = action("COMPLETE_PURCHASE", entity_id="o1", metadata={"email": email})

    assert refusal(done) == (
        "metadata.email",
        "an e-mail address of at most 254 characters, such as ann@example.org",
    )


def test_metadata_may_nest_as_deep_as_allowed_and_no_deeper():
    deep = {"leaf": 1, "leaves": []}
    for _ in range(DEEPEST_METADATA // 2 - 1):
        deep = {"a": [deep]}

    assert tracked(action("VIEW_RECOMMENDATIONS", metadata=deep), NOW).action.metadata == deep
    assert refusal(action("VIEW_RECOMMENDATIONS", metadata={"a": deep}))[0] == "metadata"


def test_the_place_stands_before_every_field():
    assert refusal(action("VIEW_PRODUCT"), "payload.")[0] == "payload.entityId"
    assert refusal(action("SEARCH"), "payload.")[0] == "payload.metadata.searchQuery"
    assert refusal(action("VIEW_FARM", entity_type=EntityType.ORDER), "payload.")[0] == "payload.entityType"
    assert refusal(action("RATE_FARM", entity_id="x"), "payload.")[0] == "payload.metadata.rating"


def test_a_posted_action_is_by_its_user_under_its_own_id_or_a_given_one():
    posted = PostedAction(user_id="ann", action=UserAction.VIEW_PRODUCT, entity_id="basil")
    named = PostedAction(user_id="ann", action=UserAction.VIEW_PRODUCT, entity_id="basil", event_id="mine")

    assert posted.by("ann", posted.action, "made").event_id == "made"
    assert named.by("ann", named.action, "made").event_id == "mine"
