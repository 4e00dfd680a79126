"""What the engine is told wrongly is refused with the place and the way on."""

import numpy as np
import pytest

from sekisho.errors import CancelledError, DeliveryError, Refused, TamperedError, UsageError
from sekisho.lanes.statistics.disclosure.cells import (
    cell_set,
    contributors_who_know,
    lone_contributors,
    sparse_rows,
)
from sekisho.lanes.statistics.disclosure.certificate import Levels, from_bytes, to_bytes
from sekisho.lanes.statistics.disclosure.hierarchies import Dimension, Hierarchy
from sekisho.lanes.statistics.disclosure.protect import Effort, protect
from sekisho.lanes.statistics.disclosure.releases import Shared, with_shared
from sekisho.lanes.statistics.disclosure.structure import Table, tables_to_cells
from sekisho.lanes.statistics.disclosure.verify import Claim, verify
from sekisho.terms import Language


def rows(*lines):
    dense = np.array(lines)
    row, column = np.nonzero(dense)
    return sparse_rows(dense[row, column], row, column, dense.shape)


def codes(error):
    return [each.code for each in error.value.faults]


def both(level):
    return Levels(np.array(level, dtype=float), np.array(level, dtype=float))


def test_totals_that_do_not_add_up_are_named_with_their_tolerance():
    with pytest.raises(DeliveryError) as wrong:
        cell_set(np.array([1, 2, 4]), rows([1, 1, -1]))
    assert "equation 0 does not add up within tolerance 0" in str(wrong.value)
    assert cell_set(np.array([1, 2, 4]), rows([1, 1, -1]), tolerance=1).size == 3


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ([1.0, np.nan, 3.0], "disclosure.not-finite"),
        ([1.0, np.inf, 3.0], "disclosure.not-finite"),
        ([2**60, 1, 2**60 + 1], "disclosure.too-large"),
        ([1, 2], "disclosure.shape"),
    ],
)
def test_values_that_cannot_be_added_are_refused(values, code):
    with pytest.raises(DeliveryError) as wrong:
        cell_set(np.array(values), rows([1, 1, -1]))
    assert codes(wrong) == [code]


def test_every_fault_of_the_columns_comes_at_once():
    with pytest.raises(DeliveryError) as wrong:
        cell_set(
            np.array([1, 2, 4]),
            rows([1, 1, -1]),
            frequency=np.array([-1, 1, 1]),
            weight=np.array([1, np.nan, 1]),
            lower=np.array([2.0, 0, 0]),
            must_publish=np.array([True, False, False]),
            hidden=np.array([True, False, False]),
        )
    assert codes(wrong) == [
        "disclosure.frequency",
        "disclosure.weight",
        "disclosure.below-lower",
        "disclosure.published-and-hidden",
        "disclosure.not-additive",
    ]


def test_a_negative_value_opens_its_own_lower_bound():
    cells = cell_set(np.array([-3, 5, 2]), rows([1, 1, -1]))
    assert cells.lower.tolist() == [-np.inf, 0, 0]
    protection = protect(cells, both([2, 0, 0]))
    assert protection.hidden[0]


@pytest.mark.parametrize("level", [[-1, 0, 0], [np.inf, 0, 0], [np.nan, 0, 0]])
def test_levels_that_are_no_distances_are_refused(level):
    cells = cell_set(np.array([1, 2, 3]), rows([1, 1, -1]))
    with pytest.raises(DeliveryError) as wrong:
        protect(cells, both(level))
    assert set(codes(wrong)) == {"disclosure.level"}


def test_a_level_that_nothing_can_reach_is_refused_by_number():
    must_publish = np.array([False, False, False, True])
    cells = cell_set(np.array([1, 2, 4, 7]), rows([1, 1, 1, -1]), must_publish=must_publish)
    with pytest.raises(Refused) as refused:
        protect(cells, both([50, 0, 0, 0]))
    assert codes(refused) == ["disclosure.cannot-protect"]
    assert refused.value.faults[0].fields["cell"] == 0


def test_a_must_publish_mark_that_gives_a_cell_away_is_named():
    must_publish = np.array([False, True, True])
    cells = cell_set(np.array([1, 2, 3]), rows([1, 1, -1]), must_publish=must_publish)
    with pytest.raises(Refused) as refused:
        protect(cells, both([1, 0, 0]))
    assert codes(refused) == ["disclosure.already-known"]


