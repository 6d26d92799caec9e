"""A market made up from a seed: its land, its shelf, its people, and what they bought.

    from bench.made import made_market
    market = made_market(7, products=200, shoppers=100, lines=2_000)

The same seed and sizes give the same market on every machine. Nothing of it is anybody's.
"""

from bench.made.market import MadeMarket, made_market

__all__ = ["MadeMarket", "made_market"]
