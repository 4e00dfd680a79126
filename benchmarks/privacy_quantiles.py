"""Private medians: how wrong they are on device-days, and what they cost beside DuckDB's own.

Error: daily medians of the farthest distance from home, one device protected over all days
together, from a Parquet file of (device_id, date, max_distance_km); every run draws anew over the
same sums, and is compared with the medians of all rows. Peers draw theirs over the same rows, from
environments of their own in `--peers FOLDER/<name>/bin/python`; where one is absent it is skipped.

Cost: medians by 2,000 areas of ten million generated rows, from SQL text to the finished table,
beside the plain query over the same file, in turns; the best of a few rounds counts. It grows with
the rows. Where units are whole numbers, one quantile stands alone and its rows fit into the memory
of the job (24 bytes each: ten million in 240 MB), they are read once and sorted: about twice the
plain query. Else they are grouped by (unit, group) and read again: about three times.

    python benchmarks/privacy_quantiles.py [--devices FILE] [--runs 1000] [--peers FOLDER]
        [--rows 10000000] [--threads 2] [--json FILE]
"""

import argparse
import json
import subprocess
import tempfile
import time
from decimal import Decimal
from pathlib import Path

HERE = Path(__file__).resolve().parent
AREAS = 2000
DEVICE_DAYS = 45
"""Days on which a device counts fully; devices with more weigh less on each."""
LIMITS = {"error": 0.04, "ratio": 3.0}
EPSILONS = ("0.25", "1", "4")


def dataset(name: str, unit: str, group: dict, value: dict):
    from sekisho.model.dataset import Column, Dataset, Sensitivity
    from sekisho.model.text import Text
    from sekisho.terms import ColumnType, Method

    def column(of: str, kind: ColumnType, **more) -> Column:
        return Column(of, kind, Text(of, of), required=True, **more)

    columns = (
        column(unit, ColumnType.INTEGER, sensitivity=Sensitivity.IDENTIFYING),
        column(group.pop("name"), group.pop("kind"), **group),
        column(value.pop("name"), ColumnType.NUMBER, **value),
    )
    text = Text(name, name)
    method = Method.DIFFERENTIAL_PRIVACY
    return Dataset(name, text, text, columns, method, privacy_unit=unit)


def planned(sql: str, data, bound: tuple[int, int], epsilon: str):
    from sekisho.lanes.statistics.privacy.contract import Tables
    from sekisho.lanes.statistics.privacy.ledger import LossMeasure, open_ledger
    from sekisho.lanes.statistics.privacy.measures import Contribution
    from sekisho.lanes.statistics.privacy.plan_bounding import plan_release
    from sekisho.query.parse import parse

    ledger = open_ledger(LossMeasure.GAUSSIAN, Decimal(epsilon), Decimal("1e-9"))
    query = parse(sql, [data], [], "median.sql")
    tables = Tables({data.id: data}, {})
    return plan_release(query, tables, Contribution(*bound), ledger, Decimal(epsilon))


def engine(threads: int):
    from sekisho.engines.bounding import DuckDBBounding
    from sekisho.engines.duckdb.engine import DuckDBEngine
    from sekisho.engines.duckdb.session import Limits

    return DuckDBBounding(DuckDBEngine(Limits(memory_mb=250, threads=threads)))


# ----------------------------------------------------------------------------------- how wrong


def devices():
    from sekisho.terms import ColumnType

    day = {"name": "date", "kind": ColumnType.DATE, "minimum": "2020-03-01"}
    far = {"name": "max_distance_km", "decimals": 3, "minimum": "0", "maximum": "20000"}
    return dataset("days", "device_id", {**day, "maximum": "2020-05-15"}, far)


def true_medians(file: Path) -> dict[str, float]:
    import duckdb

    statement = f"SELECT date, median(max_distance_km) FROM '{file}' GROUP BY date"
    return {str(day): float(value) for day, value in duckdb.sql(statement).fetchall()}


def errors(file: Path, runs: int, threads: int) -> dict:
    """Mean and 95 % quantile of the relative error of a daily median, over days and runs."""
    import numpy as np

    from sekisho.lanes.statistics.privacy.draw import draw
    from sekisho.lanes.statistics.privacy.finish import finish
    from sekisho.lanes.statistics.privacy.noise import SecureNoise
    from sekisho.ports import Sources, Watch

    data, truth, found = devices(), true_medians(file), {}
    sources = Sources({"days": (data, (file,))}, {})
    sql = "SELECT date, MEDIAN(max_distance_km) AS km FROM days GROUP BY date"
    for epsilon in EPSILONS:
        plan = planned(sql, data, (DEVICE_DAYS, 1), epsilon)
        sums = engine(threads).bounded(plan.bound, sources, Watch())
        off = []
        for _ in range(runs):
            table = finish(plan, draw(plan, lambda *_, held=sums: held, SecureNoise(1)))
            off += [
                abs(float(row.numbers["km"].value) / truth[row.groups[0]] - 1)
                for row in table.rows
                if row.groups[0] in truth
            ]
        found[epsilon] = [float(np.mean(off)), float(np.quantile(off, 0.95))]
    return found


