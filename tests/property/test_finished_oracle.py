"""The audit of finished tables against an attacker of another make, on 300 generated tables."""

import csv
import random
from pathlib import Path

import numpy as np
import pytest

from sekisho.lanes.statistics.finished.findings import CellVerdict
from sekisho.node.audits import audit_files
from tests.lib.finished import intervals, made, printed

PERCENT = 10


def expected(low: float, high: float) -> CellVerdict:
    if high - low < 1e-6:
        return CellVerdict.EXACT
    if np.isfinite(high) and high - low < PERCENT / 100 * (high + low) - 1e-6:
        return CellVerdict.NARROW
    return CellVerdict.SAFE


@pytest.mark.parametrize("seed", range(15))
def test_every_weakness_is_found_and_none_where_there_is_none(tmp_path: Path, seed: int):
    for number in range(20):
        draw = random.Random(1000 * seed + number)
        table = made(draw)
        file = tmp_path / f"{number}.csv"
        with file.open("w", newline="", encoding="utf-8") as target:
            csv.writer(target).writerows(printed(table, draw))
        truth = intervals(table)
        findings = audit_files([file]).findings
        seen = {cell.labels: cell for cell in findings.cells}
        assert len(seen) == len(table.hidden), (seed, number)
        for (r, c), (low, high) in truth.items():
            cell = seen[table.rows[r], table.columns[c]]
            assert cell.verdict is expected(low, high), (seed, number, r, c, low, high, cell)
            if cell.verdict is CellVerdict.EXACT:
                assert float(cell.low.replace(",", "")) == pytest.approx(low, abs=1e-6)
                assert cell.because, "no equation named"
