"""How long a delivery takes against DuckDB's own read of the same file into a table.

The rows have the shape of the shipped sample (31 columns): its lines repeated with new line
numbers, shifted dates and changed values. Each measurement runs in a process of its own, ours and
DuckDB's in turn, with the same number of threads. Limit: 1.5 times DuckDB's time.

    python benchmarks/load.py [--quick] [--json FILE]
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAMME = ROOT / "programmes" / "cross-border-ecommerce"
SAMPLE = PROGRAMME / "sample" / "deliveries.parquet"
LIMIT = 1.5


def files_in(folder: Path) -> dict[str, Path]:
    return {"parquet": folder / "rows.parquet", "csv": folder / "rows.csv"}


def generate(rows: int, folder: Path) -> None:
    """The same rows as Parquet and as CSV, in a process of its own: peak memory is inherited."""
    import duckdb

    files = files_in(folder)
    connection = duckdb.connect(config={"threads": 2, "memory_limit": "3GB"})
    lines = connection.sql(f"SELECT count(*) FROM '{SAMPLE}'").fetchall()[0][0]
    copies = -(-rows // lines)
    connection.execute(
        f"""
        COPY (
          SELECT row_number() OVER () AS line_id, s.* EXCLUDE (line_id) REPLACE (
            round(value_usd * (1 + (r.range % 97) / 100), 2) AS value_usd,
            delivered_date + CAST(r.range % 28 AS INTEGER) AS delivered_date
          )
          FROM range({copies}) AS r, '{SAMPLE}' AS s LIMIT {rows}
        ) TO '{files["parquet"]}' (FORMAT parquet)
        """
    )
    connection.execute(f"COPY (FROM '{files['parquet']}') TO '{files['csv']}' (HEADER)")
    connection.close()


def read_with_duckdb(source: Path, threads: int) -> None:
    import duckdb

    connection = duckdb.connect(config={"threads": threads})
    connection.execute(f"CREATE TABLE t AS FROM '{source}'")


def child(action: str, source: Path, threads: int) -> None:
    """One measurement; imports and the programme's declaration come before the clock starts."""
    from sekisho.engines.duckdb import DuckDBEngine
    from sekisho.engines.duckdb.session import Limits
    from sekisho.ports import Watch
    from sekisho.programmes.read import read_programme

    dataset = read_programme(PROGRAMME).dataset("deliveries")
    target = source.with_name("delivered.parquet")
    started = time.perf_counter()
    if action == "duckdb":
        read_with_duckdb(source, threads)
    else:
        DuckDBEngine(Limits(threads=threads)).deliver(source, dataset, target, Watch())
    seconds = time.perf_counter() - started
    target.unlink(missing_ok=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mib": peak}))


def measure(action: str, source: Path, threads: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", action, str(source), "--threads", str(threads)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def compare(source: Path, threads: int, repeats: int) -> dict[str, float]:
    runs: dict[str, list[dict[str, float]]] = {"duckdb": [], "sekisho": []}
    for _ in range(repeats):
        for action, found in runs.items():
            found.append(measure(action, source, threads))
    seconds = {a: statistics.median(r["seconds"] for r in found) for a, found in runs.items()}
    peaks = {a: max(r["peak_mib"] for r in found) for a, found in runs.items()}
    return {
        "bytes": source.stat().st_size,
        "duckdb_s": seconds["duckdb"],
        "sekisho_s": seconds["sekisho"],
        "ratio": seconds["sekisho"] / seconds["duckdb"],
        "duckdb_peak_mib": peaks["duckdb"],
        "sekisho_peak_mib": peaks["sekisho"],
    }


def show(figures: dict[str, object], rows: int) -> None:
    print(f"{rows:,} rows, 31 columns, full validation; limit {LIMIT} x DuckDB's read into a table")
    print(f"{'file':8} {'MiB':>7} {'DuckDB s':>9} {'Sekisho s':>10} {'ratio':>6} {'peak MiB':>9}")
    for name, f in figures.items():
        print(
            f"{name:8} {f['bytes'] / 2**20:7.0f} {f['duckdb_s']:9.2f} {f['sekisho_s']:10.2f} "
            f"{f['ratio']:6.2f} {f['sekisho_peak_mib']:9.0f}"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="500,000 rows, one repetition")
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--child", nargs=2, metavar=("ACTION", "FILE"), help=argparse.SUPPRESS)
    parser.add_argument("--generate", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.generate:
        generate(asked.rows, asked.generate)
        return 0
    if asked.child:
        child(asked.child[0], Path(asked.child[1]), asked.threads)
        return 0
    rows = asked.rows or (500_000 if asked.quick else 10_000_000)
    with tempfile.TemporaryDirectory(prefix="sekisho-load-") as folder:
        command = [sys.executable, __file__, "--generate", folder, "--rows", str(rows)]
        subprocess.run(command, check=True)
        repeats = 1 if asked.quick else 3
        figures = {
            name: compare(file, asked.threads, repeats)
            for name, file in files_in(Path(folder)).items()
        }
    show(figures, rows)
    if asked.json:
        asked.json.write_text(
            json.dumps({"benchmark": "load", "rows": rows, "limit": LIMIT, **figures}, indent=2)
        )
    # Half a million rows are opened and closed more than read: too few to judge by.
    return 0 if asked.quick or all(f["ratio"] <= LIMIT for f in figures.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
