"""The engine's bounding query gives the oracle's integers, and no unit moves them too far."""

from decimal import Decimal

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.lanes.statistics.privacy.bounds import PRECISION_ONE
from sekisho.query.bound import Amount, AmountKind, Bound, BoundGroup, BoundLevel, BoundVector
from sekisho.query.bound_evaluate import evaluate_bound
from sekisho.query.expressions import ColumnRef, Type
from sekisho.query.plan import Scan
from sekisho.terms import ColumnType
from tests.lib.privacy import run_bound

WHOLE = Type(ColumnType.INTEGER, nullable=True)
TEXT = Type(ColumnType.STRING, nullable=True)
SCAN = Scan("t", ())
G0, G1 = ColumnRef("g0", WHOLE), ColumnRef("g1", TEXT)
A0, A1 = ColumnRef("a0", WHOLE), ColumnRef("a1", TEXT)
LISTED = (BoundGroup("day", G0, (1, 2, 3, 4)), BoundGroup("pref", G1, ("x", "y", "it's")))
FOUND = (BoundGroup("day", G0, None), BoundGroup("pref", G1, None))

rows = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(0, 3)),
        st.one_of(st.none(), st.integers(0, 5)),
        st.sampled_from([None, "x", "y", "it's", "unlisted"]),
        st.one_of(st.none(), st.integers(-(2**40), 2**40), st.integers(-3, 3)),
        st.sampled_from([None, "p", "q", "r"]),
    ),
    max_size=40,
)
S = 195_000_000


def amount(kind, limit=2**30):
    argument = {AmountKind.SUM: A0, AmountKind.VALUES: A1}.get(kind)
    return Amount(kind, argument, lower=-5, upper=2**35, limit=limit, factor=3)


def vector(kinds, levels, *, squared=True, limit=2**30):
    allowance = PRECISION_ONE * (S * S if squared else S)
    full = 2 * PRECISION_ONE
    scale = int((allowance // full) ** 0.5) if squared else allowance // full
    return BoundVector(
        tuple(amount(k, limit) for k in kinds),
        levels,
        squared,
        allowance,
        full,
        scale,
        edges=(1, PRECISION_ONE, 4 * PRECISION_ONE, 2**60),
    )


TOP = (BoundLevel((0, 1), PRECISION_ONE),)
ALL = tuple(BoundLevel(g, p) for g, p in [((0, 1), 32768), ((0,), 16384), ((1,), 8192), ((), 8192)])
K = AmountKind
BOUNDS = {
    "units a group": Bound(SCAN, "#unit", LISTED, (vector([K.PRESENT], TOP),)),
    "rows and sums with one weight": Bound(
        SCAN, "#unit", LISTED, (vector([K.ROWS, K.SUM], TOP), vector([K.VALUES], TOP))
    ),
    "very large sums": Bound(SCAN, "#unit", LISTED, (vector([K.SUM], TOP, limit=2**40),)),
    "every level": Bound(SCAN, "#unit", LISTED, (vector([K.PRESENT, K.ROWS, K.SUM], ALL),)),
    "pure epsilon": Bound(SCAN, "#unit", LISTED, (vector([K.ROWS, K.SUM], ALL, squared=False),)),
    "sampled groups": Bound(SCAN, "#unit", LISTED, (vector([K.ROWS], ALL),), cap=2, seed="s"),
    "groups from the data": Bound(
        SCAN, "#unit", FOUND, (vector([K.PRESENT, K.SUM], TOP),), cap=3, seed="s"
    ),
    "no groups at all": Bound(
        SCAN, "#unit", (), (vector([K.PRESENT, K.SUM], (BoundLevel((), PRECISION_ONE),)),)
    ),
}


def projected(bound, data):
    """The rows as `projection(bound)` orders them, and the SQL that gives them."""
    columns = ['"#unit"', *(f"g{n}" for n in range(len(bound.groups)))]
    order = {A0: "a0", A1: "a1"}
    columns += [f"{order[a]} AS b{n}" for n, a in enumerate(bound.arguments)]
    names = ['"#unit"', *(f"g{n}" for n in range(len(bound.groups)))]
    names += [f"b{n} AS a{n}" for n in range(len(bound.arguments))]
    sql = f"SELECT {', '.join(names)} FROM (SELECT {', '.join(columns)} FROM t)"
    places = [0, *range(1, 1 + len(bound.groups)), *(3 + (a == A1) for a in bound.arguments)]
    return sql, [tuple(row[p] for p in places) for row in data]


def same(left, right):
    assert tuple(left.found) == tuple(right.found)
    assert left.blocks.keys() == right.blocks.keys()
    for key in left.blocks:
        assert (left.blocks[key] == right.blocks[key]).all()
    for key in left.histograms:
        assert (left.histograms[key] == right.histograms[key]).all()


@pytest.mark.parametrize("name", BOUNDS)
@settings(max_examples=6)
@given(data=rows)
def test_duckdb_gives_the_integers_of_plain_python(name, data):
    bound = BOUNDS[name]
    connection = duckdb.connect(config={"threads": 1})
    connection.execute('CREATE TABLE t ("#unit" INT, g0 INT, g1 VARCHAR, a0 BIGINT, a1 VARCHAR)')
    if data:
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", data)
    sql, source = projected(bound, data)
    same(run_bound(bound, sql, connection), evaluate_bound(bound, source))


@pytest.mark.parametrize("name", [n for n in BOUNDS if n != "groups from the data"])
@given(data=rows)
def test_no_unit_moves_the_sums_by_more_than_its_bound(name, data):
    bound = BOUNDS[name]
    _, source = projected(bound, data)
    whole = evaluate_bound(bound, source)
    for unit in {row[0] for row in data}:
        less = evaluate_bound(bound, [row for row in source if row[0] != unit])
        for number, clipped in enumerate(bound.vectors):
            moved = 0
            for at, level in enumerate(clipped.levels):
                apart = whole.blocks[number, at] - less.blocks[number, at]
                sizes = [int(x) ** 2 if clipped.squared else abs(int(x)) for x in apart.flat]
                moved += level.precision * sum(sizes)
            assert moved <= clipped.allowance
            counted = whole.histograms[number] - less.histograms[number]
            assert np.abs(counted).sum() <= 1


@given(data=rows)
def test_rows_without_a_unit_change_nothing(data):
    bound = BOUNDS["every level"]
    _, source = projected(bound, data)
    same(
        evaluate_bound(bound, source),
        evaluate_bound(bound, [row for row in source if row[0] is not None]),
    )


def test_decimals_count_in_steps_of_their_last_digit():
    money = ColumnRef("a0", Type(ColumnType.NUMBER, decimals=2))
    bound = Bound(
        SCAN,
        "#unit",
        (),
        (
            BoundVector(
                (Amount(AmountKind.SUM, money, lower=0, upper=500),),
                (BoundLevel((), PRECISION_ONE),),
                squared=True,
                allowance=10**30,
                full=10**30,
                scale=1,
            ),
        ),
    )
    sql = 'SELECT 1 AS "#unit", unnest([125, 700, -300, NULL]) AS a0'
    assert run_bound(bound, sql, duckdb.connect()).blocks[0, 0].tolist() == [[625]]
    rows = [(1, Decimal("1.25")), (1, Decimal(7)), (1, Decimal(-3)), (1, None)]
    assert evaluate_bound(bound, rows).blocks[0, 0].tolist() == [[625]]
