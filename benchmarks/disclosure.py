"""How well and how fast disclosure control protects tables, beside what other tools did.

    python benchmarks/disclosure.py                      shipped and generated tables
    python benchmarks/disclosure.py --instances DIR      the tables of the literature as well
    python benchmarks/disclosure.py --quick              a minute
    python benchmarks/disclosure.py --repeat 100         the same table again and again, under load

Each run is a process of its own, so that its peak memory is its own. Figures of other tools are
stored, not measured here; one fixed program for HiGHS, timed in this run, says how fast the machine
is, and `cpu_seconds` what a run itself worked. Times are on two threads unless `--threads` differs.
"""

import argparse
import csv
import gzip
import hashlib
import itertools
import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

from sekisho.lanes.statistics.disclosure.audit import audit
from sekisho.lanes.statistics.disclosure.cells import CellSet, cell_set, lone_contributors, nobody
from sekisho.lanes.statistics.disclosure.certificate import Levels, to_bytes
from sekisho.lanes.statistics.disclosure.hierarchies import Dimension, Hierarchy
from sekisho.lanes.statistics.disclosure.protect import Effort, protect
from sekisho.lanes.statistics.disclosure.sensitivity import (
    Contributions,
    any_of,
    minimum_frequency,
    p_percent,
)
from sekisho.lanes.statistics.disclosure.solver import Program, solve
from sekisho.lanes.statistics.disclosure.structure import Table, tables_to_cells
from sekisho.lanes.statistics.disclosure.verify import Claim, verify

HERE = Path(__file__).resolve().parent
SHIPPED = HERE / "data" / "sdc"
LITERATURE = [
    "csplib_targus",
    "csplib_table7",
    "csplib_hie1372d",
    "csplib_table1",
    "csplib_hier13",
    "csplib_hier133a",
    "csplib_jjtabel3",
    "csplib_two5in6",
    "csplib_osorio",
    "csplib_nine12",
    "csplib_cbs",
]
SHARED = [
    "indiv_production_2d",
    "indiv_turnover_2d",
    "ssb_z3_3d",
    "linked_indiv_3tables",
    "ssb_social_2d",
    "indiv_turnover_3d",
]
QUICK = ("indiv_production_2d", "indiv_turnover_2d", "ssb_z3_3d", "linked_indiv_3tables")
GENERATED = {
    "generated_4k": ((40, 12, 4), 8_000),
    "generated_11k": ((60, 20, 5), 25_000),
    "generated_25k": ((90, 30, 6), 60_000),
    "generated_31k": ((100, 33, 6), 70_000),
    "generated_60k": ((140, 45, 6), 100_000),
    "generated_141k": ((250, 60, 6), 150_000),
}
INTERVALS = "GaussSuppression_intervals"


@dataclass(frozen=True)
class Instance:
    """A table to protect: cells, levels, and the units its values are counted in."""

    name: str
    cells: CellSet
    levels: Levels
    unit: float


def read(folder: Path) -> Instance:
    """An instance of the literature: values become whole numbers of a small unit."""
    with gzip.open(folder / "cells.csv.gz", "rt") as file:
        lines = list(csv.DictReader(file))
    with gzip.open(folder / "rows.csv.gz", "rt") as file:
        entries = np.array([[float(x) for x in row] for row in list(csv.reader(file))[1:]])
    value = np.array([float(line["value"]) for line in lines])
    status = np.array([line["status"] for line in lines])
    unit = 1e6 if np.abs(value).max() < 9e8 else 1e3
    unit = 1.0 if folder.name.startswith("ssb") else unit
    shape = (int(entries[:, 0].max()) + 1, len(lines))
    places = (entries[:, 0].astype(int), entries[:, 1].astype(int))
    equations = sparse.csr_array((entries[:, 2].astype(np.int64), places), shape=shape)
    whole = np.rint(value * unit)
    frequency = [int(float(line["freq"])) for line in lines] if "freq" in lines[0] else None
    cells = cell_set(
        whole,
        equations,
        tolerance=int(np.abs(equations @ whole).max()) + 1,
        may_hide=status != "z",
        frequency=None if frequency is None else np.array(frequency),
    )
    unsafe = status == "u"
    upper = np.array([float(line["upl"]) for line in lines]) * unsafe * unit
    lower = np.array([float(line["lpl"]) for line in lines]) * unsafe * unit
    return Instance(folder.name, cells, Levels(upper, lower), unit)


