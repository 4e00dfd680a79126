"""The sensitivity rules, by the examples that handbooks give."""

import numpy as np
import pytest

from sekisho.errors import DeliveryError, UsageError
from sekisho.lanes.statistics.disclosure.cells import sparse_rows
from sekisho.lanes.statistics.disclosure.sensitivity import (
    Contributions,
    CountProtection,
    Marks,
    Reason,
    any_of,
    dominance,
    group_disclosure,
    marked,
    minimum_count,
    minimum_frequency,
    p_percent,
    prior_posterior,
)


def cell(*contributions, weight=None):
    top = np.array([sorted(contributions, reverse=True)], dtype=float)
    weights = None if weight is None else np.array([weight], dtype=float)
    total = (top * (1 if weights is None else weights)).sum(axis=1)
    return Contributions(total, top, weights)


@pytest.mark.parametrize(
    ("contributions", "unsafe", "level"),
    [
        ((80, 20), True, 8),
        ((80, 15, 5), True, 3),
        ((80, 10, 10), False, 0),
        ((50, 49, 5), False, 0),
    ],
)
def test_p_percent_asks_what_the_remainder_lacks(contributions, unsafe, level):
    found = p_percent(cell(*contributions), p=10)
    assert bool(found.mask[0]) is unsafe
    assert found.upper[0] == found.lower[0] == level


def test_dominance_asks_what_brings_the_largest_down_to_their_share():
    found = dominance(cell(60, 30, 10), n=2, k=75)
    assert found.mask[0]
    assert found.upper[0] == 20
    assert not dominance(cell(40, 30, 30), n=2, k=75).mask[0]


def test_prior_knowledge_tightens_p_percent():
    assert not p_percent(cell(100, 50, 12), p=10).mask[0]
    found = prior_posterior(cell(100, 50, 12), p=10, q=50)
    assert found.upper[0] == 8
    assert not prior_posterior(cell(100, 50, 21), p=10, q=50).mask[0]


def test_a_weighted_respondent_stands_for_several_units():
    assert dominance(cell(60, 30, 10), n=1, k=50).mask[0]
    assert not dominance(cell(60, 30, 10, weight=(3, 1, 1)), n=1, k=50).mask[0]
    assert cell(60, 30, 10, weight=(1.5, 1, 1)).largest(2)[0] == 60 * 1.5 + 30 * 0.5


def test_few_contributors_ask_for_a_share_of_the_value():
    found = minimum_frequency(np.array([200, 0, 90, -40]), np.array([2, 2, 3, 1]), threshold=3)
    assert found.mask.tolist() == [True, False, False, True]
    assert found.upper.tolist() == [30, 0, 0, 6]


def test_small_counts_ask_for_a_strict_interval_or_for_width():
    counts = np.array([0, 1, 2, 3])
    strict = minimum_count(counts, threshold=3)
    assert strict.upper.tolist() == [0, 2, 2, 0]
    assert strict.lower.tolist() == [0, 1, 1, 0]
    width = minimum_count(counts, threshold=3, form=CountProtection.WIDTH)
    assert width.upper.tolist() == [0, 3, 3, 0]
    assert not width.lower.any()


def test_a_part_that_is_the_whole_group_tells_of_each_of_its_members():
    counts = np.array([7, 0, 0, 7, 4, 3, 7])
    lines = np.array([[1, 1, 1, -1, 0, 0, 0], [0, 0, 0, 0, 1, 1, -1]])
    row, column = np.nonzero(lines)
    equations = sparse_rows(lines[row, column], row, column, lines.shape)
    found = group_disclosure(counts, equations)
    assert found.mask.tolist() == [True, False, False, False, False, False, False]
    assert found.lower[0] == 1
    assert group_disclosure(counts, equations, coalition=3).mask[4]


def test_marks_of_the_holder_come_before_the_rules():
    values = np.array([100, 200, 300])
    none = np.zeros(3, dtype=bool)
    found = minimum_frequency(values, np.array([1, 9, 9]), threshold=3)
    safe, unsafe = none.copy(), none.copy()
    safe[0] = unsafe[2] = True
    after = marked(found, values, Marks(safe, unsafe, none))
    assert after.mask.tolist() == [False, False, True]
    assert after.upper.tolist() == [0, 0, 45]
    assert after.reason.tolist() == [0, 0, Reason.MARKED]
    with pytest.raises(DeliveryError):
        marked(found, values, Marks(none, unsafe, unsafe))


def test_rules_together_take_the_larger_level_and_both_reasons():
    given = cell(80, 20)
    both = any_of(
        p_percent(given, p=10), minimum_frequency(np.array([100]), np.array([2]), threshold=3)
    )
    assert both.upper[0] == 15
    assert both.reason[0] == Reason.P_PERCENT | Reason.FREQUENCY


def test_parameters_out_of_range_are_refused_without_being_named():
    with pytest.raises(UsageError) as wrong:
        p_percent(cell(1, 1), p=777)
    assert "777" not in str(wrong.value)
    with pytest.raises(UsageError):
        prior_posterior(cell(1, 1), p=50, q=10)


@pytest.mark.parametrize("top", [[[1.0, 2.0]], [[np.nan, 1.0]], [[2.0, -1.0]], [[1.0]], [1.0, 2.0]])
def test_contributions_that_cannot_be_ranked_are_refused(top):
    with pytest.raises(DeliveryError):
        p_percent(Contributions(np.array([3.0]), np.array(top)), p=10)
