"""The one draw of noise that a release gets, and how it is kept until the release stands."""

import json
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from math import prod

import numpy as np

from sekisho.errors import TamperedError, fault
from sekisho.lanes.statistics.privacy.bounds import Norm, sigma_for
from sekisho.lanes.statistics.privacy.calibrate import SIGMA
from sekisho.lanes.statistics.privacy.plan_bounding import Plan
from sekisho.lanes.statistics.privacy.quantiles import drawn_bins
from sekisho.lanes.statistics.privacy.settle import (
    Settled,
    SettledBy,
    corrections,
    settle_sizes,
    with_sizes,
)
from sekisho.ports import Noise
from sekisho.query.bound import Bound, BoundSums, Integers, Settle

_MOST_UNITS = 2**32


@dataclass(frozen=True, slots=True)
class Draw:
    """Noisy integers: everything that a release may be made from, and safe to keep.

    Shape: as `BoundSums`; found holds only groups whose noisy count passed the threshold;
        settled says of each vector what follows from its noisy histogram.
    """

    blocks: Mapping[tuple[int, int], Integers]
    histograms: Mapping[int, Integers]
    found: tuple[tuple[str, ...], ...] = field(default=())
    settled: Mapping[int, Settled] = field(default_factory=dict)


Run = Callable[[Settle | None], BoundSums]
"""Runs the bounding query; an open bound is settled by what it is given."""


def draw(plan: Plan, run: Run, noise: Noise) -> Draw:
    """The noisy sums of a plan; call it once the charge is durable, and save what it gives.

    Where groups are listed the noise is drawn while the engine still groups: its scale does not
    depend on the data. A bound that is to be chosen is settled in between, from a histogram that
    has its noise already.

    Privacy: discrete Gaussian (or Laplace) noise on sums that one unit moves by at most the
        clip's sensitivity, whatever was settled; costs `plan.charge`.
    """
    settling = _Settling(plan, _bins_on_zeros(plan, noise))
    if plan.threshold is not None:
        blocks, found, sums = _found(plan, plan.threshold.tau, settling.run(run), noise)
    else:
        found = ()
        with ThreadPoolExecutor(1) as aside:
            waiting = aside.submit(_cells_on_zeros, plan, noise)
            sums = settling.run(run)
            drawn = waiting.result()
        blocks = {key: drawn[key] + sums.blocks[key] for key in drawn}
        blocks |= _quantiles(plan, sums, noise)
    histograms = settling.noisy(sums.histograms)
    settled = settle_sizes(plan, histograms)
    settled = corrections(with_sizes(plan, settled), settled, histograms, blocks)
    return Draw(blocks, histograms, found, settled)


@dataclass(frozen=True, slots=True)
class _Settling:
    """What happens between the counting of sizes and the sums: noise, then the choice."""

    plan: Plan
    noise: Mapping[int, Integers]
    """Noise of every histogram, drawn before."""

    def run(self, run: Run) -> BoundSums:
        return run(self.settle if self.plan.bound.is_open else None)

    def settle(self, exact: Mapping[int, Integers]) -> Bound:
        return with_sizes(self.plan, settle_sizes(self.plan, self.noisy(exact))).bound

    def noisy(self, exact: Mapping[int, Integers]) -> dict[int, Integers]:
        return {n: each + _weighted(self.plan, exact, n) for n, each in self.noise.items()}


def _weighted(plan: Plan, exact: Mapping[int, Integers], vector: int) -> Integers:
    held: Integers = np.minimum(exact[vector], _MOST_UNITS)
    return held * plan.bundles[vector].histogram_weight


def _noisy(plan: Plan, vector: int, precision: int, values: Integers, noise: Noise) -> Integers:
    norm = plan.bundles[vector].clip.norm
    scale = sigma_for(precision, norm)
    return noise.gaussian(values, scale) if norm is Norm.L2 else noise.laplace(values, scale)


def _noisy_bins(plan: Plan, vector: int, values: Integers, noise: Noise) -> Integers:
    if plan.bundles[vector].clip.norm is Norm.L2:
        return noise.gaussian(values, float(SIGMA))
    return noise.laplace(values, float(SIGMA))


