"""The bound on contributions that the product chooses, against the best there is.

Distinct units by group in four bodies of data: Task A of privacy.py at a million and at ten million
rows, customers of an online shop by country and month, and devices by day. For each epsilon the
whole lane is run many times over the same data: sizes counted with 2 % of the loss, bound chosen,
noise, correction. Beside it every fixed bound with the whole loss and no correction; the best of
them, which nobody can know without looking, is what the product's bound is measured against.

    python benchmarks/privacy_bounds.py [--quick | --full] [--draws N] [--data FOLDER]
        [--retail FILE] [--devices FILE] [--json FILE]

`--full` adds the other epsilons. The files are Parquet: `customer_id, country, invoiced_at`, and
`device_id, date`; without them those two are left out. Sums are exact and made once for each bound;
what is repeated is the noise and all that follows from it.
"""

import argparse
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np

from privacy import dataset as trips
from privacy_table import write_table
from sekisho.lanes.statistics.privacy.bounds import PRECISION_ONE, clip_for, weight
from sekisho.lanes.statistics.privacy.consistency import without_negatives
from sekisho.lanes.statistics.privacy.contract import Tables
from sekisho.lanes.statistics.privacy.draw import draw
from sekisho.lanes.statistics.privacy.finish import finish
from sekisho.lanes.statistics.privacy.ledger import LossMeasure, open_ledger
from sekisho.lanes.statistics.privacy.measures import Contribution
from sekisho.lanes.statistics.privacy.noise import SecureNoise
from sekisho.lanes.statistics.privacy.plan_bounding import HISTOGRAM_SHARE, plan_release
from sekisho.model.dataset import Column, Dataset, Sensitivity
from sekisho.model.text import Text
from sekisho.query.bound import BoundSums
from sekisho.query.parse import parse
from sekisho.terms import ColumnType, Method

EPSILONS = ("0.25", "0.5", "1", "2", "4")
DELTA = Decimal("1e-9")
CHOSEN = Contribution(chosen=frozenset({"groups", "rows"}))


