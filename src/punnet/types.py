"""Names for the arrays that the pure rooms pass to one another, and how long an hour and a day are."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
"""Scores, prices, or times as seconds since 1970-01-01 UTC."""

Indices: TypeAlias = npt.NDArray[np.int64]
"""Positions of products, shoppers, orders, farms or categories; -1 where there is none."""

Positions: TypeAlias = npt.NDArray[np.int32]
"""The same in half the room, where there are millions of them."""

Mask: TypeAlias = npt.NDArray[np.bool_]
"""One truth value a product, or an order."""

HOUR, DAY = 3_600.0, 86_400.0
"""Seconds."""
