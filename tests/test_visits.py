"""What a shopper does on the way to a basket."""

from datetime import UTC, datetime
from random import Random

from punnet.market import EntityType, Order, OrderLine, Product, UserAction
from punnet.protocol.actions import ENTITIES, tracked
from punnet.visits import SEARCHES, WISHES, buy, click, look_and_take, see

KALE = Product(id="kale", name="Young kale", farm_id="hill", category="Greens", price=2)
BASKET = Order(
    id="b1",
    user_id="ann",
    placed_at=datetime(2026, 7, 1, tzinfo=UTC),
    lines=(OrderLine(product_id="kale", quantity=1, unit_price=2),),
)


def test_a_product_is_seen_and_then_taken_and_perhaps_searched_and_wished_for():
    walks = [list(look_and_take(BASKET, KALE, 1, Random(seed))) for seed in range(2_000)]
    kinds = [[action.action for action in walk] for walk in walks]
    for walk in kinds:
        assert walk.index(UserAction.VIEW_PRODUCT) < walk.index(UserAction.ADD_TO_CART) == len(walk) - 1
    searched, wished = (
        sum(kind in walk for walk in kinds) / len(kinds)
        for kind in (UserAction.SEARCH, UserAction.ADD_TO_WISHLIST)
    )
    assert abs(searched - SEARCHES) < 0.03
    assert abs(wished - WISHES) < 0.03


def test_the_same_chance_gives_the_same_actions():
    assert list(look_and_take(BASKET, KALE, 1, Random(7))) == list(look_and_take(BASKET, KALE, 1, Random(7)))


def test_every_action_is_one_that_a_server_takes_and_has_an_id_of_its_own():
    seen = [action for seed in range(50) for action in look_and_take(BASKET, KALE, seed, Random(seed))]
    actions = [*seen, click(BASKET, KALE, 1), see(BASKET, [KALE, KALE], 1), buy(BASKET)]
    for action in actions:
        assert action.user_id == "ann"
        assert action.entity_type in ENTITIES[action.action]
        tracked(action, 0)
    assert len({action.event_id for action in actions}) == len(actions)
    assert (buy(BASKET).entity_id, buy(BASKET).entity_type) == ("b1", EntityType.ORDER)
    assert see(BASKET, [KALE, KALE], 1).metadata == {"productIds": ["kale", "kale"]}
