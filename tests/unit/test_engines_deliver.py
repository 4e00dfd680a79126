"""What may be delivered, and what each bad file is told."""

import datetime as dt
import hashlib
import re
from dataclasses import replace
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sekisho.engines.duckdb import DuckDBEngine
from sekisho.errors import DeliveryError, ProgrammeError, StorageError
from sekisho.model.dataset import Dataset
from sekisho.ports import Watch
from sekisho.terms import ColumnType, Language, Method
from tests.lib.queries import TITLE, column

VISITS = Dataset(
    "visits",
    TITLE,
    TITLE,
    (
        column("id", ColumnType.INTEGER, required=True, minimum="1"),
        column("firm", required=True),
        column("mode", enum=("air", "sea")),
        column("code", pattern="[A-Z]{2}"),
        column("day", ColumnType.DATE, minimum="2020-01-01", maximum="2020-12-31"),
        column("moment", ColumnType.DATETIME),
        column(
            "hours",
            ColumnType.NUMBER,
            decimals=2,
            minimum="0",
            maximum="168",
            unit_of_measure="h/week",
        ),
        column("remote", ColumnType.BOOLEAN),
    ),
    Method.DISCLOSURE_CONTROL,
    contributor="firm",
    primary_key=("id",),
)
HEADER = "id,firm,mode,code,day,moment,hours,remote\n"
GOOD = HEADER + (
    "1,Ann,air,JP,2020-01-01,2020-01-01T09:00:00+09:00,40.25,true\n"
    '2,"Bert, ""B""",sea,,,2020-06-01 10:00:00,,false\n'
    "3,会社,,KE,2020-12-31,,0.1,\n"
)


@pytest.fixture
def bring(tmp_path):
    """Deliver bytes under a name; gives the facts, or the codes of the faults."""

    def brought(content, name="brought.csv", dataset=VISITS):
        source, target = tmp_path / name, tmp_path / "target.parquet"
        source.write_bytes(content if isinstance(content, bytes) else content.encode())
        target.unlink(missing_ok=True)
        try:
            return DuckDBEngine().deliver(source, dataset, target, Watch())
        except DeliveryError as error:
            faults = error.faults
        assert not target.exists()
        assert all(f.sentence(language) for f in faults for language in Language)
        return [f.code.removeprefix("delivery.") for f in faults]

    brought.folder = tmp_path
    return brought


def parquet(rows, **types):
    import io

    schema = {
        "id": pa.int64(),
        "firm": pa.string(),
        "mode": pa.string(),
        "code": pa.string(),
        "day": pa.date32(),
        "moment": pa.timestamp("us"),
        "hours": pa.float64(),
        "remote": pa.bool_(),
    } | types
    fields = [pa.field(k, v) for k, v in schema.items() if v is not None]
    filled = [{"id": n + 1, "firm": "a", **row} for n, row in enumerate(rows)]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(filled, schema=pa.schema(fields)), sink)
    return sink.getvalue()


def test_a_good_csv_becomes_parquet_with_exact_values(bring):
    facts = bring(GOOD)
    target = bring.folder / "target.parquet"
    assert (facts.rows, facts.bytes) == (3, target.stat().st_size)
    assert facts.digest == hashlib.sha256(target.read_bytes()).hexdigest()
    table = pq.read_table(target).to_pylist()
    assert table[0] == {
        "id": 1,
        "firm": "Ann",
        "mode": "air",
        "code": "JP",
        "day": dt.date(2020, 1, 1),
        "moment": dt.datetime.fromisoformat("2020-01-01"),
        "hours": Decimal("40.25"),
        "remote": True,
    }
    assert table[1]["firm"] == 'Bert, "B"'
    assert table[2]["hours"] == Decimal("0.10")
    assert table[2]["remote"] is None


def test_the_same_csv_gives_the_same_bytes_whatever_its_line_ends_mark_or_column_order(bring):
    first = bring(GOOD).digest
    lines = [line.split(",") for line in HEADER.splitlines()]
    assert lines
    assert bring(GOOD).digest == first
    assert bring("\ufeff" + GOOD).digest == first
    assert bring(GOOD.replace("\n", "\r\n")).digest == first
    turned = "firm,id,mode,code,day,moment,hours,remote\n" + re.sub(
        r'^(\d),("(?:[^"]|"")*"|[^,]*)', r"\2,\1", GOOD[len(HEADER) :], flags=re.MULTILINE
    )
    assert bring(turned).digest == first


