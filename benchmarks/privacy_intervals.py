"""Can a private median have an interval? Three ways, how often they hold, and how wide they are.

One group of 2,200 rows, one a unit, of units that may stand in 45 groups; epsilon 1, delta 1e-9,
spent on median and interval together. Values come from shapes that are kind and unkind to draws;
with `--devices FILE` from one day of device-days. Noise here is simulated by floats.

    draws      a third of the loss each for the median and for draws at ranks log(20) scales away
    tested     half for the median; draws at both ends, each tested by a noisy count, else the
               declared end stands: holds by construction
    tree       noisy counts in a binary tree of 128 bins, a band over all bins inverted

    python benchmarks/privacy_intervals.py [--runs 400] [--devices FILE]
"""

import argparse
import math
from pathlib import Path

import numpy as np

LOW, HIGH, BINS, ROWS = 0.1, 20_000.0, 1024, 2200
MU, GROUPS, REACH = 0.18197, 45, 1.96
UNIT = math.sqrt(GROUPS) / MU
"""Standard deviation, in rows, of a count that the whole loss is spent on."""
DRAW = 0.62666 * UNIT
"""Scale, in rows, of a median's draw that the whole loss is spent on."""
EDGES = np.geomspace(LOW, HIGH, BINS + 1)


def shapes(draw, devices: Path | None) -> dict:
    far = np.exp(draw.normal(2.0, 1.2, ROWS))
    found = {
        "lognormal": far,
        "all equal": np.full(ROWS, 10.0),
        "two far apart, 50 : 50": np.where(np.arange(ROWS) % 2 == 0, 1.0, 1000.0),
        "two far apart, 49 : 51": np.where(np.arange(ROWS) < 0.49 * ROWS, 1.0, 1000.0),
        "gap above the middle": np.where(np.arange(ROWS) < 0.51 * ROWS, far / 100, 1000 + far),
        "ten values": np.round(far / 10) * 10 + 1,
        "at the lowest end": np.full(ROWS, LOW),
    }
    if devices:
        import duckdb

        sql = f"SELECT max_distance_km FROM '{devices}' WHERE date = DATE '2020-03-10'"
        found["device-days"] = np.array([row[0] for row in duckdb.sql(sql).fetchall()])
    return {name: np.clip(values, LOW, HIGH) for name, values in found.items()}


def drawn(draw, upto, rank: float, scale: float) -> int:
    missed = np.maximum(np.maximum(upto[:-1] - rank, rank - upto[1:]), 0)
    return int(np.argmax(-missed / scale + draw.gumbel(0, 1, BINS)))


def by_draws(draw, upto) -> tuple[float, float]:
    scale, half = DRAW * math.sqrt(3), upto[-1] / 2
    reach = math.log(20) * scale
    low, high = (drawn(draw, upto, half + side * reach, scale) for side in (-1, 1))
    return EDGES[min(low, high)], EDGES[max(low, high) + 1]


def by_tests(draw, upto) -> tuple[float, float]:
    scale, half = DRAW * math.sqrt(8), upto[-1] / 2
    error = UNIT / 2 * math.sqrt(8)
    reach = REACH * error + 2 * scale
    low, high = (drawn(draw, upto, half + side * reach, scale) for side in (-1, 1))
    below = upto[low] - half + draw.normal(0, error)
    above = upto[high + 1] - half + draw.normal(0, error)
    return (
        EDGES[low] if below < -REACH * error else LOW,
        EDGES[high + 1] if above > REACH * error else HIGH,
    )


def by_tree(draw, upto) -> tuple[float, float]:
    leaves, levels = 128, 8
    edges = np.linspace(0, BINS, leaves + 1).astype(int)
    error = UNIT * math.sqrt(levels)
    noise = [draw.normal(0, error, leaves >> level) for level in range(levels)]
    ahead = np.zeros(leaves + 1)
    for at in range(leaves + 1):
        start, left = 0, at
        for level in range(levels - 1, -1, -1):
            if left >> level & 1:
                ahead[at] += noise[level][start >> level]
                start += 1 << level
    off = upto[edges] + ahead - (upto[-1] + ahead[-1]) / 2
    bits = np.array([at.bit_count() for at in range(leaves + 1)])
    band = 3.5 * error * np.sqrt(bits + 0.25)
    sure_below = np.flatnonzero(off < -band)
    sure_above = np.flatnonzero(off > band)
    low = EDGES[edges[sure_below.max()]] if sure_below.size else LOW
    high = EDGES[edges[sure_above.min()]] if sure_above.size else HIGH
    return min(low, high), max(low, high)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--devices", type=Path)
    asked = parser.parse_args()
    draw = np.random.default_rng(5)
    ways = {"draws": by_draws, "tested": by_tests, "tree": by_tree}
    print("held of 100 and, in brackets, the middle factor from end to end")
    for name, values in shapes(draw, asked.devices).items():
        inside = np.searchsorted(EDGES, np.clip(values, LOW, HIGH * 0.999999), "right") - 1
        counts = np.bincount(np.clip(inside, 0, BINS - 1), minlength=BINS)
        upto, true = np.concatenate([[0], np.cumsum(counts)]), float(np.median(values))
        told = []
        for way in ways.values():
            ends = np.array([way(draw, upto) for _ in range(asked.runs)])
            held = ((ends[:, 0] <= true * 1.000001) & (true <= ends[:, 1] * 1.000001)).mean()
            told.append(f"{100 * held:5.1f} ({np.median(ends[:, 1] / ends[:, 0]):.3g})")
        print(f"{name:24}" + "".join(f"{each:>18}" for each in told))


if __name__ == "__main__":
    main()