def peers(folder: Path, file: Path) -> dict:
    found = {}
    for name in ("opendp", "smartnoise"):
        python = folder.resolve() / name / "bin" / "python"
        if not python.exists():
            continue
        script = HERE / "privacy_quantiles_peers.py"
        command = [str(python), str(script), name, str(file.resolve())]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr.strip() or "no message").splitlines()[-1]
            print(f"  {name}: failed: {last[:160]}")
            continue
        found[name] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


# ------------------------------------------------------------------------------------ what it costs


def write_areas(rows: int, target: Path) -> None:
    """Trips: a hundredth as many users, most near home; minutes with one decimal."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    draw, users = np.random.default_rng(7), rows // 100
    wanted = draw.lognormal(0, 1.5, users)
    counts = np.maximum(1, np.floor(wanted * rows / wanted.sum())).astype(np.int64)
    counts[counts.argmax()] += rows - int(counts.sum())
    user = np.repeat(np.arange(users, dtype=np.int32), counts)
    draw.shuffle(user)
    where, home = draw.random(rows), draw.integers(0, AREAS, users)[user]
    near = (home + draw.integers(1, 7, rows)) % AREAS
    area = np.where(where < 0.6, home, np.where(where < 0.9, near, draw.integers(0, AREAS, rows)))
    words = np.zeros((rows, 2), dtype=np.int64)
    words[:, 0] = np.rint(np.minimum(draw.lognormal(3.2, 0.9, rows), 600) * 10)
    buffers = [None, pa.py_buffer(words.tobytes())]
    minutes = pa.Array.from_buffers(pa.decimal128(9, 1), rows, buffers)
    columns = {"user_id": user, "area": (area + 1).astype(np.int32), "minutes": minutes}
    pq.write_table(pa.table(columns), target, row_group_size=250_000, compression="zstd")


def areas():
    from sekisho.terms import ColumnType

    area = {"name": "area", "kind": ColumnType.INTEGER, "minimum": "1", "maximum": str(AREAS)}
    minutes = {"name": "minutes", "decimals": 1, "minimum": "0", "maximum": "600"}
    return dataset("trips", "user_id", area, minutes)


def cost(file: Path, threads: int, rounds: int = 4) -> dict:
    """Best seconds of the plain query and of ours, in turns."""
    import duckdb

    from sekisho.lanes.statistics.privacy.draw import draw
    from sekisho.lanes.statistics.privacy.finish import finish
    from sekisho.lanes.statistics.privacy.noise import SecureNoise
    from sekisho.ports import Sources, Watch

    data, noise = areas(), SecureNoise(threads)
    sources, ours = Sources({"trips": (data, (file,))}, {}), engine(threads)
    connection = duckdb.connect(config={"threads": threads, "preserve_insertion_order": False})
    plain = f"SELECT area, median(minutes) FROM '{file}' GROUP BY area"
    private = "SELECT area, MEDIAN(minutes) AS minutes FROM trips GROUP BY area"

    def work() -> int:
        plan = planned(private, data, (10, 10), "1")
        run = lambda *_: ours.bounded(plan.bound, sources, Watch())  # noqa: E731
        return len(finish(plan, draw(plan, run, noise)).rows)

    walls: dict[str, list[float]] = {"plain": [], "ours": []}
    for _ in range(rounds):
        for name, one in (("plain", lambda: connection.execute(plain).fetchall()), ("ours", work)):
            begun = time.monotonic()
            one()
            walls[name].append(time.monotonic() - begun)
    best = {name: min(each) for name, each in walls.items()}
    return {**best, "ratio": best["ours"] / best["plain"], "walls": walls}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--devices", type=Path, help="a file of device-days")
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peers", type=Path, help="folder with one environment a peer")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    figures: dict = {}
    if asked.devices:
        figures["errors"] = found = errors(asked.devices, asked.runs, asked.threads)
        for epsilon, (mean, high) in found.items():
            print(f"epsilon {epsilon}: median off by {mean:.2%}, 95 of 100 within {high:.2%}")
        print(f"at most {LIMITS['error']:.0%} at epsilon 1: {found['1'][0] <= LIMITS['error']}")
        if asked.peers:
            figures["peers"] = peers(asked.peers, asked.devices)
            print(json.dumps(figures["peers"], indent=1))
    if asked.rows:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "areas.parquet"
            write_areas(asked.rows, file)
            figures["cost"] = found = cost(file, asked.threads)
        print(
            f"{AREAS} medians of {asked.rows:,} rows: plain {found['plain']:.2f} s, "
            f"ours {found['ours']:.2f} s, {found['ratio']:.2f} x (at most {LIMITS['ratio']})"
        )
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
