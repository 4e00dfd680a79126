"""What is brought as CSV comes back from the delivery unchanged, value by value."""

import csv
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from sekisho.engines.duckdb import DuckDBEngine
from sekisho.engines.encoding import find_not_utf8
from sekisho.ports import Watch
from tests.lib.queries import SALES

TEXTS = st.one_of(
    st.none(),
    st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1),
    st.sampled_from(
        ["NULL", "null", "NaN", "1_000", " x ", "0x1F", '"', ",", "\n", "true", "東京", "#a", "\\N"]
    ),
)
NAIVE = datetime(1900, 1, 1, tzinfo=UTC).replace(tzinfo=None)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "firm": st.text("abc東", min_size=1),
            "parent": TEXTS,
            "owner": TEXTS,
            "region": TEXTS,
            "kind": TEXTS,
            "day": st.one_of(st.none(), st.dates(date(1, 1, 1))),
            "moment": st.one_of(st.none(), st.datetimes(NAIVE)),
            "size": st.one_of(
                st.none(), st.integers(-(2**63) + 1, 2**63 - 1), st.integers(-99, 99)
            ),
            "amount": st.one_of(st.none(), st.decimals(-(10**13), 10**13, places=2)),
            "online": st.one_of(st.none(), st.booleans()),
        }
    ),
    min_size=1,
    max_size=20,
)


def said(value):
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


@given(ROWS)
def test_a_delivered_csv_holds_the_very_values_that_were_brought(rows):
    rows = [{"id": n, **row} for n, row in enumerate(rows)]
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "rows.csv", Path(folder) / "target.parquet"
        with source.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
            writer.writerow([c.name for c in SALES.columns])
            writer.writerows([[said(row[c.name]) for c in SALES.columns] for row in rows])
        facts = DuckDBEngine().deliver(source, SALES, target, Watch())
        kept = pq.read_table(target).to_pylist()
    assert facts.rows == len(rows)
    assert kept == [{c.name: row[c.name] for c in SALES.columns} for row in rows]


@given(st.binary(max_size=300), st.integers(1, 64))
def test_the_first_bad_byte_is_found_as_pythons_decoder_finds_it(content, chunk):
    from sekisho.engines import encoding

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "x"
        file.write_bytes(content)
        before = encoding.CHUNK
        encoding.CHUNK = chunk
        try:
            found = find_not_utf8(file)
        finally:
            encoding.CHUNK = before
    other = found is not None and found.looks_like in ("UTF-16", "UTF-32", "ISO-2022-JP")
    assert other or (found and found.line) == first_bad_line(content)


def first_bad_line(content):
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return content[: error.start].count(b"\n") + 1
    return None