def generated(name: str) -> Instance:
    """Firms of a three-dimensional table with nested hierarchies, eight parts to a total."""
    widths, firms = GENERATED[name]
    draw = np.random.default_rng(1)
    dimensions = [_dimension(f"d{i}", width) for i, width in enumerate(widths)]
    amounts = np.ceil(draw.lognormal(8.0, 1.8, firms)).astype(np.int64)
    chains, names = [], []
    for i, width in enumerate(widths):
        share = draw.dirichlet(np.full(width, 5.0))
        leaf = draw.choice(width, size=firms, p=share)
        chain, codes = _chain(f"d{i}", width)
        chains.append(chain[leaf])
        names.append(codes)
    keys, values, frequency, top = _grouped(chains, [len(n) for n in names], amounts)
    digits = np.unravel_index(keys, [len(n) for n in names])
    codes = {f"d{i}": [names[i][c] for c in digit] for i, digit in enumerate(digits)}
    table = Table(name, codes, values, frequency=frequency)
    cells, places = tables_to_cells(dimensions, [table])
    at = places.rows[name]
    found = any_of(
        p_percent(Contributions(values.astype(float), top), p=15),
        minimum_frequency(values, frequency, threshold=3),
    )
    upper, lower = np.zeros(cells.size), np.zeros(cells.size)
    upper[at], lower[at] = found.upper, found.lower
    return Instance(name, cells, Levels(upper, lower), 1.0)


