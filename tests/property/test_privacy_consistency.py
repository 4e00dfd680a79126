"""Parts add up, margins stay, nothing is negative, and variances are what draws show."""

from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.lanes.statistics.privacy.consistency import (
    Measured,
    as_integers,
    cube_variance,
    fit_any,
    fit_cube,
    fit_tree,
    onto_simplex,
    totals_of,
    without_negatives,
)

shapes = st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple)


def every_level(axes):
    return [tuple(a for a in range(axes) if chosen >> a & 1) for chosen in range(2**axes)]


def measure(truth, levels, seed):
    draw = np.random.default_rng(seed)
    measured = []
    for level, variance in levels:
        exact = totals_of(truth, level)
        noisy = exact + draw.normal(0, variance**0.5, exact.shape)
        measured.append(Measured(level, noisy, variance))
    return measured


def sums(shape, measured):
    index = np.arange(prod(shape)).reshape(shape)
    rows, values, variances = [], [], []
    for one in measured:
        front = np.moveaxis(index, one.level, range(len(one.level)))
        flat = front.reshape(one.values.size, -1)
        rows += [list(each) for each in flat]
        values += list(one.values.reshape(-1))
        variances += [one.variance] * one.values.size
    return rows, values, variances


@given(shapes, st.integers(0, 2**31), st.data())
def test_the_closed_form_is_the_least_squares_answer(shape, seed, data):
    axes = len(shape)
    chosen = data.draw(st.sets(st.sampled_from(every_level(axes)))) | {tuple(range(axes))}
    truth = np.random.default_rng(seed).uniform(0, 50, shape)
    measured = measure(truth, [(level, 1.0 + len(level)) for level in sorted(chosen)], seed)
    plain = fit_any(*sums(shape, measured), cells=prod(shape))
    assert fit_cube(shape, measured) == pytest.approx(plain.reshape(shape), abs=1e-5)


def test_the_published_variances_are_those_of_the_closed_form():
    shape, levels = (30, 47, 6), every_level(3)
    measured = [Measured(level, np.zeros(1), 8.0) for level in levels]
    for level in levels:
        assert cube_variance(shape, measured, level) ** 0.5 == pytest.approx(2.55, abs=0.006)
    alone = [Measured((0, 1, 2), np.zeros(1), 1.0)]
    assert cube_variance(shape, alone, (0,)) ** 0.5 == pytest.approx(16.8, abs=0.02)


def test_draws_scatter_as_the_variances_say():
    shape = (4, 3, 2)
    truth = np.full(shape, 100.0)
    levels = [(level, 2.0) for level in every_level(3)]
    fits = np.array([fit_cube(shape, measure(truth, levels, seed)) for seed in range(1500)])
    for level in every_level(3):
        seen = np.array([totals_of(fit, level) for fit in fits]).var(axis=0).mean()
        said = cube_variance(shape, measure(truth, levels, 0), level)
        assert seen == pytest.approx(said, rel=0.08)


@given(st.integers(2, 25), st.integers(0, 2**31))
def test_a_tree_fits_as_least_squares_over_its_leaves(size, seed):
    draw = np.random.default_rng(seed)
    parents = [-1, *(int(draw.integers(0, node)) for node in range(1, size))]
    values = draw.normal(0, 10, size)
    variances = draw.uniform(0.5, 4, size)
    leaves = [node for node in range(size) if node not in parents]
    under = {node: {leaves.index(node)} if node in leaves else set() for node in range(size)}
    for node in range(size - 1, 0, -1):
        under[parents[node]] |= under[node]
    cells = fit_any([sorted(under[n]) for n in range(size)], values, variances, len(leaves))
    tree = fit_tree(parents, values, variances)
    assert [tree[leaf] for leaf in leaves] == pytest.approx(cells, abs=1e-5)
    for node in range(size):
        assert tree[node] == pytest.approx(sum(cells[leaf] for leaf in under[node]), abs=1e-4)


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=20), st.floats(0, 500))
def test_the_simplex_holds_its_total_without_negatives(values, total):
    projected = onto_simplex(np.array(values), total)
    assert projected.min() >= 0
    assert projected.sum() == pytest.approx(total, abs=1e-6)


@given(shapes, st.integers(0, 2**31))
def test_no_cell_is_negative_and_the_margins_that_could_stay_do(shape, seed):
    cells = np.random.default_rng(seed).normal(5, 10, shape)
    table = without_negatives(cells)
    assert table.min() >= 0
    assert table.sum() == pytest.approx(max(0.0, cells.sum()), abs=0.01 * table.size + 0.5)
    for axis in range(len(shape)):
        before = totals_of(cells, (axis,))
        if len(shape) > 1 and before.min() >= 0:
            assert totals_of(table, (axis,)) == pytest.approx(before, abs=0.5)


def test_cutting_at_zero_would_lift_the_total_and_the_projection_does_not():
    draw = np.random.default_rng(5)
    truth = draw.gamma(0.5, 136, (30, 47, 6))
    noisy = truth + draw.normal(0, 100, truth.shape)
    kept = as_integers(without_negatives(noisy))
    cut = np.maximum(noisy, 0)
    assert kept.min() >= 0
    assert abs(kept.sum() - noisy.sum()) < 60
    assert cut.sum() - noisy.sum() > 100_000
    day_error = np.abs(totals_of(kept, (0,)) - totals_of(truth, (0,))).mean()
    assert day_error < 1.02 * np.abs(totals_of(noisy, (0,)) - totals_of(truth, (0,))).mean() + 5
    assert np.abs(kept - truth).mean() < np.abs(cut - truth).mean()
