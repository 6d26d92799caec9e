"""The numbers of the page of formulas are the defaults."""

import pytest

from punnet.engine.tuning import Tuning


def test_the_defaults_are_those_of_the_page():
    tuning = Tuning()
    weights = (
        tuning.weight_collaborative, tuning.weight_content, tuning.weight_trending, tuning.weight_seasonal,
        tuning.weight_behaviour, tuning.weight_together, tuning.weight_together_cart, tuning.weight_arrivals,
    )  # fmt: skip
    assert weights == (0.30, 0.25, 0.15, 0.15, 0.15, 0.15, 0.60, 0.10)
    assert (tuning.farm_share, tuning.category_share, tuning.price_share) == (0.3, 0.5, 0.7)
    assert (tuning.neighbours, tuning.trending_radius_km, tuning.market_latitude) == (500, 80, 0)
    assert (tuning.seasonal_new_days, tuning.arrivals_days) == (7, 14)
    assert tuning.alerts_kept == 10_000


def test_five_orders_in_seven_days_are_a_trend_and_ten_products_a_place():
    tuning = Tuning()
    window = (tuning.trending_days, tuning.trending_min_orders, tuning.trending_min_products)
    assert window == (7, 5, 10)


def test_a_tuning_does_not_change():
    with pytest.raises(AttributeError):
        Tuning().neighbours = 1