def _chain(name: str, width: int) -> tuple[np.ndarray, list[str]]:
    """For each leaf, all codes that contain it; and the codes' names."""
    codes = [name]
    levels = [[f"{name}.{i}" for i in range(width)]]
    while len(levels[-1]) > 8:
        levels.append([f"{name}.{len(levels)}-{i}" for i in range(-(-len(levels[-1]) // 8))])
    place = {}
    for level in levels:
        for code in level:
            place[code] = len(codes)
            codes.append(code)
    chain = [
        [0, *(place[level[i // 8**depth]] for depth, level in enumerate(levels))]
        for i in range(width)
    ]
    return np.array(chain), codes


def _dimension(name: str, width: int) -> Dimension:
    chain, codes = _chain(name, width)
    parts: dict[str, list[str]] = {}
    for row in chain:
        path = [codes[c] for c in [row[0], *row[:0:-1]]]
        for total, part in itertools.pairwise(path):
            members = parts.setdefault(total, [])
            if part not in members:
                members.append(part)
    return Dimension(name, name, (Hierarchy("main", parts),))


def _grouped(chains, sizes, amounts):
    """Value, contributors and two largest contributions of every cell that has a contributor."""
    grids = np.meshgrid(*[np.arange(c.shape[1]) for c in chains], indexing="ij")
    keys = []
    for picks in zip(*[g.ravel() for g in grids], strict=True):
        digits = tuple(chain[:, pick] for chain, pick in zip(chains, picks, strict=True))
        keys.append(np.ravel_multi_index(digits, sizes))
    key = np.concatenate(keys)
    amount = np.tile(amounts, len(keys))
    order = np.lexsort((-amount, key))
    key, amount = key[order], amount[order]
    first = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
    count = np.diff(np.concatenate((first, [key.size])))
    second = np.where(count > 1, amount[np.minimum(first + 1, key.size - 1)], 0)
    top = np.stack((amount[first], second), axis=1).astype(float)
    return key[first], np.add.reduceat(amount, first), count, top


def load(name: str, folder: Path | None) -> Instance:
    """An instance by name: generated, shipped, or from a folder."""
    if name in GENERATED:
        return generated(name)
    root = SHIPPED if (SHIPPED / name).is_dir() else folder
    return read(root / name)


def measure(options: argparse.Namespace) -> dict[str, object]:
    """Protect one instance in this process and judge the outcome."""
    instance = load(options.one, options.instances)
    cells, levels = instance.cells, instance.levels
    if options.cost == "value":
        weight = np.maximum(np.abs(cells.values) / instance.unit, 1e-6)
        cells = cell_set(
            cells.values,
            cells.equations,
            tolerance=cells.tolerance,
            weight=weight,
            may_hide=cells.may_hide,
            frequency=cells.frequency,
            hidden=cells.hidden,
        )
    people = lone_contributors(cells) if options.contributors else nobody()
    improve = None if options.improve < 0 else options.improve
    effort = Effort(shrink=options.shrink, improve=improve, threads=options.threads)
    if options.plain:
        effort = Effort(shrink=options.shrink, improve=0, exact=0, threads=options.threads)
    begin, worked = time.perf_counter(), time.process_time()
    done = protect(cells, levels, attackers=people, effort=effort)
    seconds, worked = time.perf_counter() - begin, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begin = time.perf_counter()
    faults = verify(Claim(cells, levels, done.hidden), done.certificate, people)
    check = time.perf_counter() - begin
    judged = audit(cells, levels, done.hidden)
    extra = done.hidden & ~levels.unsafe & ~cells.hidden & (cells.values != 0)
    return {
        "instance": instance.name,
        "cells": cells.size,
        "unsafe": int(levels.unsafe.sum()),
        "cost": options.cost,
        "threads": options.threads,
        "seconds": round(seconds, 3),
        "cpu_seconds": round(worked, 3),
        "peak_mb": round(peak),
        "secondary": int(extra.sum()),
        "value": float(np.abs(cells.values[extra]).sum() / instance.unit),
        "below_level": int(judged.unprotected.sum()),
        "exactly_known": int((judged.known & ~cells.hidden).sum()),
        "programs": done.programs,
        "weight": done.cost,
        "bound": done.bound,
        "certificate_kb": round(len(to_bytes(done.certificate)) / 1024, 1),
        "check_seconds": round(check, 4),
        "faults": len(faults),
        "unmet": len(done.unmet),
        "pattern": hashlib.sha256(done.hidden.tobytes()).hexdigest()[:16],
    }


def apart(name: str, options: argparse.Namespace, *more: str) -> dict[str, object]:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--one", name, "--threads", str(options.threads), *more]
    if options.instances:
        command += ["--instances", str(options.instances)]
    out = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(out.stdout)


def yardstick() -> float:
    """Seconds for one fixed program, the best of three: 300 sources, 300 sinks, 9,000 arcs."""
    draw = np.random.default_rng(5)
    arcs = 9_000
    begin, end = draw.integers(0, 300, arcs), 300 + draw.integers(0, 300, arcs)
    index = np.stack((begin, end), axis=1).ravel().astype(np.int32)
    room = np.bincount(end, minlength=600)[300:].astype(float)
    row_lower = np.concatenate((np.full(300, -np.inf), 0.2 * room))
    row_upper = np.concatenate((np.full(300, 25.0), np.full(300, np.inf)))
    program = Program(
        draw.random(arcs),
        np.zeros(arcs),
        np.ones(arcs),
        row_lower,
        row_upper,
        np.arange(0, 2 * arcs + 1, 2, dtype=np.int32),
        index,
        np.ones(2 * arcs),
    )
    times = []
    for _ in range(3):
        start = time.perf_counter()
        solve(program)
        times.append(time.perf_counter() - start)
    return min(times)


def fitted(rows: list[dict[str, object]], figure: str, by: str) -> str:
    """The power with which a figure grows, by least squares on logarithms."""
    x = np.log([float(row[by]) for row in rows])
    y = np.log([float(row[figure]) for row in rows])
    slope, start = np.polyfit(x, y, 1)
    return f"{figure} = {np.exp(start):.3g} * {by}^{slope:.2f}"


COLUMNS = [
    "instance",
    "cells",
    "unsafe",
    "cost",
    "seconds",
    "cpu_seconds",
    "peak_mb",
    "secondary",
    "value",
    "below_level",
    "exactly_known",
    "programs",
    "gap",
    "certificate_kb",
    "check_seconds",
]


def show(rows: list[dict[str, object]], stored: dict[str, dict[str, dict[str, object]]]) -> None:
    """The table, with stored figures and ratios beside."""
    print(
        "| "
        + " | ".join(COLUMNS)
        + " | stored: GaussSuppression with intervals (s, cells, value) | ratios |"
    )
    print("|" + "---|" * (len(COLUMNS) + 2))
    for row in rows:
        bound = float(row["bound"])
        row["gap"] = f"{(float(row['weight']) - bound) / bound:.0%}" if bound > 0 else "-"
        peer = stored.get(str(row["instance"]), {}).get(INTERVALS, {})
        beside, ratio = "-", "-"
        if peer.get("status") == "ok":
            beside = f"{peer['seconds']}, {peer['secondary']}, {peer['secondary_value']:.4g}"
            ratio = (
                f"{peer['seconds'] / row['seconds']:.0f}x faster, cells "
                f"{row['secondary'] / peer['secondary']:.2f}, value "
                f"{row['value'] / peer['secondary_value']:.2f}"
            )
        elif peer:
            beside = "not finished in 90 to 120 s"
        cells = [f"{row[c]:.4g}" if isinstance(row[c], float) else str(row[c]) for c in COLUMNS]
        print("| " + " | ".join([*cells, beside, ratio]) + " |", flush=True)


def means(rows: list[dict[str, object]], stored: dict[str, dict[str, dict[str, object]]]) -> None:
    """Geometric means against the peer that protects intervals, where it finished."""
    for cost, figure, theirs in (
        ("count", "secondary", "secondary"),
        ("value", "value", "secondary_value"),
    ):
        ratios = [
            float(row[figure]) / float(stored[str(row["instance"])][INTERVALS][theirs])
            for row in rows
            if row["cost"] == cost
            and stored.get(str(row["instance"]), {}).get(INTERVALS, {}).get("status") == "ok"
        ]
        if ratios:
            mean = float(np.exp(np.mean(np.log(ratios))))
            print(
                f"cost = {cost}: {figure} against {INTERVALS} (stored), "
                f"{len(ratios)} tables: {mean:.3f}"
            )


def repeated(options: argparse.Namespace) -> None:
    """Patterns of the same table in separate processes, several at once, on 1 to 4 threads."""
    name = "indiv_turnover_2d"
    patterns: set[str] = set()
    left = options.repeat
    while left:
        width = min(4, left)
        command = [sys.executable, __file__, "--one", name, "--improve", "2"]
        running = [
            subprocess.Popen([*command, "--threads", str(1 + i)], stdout=subprocess.PIPE, text=True)
            for i in range(width)
        ]
        patterns |= {json.loads(each.communicate()[0])["pattern"] for each in running}
        left -= width
    print(
        f"{options.repeat} runs of {name}, four at once, 1 to 4 threads: {len(patterns)} pattern(s)"
    )


def options_of(arguments: list[str] | None = None) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--instances", type=Path, help="folder with more tables of the same form")
    parser.add_argument("--quick", action="store_true", help="four small tables only")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument("--only", nargs="*", help="these instances only")
    parser.add_argument("--costs", nargs="*", default=["count", "value"], help="count, value")
    parser.add_argument("--repeat", type=int, default=0, help="check repeatability this many times")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--shrink", type=int, default=4)
    parser.add_argument("--improve", type=int, default=-1, help="rounds; -1 for automatic")
    parser.add_argument("--plain", action="store_true", help="construct and shrink only")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--cost", default="count", help=argparse.SUPPRESS)
    parser.add_argument("--contributors", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def chosen(options: argparse.Namespace) -> list[str]:
    """The instances of this run; those that are not there are named and left out."""
    if options.quick:
        return list(QUICK)
    names = options.only or [*LITERATURE, *SHARED]
    missing = [
        name
        for name in names
        if name not in GENERATED
        and not (SHIPPED / name).is_dir()
        and not (options.instances and (options.instances / name).is_dir())
    ]
    for name in missing:
        print(f"skipped: {name} (not shipped; give its folder with --instances)")
    return [name for name in names if name not in missing]


def main() -> None:
    """Print the figures."""
    options = options_of()
    if options.one:
        print(json.dumps(measure(options)))
        return
    if options.repeat:
        repeated(options)
        return
    stored = json.loads((SHIPPED / "peers.json").read_text())["runs"]
    print(f"machine: fixed HiGHS program in {yardstick():.3f} s; {options.threads} threads\n")
    names = chosen(options)
    more = ["--shrink", str(options.shrink), "--improve", str(options.improve)]
    more += ["--plain"] if options.plain else []
    rows = [apart(n, options, "--cost", c, *more) for c in options.costs for n in names]
    show(rows, stored)
    means(rows, stored)
    if not options.only:
        rows += extras(options)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


def extras(options: argparse.Namespace) -> list[dict[str, object]]:
    """Contributors as attackers, and growth over generated tables."""
    names = ["indiv_production_2d", "indiv_turnover_2d"]
    names += [] if options.quick else ["linked_indiv_3tables", "indiv_turnover_3d"]
    print("\ncontributors as attackers\n")
    people = [apart(n, options, "--contributors") for n in names]
    show(people, {})
    print("\ngenerated tables, hierarchies of eight parts\n")
    sizes = ["generated_4k"] if options.quick else list(GENERATED)
    grown = [apart(n, options, "--shrink", "1", "--improve", "0") for n in sizes]
    show(grown, {})
    if len(grown) > 2:
        for figure in ("seconds", "peak_mb"):
            print(fitted(grown, figure, "cells"), "·", fitted(grown, figure, "unsafe"))
    return people + grown


if __name__ == "__main__":
    main()