def test_a_good_parquet_file_is_kept_byte_by_byte(bring):
    content = parquet([{"hours": 0.1}, {"hours": 167.99, "mode": "sea"}])
    facts = bring(content, "good.parquet")
    assert facts.digest == hashlib.sha256(content).hexdigest()
    assert (facts.rows, facts.bytes) == (2, len(content))


def test_long_integers_keep_every_digit(bring):
    assert bring(HEADER + "9007199254740993,a,,,,,,\n").rows == 1
    assert pq.read_table(bring.folder / "target.parquet")["id"].to_pylist() == [9007199254740993]


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        ("", ["empty"]),
        ("\n\n", ["empty"]),
        (HEADER, ["no-rows"]),
        (HEADER.strip(), ["no-rows"]),
        (HEADER + "1,a,,,,\n", ["few-fields"]),
        (HEADER + "1,a,,,,,,,x\n", ["many-fields"]),
        (HEADER + '1,"a,,,,,,\n2,b,,,,,,\n', ["bad-quotes"]),
        (HEADER + '1,"a"b,,,,,,\n', ["bad-quotes"]),
        (HEADER + "1,a,,,,,,\n2,b", ["few-fields"]),
        (
            HEADER.replace("\n", "\r\n") + "1,a,,,,,,true\r\n2,b,,,,,,true\n3,c,,,,,,true\n",
            ["line-ends"],
        ),
        (GOOD.replace(",", ";"), ["separator"]),
        (GOOD.replace(",", "\t"), ["separator"]),
        (GOOD.encode("utf-16"), ["encoding"]),
        (GOOD.encode("utf-16-le"), ["encoding"]),
        (GOOD.encode("cp932"), ["encoding"]),
        (GOOD.encode("euc_jp"), ["encoding"]),
        (GOOD.encode("iso2022_jp"), ["encoding"]),
        (GOOD.replace("会社", "Société").encode("latin-1"), ["encoding"]),
        (GOOD.encode()[:-10] + "会".encode()[:1], ["truncated-text"]),
        (b"PK\x03\x04rest", ["archive"]),
        (b"\x1f\x8brest", ["archive"]),
        (b"PAR1 and no more", ["damaged-parquet"]),
        (HEADER + "1,a,rail,,,,,\n", ["not-listed"]),
        (HEADER + "1,a,,Jp,,,,\n2,a,,JPN,,,,\n", ["pattern"]),
        (HEADER + "1,a,,,2019-12-31,,,\n", ["outside-range"]),
        (HEADER + "1,a,,,,,168.01,\n", ["outside-range"]),
        (HEADER + "0,a,,,,,,\n", ["below"]),
        (HEADER + "1,a,,,,,0.125,\n", ["too-many-digits"]),
        (HEADER + "1,a,,,,,nan,\n2,a,,,,,inf,\n", ["not-finite"]),
        (HEADER + "1,a,,,2020-02-30,,,\n", ["wrong-type"]),
        (HEADER + "1,a,,,05/06/2020,,,\n", ["wrong-type"]),
        (HEADER + "1,a,,,,noon,,\n", ["wrong-type"]),
        (HEADER + '1,a,,,,,"40,5",\n', ["wrong-type"]),
        (HEADER + "1,a,,,,,,perhaps\n", ["wrong-type"]),
        (HEADER + "1.5,a,,,,,,\n", ["wrong-type"]),
        (HEADER + "x,a,,,,,,\n", ["wrong-type"]),
        (HEADER + "99999999999999999999,a,,,,,,\n", ["wrong-type"]),
        (HEADER + ",a,,,,,,\n", ["missing"]),
        (HEADER + "1,,,,,,,\n", ["no-unit"]),
        (HEADER + "1,a,,,,,,\n1,b,,,,,,\n", ["repeated-key"]),
        (HEADER.replace("mode", "mod") + "1,a,,,,,,\n", ["column-near"]),
        (HEADER.replace("mode", "zebra") + "1,a,,,,,,\n", ["column-unknown", "column-missing"]),
        (HEADER.replace("mode", "code") + "1,a,,,,,,\n", ["column-twice", "column-missing"]),
        (HEADER.replace(",remote", "") + "1,a,,,,,\n", ["column-missing"]),
        (HEADER.replace("\n", ",\n") + "1,a,,,,,,,\n", ["column-unknown"]),
    ],
)
def test_a_bad_csv_is_told_what_is_wrong_with_it(bring, content, codes):
    assert bring(content) == codes


