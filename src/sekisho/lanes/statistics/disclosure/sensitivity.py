"""Sensitivity rules: which cells are unsafe, and how far an attacker must stay from them.

Rules read aggregates only: a cell's total, its number of contributors and its largest
contributions, holdings folded into one contributor each. Parameters of dominance, p% and (p,q)
rules are secrets of the data holder: they appear in no message. Reasons are for the holder's eyes.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

from sekisho.errors import DeliveryError, Fault, UsageError, fault, raise_all
from sekisho.lanes.statistics.disclosure.cells import Bools, Floats, Ints, Rows
from sekisho.lanes.statistics.disclosure.certificate import Levels


class Reason(IntEnum):
    """Why a cell is unsafe; several reasons add up as bits."""

    NONE = 0
    FREQUENCY = 1
    DOMINANCE = 2
    P_PERCENT = 4
    PRIOR_POSTERIOR = 8
    GROUP = 16
    MARKED = 32


class CountProtection(StrEnum):
    """What a small count asks for: an interval around it on both sides, or width alone."""

    STRICT = "strict"
    WIDTH = "width"


@dataclass(frozen=True, slots=True, eq=False)
class Sensitive:
    """What a rule found: unsafe cells, protection levels in the cells' units, and the reason."""

    mask: Bools
    upper: Floats
    lower: Floats
    reason: NDArray[np.int64]

    @property
    def levels(self) -> Levels:
        """The levels alone, as `protect` takes them."""
        return Levels(self.upper, self.lower)


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """What the rules on large contributions read.

    Shape: total (n,), top (n, k) from the largest down, 0 where a cell has fewer; weight (n, k) how
    many units each stands for, at least 1.
    Units: all >= 0: with negative contributions bring sizes, |x|, and their sum.
    """

    total: Floats
    top: Floats
    weight: Floats | None = None

    def largest(self, count: float) -> Floats:
        """The sum of the `count` largest units of each cell."""
        weight = np.ones_like(self.top) if self.weight is None else self.weight
        before = np.cumsum(weight, axis=1) - weight
        taken: Floats = self.top * np.clip(count - before, 0.0, weight)
        return np.asarray(taken.sum(axis=1), dtype=np.float64)


def minimum_frequency(
    values: Ints, frequency: Ints, *, threshold: int, percent: float = 15.0
) -> Sensitive:
    """Cells of an amount with fewer than `threshold` contributors; levels a share of the value.

    A cell without contributors, or of value 0, is safe: there is nothing to take a share of.
    Raises: UsageError when a parameter lies outside its range.
    """
    _ranged("minimum-frequency", threshold >= 1 and 0 < percent <= 100)
    _same_length("minimum-frequency", values.size, frequency=frequency)
    mask = (frequency > 0) & (frequency < threshold) & (values != 0)
    level = np.ceil(np.abs(values) * (percent / 100.0))
    return _sensitive(mask, level, level, Reason.FREQUENCY)


def minimum_count(
    counts: Ints, *, threshold: int, form: CountProtection = CountProtection.STRICT
) -> Sensitive:
    """Counts below `threshold`, but not 0.

    STRICT: an attacker must find every count from one less to threshold - 1 more possible. WIDTH:
    the interval must be `threshold` wide, wherever it lies.
    """
    _ranged("minimum-count", threshold >= 1)
    mask = (counts > 0) & (counts < threshold)
    one = np.ones(counts.size)
    if form is CountProtection.STRICT:
        return _sensitive(mask, one * max(threshold - 1, 1), one, Reason.FREQUENCY)
    return _sensitive(mask, one * threshold, 0 * one, Reason.FREQUENCY)


def dominance(given: Contributions, *, n: int, k: float) -> Sensitive:
    """The (n,k) rule: unsafe when the n largest make up more than k percent of the total.

    Level: what must be added to the total for the n largest to fall to k percent.
    """
    _ranged("dominance", n >= 1 and 0 < k < 100)
    raise_all(DeliveryError, _contribution_faults("dominance", given, n))
    large = given.largest(n)
    level = np.ceil(large * (100.0 / k) - given.total)
    mask = large * 100.0 > k * given.total
    return _sensitive(mask, level, level, Reason.DOMINANCE)


def p_percent(given: Contributions, *, p: float) -> Sensitive:
    """The p% rule: unsafe when the second largest can tell the largest to within p percent.

    Level: how far the remainder falls short of p percent of the largest.
    """
    _ranged("p-percent", 0 < p <= 100)
    return _posterior(given, p / 100.0, ("p-percent", Reason.P_PERCENT))


def prior_posterior(given: Contributions, *, p: float, q: float) -> Sensitive:
    """The (p,q) rule: as p%, but everyone knew every contribution to within q percent before.

    Level: as in the p% rule with p / q in the place of p / 100.
    """
    _ranged("prior-posterior", 0 < p < q <= 100)
    return _posterior(given, p / q, ("prior-posterior", Reason.PRIOR_POSTERIOR))


