"""Tables too large for a program a cell: movements and shared programs against an attacker apart.

The attacker builds its own equations from what the generator made and asks scipy for the least and
largest value of every hidden cell, one by one.
"""

import csv
import itertools
import random
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import linprog

from sekisho.lanes.statistics.finished.findings import CellVerdict
from sekisho.node.audits import audit_files

SIDE = 9
PERCENT = 10


def made(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A table in three directions with its totals first, and which cells are hidden."""
    draw = random.Random(seed)
    values = np.zeros((SIDE + 1,) * 3, dtype=np.int64)
    inner = values[1:, 1:, 1:]
    for place in np.ndindex(inner.shape):
        inner[place] = draw.choice(
            (0, draw.randint(1, 9), draw.randint(1, 60), draw.randint(9, 900))
        )
    for axis in range(2):
        moved = np.moveaxis(values, axis, 0)
        moved[0] = moved[1:].sum(axis=0)
    hidden = np.zeros(values.shape, dtype=bool)
    hidden[1:, 1:, 1:] = inner > 0
    for place in np.ndindex(hidden.shape):
        shown = draw.random() < (0.02 if 0 not in place else 0.75)
        hidden[place] = values[place] > 0 and not shown
    hidden[0, 0, :] = hidden[0, :, 0] = hidden[:, 0, 0] = False
    return values, hidden


def written(folder: Path, values: np.ndarray, hidden: np.ndarray) -> Path:
    labels = ["Total", *(f"part {n}" for n in range(1, SIDE + 1))]
    file = folder / "table.csv"
    with file.open("w", newline="", encoding="utf-8") as target:
        lines = csv.writer(target)
        lines.writerow(["one", "two", "three", "n"])
        for place in np.ndindex(values.shape):
            text = "x" if hidden[place] else str(values[place])
            lines.writerow([*(labels[n] for n in place), text])
    return file


def intervals(values: np.ndarray, hidden: np.ndarray) -> dict[tuple[int, ...], tuple[float, float]]:
    at = {place: n for n, place in enumerate(zip(*np.nonzero(hidden), strict=True))}
    rows, rest = [], []
    for axis in range(2):
        for other in itertools.product(range(SIDE + 1), repeat=2):
            row, known = np.zeros(len(at)), 0
            for n in range(SIDE + 1):
                place = (*other[:axis], n, *other[axis:])
                sign = -1 if n == 0 else 1
                if place in at:
                    row[at[place]] += sign
                else:
                    known += sign * int(values[place])
            if row.any():
                rows.append(row)
                rest.append(-known)
    equations, found = sparse.csr_array(np.array(rows)), {}
    for place, n in at.items():
        cost = np.zeros(len(at))
        cost[n] = 1
        ends = []
        for sign in (1, -1):
            answer = linprog(sign * cost, A_eq=equations, b_eq=rest, method="highs")
            ends.append(sign * answer.fun if answer.status == 0 else np.inf)
        found[place] = (ends[0], ends[1])
    return found


def expected(low: float, high: float) -> CellVerdict:
    if high - low < 1e-6:
        return CellVerdict.EXACT
    if high - low < PERCENT / 100 * (high + low) - 1e-6:
        return CellVerdict.NARROW
    return CellVerdict.SAFE


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_movements_and_shared_programs_find_what_single_programs_find(tmp_path, seed):
    values, hidden = made(seed)
    assert hidden.sum() > 400
    labels = ["Total", *(f"part {n}" for n in range(1, SIDE + 1))]
    findings = audit_files([written(tmp_path, values, hidden)]).findings
    seen = {cell.labels: cell for cell in findings.cells}
    assert findings.programs < 0.2 * hidden.sum()
    for place, (low, high) in intervals(values, hidden).items():
        cell = seen[tuple(labels[n] for n in place)]
        assert cell.verdict is expected(low, high), (place, low, high, cell)
        assert float(cell.low.replace(",", "")) <= low + 0.1
        assert float(cell.high.replace(",", "") or "inf") >= high - 0.1


def test_most_hidden_cells_of_a_large_table_need_no_program_of_their_own(tmp_path):
    values, hidden = made(0)
    findings = audit_files([written(tmp_path, values, hidden)]).findings
    assert findings.programs < 0.2 * hidden.sum()
    assert not findings.count(CellVerdict.UNDECIDED)