@dataclass
class Body:
    """One body of data: who stands in which groups, and the question that counts them."""

    name: str
    dataset: Dataset
    sql: str
    units: np.ndarray
    """Number of the unit of every pair of unit and group."""
    cells: np.ndarray
    size: int
    sums: dict[int, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.groups = np.bincount(self.units)
        self.truth = np.bincount(self.cells, minlength=self.size).astype(float)

    def counted(self, weights: np.ndarray) -> np.ndarray:
        """Weighted units of every cell; integers below 2^53, so doubles add them exactly."""
        weighted = weights.astype(float)[self.units]
        return np.bincount(self.cells, weights=weighted, minlength=self.size)

    def kept(self, bound: int) -> np.ndarray:
        """What a bound leaves of every cell, before noise."""
        if bound not in self.sums:
            self.sums[bound] = self.counted(np.sqrt(np.minimum(1, bound / self.groups)))
        return self.sums[bound]


def plan_of(body: Body, epsilon: str, contribution: Contribution = CHOSEN):
    ledger = open_ledger(LossMeasure.GAUSSIAN, Decimal(epsilon), DELTA)
    query = parse(body.sql, [body.dataset], [], "bounds.sql")
    tables = Tables({body.dataset.id: body.dataset}, {})
    return plan_release(query, tables, contribution, ledger, Decimal(epsilon))


def ran(body: Body, plan) -> Callable:
    """The bounding query over the body: exact sums under whatever bound is settled."""
    bundle = plan.bundles[0]
    edges = np.array([each // PRECISION_ONE for each in plan.bound.vectors[0].edges])
    bins = np.bincount(np.searchsorted(edges, body.groups, side="right") - 1, minlength=edges.size)

    def run(settle) -> BoundSums:
        bound = settle({0: bins}) if settle else plan.bound
        clip = clip_for(bundle.clip.norm, Decimal(1), bound.vectors[0].full)
        clip = type(clip)(clip.norm, bundle.clip.sensitivity, bound.vectors[0].full)
        table = np.array([0, *(weight(clip, d * PRECISION_ONE) for d in range(1, body.size + 1))])
        cells = body.counted(table[body.groups]).astype(np.int64)
        return BoundSums({(0, 0): cells.reshape(1, -1)}, {0: bins})

    return run


def lines_of(body: Body, epsilon: str, draws: int) -> dict:
    """What the product's bound costs in error, how often its intervals hold, and the best bound."""
    plan = plan_of(body, epsilon)
    run, noise = ran(body, plan), SecureNoise()
    held = np.zeros(body.size)
    errors, counted, bounds, factors = [], [], [], []
    for _ in range(draws):
        table = finish(plan, draw(plan, run, noise))
        numbers = [row.numbers["n"] for row in table.rows]
        value = np.array([float(each.value) for each in numbers])
        low, high = (
            np.array([getattr(n.interval, end) for n in numbers]) for end in ("low", "high")
        )
        held += (low <= body.truth) & (body.truth <= high)
        errors.append(float(np.abs(value - body.truth).mean()))
        plain = np.array([float((each.clipped or each).value) for each in numbers])
        counted.append(float(np.abs(plain - body.truth).mean()))
        bounds.append(int(table.limits[0].value))
        factors.append(float(table.limits[0].factor or 1))
    best, error = best_bound(body, epsilon)
    worst = np.sort(held / draws)[:3]
    return {
        "data": body.name,
        "epsilon": epsilon,
        "draws": draws,
        "mean_cell": float(body.truth.mean()),
        "bounds": sorted(bounds)[:: max(1, draws // 4)],
        "corrected": sum(each > 1 for each in factors) / draws,
        "factor": float(np.median(factors)),
        "error": float(np.mean(errors)),
        "error_worst": float(np.max(errors)),
        "error_as_counted": float(np.mean(counted)),
        "best_bound": best,
        "best_error": error,
        "ratio": float(np.mean(errors)) / error,
        "covered": float(held.mean() / draws),
        "worst_cells": worst.tolist(),
        "below_80_percent": float((held / draws < 0.8).mean()),
    }


def best_bound(body: Body, epsilon: str) -> tuple[int, float]:
    """The fixed bound with the least mean error, and that error: whole loss, no correction.

    Negative numbers are taken out as the product does it.
    """
    plan = plan_of(body, epsilon)
    mu = float(plan.charge.loss) ** 0.5
    shape = [len(group.values) for group in plan.bound.groups]
    chance = np.random.default_rng(1)
    found: dict[int, float] = {}
    most = int(body.groups.max())
    for bound in sorted({min(most, round(2 ** (n / 4))) for n in range(4 * most.bit_length())}):
        errors = []
        for _ in range(5):
            noisy = body.kept(bound) + chance.normal(0, bound**0.5 / mu, body.size)
            settled = without_negatives(noisy.reshape(shape)).reshape(-1)
            errors.append(float(np.abs(settled - body.truth).mean()))
        found[bound] = float(np.mean(errors))
    best = min(found, key=found.get)
    return best, found[best]


# ------------------------------------------------------------------------------------- the data


def pairs(sql: str) -> tuple[np.ndarray, np.ndarray]:
    held = duckdb.sql(sql).fetchnumpy()
    _, units = np.unique(held["u"].astype(np.int64), return_inverse=True)
    return units, held["c"].astype(np.int64)


def task_a(rows: int, file: Path) -> Body:
    code = "(day::INT * 47 + region::INT - 1) * 6 + category::INT"
    found = pairs(f"SELECT DISTINCT user_id AS u, {code} AS c FROM '{file}'")
    groups = "day, region, category"
    sql = f"SELECT {groups}, COUNT(DISTINCT user_id) AS n FROM trips GROUP BY {groups}"
    return Body(f"Task A, {rows:,} rows", trips(), sql, *found, 8460)


def made_up(unit: str, columns: dict[str, tuple[str, ...]]) -> Dataset:
    text = Text("bounds", "bounds")
    listed = [
        Column(name, ColumnType.STRING, text, required=True, enum=values)
        for name, values in columns.items()
    ]
    own = Column(unit, ColumnType.INTEGER, text, sensitivity=Sensitivity.IDENTIFYING)
    method = Method.DIFFERENTIAL_PRIVACY
    return Dataset("bounds", text, text, (own, *listed), method, privacy_unit=unit)


def shop(file: Path) -> Body:
    """Customers by country and month; 37 countries and 13 months, 481 cells."""
    bought = f"SELECT * FROM '{file}' WHERE customer_id IS NOT NULL"
    (countries,) = duckdb.sql(f"SELECT count(DISTINCT country) FROM ({bought})").fetchall()[0]
    month = "(year(invoiced_at) - 2010) * 12 + month(invoiced_at) - 12"
    code = f"(dense_rank() OVER (ORDER BY country) - 1) * 13 + {month}"
    found = pairs(
        f"SELECT DISTINCT u, c FROM (SELECT customer_id AS u, {code} AS c FROM ({bought}))"
    )
    names = [tuple(f"{n:02d}" for n in range(size)) for size in (countries, 13)]
    data = made_up("customer", dict(zip(("country", "month"), names, strict=True)))
    sql = "SELECT country, month, COUNT(DISTINCT customer) AS n FROM bounds GROUP BY country, month"
    return Body("Online Retail", data, sql, *found, countries * 13)


def devices(file: Path) -> Body:
    days = f"SELECT DISTINCT date FROM '{file}'"
    code = f"(SELECT count(*) FROM ({days}) d WHERE d.date < t.date)"
    found = pairs(f"SELECT DISTINCT device_id AS u, {code} AS c FROM '{file}' t")
    size = int(found[1].max()) + 1
    data = made_up("device", {"day": tuple(f"{n:03d}" for n in range(size))})
    sql = "SELECT day, COUNT(DISTINCT device) AS n FROM bounds GROUP BY day"
    return Body("device-days", data, sql, *found, size)


def bodies(asked, folder: Path) -> list[Body]:
    found = []
    for rows in (100_000,) if asked.quick else (1_000_000, 10_000_000):
        file = folder / f"trips-{rows}.parquet"
        if not file.exists():
            write_table(rows, file)
        found.append(task_a(rows, file))
    found += [shop(asked.retail)] if asked.retail else []
    return found + ([devices(asked.devices)] if asked.devices else [])


def shown(found: dict) -> str:
    bounds = f"{found['bounds'][0]} to {found['bounds'][-1]}"
    return (
        f"{found['data']:22}{found['epsilon']:>5}{found['mean_cell']:9.0f}{bounds:>12}"
        f"{found['corrected']:7.2f}{found['error']:9.1f}{found['error_as_counted']:9.1f}"
        f"{found['best_error']:9.1f} ({found['best_bound']:>3}){found['ratio']:7.2f}"
        f"{found['covered']:8.3f}{found['worst_cells'][0]:8.2f}{found['below_80_percent']:8.3f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a hundred thousand rows only")
    parser.add_argument("--full", action="store_true", help="epsilon 0.25 to 4, not 1 alone")
    parser.add_argument("--draws", type=int, default=40)
    parser.add_argument("--data", type=Path, help="folder in which generated tables are kept")
    parser.add_argument("--retail", type=Path)
    parser.add_argument("--devices", type=Path)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    print(f"{HISTOGRAM_SHARE * 100} % of the loss counts units by size")
    print(
        f"{'':22}{'eps':>5}{'mean':>9}{'bound':>12}{'corr.':>7}{'error':>9}{'clipped':>9}"
        f"{'best fixed':>15}{'ratio':>7}{'covered':>8}{'worst':>8}{'< 0.8':>8}"
    )
    figures = []
    with tempfile.TemporaryDirectory() as scratch:
        for body in bodies(asked, asked.data or Path(scratch)):
            for epsilon in EPSILONS if asked.full else ("1",):
                figures.append(lines_of(body, epsilon, asked.draws))
                print(shown(figures[-1]), flush=True)
    for epsilon in dict.fromkeys(each["epsilon"] for each in figures):
        own = [each for each in figures if each["epsilon"] == epsilon]
        print(f"epsilon {epsilon}: ratio {sum(o['ratio'] for o in own) / len(own):.2f} on average")
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
