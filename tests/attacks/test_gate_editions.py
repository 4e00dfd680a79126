"""What left before is part of the attack: differences between editions give nothing away."""

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import linprog

import sekisho
from sekisho.errors import Refused
from tests.lib import auditor
from tests.lib.small import PLANS, PROGRAMME, make_node, rows, write_sales

DIMENSIONS = {"by-place": [["region", "town"], ["year"]], "by-goods": [["goods"], ["year"]]}
ONE_FIRM = [
    "901,firm-new,north,n1,rice,2019,5000.00",
    "902,firm-new,south,s1,tea,2020,7000.00",
    "903,firm-new,west,w2,silk,2021,9000.00",
]


def _tables(released):
    return [
        auditor.read(released[plan].files[f"{plan}.csv"], levels)
        for plan, levels in DIMENSIONS.items()
    ]


def _released(node):
    return {plan: node.release(PROGRAMME, plan) for plan in PLANS}


def _joint(first, second):
    """Both editions side by side: x for the older, y for the newer, y - x never negative."""
    keys, a, b = auditor.system(first)
    other_keys, c, d = auditor.system(second)
    matrix = sparse.block_diag((a, c), format="csr")
    return keys, other_keys, matrix, [*b, *d]


def _true(node_folder, firms_rows):
    found = {}
    for line in firms_rows:
        _line, _firm, region, town, goods, year, value = line.split(",")
        for at in (
            [],
            [(("region", "town"), (region,))],
            [(("region", "town"), (region, town))],
            [(("goods",), (goods,))],
        ):
            for when in ([], [(("year",), (year,))]):
                key = frozenset((*at, *when))
                found[key] = found.get(key, 0.0) + float(value)
    return found


def test_one_firm_more_is_not_given_away_by_the_difference(tmp_path):
    """The difference of two editions is one firm's sales: no cell of it may be read off."""
    with make_node(tmp_path) as node:
        first = _tables(_released(node))
        node.load(PROGRAMME, "sales", write_sales(tmp_path / "more.csv", ONE_FIRM))
        try:
            second = _tables(_released(node))
        except Refused:
            return  # refusing is safe; what is released must not give the firm away
    keys, other_keys, matrix, right = _joint(first, second)
    scale = max(abs(float(v)) for v in right)
    vector = np.array([float(v) for v in right]) / scale
    published = [{k: v for t in tables for k, v in _shown(t).items()} for tables in (first, second)]
    firm = _true(tmp_path, ONE_FIRM)
    for key, own in firm.items():
        low, high = _difference(key, (keys, other_keys), matrix, vector, published, scale)
        assert high - low >= 0.01 * own, f"the firm's own sales can be read off at {sorted(key)}"


def _shown(table):
    return {
        auditor._describe(table, groups): float(value)
        for groups, value in table.cells.items()
        if value is not None
    }


def _difference(key, keys, matrix, vector, published, scale):
    older, newer = keys
    cost, constant = np.zeros(matrix.shape[1]), 0.0
    if key in newer:
        cost[len(older) + newer.index(key)] = 1
    else:
        constant += published[1].get(key, 0.0)
    if key in older:
        cost[older.index(key)] = -1
    else:
        constant -= published[0].get(key, 0.0)
    grows, least = _growth(keys, published, scale)
    ends = []
    for sign in (1, -1):
        done = linprog(
            sign * cost,
            A_ub=grows,
            b_ub=least,
            A_eq=matrix,
            b_eq=vector,
            bounds=(0, None),
            method="highs",
        )
        ends.append(np.inf if done.status == 3 else sign * done.fun * scale + constant)
    return (ends[0], ends[1]) if np.isfinite(ends[1]) else (ends[0], np.inf)


def _growth(keys, published, scale):
    """Everyone knows that data was added: every cell of the newer is at least the older's."""
    older, newer = keys
    rows_, right = [], []
    for key in {*older, *newer, *published[0], *published[1]}:
        row, bound = {}, 0.0
        if key in older:
            row[older.index(key)] = 1.0
        else:
            bound -= published[0].get(key, 0.0)
        if key in newer:
            row[len(older) + newer.index(key)] = -1.0
        else:
            bound += published[1].get(key, 0.0)
        if row:
            rows_.append(row)
            right.append(bound / scale)
    matrix = sparse.lil_array((len(rows_), len(older) + len(newer)))
    for number, row in enumerate(rows_):
        for column, value in row.items():
            matrix[number, column] = value
    return sparse.csr_array(matrix), np.array(right) + 1e-12


def test_a_second_edition_of_much_data_still_hides_every_cell(tmp_path):
    with make_node(tmp_path) as node:
        _released(node)
        node.load(
            PROGRAMME, "sales", write_sales(tmp_path / "m.csv", rows(9, count=300, start=1000))
        )
        second = {}
        for plan in PLANS:
            second[plan] = node.release(PROGRAMME, plan)
        assert {each.release.revision for each in second.values()} == {2}
        assert auditor.exactly_known(_tables(second)) == []
        assert node.verify().passed
        assert len(node.releases()) == 4


def test_a_pattern_changed_by_hand_releases_nothing(tmp_path):
    with make_node(tmp_path) as node:
        node.release(PROGRAMME, PLANS[0])
        (kept,) = (node.folder / "private" / PROGRAMME).glob("*/pattern.json")
        text = kept.read_text(encoding="utf-8")
        kept.write_text(text.replace('"merged": [', '"merged": [0, ', 1), encoding="utf-8")
        with pytest.raises(sekisho.SekishoError):
            node.release(PROGRAMME, PLANS[1])
        assert len(node.releases()) == 1


def test_a_lost_pattern_of_an_earlier_edition_releases_nothing(tmp_path):
    import shutil

    with make_node(tmp_path) as node:
        _released(node)
        shutil.rmtree(node.folder / "private")
        node.load(PROGRAMME, "sales", write_sales(tmp_path / "m.csv", rows(9, start=1000)))
        with pytest.raises(sekisho.SekishoError):
            node.release(PROGRAMME, PLANS[0])
