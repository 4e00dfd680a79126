"""What somebody outside tries on a release: fill in, subtract, solve."""

import numpy as np
import pytest

from sekisho.lanes.statistics.disclosure.audit import audit, intervals
from sekisho.lanes.statistics.disclosure.protect import Effort, protect
from sekisho.lanes.statistics.disclosure.sensitivity import (
    Contributions,
    any_of,
    minimum_count,
    minimum_frequency,
    p_percent,
)
from tests.lib.tables import (
    exactly_known,
    interval,
    joined,
    missed_levels,
    publication,
    survey,
    top,
    tree,
)

QUICK = Effort(improve=1, exact=0)
PLACES = tree("place", (3, 3))
KINDS = tree("kind", (2, 3), second=True)
SIZES = tree("size", (3,))


def _amounts(over, *, size=90, seed=1):
    data = survey((PLACES, KINDS, SIZES), size, seed)
    cells, places, contributions, members = joined(data, over)
    found = any_of(
        p_percent(Contributions(cells.values.astype(float), top(contributions)), p=15),
        minimum_frequency(cells.values, cells.frequency, threshold=3),
    )
    found.mask[places.virtual] = False
    found.upper[places.virtual] = found.lower[places.virtual] = 0
    return cells, places, found, members


def test_primary_suppression_alone_falls_to_subtraction():
    cells, _, found, _ = _amounts([(0, 1)])
    known = exactly_known(publication(cells, found.mask | cells.hidden))
    assert any(found.mask[cell] for cell in known)


@pytest.mark.parametrize("over", [[(0, 1)], [(0, 1, 2)], [(0, 1), (1, 2), (0, 2)]])
def test_linear_algebra_gives_back_no_hidden_cell(over):
    cells, places, found, _ = _amounts(over)
    hidden = protect(cells, found.levels, effort=QUICK).hidden
    known = exactly_known(publication(cells, hidden))
    assert [cell for cell in known if not places.virtual[cell]] == []


@pytest.mark.parametrize("over", [[(0, 1)], [(0, 1, 2)], [(0, 1), (1, 2), (0, 2)]])
def test_linear_programming_finds_no_interval_too_narrow(over):
    cells, _, found, _ = _amounts(over)
    hidden = protect(cells, found.levels, effort=QUICK).hidden
    unsafe = np.flatnonzero(found.mask)
    assert missed_levels(cells, found.levels, publication(cells, hidden), unsafe) == []
    assert not audit(cells, found.levels, hidden).unprotected.any()


def test_the_audit_finds_what_the_independent_attacker_finds():
    cells, _, found, _ = _amounts([(0, 1)])
    draw = np.random.default_rng(3)
    hidden = protect(cells, found.levels, effort=QUICK).hidden
    extra = np.flatnonzero(hidden & ~found.mask & ~cells.hidden)
    hidden[draw.permutation(extra)[: extra.size // 3]] = False
    seen = publication(cells, hidden)
    unsafe = np.flatnonzero(found.mask)
    theirs = audit(cells, found.levels, hidden)
    assert np.flatnonzero(theirs.unprotected).tolist() == missed_levels(
        cells, found.levels, seen, unsafe
    )
    assert set(np.flatnonzero(theirs.known).tolist()) == set(exactly_known(seen))
    for cell, ends in zip(unsafe, intervals(cells, hidden, unsafe), strict=True):
        assert ends == pytest.approx(interval(seen, int(cell)), abs=1e-5)


def test_a_crosstab_with_its_one_way_totals_gives_nothing_back():
    data = survey((PLACES, SIZES), 60, 5)
    cells, places, contributions, _ = joined(data, [(0, 1), (0,), (1,)])
    found = minimum_frequency(cells.values, cells.frequency, threshold=3)
    naive = exactly_known(publication(cells, found.mask))
    assert sum(found.mask[cell] for cell in naive) >= 3
    hidden = protect(cells, found.levels, effort=QUICK).hidden
    assert exactly_known(publication(cells, hidden)) == {}
    assert contributions
    assert not places.virtual.any()


def test_a_cell_hidden_in_one_linked_table_is_hidden_in_all():
    cells, places, found, _ = _amounts([(0, 1), (0, 2)])
    hidden = protect(cells, found.levels, effort=QUICK).hidden
    first, second = places.rows["table-0"], places.rows["table-1"]
    shared = np.intersect1d(first, second)
    assert hidden[shared].any()
    assert (
        missed_levels(cells, found.levels, publication(cells, hidden), np.flatnonzero(found.mask))
        == []
    )


def test_knowing_which_cells_are_primary_gives_no_amount_back():
    """The rules' parameters stay secret, so a primary cell is one with few contributors: what the
    attacker may add is that each primary cell is more than 0, and each other hidden cell too."""
    cells, _, found, _ = _amounts([(0, 1)])
    hidden = protect(cells, found.levels, effort=QUICK).hidden
    seen = publication(cells, hidden)
    for cell in np.flatnonzero(hidden & ~cells.hidden):
        seen.lower[int(cell)] = 1
    for cell in np.flatnonzero(found.mask):
        low, high = interval(seen, int(cell))
        assert high - low >= min(found.upper[cell], 1)


def test_counts_keep_their_strict_interval():
    data = survey((PLACES, SIZES), 50, 9)
    cells, _, _, _ = joined(data, [(0, 1)], counts=True)
    found = minimum_count(cells.values, threshold=3)
    hidden = protect(cells, found.levels, effort=QUICK).hidden
    seen = publication(cells, hidden)
    assert missed_levels(cells, found.levels, seen, np.flatnonzero(found.mask)) == []