@pytest.mark.parametrize(
    ("rows", "types", "codes"),
    [
        ([], {}, ["no-rows"]),
        ([{"mode": "rail"}], {}, ["not-listed"]),
        ([{"hours": 0.125}], {}, ["too-many-digits"]),
        ([{"hours": float("nan")}, {"hours": float("inf")}], {}, ["not-finite"]),
        ([{"hours": Decimal("0.125")}], {"hours": pa.decimal128(9, 3)}, ["too-many-digits"]),
        ([{"hours": Decimal("168.01")}], {"hours": pa.decimal128(9, 2)}, ["outside-range"]),
        ([{"hours": 169}], {"hours": pa.int32()}, ["outside-range"]),
        ([{"id": None}], {}, ["missing"]),
        ([{"firm": ""}, {"firm": None}], {}, ["no-unit"]),
        ([{"id": 7}, {"id": 7}], {}, ["repeated-key"]),
        ([{"id": 1.5}], {"id": pa.float64()}, ["too-many-digits"]),
        ([{"id": 2**63}], {"id": pa.uint64()}, ["too-large"]),
        ([{"day": dt.date(2021, 1, 1)}], {}, ["outside-range"]),
        ([{"day": "2020-01-01"}], {"day": pa.string()}, ["stored-type"]),
        ([{"mode": 3}], {"mode": pa.int64()}, ["stored-type"]),
        ([{"remote": "yes"}], {"remote": pa.string()}, ["stored-type"]),
        ([{"mode": ["air"]}], {"mode": pa.list_(pa.string())}, ["stored-type"]),
        ([{"firm": "a"}], {"remote": None}, ["column-missing"]),
        ([{"extra": 1}], {"extra": pa.int64()}, ["column-unknown"]),
        ([{"Mode": "air"}], {"mode": None, "Mode": pa.string()}, ["column-near"]),
    ],
)
def test_a_bad_parquet_file_is_told_what_is_wrong_with_it(bring, rows, types, codes):
    assert bring(parquet(rows, **types), "bad.parquet") == codes