def _posterior(given: Contributions, ratio: float, rule: tuple[str, Reason]) -> Sensitive:
    raise_all(DeliveryError, _contribution_faults(rule[0], given, 2))
    rest = np.maximum(given.total - given.largest(2), 0.0)
    asked = ratio * given.largest(1)
    mask = (asked > rest) & (given.total > 0)
    level = np.ceil(asked - rest)
    return _sensitive(mask, level, level, rule[1])


def group_disclosure(counts: Ints, equations: Rows, *, coalition: int = 0) -> Sensitive:
    """Parts of a count that hold the whole group but for at most `coalition` members.

    Whoever sees the total then knows something about each of its members. Level: the part must be
    able to be smaller by coalition + 1. The other parts, 0 among them, must be allowed to hide.
    """
    _ranged("group-disclosure", coalition >= 0)
    entries = equations.tocoo()
    total = np.zeros(equations.shape[0], dtype=np.int64)
    is_total = entries.data < 0
    total[entries.row[is_total]] = counts[entries.col[is_total]]
    rest = total[entries.row] - counts[entries.col]
    found = ~is_total & (counts[entries.col] > 0) & (rest <= coalition)
    widths = np.diff(equations.indptr)
    found &= widths[entries.row] > 2
    mask = np.zeros(counts.size, dtype=bool)
    mask[entries.col[found]] = True
    return _sensitive(
        mask, np.zeros(counts.size), np.full(counts.size, coalition + 1.0), Reason.GROUP
    )


def any_of(*found: Sensitive) -> Sensitive:
    """Unsafe under any rule; the largest level of each side holds."""
    return Sensitive(
        np.logical_or.reduce([each.mask for each in found]),
        np.maximum.reduce([each.upper for each in found]),
        np.maximum.reduce([each.lower for each in found]),
        np.bitwise_or.reduce([each.reason for each in found]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """What the data holder decides beforehand, cell by cell: (n,) masks."""

    safe: Bools
    unsafe: Bools
    must_publish: Bools


def marked(found: Sensitive, values: Ints, marks: Marks, *, percent: float = 15.0) -> Sensitive:
    """The rules' findings with the holder's marks: safe takes a cell out, unsafe puts one in.

    Raises: DeliveryError when a cell is marked both unsafe and must be published.
    """
    _ranged("marks", 0 < percent <= 100)
    both = marks.unsafe & (marks.must_publish | marks.safe)
    if both.any():
        raise DeliveryError(fault("disclosure.mark-conflict", count=int(both.sum())))
    level = np.maximum(np.ceil(np.abs(values) * (percent / 100.0)), 1.0)
    kept = found.mask & ~marks.safe
    base = Sensitive(
        kept,
        np.where(kept, found.upper, 0.0),
        np.where(kept, found.lower, 0.0),
        np.where(kept, found.reason, 0),
    )
    fresh = marks.unsafe & ~found.mask
    return any_of(base, _sensitive(fresh, level, level, Reason.MARKED))


def _sensitive(mask: Bools, upper: Floats, lower: Floats, reason: Reason) -> Sensitive:
    at_least = np.where(np.maximum(upper, lower) <= 0, 1.0, 0.0)
    return Sensitive(
        mask,
        np.where(mask, np.maximum(upper, at_least), 0.0),
        np.where(mask, np.maximum(lower, 0.0), 0.0),
        np.where(mask, int(reason), 0).astype(np.int64),
    )


def _ranged(rule: str, fits: bool) -> None:  # noqa: FBT001 - a fact, not a switch
    if not fits:
        raise UsageError(fault("disclosure.rule-parameter", rule=rule))


def _same_length(rule: str, size: int, **columns: Ints) -> None:
    raise_all(
        DeliveryError,
        [
            fault("disclosure.rule-shape", rule=rule, column=name, cells=size)
            for name, column in columns.items()
            if column.shape != (size,)
        ],
    )


def _contribution_faults(rule: str, given: Contributions, needed: int) -> list[Fault]:
    n = given.total.size
    if given.top.ndim != 2 or given.top.shape[0] != n or given.top.shape[1] < needed:
        return [fault("disclosure.rule-shape", rule=rule, column="top", cells=n)]
    weight = given.weight
    if weight is not None and (weight.shape != given.top.shape or (weight < 1).any()):
        return [fault("disclosure.rule-shape", rule=rule, column="weight", cells=n)]
    wrong = int((~np.isfinite(given.top)).sum() + (~np.isfinite(given.total)).sum())
    if wrong:
        return [fault("disclosure.rule-number", rule=rule, count=wrong)]
    mixed = (np.diff(given.top, axis=1) > 0).any(axis=1) | (given.top < 0).any(axis=1)
    return (
        [fault("disclosure.rule-order", rule=rule, count=int(mixed.sum()))] if mixed.any() else []
    )
