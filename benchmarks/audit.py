"""The audit of a given pattern: seconds, linear programs, memory, as the table grows.

A hierarchical table (branching 8) is drawn with contributors' counts; small cells are hidden, and
then others until every line with a hidden cell has two. Half a per cent of the others are shown
again, which plants weaknesses. Each size runs in a process of its own. Beside it, in the same run:
how long it takes to read the same cells with the csv module alone.

    python benchmarks/audit.py [--quick | --full] [--json FILE]
"""

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SIZES = {10_000: 1.0, 100_000: 30.0, 1_000_000: 600.0}
"""Cells -> seconds to stay under, on two cores."""


def tree(leaves: int, branch: int = 8) -> tuple[list[str], list[int], list[int]]:
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
    return names, parents, depths


def drawn(cells: int, seed: int = 1) -> tuple[list[list[str]], int]:
    """The printed long table, in three directions, and how many cells are hidden."""
    side = max(2, round((cells / 12) ** 0.5 / 1.16))
    axes = [tree(side), tree(side), tree(9)]
    generator = np.random.default_rng(seed)
    shape = tuple(len(axis[0]) for axis in axes)
    values = np.zeros(shape, dtype=np.int64)
    inner = tuple(np.flatnonzero(~np.isin(np.arange(len(p)), p)) for _, p, _ in axes)
    size = tuple(len(each) for each in inner)
    amounts = np.exp(generator.normal(3, 1.6, size)).astype(np.int64)
    amounts[generator.random(size) < 0.25] = 0
    values[np.ix_(*inner)] = amounts
    for direction, (_, parents, depths) in enumerate(axes):
        for code in np.argsort(depths)[::-1]:
            if parents[code] >= 0:
                up = [slice(None)] * 3
                down = [slice(None)] * 3
                up[direction], down[direction] = parents[code], code
                values[tuple(up)] += values[tuple(down)]
    hidden = (values > 0) & (values < 8)
    first = hidden
    hidden = completed(hidden.copy(), values, axes)
    hidden &= first | (generator.random(shape) >= 0.005)
    rows = [["one", "two", "three", "value"]]
    for place in np.ndindex(shape):
        labels = [axes[n][0][at] for n, at in enumerate(place)]
        rows.append([*labels, "x" if hidden[place] else str(values[place])])
    return rows, int(hidden.sum())


def completed(hidden, values, axes):
    """Hide the smallest shown part until no line has a single hidden cell."""
    for _ in range(30):
        before = int(hidden.sum())
        for direction, (_, parents, _) in enumerate(axes):
            moved = np.moveaxis(hidden, direction, 0)
            amounts = np.moveaxis(values, direction, 0)
            parent_of = np.asarray(parents)
            for parent in np.unique(parent_of[parent_of >= 0]):
                parts = np.flatnonzero(parent_of == parent)
                line = moved[parts]
                lone = (line.sum(axis=0) + moved[parent]) == 1
                free = np.where(
                    line | (amounts[parts] == 0), np.iinfo(np.int64).max, amounts[parts]
                )
                best = free.argmin(axis=0)
                fits = lone & (free.min(axis=0) < np.iinfo(np.int64).max)
                at = np.nonzero(fits)
                moved[(parts[best[at]], *at)] = True
        if int(hidden.sum()) == before:
            break
    return hidden


def child(cells: int) -> dict:
    from sekisho.node.audits import audit_files

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "table.csv"
        rows, hidden = drawn(cells)
        with file.open("w", newline="") as target:
            csv.writer(target).writerows(rows)
        del rows
        begun = time.monotonic()
        with file.open(newline="") as source:
            count = sum(1 for _ in csv.reader(source)) - 1
        reading = time.monotonic() - begun
        begun = time.monotonic()
        findings = audit_files([file]).findings
        seconds = time.monotonic() - begun
    return {
        "cells": count,
        "hidden": hidden,
        "seconds": seconds,
        "reading": reading,
        "programs": findings.programs,
        "equations": findings.equations,
        "found": sum(cell.verdict.value in {"exact", "narrow"} for cell in findings.cells),
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="10,000 cells only")
    parser.add_argument("--full", action="store_true", help="1,000,000 cells, too")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        print(json.dumps(child(asked.child)))
        return
    sizes = list(SIZES)[: 1 if asked.quick else 3 if asked.full else 2]
    figures = []
    for size in sizes:
        command = [sys.executable, __file__, "--child", str(size)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        got = json.loads(done.stdout.splitlines()[-1])
        figures.append(got)
        checks = 2 * got["hidden"]
        print(
            f"{got['cells']:>9,} cells, {got['hidden']:,} hidden, {got['equations']:,} equations: "
            f"{got['seconds']:.1f} s (bar {SIZES[size]:.0f} s), {got['programs']} linear programs "
            f"({got['programs'] / max(checks, 1) * 100:.2f} per 100 checks), {got['mib']:.0f} MiB, "
            f"{got['seconds'] / got['reading']:.0f}x of reading alone; {got['found']} weak cells"
        )
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