def test_damaged_or_truncated_parquet_is_refused_wherever_it_breaks(bring):
    whole = parquet([{"hours": n / 4, "mode": "air"} for n in range(500)])
    for cut in (4, 50, len(whole) // 2, len(whole) - 9, len(whole) - 1):
        assert bring(whole[:cut], "cut.parquet") == ["damaged-parquet"]
    assert bring(b"", "empty.parquet") == ["empty"]
    assert bring(b"nothing of the sort", "odd.parquet") == ["damaged-parquet"]


def test_a_flipped_byte_never_crashes(bring):
    whole = parquet([{"hours": n / 4, "mode": "air"} for n in range(500)])
    for at in range(5, len(whole), len(whole) // 12):
        flipped = bytearray(whole)
        flipped[at] ^= 0x55
        bring(bytes(flipped), "flipped.parquet")


def test_every_fault_is_told_at_once_with_counts_and_without_values(bring):
    rows = "".join(
        f"{n},{'' if n == 3 else 'SECRETFIRM'},{'rail' if n < 3 else ''},jp,2019-01-01,,{n}.125,\n"
        for n in (1, 2, 3, 3)
    )
    source = bring.folder / "many.csv"
    source.write_text(HEADER + rows, encoding="utf-8")
    with pytest.raises(DeliveryError) as refused:
        DuckDBEngine().deliver(source, VISITS, bring.folder / "t.parquet", Watch())
    assert refused.value.sentences() == [
        (
            "many.csv: dataset `visits`, column `firm`: 2 of 4 rows do not say whom they are about; "
            "fill the column in"
        ),
        (
            "many.csv: dataset `visits`, column `mode`: 2 of 4 values are not in the declared list; "
            "correct them, or declare them"
        ),
        "many.csv: dataset `visits`, column `code`: 4 of 4 values do not have the form [A-Z]{2}",
        (
            "many.csv: dataset `visits`, column `day`: 4 of 4 values lie outside 2020-01-01 to "
            "2020-12-31"
        ),
        (
            "many.csv: dataset `visits`, column `hours`: 4 of 4 values have more than 2 digits after "
            "the point; round them, or declare more `decimals`"
        ),
        (
            "many.csv: dataset `visits`: 1 of 4 rows repeat the primary key `id`; leave the repeated "
            "ones out"
        ),
    ]


def test_faults_of_header_lines_and_values_come_together(bring):
    codes = bring(HEADER.replace("mode", "mod") + "0,a,air,,,,,\n2,b\n3,c,,,,,x,\n")
    assert codes == ["column-near", "few-fields", "below", "wrong-type"]


def test_broken_lines_have_their_numbers_and_only_the_first_are_named(bring):
    source = bring.folder / "broken.csv"
    source.write_text(GOOD + "4,d\n" * 30, encoding="utf-8")
    with pytest.raises(DeliveryError) as refused:
        DuckDBEngine().deliver(source, VISITS, bring.folder / "t.parquet", Watch())
    places = [f.place.line for f in refused.value.faults]
    assert places[:20] == list(range(5, 25))
    assert refused.value.faults[20].fields["count"] == 10


@pytest.mark.parametrize(
    ("codec", "said"),
    [
        ("cp932", "SHIFT_JIS"),
        ("euc_jp", "EUC-JP"),
        ("iso2022_jp", "ISO-2022-JP"),
        ("utf-16", "UTF-16"),
    ],
)
def test_a_wrong_encoding_is_named_with_the_command_that_converts_it(bring, codec, said):
    source = bring.folder / "odd.csv"
    source.write_bytes(GOOD.replace("会社", "株式会社アジア貿易のデータ").encode(codec))
    with pytest.raises(DeliveryError) as refused:
        DuckDBEngine().deliver(source, VISITS, bring.folder / "t.parquet", Watch())
    assert f"iconv -f {said} -t UTF-8 odd.csv" in str(refused.value)


def test_rows_without_a_unit_are_taken_when_the_dataset_says_so(bring):
    lenient = replace(
        VISITS,
        missing_unit="exclude",
        columns=tuple(replace(c, required=False) for c in VISITS.columns),
    )
    assert bring(HEADER + "1,,,,,,,\n2,b,,,,,,\n", dataset=lenient).rows == 2


def test_a_limit_that_is_none_is_a_fault_of_the_programme(bring):
    broken = replace(
        VISITS, columns=(*VISITS.columns[:-1], column("remote", ColumnType.DATE, minimum="soon"))
    )
    with pytest.raises(ProgrammeError):
        bring(GOOD.replace("true", "").replace("false", ""), dataset=broken)


def test_a_file_that_is_not_there_is_a_fault(tmp_path):
    with pytest.raises(DeliveryError):
        DuckDBEngine().deliver(tmp_path / "no.csv", VISITS, tmp_path / "t.parquet", Watch())


def test_a_folder_that_takes_nothing_is_a_storage_error_and_leaves_nothing(tmp_path):
    source = tmp_path / "good.csv"
    source.write_text(GOOD, encoding="utf-8")
    target = tmp_path / "missing" / "t.parquet"
    for content in (GOOD.encode(), parquet([{}])):
        source.write_bytes(content)
        with pytest.raises(StorageError):
            DuckDBEngine().deliver(source, VISITS, target, Watch())
    assert not target.parent.exists()


def test_the_shipped_sample_is_delivered_whole(tmp_path):
    from pathlib import Path

    from sekisho.programmes.read import read_programme

    programme = Path(__file__).resolve().parents[2] / "programmes" / "cross-border-ecommerce"
    sample = programme / "sample" / "deliveries.parquet"
    dataset = read_programme(programme).dataset("deliveries")
    facts = DuckDBEngine().deliver(sample, dataset, tmp_path / "t.parquet", Watch())
    assert facts.rows == 10_324
