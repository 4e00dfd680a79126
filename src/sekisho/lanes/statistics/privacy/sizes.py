"""Up to what size a unit counts fully, and the bins in which sizes are counted; nothing is read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from math import isqrt, prod

from sekisho.lanes.statistics.privacy.bounds import LARGEST_CONTRIBUTION, PRECISION_ONE, Norm
from sekisho.lanes.statistics.privacy.calibrate import SIGMA
from sekisho.lanes.statistics.privacy.contract import Contract
from sekisho.lanes.statistics.privacy.measures import Contribution, Reading, Wanted
from sekisho.query.bound import Amount, AmountKind, Bound, BoundLevel, BoundVector

_FEW_GROUPS = 200
"""Up to so many groups the bins of counts are narrower: all units may stand in three of them."""
_SUM_REACH = 40
"""Bins of a sum whose bound is chosen begin so many halvings below a single row's, and end as far
above as the bins of a declared one."""


@dataclass(frozen=True, slots=True)
class Sizing:
    """How large the contributions of one query's units may be, from declarations alone."""

    bound: Bound
    contract: Contract
    contribution: Contribution
    norm: Norm

    def full(self, levels: Sequence[BoundLevel], typical: Sequence[int]) -> int:
        """The size of the declared contribution: its groups spread evenly over each level."""
        total = 0
        for level in levels:
            groups = self._groups_at(level)
            cells = min(self._declared_groups(), groups)
            if self.norm is Norm.L2:
                inside = sum(one * one for one in typical) * self._declared_groups() ** 2 // cells
            else:
                inside = sum(typical) * self._declared_groups()
            total += level.precision * inside
        return total

    def is_open(self, wanted: Sequence[Wanted], levels: Sequence[BoundLevel], full: int) -> bool:
        """Whether the size is chosen once units were counted by size, not declared.

        A unit with a single row is never scaled down, unless the length of its amounts is chosen.
        """
        amounts = [a for w in wanted for a in w.amounts]
        if 0 < largest_size(self.bound, amounts, levels) <= full:
            return False
        return any(self._follows(w, a) for w in wanted for a in w.amounts)

    def _follows(self, wanted: Wanted, amount: Amount) -> bool:
        """Whether an amount's part of the size follows from what is to be chosen."""
        chosen, said = self.contribution.chosen, self.contribution
        if amount.kind is AmountKind.SUM and "length" in chosen:
            return True
        if self.contract.one_row_a_unit:
            return False
        if amount.kind is AmountKind.SUM and said.lengths.get(wanted.name, said.length) is not None:
            return False
        if amount.kind is AmountKind.PRESENT:
            return "groups" in chosen
        return bool(chosen & {"groups", "rows"})

    def edges(
        self, amounts: Sequence[Amount], levels: Sequence[BoundLevel], full: int, *, is_open: bool
    ) -> tuple[int, ...]:
        """Bins of the sizes' histogram, or none where no unit can be scaled down."""
        largest = largest_size(self.bound, amounts, levels)
        lengths = self.contribution.lengths or self.contribution.length or is_open
        once = self.contract.one_row_a_unit and not lengths
        if once or 0 < largest <= full:
            return ()
        if all(a.kind is AmountKind.PRESENT for a in amounts):
            few = is_open and 0 < largest <= _FEW_GROUPS * PRECISION_ONE
            return _bins(PRECISION_ONE, largest or full << 20, 1189 if few else 1414, PRECISION_ONE)
        below, ratio = (_SUM_REACH, 2000) if is_open else (20, 1414)
        return _bins(max(1, full >> below), full << 20, ratio, 1)

    def _declared_groups(self) -> int:
        most = prod(len(g.values or ()) for g in self.bound.groups)
        once = 1 if self.contract.one_row_a_unit else self.contribution.groups
        return max(1, min(once, most) if self.bound.lists_groups else once)

    def _groups_at(self, level: BoundLevel) -> int:
        if not self.bound.lists_groups:
            return max(1, self.contribution.found_groups)
        return max(1, prod(self.bound.sizes(level)))


def _bins(first: int, last: int, ratio: int, step: int) -> tuple[int, ...]:
    """Edges that grow by a ratio in thousandths, and by a step at least."""
    edges = [first]
    while edges[-1] < last:
        edges.append(max(edges[-1] + step, -(-edges[-1] * ratio // (1000 * step)) * step))
    return tuple(edges)


def scaled(wanted: Sequence[Wanted]) -> tuple[tuple[Amount, ...], tuple[int, ...]]:
    """The amounts on a common footing: each multiplied so that a typical one is as long."""
    longest = max(one for each in wanted for one in each.typical)
    if wanted[0].reading is Reading.QUANTILE:
        return wanted[0].amounts, wanted[0].typical
    limit = min(LARGEST_CONTRIBUTION, max(2**30, 1 << (longest * 2**14).bit_length()))
    amounts: list[Amount] = []
    typical: list[int] = []
    for each in wanted:
        for part, (amount, one) in enumerate(zip(each.amounts, each.typical, strict=True)):
            factor = max(1, (longest + one // 2) // one)
            amounts.append(replace(amount, factor=factor, limit=limit))
            # what a row adds to one of the sums of a variance it does not add to the others
            typical.append(0 if part and each.reading is Reading.SPREAD else one * factor)
    return tuple(amounts), tuple(typical)


def histogram_weight(loss: Decimal, norm: Norm) -> int:
    """Integer units that stand for one unit in a histogram that may cost that much."""
    if norm is Norm.L1:
        return int((loss * SIGMA).to_integral_value(rounding=ROUND_DOWN))
    return isqrt(int((loss * SIGMA**2).to_integral_value(rounding=ROUND_DOWN)))


def largest_size(bound: Bound, amounts: Sequence[Amount], levels: Sequence[BoundLevel]) -> int:
    """The largest size that a count of units can have; 0 when sizes are not counts of groups."""
    if not all(a.kind is AmountKind.PRESENT for a in amounts) or len(levels) > 1:
        return 0
    groups = prod(bound.sizes(levels[0])) if bound.lists_groups else bound.cap or 0
    groups = min(groups, bound.cap or groups)
    return groups * len(amounts) * PRECISION_ONE


def counts_groups(vector: BoundVector) -> bool:
    """Whether a unit's size is the number of groups that it stands in."""
    kinds = [each.kind for each in vector.amounts]
    return kinds == [AmountKind.PRESENT] and len(vector.levels) == 1


def most_groups(bound: Bound, vector: BoundVector) -> int:
    """The largest number of groups that a unit can stand in, for a vector that counts them."""
    return largest_size(bound, vector.amounts, vector.levels) // PRECISION_ONE
