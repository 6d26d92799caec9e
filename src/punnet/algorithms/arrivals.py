"""What is new from the farms a shopper likes."""

from punnet.algorithms.offer import Asked, Shortlist, be_sure, wanted
from punnet.algorithms.taste import FAVOURITES
from punnet.core.best import propose
from punnet.core.compiled import compiled
from punnet.core.desk import Desk
from punnet.core.shelf import Goods
from punnet.types import DAY

CONFIDENCE = 1.0


@compiled
def offer(goods: Goods, asked: Asked, desk: Desk, shortlist: Shortlist, days: float) -> None:
    """Shortlist the products added in the last `days` by the best-liked farms, the newer the better."""
    rows = goods.of_farm
    for rank in range(min(desk.known[0], FAVOURITES)):
        farm = desk.liked_farms[rank]
        start, liking = rows.heads[2 * farm], desk.farm_liking[farm]
        for at in range(start, start + rows.heads[2 * farm + 1]):
            product = rows.pool[at]
            age = (asked.now - goods.added[product]) / DAY
            if 0 <= age < days and wanted(goods, asked, desk, product):
                propose(shortlist.best, product, liking * (1 - age / days))
    be_sure(shortlist, CONFIDENCE)
