"""What contributors try, who know their own values, alone or pooled in a holding."""

import numpy as np
import pytest

from sekisho.lanes.statistics.disclosure.cells import (
    cell_set,
    contributors_who_know,
    lone_contributors,
    sparse_rows,
)
from sekisho.lanes.statistics.disclosure.certificate import Levels
from sekisho.lanes.statistics.disclosure.protect import Effort, protect
from sekisho.lanes.statistics.disclosure.sensitivity import minimum_frequency
from tests.lib.tables import interval, joined, missed_levels, publication, survey, tree

QUICK = Effort(shrink=2, improve=0, exact=0)


def _rows(matrix):
    dense = np.array(matrix)
    row, column = np.nonzero(dense)
    return sparse_rows(dense[row, column], row, column, dense.shape)


def _square():
    """Two by two with totals: hiding all four inner cells leaves one degree of freedom."""
    values = np.array([20, 30, 50, 40, 60, 100, 60, 90, 150])
    rows = []
    for i in range(3):
        rows.append([int(c // 3 == i) * (1 if c % 3 < 2 else -1) for c in range(9)])
        rows.append([int(c % 3 == i) * (1 if c // 3 < 2 else -1) for c in range(9)])
    return values, _rows(rows)


def test_a_lone_contributor_undoes_the_plain_pattern():
    values, rows = _square()
    frequency = np.array([2, 1, 3, 9, 9, 18, 11, 10, 21])
    cells = cell_set(values, rows, frequency=frequency)
    level = np.zeros(9)
    level[0] = 3
    levels = Levels(level, level)
    alone = lone_contributors(cells)
    weight = np.array([1, 1, 9, 1, 1, 9, 9, 9, 9])
    priced = cell_set(values, rows, frequency=frequency, weight=weight)
    plain = protect(priced, levels).hidden
    assert plain[1]
    assert missed_levels(cells, levels, publication(cells, plain, extra={1: 30}), [0]) == [0]
    firm = protect(priced, levels, attackers=alone)
    assert firm.unmet.size == 0
    assert missed_levels(cells, levels, publication(cells, firm.hidden, extra={1: 30}), [0]) == []


@pytest.mark.parametrize("seed", [1, 2])
def test_no_lone_contributor_narrows_a_level_that_can_be_kept(seed):
    data = survey((tree("place", (3, 2)), tree("kind", (3, 2))), 70, seed)
    cells, _, _, _ = joined(data, [(0, 1)])
    found = minimum_frequency(cells.values, cells.frequency, threshold=3)
    alone = lone_contributors(cells)
    protection = protect(cells, found.levels, attackers=alone, effort=QUICK)
    given_up = {(int(a), int(c)) for a, c, _ in protection.unmet}
    everything = cells.values != 0
    for attacker, own in enumerate(alone.cell.tolist()):
        known = {own: int(cells.values[own])}
        seen = publication(cells, protection.hidden, extra=known)
        same = _same_as(cells, own)
        unsafe = [c for c in np.flatnonzero(found.mask) if c not in same]
        missed = set(missed_levels(cells, found.levels, seen, unsafe))
        assert {(attacker, c) for c in missed} <= given_up
        for cell in missed:
            all_hidden = publication(cells, everything, extra=known)
            assert missed_levels(cells, found.levels, all_hidden, [cell]) == [cell]


def _same_as(cells, own):
    """Cells that are a lone contributor's own cell under another name, whatever is hidden."""
    low_high = publication(cells, cells.values != 0, extra={own: int(cells.values[own])})
    return {
        cell
        for cell in np.flatnonzero(cells.values == cells.values[own])
        if np.diff(interval(low_high, int(cell)))[0] < 1e-6
    } | {own}


def test_two_members_of_one_holding_do_not_protect_each_other_from_it():
    values, rows = _square()
    cells = cell_set(values, rows, frequency=np.array([5, 5, 10, 5, 5, 10, 10, 10, 20]))
    level = np.zeros(9)
    level[0] = 3
    levels = Levels(level, level)
    holding = contributors_who_know(cells, [{1: (30, 30), 3: (40, 40)}])
    protection = protect(cells, levels, attackers=holding)
    seen = publication(cells, protection.hidden, extra={1: 30, 3: 40})
    assert missed_levels(cells, levels, seen, [0]) == []
    assert protection.unmet.size == 0


def test_a_contributor_with_a_known_share_cannot_use_it_as_a_floor():
    values, rows = _square()
    cells = cell_set(values, rows)
    level = np.zeros(9)
    level[0] = 10
    levels = Levels(level, level)
    partner = contributors_who_know(cells, [{3: (38, np.inf)}])
    protection = protect(cells, levels, attackers=partner)
    seen = publication(cells, protection.hidden)
    seen.lower[3] = 38
    assert missed_levels(cells, levels, seen, [0]) == []


def test_what_no_pattern_can_keep_from_a_contributor_is_said():
    values, rows = np.array([10, 20, 30]), _rows([[1, 1, -1]])
    frequency = np.array([2, 1, 3])
    levels = Levels(np.array([2.0, 0, 0]), np.array([2.0, 0, 0]))
    open_total = cell_set(values, rows, frequency=frequency)
    alone = lone_contributors(open_total)
    assert protect(open_total, levels, attackers=alone).unmet.size == 0
    must_publish = np.array([False, False, True])
    total_stays = cell_set(values, rows, frequency=frequency, must_publish=must_publish)
    unmet = protect(total_stays, levels, attackers=alone).unmet
    assert unmet.tolist() == [[0, 0, 0], [0, 0, 1]]