def test_nothing_unsafe_hides_nothing():
    cells = cell_set(np.array([1, 2, 3]), rows([1, 1, -1]))
    protection = protect(cells, both([0, 0, 0]))
    assert not protection.hidden.any()
    assert (
        verify(
            Claim(cells, both([0, 0, 0]), protection.hidden),
            protection.certificate,
            lone_contributors(cells),
        )
        == []
    )


def test_one_round_of_effort_and_none_both_end_protected():
    cells = cell_set(np.array([1, 2, 4, 7]), rows([1, 1, 1, -1]))
    for effort in (Effort(shrink=0, improve=0), Effort(shrink=1, improve=1)):
        protection = protect(cells, both([1, 0, 0, 0]), effort=effort)
        assert protection.hidden[0]
        assert protection.hidden.sum() == 2


def test_a_million_cells_in_one_equation_are_protected():
    n = 1_000_000
    values = np.full(n + 1, 5)
    values[n] = 5 * n
    data = np.ones(n + 1, dtype=np.int64)
    data[n] = -1
    equations = sparse_rows(data, np.zeros(n + 1, dtype=int), np.arange(n + 1), (1, n + 1))
    cells = cell_set(values, equations)
    level = np.zeros(n + 1)
    level[[3, 77]] = 2
    protection = protect(cells, Levels(level, level), effort=Effort(shrink=1, improve=0))
    assert protection.hidden.sum() == 2


LITTLE = Effort(shrink=1, improve=1, exact=0)


def _busy():
    draw = np.random.default_rng(1)
    inner = draw.integers(1, 50, (8, 8))
    table = np.zeros((9, 9), dtype=np.int64)
    table[:8, :8] = inner
    table[8, :8], table[:8, 8], table[8, 8] = inner.sum(0), inner.sum(1), inner.sum()
    lines = []
    for i in range(9):
        line = np.zeros((9, 9), dtype=np.int64)
        line[i, :8], line[i, 8] = 1, -1
        lines.append(line.ravel())
        line = np.zeros((9, 9), dtype=np.int64)
        line[:8, i], line[8, i] = 1, -1
        lines.append(line.ravel())
    values = table.ravel()
    level = np.where(values < 12, 5.0, 0.0)
    return cell_set(values, rows(*lines)), Levels(level, level)


def test_a_cancel_in_the_middle_ends_with_nothing():
    cells, levels = _busy()
    seen = []
    with pytest.raises(CancelledError):
        protect(
            cells,
            levels,
            progress=lambda stage, done, total: seen.append((stage, done, total)),
            cancelled=lambda: len(seen) > 2,
        )
    assert seen[0][0] == "construct"


def test_a_cancel_after_a_protected_pattern_may_keep_it():
    cells, levels = _busy()
    stages = []
    protection = protect(
        cells,
        levels,
        effort=Effort(improve=2, exact=0, keep_protected=True),
        progress=lambda stage, *_: stages.append(stage),
        cancelled=lambda: "improve" in stages,
    )
    claim = Claim(cells, levels, protection.hidden)
    assert verify(claim, protection.certificate, contributors_who_know(cells, [])) == []


def test_a_cancel_before_one_exists_never_returns_a_pattern():
    cells, levels = _busy()
    with pytest.raises(CancelledError):
        protect(
            cells,
            levels,
            effort=Effort(improve=2, exact=0, keep_protected=True),
            cancelled=lambda: True,
        )


def test_a_certificate_survives_its_file_and_nothing_else_does():
    cells, levels = _busy()
    protection = protect(cells, levels, effort=LITTLE)
    raw = to_bytes(protection.certificate)
    assert to_bytes(from_bytes(raw)) == raw
    for broken in (b"", raw[:-40], b"not a file"):
        with pytest.raises(TamperedError):
            from_bytes(broken)


