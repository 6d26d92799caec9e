"""The numbers a market may turn."""

import msgspec


class Tuning(msgspec.Struct, frozen=True, kw_only=True):
    """Weights, caps and windows; the defaults are those of docs/reference/algorithms.md."""

    weight_collaborative: float = 0.30
    weight_content: float = 0.25
    weight_trending: float = 0.15
    weight_seasonal: float = 0.15
    weight_behaviour: float = 0.15
    weight_together: float = 0.15
    weight_together_cart: float = 0.60
    weight_arrivals: float = 0.10
    neighbours: int = 500
    trending_radius_km: float = 80
    trending_days: float = 7
    trending_min_orders: int = 5
    trending_min_products: int = 10
    seasonal_new_days: float = 7
    arrivals_days: float = 14
    farm_share: float = 0.3
    category_share: float = 0.5
    price_share: float = 0.7
    market_latitude: float = 0
    alerts_kept: int = 10_000
    recommendation_cache_ttl: int = 3_600_000
