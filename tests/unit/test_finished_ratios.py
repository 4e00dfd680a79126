"""Percentages, rates, means and indices beside hidden counts, used as an attacker would."""

import csv
import random
from pathlib import Path

import pytest

from sekisho.lanes.statistics.finished.findings import AuditFindings, CellVerdict, Verdict
from sekisho.node.audits import audit_files
from sekisho.present.audited import audit_lines
from sekisho.terms import Language


def audited(folder: Path, rows: list[list[str]]) -> AuditFindings:
    file = folder / "table.csv"
    with file.open("w", newline="", encoding="utf-8") as target:
        csv.writer(target).writerows(rows)
    return audit_files([file]).findings


def exact(findings: AuditFindings) -> dict[str, str]:
    known = [cell for cell in findings.cells if cell.verdict is CellVerdict.EXACT]
    return {cell.labels[0]: cell.low for cell in known if cell.table == 0}


COUNTS = {"North": 120, "South": 76, "East": 104, "West": 80, "Centre": 120}


def with_shares(hidden: set[str], decimals: int, sign: str = "") -> list[list[str]]:
    total = sum(COUNTS.values())
    rows = [["Area", "Persons", "%"]]
    for name, count in {**COUNTS, "Total": total}.items():
        share = f"{100 * count / total:.{decimals}f}{sign}"
        rows.append([name, "x" if name in hidden else str(count), share])
    return rows


@pytest.mark.parametrize("sign", ["", "%", " %"])
def test_a_percentage_of_a_known_total_gives_the_hidden_count(tmp_path, sign):
    findings = audited(tmp_path, with_shares({"South", "East"}, 1, sign))
    assert findings.verdict is Verdict.FAIL
    assert exact(findings) == {"South": "76", "East": "104"}


@pytest.mark.parametrize("language", list(Language))
def test_the_percentage_is_named_as_the_reason(tmp_path, language):
    lines = audit_lines(audited(tmp_path, with_shares({"South", "East"}, 1)), language)
    assert any("C3" in line and "South" in line for line in lines)


def test_a_percentage_in_whole_points_leaves_an_interval(tmp_path):
    findings = audited(tmp_path, with_shares({"South", "East"}, 0))
    ends = {cell.labels[0]: (int(cell.low), int(cell.high)) for cell in findings.cells}
    for name, (low, high) in ends.items():
        assert low <= COUNTS[name] <= high
        assert 0 < high - low <= 6
    assert not exact(findings)


def test_a_rate_gives_the_cases_of_a_known_population(tmp_path):
    rows = [
        ["Area", "Cases", "Population", "Rate per 1000"],
        ["North", "12", "5000", "2.40"],
        ["South", "x", "4100", "1.71"],
        ["East", "x", "8000", "2.25"],
        ["West", "8", "3900", "2.05"],
        ["Centre", "33", "12000", "2.75"],
        ["Total", "78", "33000", "2.36"],
    ]
    assert exact(audited(tmp_path, rows)) == {"South": "7", "East": "18"}


def test_a_mean_gives_the_number_that_it_was_divided_by(tmp_path):
    rows = [["Branch", "Turnover", "Firms", "Turnover a firm"]]
    data = {"Food": (91_237, 12), "Metal": (15_111, 3), "Paper": (40_404, 7), "Wood": (30_301, 9)}
    total = tuple(sum(each[n] for each in data.values()) for n in range(2))
    for name, (turnover, firms) in {**data, "Salt": (8_001, 5), "Total": total}.items():
        hidden = name in {"Metal", "Wood"}
        rows.append([name, str(turnover), "x" if hidden else str(firms), f"{turnover / firms:.2f}"])
    rows[-1] = ["Total", str(total[0] + 8_001), str(total[1] + 5), "6.00"]
    rows[-1][3] = f"{(total[0] + 8_001) / (total[1] + 5):.2f}"
    assert exact(audited(tmp_path, rows)) == {"Metal": "3", "Wood": "9"}


def test_an_index_gives_a_hidden_year(tmp_path):
    rows = [["Year", "Sales", "Index"]]
    for year, sales in ((2015, 812), (2016, 799), (2017, 845), (2018, 901), (2019, 930)):
        shown = "x" if year == 2017 else str(sales)
        rows.append([str(year), shown, f"{100 * sales / 812:.1f}"])
    assert exact(audited(tmp_path, rows)) == {"2017": "845"}


def test_what_a_percentage_gives_is_carried_along_the_sums(tmp_path):
    rows = with_shares({"South", "East"}, 1)
    rows[3][2] = "x"  # only the share of South is shown
    findings = audited(tmp_path, rows)
    assert exact(findings) == {"South": "76", "East": "104"}
    shares = [cell for cell in findings.cells if cell.table == 1]
    assert [(cell.verdict, cell.low) for cell in shares] == [(CellVerdict.EXACT, "20.8")]


def test_percentages_of_something_else_are_left_alone(tmp_path):
    draw = random.Random(3)
    rows = [["Area", "Persons", "Change %"]]
    rows += [[name, str(n), f"{draw.uniform(-9, 9):.1f}"] for name, n in COUNTS.items()]
    rows[2][1] = rows[3][1] = "x"
    findings = audited(tmp_path, [*rows, ["Total", "500", "1.3"]])
    assert not exact(findings)


def test_percentages_do_not_loosen_what_counts_give_away(tmp_path):
    findings = audited(tmp_path, with_shares({"South"}, 0, "%"))
    assert exact(findings) == {"South": "76"}
