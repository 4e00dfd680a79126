"""Somebody runs the engine itself over every table that fits the publication."""

import itertools

import numpy as np
import pytest

from sekisho.errors import Refused
from sekisho.lanes.statistics.disclosure.cells import cell_set, sparse_rows
from sekisho.lanes.statistics.disclosure.protect import Effort, protect
from sekisho.lanes.statistics.disclosure.sensitivity import CountProtection, minimum_count
from tests.lib.tables import interval, publication

THRESHOLD = 3
SEED = 20_261_121


def _equations(height, width):
    size = (height + 1) * (width + 1)
    lines = []
    for i in range(height + 1):
        line = np.zeros((height + 1, width + 1), dtype=np.int64)
        line[i, :width], line[i, width] = 1, -1
        lines.append(line.ravel())
    for j in range(width + 1):
        line = np.zeros((height + 1, width + 1), dtype=np.int64)
        line[:height, j], line[height, j] = 1, -1
        lines.append(line.ravel())
    dense = np.array(lines)
    row, column = np.nonzero(dense)
    return sparse_rows(dense[row, column], row, column, (len(lines), size))


def _with_totals(inner):
    height, width = inner.shape
    table = np.zeros((height + 1, width + 1), dtype=np.int64)
    table[:height, :width] = inner
    table[height, :width], table[:height, width] = inner.sum(0), inner.sum(1)
    table[height, width] = inner.sum()
    return table.ravel()


def _pattern(inner, seed, form):
    """What the engine hides; its bytes, or None when it refuses the table."""
    values = _with_totals(inner)
    cells = cell_set(values, _equations(*inner.shape))
    found = minimum_count(values, threshold=THRESHOLD, form=form)
    try:
        return protect(
            cells, found.levels, effort=Effort(shrink=1, improve=0, exact=0, seed=seed)
        ).hidden
    except Refused:
        return None


def _consistent(cells, hidden):
    """All tables of whole numbers that agree with what is published."""
    seen = publication(cells, hidden)
    height, width = 2, 3
    inner = [i * (width + 1) + j for i in range(height) for j in range(width)]
    ranges = []
    for cell in inner:
        if cell in seen.published:
            ranges.append([seen.published[cell]])
        else:
            low, high = interval(seen, cell)
            ranges.append(range(round(low), round(min(high, 12)) + 1))
    out = []
    for values in itertools.product(*ranges):
        table = np.array(values).reshape(height, width)
        full = _with_totals(table)
        if all(full[c] == v for c, v in seen.published.items()):
            out.append(table)
    return out


def gives_away(inner, *, known_seed, form):
    """Hidden cells; those that one value fits alone before, and after, replaying the choice."""
    values = _with_totals(inner)
    cells = cell_set(values, _equations(*inner.shape))
    hidden = _pattern(inner, SEED, form)
    if hidden is None or not hidden.any() or hidden[-1]:
        return None
    tables = _consistent(cells, hidden)
    seeds = [SEED] if known_seed else [1, 2, 3]
    replayed = []
    for table in tables:
        same = (_pattern(table, seed, form) for seed in seeds)
        if (table == inner).all() or any(s is not None and (s == hidden).all() for s in same):
            replayed.append(table)

    def fixed(fitting):
        full = np.array([_with_totals(table) for table in fitting])
        return int(((full == full[0]).all(axis=0) & hidden).sum())

    return int(hidden.sum()), fixed(tables), fixed(replayed), len(tables), len(replayed)


def _tables(count):
    draw = np.random.default_rng(5)
    return [draw.integers(0, 8, (2, 3)) for _ in range(count)]


@pytest.mark.parametrize("form", list(CountProtection))
def test_no_hidden_count_is_fixed_for_one_who_reads_values_only(form):
    for inner in _tables(2):
        outcome = gives_away(inner, known_seed=False, form=form)
        if outcome is not None:
            assert outcome[1] == 0


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_what_the_pattern_itself_gives_away_stays_within_what_is_documented():
    """On the smallest of tables, with every parameter and the seed known: a fifth or so."""
    outcomes = [gives_away(t, known_seed=True, form=CountProtection.STRICT) for t in _tables(25)]
    hidden = sum(o[0] for o in outcomes if o)
    assert sum(o[1] for o in outcomes if o) == 0
    assert sum(o[2] for o in outcomes if o) <= hidden / 4
