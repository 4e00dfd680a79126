"""A small dataset of firms, one of people, a look-up, and rows of them as Parquet files."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sekisho.engines.duckdb import DuckDBEngine
from sekisho.engines.reference import ReferenceEngine
from sekisho.errors import QueryError
from sekisho.model.dataset import Column, Dataset, Lookup, Sensitivity
from sekisho.model.text import Text
from sekisho.ports import Cells, Sources, Watch
from sekisho.query.parse import parse
from sekisho.terms import ColumnType, Method

TITLE = Text("x", "x")
ENGINES = (ReferenceEngine(), DuckDBEngine())
ARROW = {
    ColumnType.STRING: pa.string(),
    ColumnType.INTEGER: pa.int64(),
    ColumnType.DATE: pa.date32(),
    ColumnType.DATETIME: pa.timestamp("us"),
    ColumnType.BOOLEAN: pa.bool_(),
}


def column(name, kind=ColumnType.STRING, **more):
    return Column(name, kind, TITLE, **more)


SALES = Dataset(
    "sales",
    TITLE,
    TITLE,
    (
        column("id", ColumnType.INTEGER, required=True),
        column("firm", required=True),
        column("parent", sensitivity=Sensitivity.IDENTIFYING),
        column("owner", sensitivity=Sensitivity.IDENTIFYING),
        column("region"),
        column("kind"),
        column("day", ColumnType.DATE),
        column("moment", ColumnType.DATETIME),
        column("size", ColumnType.INTEGER),
        column("amount", ColumnType.NUMBER, decimals=2),
        column("online", ColumnType.BOOLEAN),
    ),
    Method.DISCLOSURE_CONTROL,
    contributor="firm",
    not_contributors=("the depot", "it's us"),
    primary_key=("id",),
)
GROUPS_OF_FIRMS = replace(SALES, id="held_sales", holding="parent")
PEOPLE = Dataset(
    "people",
    TITLE,
    TITLE,
    (
        column("person", required=True),
        column("age", ColumnType.INTEGER),
        column("spent", ColumnType.NUMBER, decimals=2),
        column("day", ColumnType.DATE),
        column("name", sensitivity=Sensitivity.IDENTIFYING),
    ),
    Method.DIFFERENTIAL_PRIVACY,
    privacy_unit="person",
)
VISITS = replace(PEOPLE, id="visits")
REGIONS = Lookup(
    "regions",
    TITLE,
    "regions.csv",
    (column("code"), column("name"), column("rank", ColumnType.INTEGER)),
    "code",
    "",
    "",
)
DATASETS = (SALES, GROUPS_OF_FIRMS, PEOPLE, VISITS)
REGIONS_CSV = "code,name,rank\nN,North,1\nS,South,2\nO,大阪,\n"


def read(sql):
    return parse(sql, DATASETS, (REGIONS,), "plan.sql")


def faults_of(sql):
    """The codes of what is wrong with some SQL, with line and column."""
    try:
        read(sql)
    except QueryError as error:
        return [(f.code.removeprefix("query."), f.place.line, f.place.column) for f in error.faults]
    return []


def codes_of(sql):
    return [code for code, _, _ in faults_of(sql)]


def write_rows(folder, rows, dataset=SALES, name="rows.parquet", *, inexact=False):
    """Rows (dicts; what is not named is missing) as a delivery of a dataset."""
    number = pa.float64() if inexact else pa.decimal128(18, 2)
    schema = pa.schema(
        [
            (c.name, number if c.type is ColumnType.NUMBER else ARROW[c.type])
            for c in dataset.columns
        ]
    )
    filled = []
    for n, row in enumerate(rows):
        whole = {"id": n, "person": "p", **dict(row)}
        amounts = {
            c.name: float(whole[c.name]) if inexact else Decimal(whole[c.name])
            for c in dataset.columns
            if c.type is ColumnType.NUMBER and whole.get(c.name) is not None
        }
        filled.append({c.name: whole.get(c.name) for c in dataset.columns} | amounts)
    target = Path(folder) / name
    pq.write_table(pa.Table.from_pylist(filled, schema=schema), target)
    return target


def sources_of(folder, rows, *, dataset=SALES, inexact=False):
    """Sources with one dataset and the look-up of regions."""
    path = write_rows(folder, rows, dataset, inexact=inexact)
    lookup = Path(folder) / "regions.csv"
    lookup.write_text(REGIONS_CSV, encoding="utf-8")
    return Sources({dataset.id: (dataset, (path,))}, {REGIONS.id: (REGIONS, lookup)})


def cells_of(engine, sql, sources, top=3):
    contributor = next(iter(sources.datasets.values()))[0].contributor
    return engine.contributions(read(sql).aggregate, sources, contributor, top, Watch())


def same_cells(one: Cells, other: Cells):
    """Whether two engines counted the same, to the last integer."""
    arrays = ("totals", "rows", "contributors", "top", "top_contributors")
    return (
        one.group_columns == other.group_columns
        and one.groups == other.groups
        and one.decimals == other.decimals
        and all(np.array_equal(getattr(one, a), getattr(other, a)) for a in arrays)
    )


def table_of(cells):
    """Cells as a dict from group values to (total, rows, contributors, largest)."""
    return {
        groups: (int(t), int(n), int(c), tuple(int(x) for x in top if x))
        for groups, t, n, c, top in zip(
            cells.groups, cells.totals, cells.rows, cells.contributors, cells.top, strict=True
        )
    }


def sale(firm, amount, *, region="N", kind="a", day=date(2020, 5, 17), **more):
    return {"firm": firm, "amount": amount, "region": region, "kind": kind, "day": day, **more}


def rows_from(text, dataset=SALES):
    """Rows from a table drawn in text: a header, then one line a row; an empty field is missing."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    names = [name.strip() for name in lines[0].split("|")]
    return [
        {
            name: _value(dataset.column(name).type, field.strip())
            for name, field in zip(names, line.split("|"), strict=True)
            if field.strip()
        }
        for line in lines[1:]
    ]


def _value(kind, field):
    readers = {
        ColumnType.INTEGER: int,
        ColumnType.DATE: date.fromisoformat,
        ColumnType.BOOLEAN: lambda f: f == "yes",
    }
    return readers.get(kind, str)(field)
