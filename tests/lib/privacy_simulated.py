"""Units in groups as arrays, so that one plan can be drawn many times over exact sums."""

from dataclasses import dataclass, field

import numpy as np

from sekisho.lanes.statistics.privacy.bounds import PRECISION_ONE, Clip, weight
from sekisho.lanes.statistics.privacy.draw import Draw, draw
from sekisho.lanes.statistics.privacy.finish import finish
from sekisho.lanes.statistics.privacy.measures import Contribution
from sekisho.lanes.statistics.privacy.table import PrivateTable
from sekisho.query.bound import BoundSums
from tests.lib.privacy_constructs import planned

COUNTS = "SELECT day, age, COUNT(DISTINCT person) AS n FROM trips GROUP BY day, age"
"""Seven days by a hundred ages: 700 groups."""
GROUPS = 700
CHOSEN = Contribution(chosen=frozenset({"groups", "rows"}))


@dataclass
class Crowd:
    """Pairs of unit and group; every number of them is exact."""

    units: np.ndarray
    cells: np.ndarray
    sums: dict[tuple[int, int], np.ndarray] = field(default_factory=dict)

    def __post_init__(self):
        self.sizes = np.bincount(self.units) if self.units.size else np.zeros(0, dtype=np.int64)
        self.sizes = self.sizes[self.sizes > 0]
        self.of_pair = np.bincount(self.units)[self.units] if self.units.size else self.units
        self.truth = np.bincount(self.cells, minlength=GROUPS)

    def without(self, unit: int) -> "Crowd":
        stays = self.units != unit
        return Crowd(self.units[stays], self.cells[stays])

    def bins(self, vector) -> np.ndarray:
        """How many units have sizes of each bin."""
        edges = np.array(vector.edges) // PRECISION_ONE
        places = np.searchsorted(edges, self.sizes, side="right") - 1
        return np.bincount(places, minlength=edges.size)

    def counted(self, clip: Clip) -> np.ndarray:
        """The weighted sums of every group, exact integers."""
        key = (clip.sensitivity, clip.full)
        if key not in self.sums:
            table = np.array([0, *(weight(clip, d * PRECISION_ONE) for d in range(1, GROUPS + 1))])
            sums = np.zeros(GROUPS, dtype=np.int64)
            np.add.at(sums, self.cells, table[self.of_pair])
            self.sums[key] = sums
        return self.sums[key]

    def run(self, plan, settle) -> BoundSums:
        """What the bounding query of a plan gives over the crowd."""
        vector = plan.bound.vectors[0]
        bins = self.bins(vector)
        bound = settle({0: bins}) if settle else plan.bound
        clip = plan.bundles[0].clip
        cells = self.counted(Clip(clip.norm, clip.sensitivity, bound.vectors[0].full))
        return BoundSums({(0, 0): cells.reshape(1, -1)}, {0: bins})

    def drawn(self, plan, noise) -> Draw:
        return draw(plan, lambda settle: self.run(plan, settle), noise)

    def table(self, plan, noise) -> PrivateTable:
        return finish(plan, self.drawn(plan, noise))


def crowd(sizes: np.ndarray, seed: int = 1, *, heavy_alike: bool = True) -> Crowd:
    """Units that stand in so many groups, drawn without repetition.

    Where the heavy are not like the rest, most groups of those with more than fifty lie among the
    first hundred.
    """
    chance = np.random.default_rng(seed)
    units = np.repeat(np.arange(sizes.size), sizes)
    cells = []
    for size in sizes:
        likely = np.ones(GROUPS)
        if not heavy_alike and size > 50:
            likely[:100] = 14.0
        keys = chance.random(GROUPS) ** (1 / likely) if size < GROUPS else np.arange(GROUPS)
        cells.append(np.argpartition(-keys, min(size, GROUPS - 1))[:size])
    return Crowd(units, np.concatenate(cells) if cells else np.zeros(0, dtype=np.int64))


def spread(people: int, seed: int = 5) -> np.ndarray:
    """Sizes as people have them: most small, a few very large."""
    drawn = np.random.default_rng(seed).lognormal(3, 1, people)
    return np.clip(np.rint(drawn), 1, GROUPS).astype(np.int64)


def plan_for(epsilon: str = "1", contribution: Contribution = CHOSEN, *, pure: bool = False):
    return planned(COUNTS, contribution, epsilon=epsilon, pure=pure)
