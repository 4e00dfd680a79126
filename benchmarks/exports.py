"""How long each format of a release of a million cells takes, beside its bare library.

The library gets the same cells as plain values, made ready before its clock starts, and writes the
same things as fast as its own manual says. Memory is what the process grows by at its largest while
the format writes, beside the table that it writes.
"""

import argparse
import csv
import json
import multiprocessing
import resource
import tempfile
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from pathlib import Path

from sekisho.formats.csv import CSV
from sekisho.formats.json import JSON
from sekisho.formats.parquet import PARQUET
from sekisho.formats.release_book import ReleaseBook
from sekisho.formats.sdmx_data import SdmxCsv, SdmxMl
from sekisho.gate.bundle import bundle_pieces
from sekisho.model.table import SUPPRESSED, Row, Suppressed, Table, TableDimension
from sekisho.model.text import Text
from sekisho.terms import Language

ABOUT = {"method": "disclosure-control", "made": "2026-11-22T00:00:00Z", "release": "b.t.r1"}
TARGET = 1.5


def table_of(cells: int) -> Table:
    """Three dimensions of a hundred groups each, every seventh cell hidden."""

    def dimension(name: str) -> TableDimension:
        title = Text(name, name)
        return TableDimension(name, title, (name,), (title,), Text("All", "計"))

    groups = [None, *(f"G{number:02d}" for number in range(99))]
    rows = tuple(
        Row(
            (groups[n // 10_000], groups[n // 100 % 100], groups[n % 100]),
            SUPPRESSED if n % 7 == 3 else Decimal(n * 37 % 9_999_999).scaleb(-2),
        )
        for n in range(cells)
    )
    dimensions = tuple(dimension(name) for name in ("region", "branch", "year"))
    one = Text("Value", "値")
    return Table("t", one, dimensions, "value", one, Text("yen", "円"), 2, rows)


def values_of(table: Table) -> list[tuple[str, str, str, Decimal | None, str]]:
    """The same cells as plain values."""
    return [
        (
            *("TOTAL" if group is None else group for group in row.groups),
            *(
                (None, "confidential")
                if isinstance(row.cell, Suppressed)
                else (row.cell, "published")
            ),
        )
        for row in table
    ]


def bare_csv(values: list, target: Path) -> None:
    with target.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(values)


def bare_json(values: list, target: Path) -> None:
    rows = [
        {"groups": [a, b, c], "cell": {"status": s} if v is None else {"value": str(v)}}
        for a, b, c, v, s in values
    ]
    begun = time.process_time()
    with target.open("w", encoding="utf-8") as file:
        file.write(json.dumps(rows, separators=(",", ":")))
    bare_json.seconds = time.process_time() - begun


def bare_parquet(values: list, target: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = [pa.string(), pa.string(), pa.string(), pa.decimal128(38, 2), pa.string()]
    columns = [pa.array(c, k) for c, k in zip(zip(*values, strict=True), kinds, strict=True)]
    pq.write_table(pa.table(columns, names=list("abcvs")), target, compression="zstd")


def bare_xlsx(values: list, target: Path) -> None:
    from xlsxwriter import Workbook

    with Workbook(str(target), {"constant_memory": True}) as book:
        text = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
        number = book.add_format({"valign": "top", "num_format": "#,##0.00"})
        sheet = book.add_worksheet()
        for line, row in enumerate(values, 1):
            for column, value in enumerate(row):
                if column == 3 and value is not None:
                    sheet.write_number(line, column, float(value), number)
                else:
                    sheet.write_string(line, column, value or "confidential", text)


def _pysdmx(values: list) -> list:
    """What pysdmx writes from: a frame with its structure, made before the clock starts."""
    import pandas as pd
    from pysdmx.io.pd import PandasDataset
    from pysdmx.model import Component, Components, Concept, DataType, Role, Schema

    def one(name: str, role: Role, kind: DataType = DataType.STRING) -> Component:
        level = "O" if role is Role.ATTRIBUTE else None
        return Component(
            name, role is Role.DIMENSION, role, Concept(name), kind, attachment_level=level
        )

    names = ["REGION", "BRANCH", "YEAR", "OBS_VALUE", "OBS_STATUS", "CONF_STATUS", "UNIT_MEASURE"]
    roles = [Role.DIMENSION] * 3 + [Role.MEASURE] + [Role.ATTRIBUTE] * 3
    parts = [
        one(n, r, DataType.DECIMAL if r is Role.MEASURE else DataType.STRING)
        for n, r in zip(names, roles, strict=True)
    ]
    rows = [
        (a, b, c, v, "Q" if v is None else "A", "C" if v is None else "F", "U")
        for a, b, c, v, _ in values
    ]
    schema = Schema("datastructure", "B", "DSD_T", components=Components(parts), version="1.0.0")
    return [PandasDataset(structure=schema, data=pd.DataFrame(rows, columns=names))]


def bare_sdmx_ml(values: list, target: Path) -> None:
    from pysdmx.io.xml.sdmx30.writer.structure_specific import write

    data = _pysdmx(values)
    begun = time.process_time()
    write(data, target)
    bare_sdmx_ml.seconds = time.process_time() - begun


def bare_sdmx_csv(values: list, target: Path) -> None:
    from pysdmx.io.csv.sdmx21.writer import write

    data = _pysdmx(values)
    begun = time.process_time()
    write(data, output_path=target)
    bare_sdmx_csv.seconds = time.process_time() - begun


FORMATS: dict[str, tuple[object, Callable]] = {
    "csv": (CSV, bare_csv),
    "json": (JSON, bare_json),
    "parquet": (PARQUET, bare_parquet),
    "xlsx": (ReleaseBook(Language.EN), bare_xlsx),
    "sdmx-ml": (SdmxMl(), bare_sdmx_ml),
    "sdmx-csv": (SdmxCsv(), bare_sdmx_csv),
}


def peak_mb(*, anew: bool = False) -> float:
    """The most memory that this process has held; where Linux lets us, since the last `anew`."""
    resets, status = Path("/proc/self/clear_refs"), Path("/proc/self/status")
    if not resets.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if anew:
        resets.write_text("5", encoding="ascii")
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) / 1024


def measured(name: str, cells: int) -> dict[str, float]:
    """Both writers of one format in a process of their own, so that memory tells of them alone."""
    ours, bare = FORMATS[name]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        table = table_of(cells)
        ours.write(table_of(1000), folder / "warm", ABOUT)
        held = peak_mb(anew=True)
        begun = time.process_time()
        ours.write(table, folder / "ours", ABOUT)
        seconds, grown = time.process_time() - begun, peak_mb() - held
        values = values_of(table)
        begun = time.process_time()
        bare(values, folder / "bare")
        other = getattr(bare, "seconds", None) or time.process_time() - begun
        size = (folder / "ours").stat().st_size / 1e6
    return {"seconds": seconds, "bare_seconds": other, "grown_mb": grown, "size_mb": size}


def measured_zip(cells: int) -> dict[str, float]:
    """The archive beside the library packing the same files."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "b.t.r1"
        folder.mkdir()
        table = table_of(cells)
        for ours, suffix in ((CSV, ".csv"), (JSON, ".json"), (SdmxMl(), ".xml")):
            ours.write(table, folder / f"t{suffix}", ABOUT)
        for name in ("manifest.json", "entry.json", "proof.tlog-proof"):
            (folder / name).write_text("{}", encoding="utf-8")
        held, begun = peak_mb(anew=True), time.process_time()
        with (Path(place) / "ours.zip").open("wb") as file:
            for piece in bundle_pieces(folder):
                file.write(piece)
        seconds, grown = time.process_time() - begun, peak_mb() - held
        begun = time.process_time()
        with zipfile.ZipFile(Path(place) / "bare.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(folder.iterdir()):
                archive.write(file)
        other = time.process_time() - begun
        size = (Path(place) / "ours.zip").stat().st_size / 1e6
    return {"seconds": seconds, "bare_seconds": other, "grown_mb": grown, "size_mb": size}


def run(name: str, cells: int) -> dict[str, float]:
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=spawn) as pool:
        if name == "zip":
            found = pool.submit(measured_zip, cells).result()
        else:
            found = pool.submit(measured, name, cells).result()
    found["ratio"] = found["seconds"] / found["bare_seconds"]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the cells")
    parser.add_argument("--only", nargs="*", choices=[*FORMATS, "zip"])
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    cells = 100_000 if asked.quick else 1_000_000
    figures = {}
    print(f"{cells:,} cells; CPU seconds; target at most {TARGET}x of the bare library")
    for name in asked.only or [*FORMATS, "zip"]:
        figures[name] = each = run(name, cells)
        print(
            f"{name:9} {each['seconds']:7.2f} s   bare {each['bare_seconds']:7.2f} s   "
            f"{each['ratio']:5.2f}x   +{each['grown_mb']:6.1f} MB   file {each['size_mb']:7.1f} MB",
            flush=True,
        )
    if asked.json:
        asked.json.write_text(json.dumps({"cells": cells, "formats": figures}, indent=1))


if __name__ == "__main__":
    main()
