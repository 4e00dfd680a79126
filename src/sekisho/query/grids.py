"""Public grids of bins over the numbers between two ends, for quantiles.

The bins follow from the ends alone, and the bin of a number from exact integer arithmetic that is
the same in SQL and in Python, so that every engine counts the same rows in the same bins.
"""

from dataclasses import dataclass

LARGEST = 2**45
"""Below this a double's logarithm to base 2 never reaches the next whole number too early."""

_WIDE = 100
"""Ends that are further apart than this, as a ratio, get bins that grow with the number."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Bins over whole numbers from `low` to `high`; numbers beyond count in the outermost bins.

    With `split` 0 every bin is `width` numbers wide. Else numbers below 2**`exact` have a bin
    each, and every doubling above is split into that many bins of nearly the same width.

    Shape: low <= high, both within `LARGEST`; `split` only where low >= 0; 2**exact >= split.
    """

    low: int
    high: int
    width: int = 1
    split: int = 0
    exact: int = 0

    @property
    def bins(self) -> int:
        """How many bins there are."""
        return self._place(self.high) - self._place(self.low) + 1

    def bin_of(self, number: int) -> int:
        """The bin that a number counts in, 0 to bins - 1."""
        return self._place(min(max(number, self.low), self.high)) - self._place(self.low)

    def ends(self, at: int) -> tuple[int, int]:
        """The smallest and the largest number of a bin, both included."""
        first = self._first(at + self._place(self.low))
        last = self._first(at + 1 + self._place(self.low)) - 1
        return max(first, self.low), min(last, self.high)

    def middle(self, at: int) -> int:
        """The number that stands for a bin: halfway between its ends, down to a whole one."""
        first, last = self.ends(at)
        return (first + last) // 2

    def bin_sql(self, number: str) -> str:
        """The SQL of `bin_of` for the SQL of a number that is not NULL."""
        inside = f"LEAST(GREATEST({number}, {self.low}), {self.high})::BIGINT"
        if not self.split:
            return f"({inside} - {self.low}) // {self.width}"
        # Numbers below 2**exact are raised to it, where CASE does not take what comes of them.
        start = max((1 << self.exact), self.low)
        raised = f"LEAST(GREATEST({number}, {start}), {self.high})::BIGINT"
        power = f"floor(log2({raised}::DOUBLE))::BIGINT"
        above = (
            f"{1 << self.exact} + ({power} - {self.exact}) * {self.split} "
            f"+ ((({raised} - (1::BIGINT << {power})) * {self.split}) >> {power})"
        )
        if self.low < (1 << self.exact):
            above = f"CASE WHEN ({number}) < {1 << self.exact} THEN {inside} ELSE {above} END"
        return f"({above}) - {self._place(self.low)}"

    def _place(self, number: int) -> int:
        if not self.split:
            return (number - self.low) // self.width
        if number < (1 << self.exact):
            return number
        power = number.bit_length() - 1
        into = ((number - (1 << power)) * self.split) >> power
        return (1 << self.exact) + (power - self.exact) * self.split + into

    def _first(self, place: int) -> int:
        """The smallest number of a place that `_place` gives."""
        if not self.split:
            return self.low + place * self.width
        if place < (1 << self.exact):
            return place
        doublings, into = divmod(place - (1 << self.exact), self.split)
        power = self.exact + doublings
        return (1 << power) + -(-(into << power) // self.split)


def grid_between(low: int, high: int, most: int) -> Grid:
    """The finest grid of at most that many bins from one number to another.

    Every number has a bin of its own where there is room. Else bins are equally wide, or, where
    no number is negative and the ends lie far apart, about equally wide in proportion.

    Shape: low <= high, both within `LARGEST`; most >= 128.
    """
    if high - low < most:
        return Grid(low, high)
    if low < 0 or high < _WIDE * max(1, low):
        return Grid(low, high, width=-(-(high - low + 1) // most))
    found = Grid(low, high, split=1)
    for split in range(2, most + 1):
        finer = Grid(low, high, split=split, exact=(split - 1).bit_length())
        if finer.bins <= most:
            found = finer
    return found