def test_the_verifier_sees_every_kind_of_tampering():
    from dataclasses import replace

    cells, levels = _busy()
    protection = protect(cells, levels, effort=LITTLE)
    people = contributors_who_know(cells, [])
    claim, good = Claim(cells, levels, protection.hidden), protection.certificate

    def found(**changes):
        return {f.code for f in verify(claim, replace(good, **changes), people)}

    assert found(move=good.move * 1.5) == {"disclosure.verify-bound"} or found(move=good.move * 1.5)
    bent = good.move.copy()
    bent[0] += 0.5
    assert "disclosure.verify-equation" in found(move=bent)
    assert "disclosure.verify-above" in found(rise=good.rise * 0, fall=good.fall * 0)
    assert found(rise=good.rise * 50) >= {"disclosure.verify-bound"}
    assert found(binding="0" * 64) == {"disclosure.certificate-other"}
    assert found(start=good.start[:-1]) == {"disclosure.certificate-broken"}
    published = int(np.flatnonzero(~protection.hidden)[0])
    cell = good.cell.copy()
    cell[0] = published
    assert "disclosure.verify-published-moves" in found(cell=cell)
    other = Claim(cells, levels, protection.hidden & ~levels.unsafe)
    assert "disclosure.verify-shown" in {f.code for f in verify(other, good, people)}


def _dimension(parts):
    return Dimension("d", "t", (Hierarchy("h", parts),))


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"t": ["a"], "a": ["b"], "b": ["a"]}, "disclosure.hierarchy-twice"),
        ({"a": ["b"], "b": ["a"]}, "disclosure.hierarchy-loop"),
        ({"t": ["t"]}, "disclosure.hierarchy-loop"),
        ({"t": []}, "disclosure.hierarchy-empty"),
    ],
)
def test_a_hierarchy_that_is_none_is_refused(parts, code):
    with pytest.raises(DeliveryError) as wrong:
        tables_to_cells([_dimension(parts)], [])
    assert code in codes(wrong)


def test_tables_with_strange_codes_repeats_or_other_values_are_refused():
    d = _dimension({"t": ["a", "b"]})
    with pytest.raises(DeliveryError) as wrong:
        tables_to_cells([d], [Table("x", {"d": ["z"], "e": ["q"]}, np.array([1]))])
    assert codes(wrong) == ["disclosure.table-code", "disclosure.table-dimension"]
    with pytest.raises(DeliveryError) as wrong:
        tables_to_cells([d], [Table("x", {"d": ["a", "a"]}, np.array([1, 1]))])
    assert codes(wrong) == ["disclosure.table-repeats"]
    one, two = Table("x", {"d": ["a"]}, np.array([1])), Table("y", {"d": ["a"]}, np.array([2]))
    with pytest.raises(DeliveryError) as wrong:
        tables_to_cells([d], [one, two])
    assert codes(wrong) == ["disclosure.tables-differ"]
    with pytest.raises(DeliveryError) as wrong:
        tables_to_cells([d], [Table("x", {"d": ["t", "a"]}, np.array([1]))])
    assert codes(wrong) == ["disclosure.table-columns"]


def test_an_earlier_release_that_contradicts_itself_is_refused():
    cells = cell_set(np.array([1, 2, 3]), rows([1, 1, -1]))
    every = np.ones(3, dtype=bool)
    with pytest.raises(DeliveryError) as wrong:
        with_shared(cells, [Shared("first", every, every)])
    assert codes(wrong) == ["disclosure.earlier-reopened"]
    assert "`first`" in wrong.value.sentences(Language.JA)[0]


def test_an_earlier_release_with_other_values_is_refused_by_name():
    cells = cell_set(np.array([1, 2, 3]), rows([1, 1, -1]))
    every = np.ones(3, dtype=bool)
    with pytest.raises(DeliveryError) as wrong:
        with_shared(cells, [Shared("first", every, ~every, np.array([1, 3, 4]))])
    assert "`first` gives 2 cells another value" in str(wrong.value)
    union = with_shared(cells, [Shared("first", every, ~every, cells.values)])
    assert union.must_publish.all()


def test_a_contributor_cannot_know_what_is_not_true():
    cells = cell_set(np.array([1, 2, 3]), rows([1, 1, -1]))
    with pytest.raises(DeliveryError):
        contributors_who_know(cells, [{0: (2, 5)}])
    with pytest.raises(DeliveryError):
        contributors_who_know(cells, [{9: (0, 5)}])


def test_columns_nobody_knows_are_a_mistake_of_the_caller():
    with pytest.raises(TypeError):
        cell_set(np.array([1, 2, 3]), rows([1, 1, -1]), wieght=np.ones(3))
    assert UsageError.exit_code == 2
