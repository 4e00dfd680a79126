"""Two accepted outputs of another tool, each safe by itself, audited together."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from sekisho.lanes.statistics.finished.findings import CellVerdict, Verdict
from sekisho.node.audits import audit_files

FOLDER = Path(__file__).parent / "vectors" / "acro"
TRUTH = json.loads((FOLDER / "truth.json").read_text())


def exact_cells(pair: str) -> dict[str, Decimal]:
    findings = audit_files([FOLDER / f"{pair}.csv", FOLDER / f"{pair}-total.csv"]).findings
    assert findings.verdict is Verdict.FAIL
    return {
        "|".join(cell.labels): Decimal(cell.low.replace(",", ""))
        for cell in findings.cells
        if cell.verdict is CellVerdict.EXACT
    }


def test_twenty_two_of_twenty_four_lone_hidden_cells_are_found_with_their_values():
    found = 0
    for pair, cells in TRUTH.items():
        exact = exact_cells(pair)
        for labels, value in cells.items():
            if labels in exact:
                assert abs(exact[labels] - Decimal(str(value))) < Decimal("0.1")
                found += 1
    assert sum(len(cells) for cells in TRUTH.values()) == 24
    assert found == 22


@pytest.mark.parametrize("pair", sorted(TRUTH))
def test_each_output_by_itself_gives_nothing_away(pair):
    findings = audit_files([FOLDER / f"{pair}.csv"]).findings
    assert not findings.count(CellVerdict.EXACT)
    assert not findings.count(CellVerdict.NARROW)
