"""A quantile's sums from sorted rows are the oracle's integers, or they are not made."""

from dataclasses import replace

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.engines.bounding_sorted import rows_that_fit, sorted_sums
from sekisho.lanes.statistics.privacy.bounds import PRECISION_ONE
from sekisho.query.bound import Amount, AmountKind, Bound, BoundGroup, BoundLevel, BoundVector
from sekisho.query.bound_evaluate import evaluate_bound
from sekisho.query.bound_keys import render_keys
from sekisho.query.expressions import ColumnRef, Type
from sekisho.query.grids import Grid, grid_between
from sekisho.query.plan import Scan
from sekisho.terms import ColumnType

WHOLE = Type(ColumnType.INTEGER, nullable=True)
G0, A0 = ColumnRef("g0", WHOLE), ColumnRef("a0", WHOLE)
DAYS = (BoundGroup("day", G0, (3, 4, 5)), BoundGroup("kind", ColumnRef("g1", WHOLE), (7, 9)))
S = 6_000_000
GRIDS = {
    "every number": grid_between(-3, 90, 128),
    "equally wide": grid_between(-5000, 4999, 250),
    "in proportion": grid_between(0, 10**6, 250),
    "one bin": Grid(0, 0),
}
rows = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(-2, 2), st.just(2**30)),
        st.one_of(st.none(), st.integers(3, 6)),
        st.sampled_from([7, 9, 8]),
        st.one_of(st.none(), st.integers(-6000, 2 * 10**6), st.integers(-3, 40)),
    ),
    max_size=40,
)


def bound_of(grid: Grid, *, squared: bool = True) -> Bound:
    allowance, full = PRECISION_ONE * (S * S if squared else S), 2 * PRECISION_ONE
    scale = int((allowance // full) ** 0.5) if squared else allowance // full
    vector = BoundVector(
        (Amount(AmountKind.ROWS, A0, limit=2**40),),
        (BoundLevel((0, 1), PRECISION_ONE),),
        squared,
        allowance,
        full,
        scale,
        edges=(1, PRECISION_ONE, 4 * PRECISION_ONE, 2**62),
        grid=grid,
    )
    return Bound(Scan("t", ()), "#unit", DAYS, (vector,))


def given_rows(bound: Bound, data, unit: str = "INT"):
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(f'CREATE TABLE t ("#unit" {unit}, g0 INT, g1 INT, a0 BIGINT)')
    if data:
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", data)
    return connection.sql(render_keys(bound, 100, "SELECT * FROM t")).to_arrow_table()


def same(left, right) -> bool:
    blocks = (left.blocks[0, 0] == right.blocks[0, 0]).all()
    return bool(blocks and (left.histograms[0] == right.histograms[0]).all())


@pytest.mark.parametrize("squared", [True, False])
@pytest.mark.parametrize("name", GRIDS)
@settings(max_examples=12)
@given(data=rows)
def test_sorted_rows_give_the_integers_of_plain_python(name, squared, data):
    bound = bound_of(GRIDS[name], squared=squared)
    found = sorted_sums(bound, given_rows(bound, data), 100, None)
    assert found is not None
    assert same(found, evaluate_bound(bound, data))


@settings(max_examples=12)
@given(data=rows, full=st.integers(1, 9))
def test_a_bound_that_is_settled_on_the_way_weighs_alike(data, full):
    closed = bound_of(GRIDS["in proportion"])
    vector = closed.vectors[0]
    size, scale = full * PRECISION_ONE, int((vector.allowance // (full * PRECISION_ONE)) ** 0.5)
    closed = replace(closed, vectors=(replace(vector, full=size, scale=scale),))
    opened = replace(closed, vectors=(replace(vector, full=0, scale=0),))
    found = sorted_sums(opened, given_rows(opened, data), 100, lambda _sizes: closed)
    assert found is not None
    assert same(found, evaluate_bound(closed, data))


def test_what_cannot_be_sorted_exactly_is_not():
    bound = bound_of(GRIDS["every number"])
    many = [(1, 3, 7, 1)] * 3
    assert sorted_sums(bound, given_rows(bound, many), 2, None) is None
    far = [(-(2**62), 3, 7, 1), (2**62, 3, 7, 1)]
    assert sorted_sums(bound, given_rows(bound, far, "BIGINT"), 100, None) is None
    named = [("a", 3, 7, 1)]
    assert sorted_sums(bound, given_rows(bound, named, "VARCHAR"), 100, None) is None
    heavy = replace(bound, vectors=(replace(bound.vectors[0], allowance=PRECISION_ONE * 2**121),))

    def settle(_sizes):
        raise AssertionError("noise is drawn for what is not made")

    assert sorted_sums(heavy, given_rows(heavy, many), 9, settle) is None


def test_only_one_quantile_alone_is_sorted():
    bound = bound_of(GRIDS["every number"])
    assert rows_that_fit(bound, 240) == 10 * 2**20
    assert rows_that_fit(replace(bound, vectors=bound.vectors * 2), 240) == 0
    assert rows_that_fit(replace(bound, cap=2), 240) == 0
    assert rows_that_fit(replace(bound, vectors=(replace(bound.vectors[0], grid=None),)), 240) == 0
