"""The one draw of noise that a release gets, and how it is kept until the release stands."""

import json
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from math import prod

import numpy as np

from sekisho.errors import TamperedError, fault
from sekisho.lanes.statistics.privacy.bounds import Norm, sigma_for
from sekisho.lanes.statistics.privacy.calibrate import SIGMA
from sekisho.lanes.statistics.privacy.plan_bounding import Plan
from sekisho.ports import Noise
from sekisho.query.bound import BoundSums, Integers

_MOST_UNITS = 2**32


@dataclass(frozen=True, slots=True)
class Draw:
    """Noisy integers: everything that a release may be made from, and safe to keep.

    Shape: as `BoundSums`; found holds only groups whose noisy count passed the threshold.
    """

    blocks: Mapping[tuple[int, int], Integers]
    histograms: Mapping[int, Integers]
    found: tuple[tuple[str, ...], ...] = field(default=())


def draw(plan: Plan, run: Callable[[], BoundSums], noise: Noise) -> Draw:
    """The noisy sums of a plan; call it once the charge is durable, and save what it gives.

    Where groups are listed the noise is drawn while the engine still groups: its scale does not
    depend on the data.

    Privacy: discrete Gaussian (or Laplace) noise on sums that one unit moves by at most the
        clip's sensitivity; costs `plan.charge`.
    """
    if plan.threshold is not None:
        return _draw_found(plan, plan.threshold.tau, run(), noise)
    with ThreadPoolExecutor(1) as aside:
        waiting = aside.submit(_on_zeros, plan, noise)
        sums = run()
        drawn = waiting.result()
    blocks = {key: drawn.blocks[key] + sums.blocks[key] for key in drawn.blocks}
    counted = {n: drawn.histograms[n] + _weighted(plan, sums, n) for n in drawn.histograms}
    return Draw(blocks, counted)


def _weighted(plan: Plan, sums: BoundSums, vector: int) -> Integers:
    held: Integers = np.minimum(sums.histograms[vector], _MOST_UNITS)
    return held * plan.bundles[vector].histogram_weight


def _noisy(plan: Plan, vector: int, precision: int, values: Integers, noise: Noise) -> Integers:
    norm = plan.bundles[vector].clip.norm
    scale = sigma_for(precision, norm)
    return noise.gaussian(values, scale) if norm is Norm.L2 else noise.laplace(values, scale)


def _noisy_bins(plan: Plan, vector: int, values: Integers, noise: Noise) -> Integers:
    if plan.bundles[vector].clip.norm is Norm.L2:
        return noise.gaussian(values, float(SIGMA))
    return noise.laplace(values, float(SIGMA))


def _on_zeros(plan: Plan, noise: Noise) -> Draw:
    """The noise alone, in the shape of the sums."""
    blocks: dict[tuple[int, int], Integers] = {}
    histograms: dict[int, Integers] = {}
    for number, vector in enumerate(plan.bound.vectors):
        for at, level in enumerate(vector.levels):
            shape = (len(vector.amounts), prod(plan.bound.sizes(level)))
            zeros = np.zeros(shape, dtype=np.int64)
            blocks[number, at] = _noisy(plan, number, level.precision, zeros, noise)
        if vector.edges:
            bins = np.zeros(len(vector.edges), dtype=np.int64)
            histograms[number] = _noisy_bins(plan, number, bins, noise)
    return Draw(blocks, histograms)


def _draw_found(plan: Plan, tau: int, sums: BoundSums, noise: Noise) -> Draw:
    """Noise first on how many units stand behind each group; only groups above tau are kept.

    However many groups there are, nothing is refused: that would tell of them for nothing.
    """
    first = _noisy(plan, 0, plan.bound.vectors[0].levels[0].precision, sums.blocks[0, 0], noise)
    shown = np.flatnonzero(first[0] > tau)
    blocks: dict[tuple[int, int], Integers] = {(0, 0): first[:, shown]}
    histograms: dict[int, Integers] = {}
    for number, vector in enumerate(plan.bound.vectors):
        if number > 0:
            kept = sums.blocks[number, 0][:, shown]
            blocks[number, 0] = _noisy(plan, number, vector.levels[0].precision, kept, noise)
        if vector.edges:
            histograms[number] = _noisy_bins(plan, number, _weighted(plan, sums, number), noise)
    return Draw(blocks, histograms, tuple(sums.found[int(n)] for n in shown))


def to_bytes(drawn: Draw) -> bytes:
    """The draw as bytes for the store; the same draw gives the same bytes."""
    blocks = [[*key, values.tolist()] for key, values in sorted(drawn.blocks.items())]
    bins = [[key, values.tolist()] for key, values in sorted(drawn.histograms.items())]
    text = json.dumps({"blocks": blocks, "histograms": bins, "found": drawn.found})
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
    except (zlib.error, ValueError, KeyError, TypeError) as broken:
        raise TamperedError(fault("privacy.draw_unreadable")) from broken
    return Draw(blocks, bins, found)