def _bins_on_zeros(plan: Plan, noise: Noise) -> dict[int, Integers]:
    """The noise of every histogram."""
    return {
        number: _noisy_bins(plan, number, np.zeros(len(vector.edges), dtype=np.int64), noise)
        for number, vector in enumerate(plan.bound.vectors)
        if vector.edges
    }


def _cells_on_zeros(plan: Plan, noise: Noise) -> dict[tuple[int, int], Integers]:
    """The noise of every cell, in the shape of the sums."""
    blocks: dict[tuple[int, int], Integers] = {}
    for number, vector in enumerate(plan.bound.vectors):
        for at, level in enumerate(vector.levels if vector.grid is None else ()):
            shape = (len(vector.amounts), prod(plan.bound.sizes(level)))
            zeros = np.zeros(shape, dtype=np.int64)
            blocks[number, at] = _noisy(plan, number, level.precision, zeros, noise)
    return blocks


def _quantiles(plan: Plan, sums: BoundSums, noise: Noise) -> dict[tuple[int, int], Integers]:
    """One bin a group of every quantile."""
    return {
        (number, at): _quantile(plan, number, sums.blocks[number, at], noise)
        for number, vector in enumerate(plan.bound.vectors)
        for at in range(len(vector.levels) if vector.grid is not None else 0)
    }


def _quantile(plan: Plan, vector: int, sums: Integers, noise: Noise) -> Integers:
    bundle = plan.bundles[vector]
    return drawn_bins(sums, bundle.wanted[0].share, bundle.clip.norm, noise)


def _found(
    plan: Plan, tau: int, sums: BoundSums, noise: Noise
) -> tuple[dict[tuple[int, int], Integers], tuple[tuple[str, ...], ...], BoundSums]:
    """Noise first on how many units stand behind each group; only groups above tau are kept.

    However many groups there are, nothing is refused: that would tell of them for nothing.
    """
    first = _noisy(plan, 0, plan.bound.vectors[0].levels[0].precision, sums.blocks[0, 0], noise)
    shown = np.flatnonzero(first[0] > tau)
    blocks: dict[tuple[int, int], Integers] = {(0, 0): first[:, shown]}
    for number, vector in enumerate(plan.bound.vectors):
        if number > 0 and vector.grid is not None:
            blocks[number, 0] = _quantile(plan, number, sums.blocks[number, 0][shown], noise)
        elif number > 0:
            kept = sums.blocks[number, 0][:, shown]
            blocks[number, 0] = _noisy(plan, number, vector.levels[0].precision, kept, noise)
    return blocks, tuple(sums.found[int(n)] for n in shown), sums


def to_bytes(drawn: Draw) -> bytes:
    """The draw as bytes for the store; the same draw gives the same bytes."""
    blocks = [[*key, values.tolist()] for key, values in sorted(drawn.blocks.items())]
    bins = [[key, values.tolist()] for key, values in sorted(drawn.histograms.items())]
    settled = [
        [key, each.full, each.by.value, each.factor and str(each.factor), str(each.error)]
        for key, each in sorted(drawn.settled.items())
    ]
    held = {"blocks": blocks, "histograms": bins, "found": drawn.found, "settled": settled}
    text = json.dumps(held)
    return zlib.compress(text.encode())


def from_bytes(data: bytes) -> Draw:
    """The draw that bytes of the store hold.

    Raises: TamperedError when they are not such bytes.
    """
    try:
        held = json.loads(zlib.decompress(data))
        blocks = {(v, at): np.array(rows, dtype=np.int64) for v, at, rows in held["blocks"]}
        bins = {v: np.array(row, dtype=np.int64) for v, row in held["histograms"]}
        found = tuple(tuple(str(part) for part in group) for group in held["found"])
        settled = {each[0]: _settled(*each[1:]) for each in held.get("settled", [])}
    except (zlib.error, ValueError, KeyError, TypeError, ArithmeticError) as broken:
        raise TamperedError(fault("privacy.draw_unreadable")) from broken
    return Draw(blocks, bins, found, settled)


def _settled(full: int, by: str, factor: str | None, error: str) -> Settled:
    return Settled(full, SettledBy(by), None if factor is None else Decimal(factor), Decimal(error))
