"""The audit of a given pattern: seconds, linear programs, memory, as the table grows.

Three patterns over hierarchical tables of firms' turnover (branching 8, three directions):

protected   unsafe by the p% rule and three contributors; what our own engine hides, all of it
weak        the same, and around one in a hundred unsafe cells an equation has its others shown
random      small counts hidden, others by chance, a half per cent shown again: most lines are weak

A million cells are, but for the random pattern, ten editions of the same table in one file, since
the engine would need very long to protect so many. Each audit runs in a process of its own. Beside
it, in the same run: reading the same file with the csv module alone, and the naive way: one program
for one end of one cell, times two for every hidden cell.

    python benchmarks/audit.py [--quick | --full] [--json FILE]
"""

import argparse
import csv
import itertools
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy import sparse

SIZES = {10_000: 1.0, 100_000: 30.0, 1_000_000: 600.0}
"""Cells -> seconds to stay under, on two cores."""
PATTERNS = ("protected", "weak", "random")
EDITIONS = 10


def tree(leaves, branch=8):
    """Codes, parents, depths of a tree, widest first; code 0 is the total."""
    levels = [leaves]
    while levels[-1] > 1:
        levels.append(-(-levels[-1] // branch))
    names, parents, depths = ["Total"], [-1], [0]
    previous = [0]
    for depth, width in enumerate(reversed(levels[:-1]), start=1):
        current = []
        for number in range(width):
            parent = previous[min(number // branch, len(previous) - 1)]
            code = "" if parent == 0 else names[parent]
            current.append(len(names))
            parents.append(parent)
            names.append(f"{code}{1 + number % branch}")
            depths.append(depth)
        previous = current
    return names, np.array(parents), np.array(depths)


def axes_of(cells):
    side = max(2, round((cells / 12) ** 0.5 / 1.16))
    return [tree(side), tree(side), tree(9)]


def firms(axes, cells, seed=1):
    """Turnover, contributors and the two largest contributions of every cell."""
    draw = np.random.default_rng(seed)
    amount = np.ceil(draw.lognormal(8, 1.8, 10 * cells)).astype(np.int64)
    chains = []
    for _, parents, _ in axes:
        leaves = np.flatnonzero(~np.isin(np.arange(parents.size), parents))
        share = draw.dirichlet(np.full(leaves.size, 5.0))
        chain = [leaves[draw.choice(leaves.size, size=amount.size, p=share)]]
        while (chain[-1] > 0).any():
            chain.append(np.where(chain[-1] > 0, parents[chain[-1]], -1))
        chains.append(chain)
    shape = tuple(len(axis[0]) for axis in axes)
    keys, amounts = [], []
    for codes in itertools.product(*chains):
        inside = np.logical_and.reduce([code >= 0 for code in codes])
        keys.append(np.ravel_multi_index([code[inside] for code in codes], shape))
        amounts.append(amount[inside])
    key, value = np.concatenate(keys), np.concatenate(amounts)
    order = np.lexsort((-value, key))
    key, value = key[order], value[order]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    count = np.diff(np.append(first, key.size))
    size = int(np.prod(shape))
    total, frequency, top = np.zeros(size, np.int64), np.zeros(size, np.int64), np.zeros((size, 2))
    total[key[first]], frequency[key[first]] = np.add.reduceat(value, first), count
    top[key[first], 0] = value[first]
    top[key[first], 1] = np.where(count > 1, value[np.minimum(first + 1, key.size - 1)], 0)
    return total, frequency, top


def equations(axes):
    shape = tuple(len(axis[0]) for axis in axes)
    flat = np.arange(np.prod(shape)).reshape(shape)
    row, column, sign, count = [], [], [], 0
    for direction, (_, parents, _) in enumerate(axes):
        moved = np.moveaxis(flat, direction, 0)
        for parent in np.unique(parents[parents >= 0]):
            lines = count + np.arange(moved[parent].size)
            count += lines.size
            for code, of in (
                (parent, -1),
                *((part, 1) for part in np.flatnonzero(parents == parent)),
            ):
                row.append(lines)
                column.append(moved[code].ravel())
                sign.append(np.full(lines.size, of))
    entries = (np.concatenate(sign), (np.concatenate(row), np.concatenate(column)))
    return sparse.csr_array(sparse.coo_array(entries, shape=(count, flat.size)))


def unsafe_cells(total, frequency, top):
    from sekisho.lanes.statistics.disclosure.sensitivity import (
        Contributions,
        any_of,
        minimum_frequency,
        p_percent,
    )

    return any_of(
        p_percent(Contributions(total.astype(float), top), p=15),
        minimum_frequency(total, frequency, threshold=3),
    )


def protected(total, rows, found):
    """What the engine hides."""
    from sekisho.lanes.statistics.disclosure.cells import cell_set
    from sekisho.lanes.statistics.disclosure.protect import Effort, protect

    effort = Effort(shrink=0, improve=0, exact=0, threads=2)
    return protect(cell_set(total, rows), found.levels, effort=effort).hidden & (total != 0)


def weakened(hidden, unsafe, rows, seed=2):
    """Around one in a hundred unsafe cells, one equation in which all others are shown."""
    draw = np.random.default_rng(seed)
    chosen = draw.permutation(np.flatnonzero(hidden & unsafe))[: max(1, unsafe.sum() // 100)]
    columns, out = rows.tocsc(), hidden.copy()
    for cell in chosen:
        touching = columns.indices[columns.indptr[cell] : columns.indptr[cell + 1]]
        line = int(draw.choice(touching))
        members = rows.indices[rows.indptr[line] : rows.indptr[line + 1]]
        out[members[members != cell]] = False
    return out


def random_pattern(axes, seed=1):
    """Counts, the small ones hidden, completed line by line, and a half per cent shown again."""
    draw = np.random.default_rng(seed)
    shape = tuple(len(axis[0]) for axis in axes)
    values = np.zeros(shape, dtype=np.int64)
    inner = [np.flatnonzero(~np.isin(np.arange(p.size), p)) for _, p, _ in axes]
    size = tuple(each.size for each in inner)
    amounts = np.exp(draw.normal(3, 1.6, size)).astype(np.int64)
    amounts[draw.random(size) < 0.25] = 0
    values[np.ix_(*inner)] = amounts
    for direction, (_, parents, depths) in enumerate(axes):
        moved = np.moveaxis(values, direction, 0)
        for code in np.argsort(depths)[::-1]:
            if parents[code] >= 0:
                moved[parents[code]] += moved[code]
    small = (values > 0) & (values < 8)
    hidden = completed(small.copy(), values, axes)
    hidden &= small | (draw.random(shape) >= 0.005)
    return values.ravel(), hidden.ravel()


def completed(hidden, values, axes):
    """Hide the smallest shown part until no line has a single hidden cell."""
    for _ in range(30):
        before = int(hidden.sum())
        for direction, (_, parents, _) in enumerate(axes):
            moved = np.moveaxis(hidden, direction, 0)
            amounts = np.moveaxis(values, direction, 0)
            for parent in np.unique(parents[parents >= 0]):
                parts = np.flatnonzero(parents == parent)
                line = moved[parts]
                lone = (line.sum(axis=0) + moved[parent]) == 1
                most = np.iinfo(np.int64).max
                free = np.where(line | (amounts[parts] == 0), most, amounts[parts])
                at = np.nonzero(lone & (free.min(axis=0) < most))
                moved[(parts[free.argmin(axis=0)[at]], *at)] = True
        if int(hidden.sum()) == before:
            break
    return hidden


def table_of(cells, pattern):
    """Axes, values, hidden cells and equations of one pattern."""
    axes = axes_of(cells)
    rows = equations(axes)
    if pattern == "random":
        return axes, *random_pattern(axes), rows
    total, frequency, top = firms(axes, cells)
    found = unsafe_cells(total, frequency, top)
    hidden = protected(total, rows, found)
    return axes, total, weakened(hidden, found.mask, rows) if pattern == "weak" else hidden, rows


def print_table(file, axes, values, hidden, editions):
    shape = tuple(len(axis[0]) for axis in axes)
    shown = np.where(hidden, "x", values.astype(str)).tolist()
    names = [axis[0] for axis in axes]
    with file.open("w", newline="") as target:
        writer = csv.writer(target)
        edition = ["edition"] if editions > 1 else []
        writer.writerow([*edition, "one", "two", "three", "turnover"])
        for number in range(editions):
            for text, place in zip(shown, np.ndindex(shape), strict=True):
                labels = [names[n][at] for n, at in enumerate(place)]
                writer.writerow([*([f"edition {number}"] if edition else []), *labels, text])


def one_program(rows, hidden):
    """Seconds for one end of one cell, by one program over all equations."""
    from sekisho.lanes.statistics.disclosure.solver import Program, solve

    part = rows[:, np.flatnonzero(hidden)]
    part = sparse.csc_array(part[np.diff(part.indptr) > 0]).astype(float)
    height, width = part.shape
    cost, zero = np.zeros(width), np.zeros(height)
    cost[width // 2] = -1
    # Movements around the middle of a box: the size is that of the real program.
    box = np.ones(width)
    index = (part.indptr.astype(np.int32), part.indices.astype(np.int32), part.data)
    begun = time.monotonic()
    solve(Program(cost, -box, box, zero, zero, *index))
    return time.monotonic() - begun


def made(file, cells, pattern):
    """Write the table; how long the naive way would take for one end of one cell."""
    editions = EDITIONS if cells == 1_000_000 and pattern != "random" else 1
    axes, values, hidden, rows = table_of(cells // editions, pattern)
    print_table(file, axes, values, hidden, editions)
    single = one_program(rows, hidden) if cells <= 100_000 else None
    return {"pattern": pattern, "hidden": int(hidden.sum()) * editions, "one_program": single}


def audited(file):
    """Audit the table, in a process whose memory is the audit's own."""
    from sekisho.node.audits import audit_files

    begun = time.monotonic()
    with file.open(newline="") as source:
        count = sum(1 for _ in csv.reader(source)) - 1
    reading = time.monotonic() - begun
    begun, worked = time.monotonic(), time.process_time()
    findings = audit_files([file]).findings
    seconds, worked = time.monotonic() - begun, time.process_time() - worked
    verdicts = [cell.verdict.value for cell in findings.cells]
    return {
        "cells": count,
        "seconds": seconds,
        "cpu_seconds": worked,
        "reading": reading,
        "programs": findings.programs,
        "equations": findings.equations,
        "exact": verdicts.count("exact"),
        "narrow": verdicts.count("narrow"),
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def apart(*arguments):
    """One step in a process of its own."""
    command = [sys.executable, __file__, "--child", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def measure(size, pattern):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "table.csv"
        return {**apart(file, size, pattern), **apart(file)}


def show(got, size):
    checks = 2 * got["hidden"]
    naive = ""
    if got["one_program"] is not None:
        times = got["one_program"] * checks / got["seconds"]
        naive = f", naive way {times:,.0f}x as long"
    print(
        f"{got['cells']:>9,} cells, {got['pattern']}: {got['hidden']:,} hidden, "
        f"{got['equations']:,} equations: {got['seconds']:.1f} s ({got['cpu_seconds']:.1f} s of a "
        f"core; bar {SIZES[size]:.0f} s), {got['programs']} linear programs "
        f"({got['programs'] / max(checks, 1) * 100:.2f} per 100 checks), {got['mib']:.0f} MiB, "
        f"{got['seconds'] / got['reading']:.0f}x of reading alone{naive}; "
        f"{got['exact']} exact, {got['narrow']} close",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="10,000 cells only")
    parser.add_argument("--full", action="store_true", help="1,000,000 cells, too")
    parser.add_argument("--pattern", choices=PATTERNS, action="append")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        file, *rest = asked.child
        doing = made(Path(file), int(rest[0]), rest[1]) if rest else audited(Path(file))
        print(json.dumps(doing))
        return
    figures = []
    for size in list(SIZES)[: 1 if asked.quick else 3 if asked.full else 2]:
        for pattern in asked.pattern or PATTERNS:
            figures.append(measure(size, pattern))
            show(figures[-1], size)
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
