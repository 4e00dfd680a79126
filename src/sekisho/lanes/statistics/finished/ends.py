"""What each unknown cell lies between, in whole numbers."""

from dataclasses import dataclass

import numpy as np

from sekisho.lanes.statistics.disclosure.cells import Bools, Floats, Ints
from sekisho.lanes.statistics.finished.arrays import Exact

NOBODY = -1


@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """What each cell lies between, in grains; `has_low` and `has_high` tell where there is an end.

    Shape: (n,) each. `low_by`, `high_by` name the equation that set an end last, -1 for none.
    `consistent` is False in components whose figures contradict each other. Changed in place while
    bounds are carried.
    """

    low: Exact
    high: Exact
    has_low: Bools
    has_high: Bools
    low_by: Ints
    high_by: Ints
    consistent: Bools

    def floats(self, grain: int) -> tuple[Floats, Floats]:
        """Both ends in the unit of the figures, infinite where there is none."""
        low = np.where(self.has_low, self.low.astype(np.float64) / grain, -np.inf)
        return low, np.where(self.has_high, self.high.astype(np.float64) / grain, np.inf)

    @property
    def fixed(self) -> Bools:
        """Cells with one value left."""
        return np.asarray(self.has_low & self.has_high & (self.low == self.high), dtype=bool)
