"""Private statistics against plain SQL and against peers, on one generated table.

Task A: distinct units by day, region and category (8,460 groups); B: rows and clamped minutes by
region and category (282); C: distinct units by region and day (1,410). Epsilon 1, delta 1e-9, one
unit added or removed. Each run is a process of its own; wall time runs from SQL text to the
finished table, without imports; the best of a few repeats in a process counts. Ours runs twice:
with declared bounds on contributions, and with bounds that it chooses from the data. Beside it, in
the same run and with the same threads: DuckDB's plain GROUP BY and plain de-duplication of
(unit, group). Peers run from environments of their own in `--peers FOLDER/<name>/bin/python`
and are skipped by name where they are absent.

    python benchmarks/privacy.py [--quick | --full] [--tasks ABC] [--peers FOLDER] [--json FILE]

Cost grows with the rows, then with the pairs of unit and group, and little with the groups.

How wrong the numbers are over epsilon and over the number of rows is measured, and drawn, by
privacy_errors.py.

A peer's processor seconds and memory are those of its Python process; Spark's are not in them.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

GROUPS = {
    "A": ("day", "region", "category"),
    "B": ("region", "category"),
    "C": ("region", "day"),
}
SIZES = {"day": 30, "region": 47, "category": 6}
MEASURES = {
    "A": "COUNT(DISTINCT user_id) AS n",
    "B": "COUNT(*) AS n, SUM(LEAST(GREATEST(duration_minutes, 0), 240)) AS minutes",
    "C": "COUNT(DISTINCT user_id) AS n",
}
BOUND = {"A": (200, 1), "B": (40, 30), "C": (60, 1)}
"""Declared groups a unit, and rows a group."""
PEERS = ("opendp", "smartnoise", "tumult")
LIMITS = {"wall": 2.0, "mib": {1_000_000: 400, 10_000_000: 400, 50_000_000: 1229}, "error": 75.0}


def sql_of(task: str, table: str = "trips") -> str:
    columns = ", ".join(GROUPS[task])
    return f"SELECT {columns}, {MEASURES[task]} FROM {table} GROUP BY {columns}"


# ------------------------------------------------------------------------- one measured process


def measured(work, repeats: int) -> dict:
    """Best wall seconds of some repeats, processor seconds of the first, and the last answer."""
    walls, answer, cpu, peak = [], None, None, None
    for _ in range(repeats):
        before, begun = time.process_time(), time.monotonic()
        answer = work()
        walls.append(time.monotonic() - begun)
        cpu = cpu or time.process_time() - before
        peak = peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"wall": min(walls), "walls": walls, "cpu": cpu, "mib": peak, "answer": answer}


def plain_sql(variant: str, task: str) -> str:
    columns = ", ".join(GROUPS[task])
    if variant == "plain":
        return f"SELECT {columns}, count(*) FROM t GROUP BY {columns}"
    code = "0"
    for name in GROUPS[task]:
        code = f"({code}) * {SIZES[name]} + {name}::INTEGER"
    extra = ", count(*), sum(duration_minutes)" if task == "B" else ""
    pairs = f"SELECT user_id, {code} AS c{extra} FROM t GROUP BY user_id, c"
    return f"SELECT c, count(*) FROM ({pairs}) GROUP BY c"


def run_duckdb(variant: str, task: str, file: Path, threads: int, repeats: int) -> dict:
    import duckdb

    connection = duckdb.connect(config={"threads": threads, "preserve_insertion_order": False})
    connection.execute(f"CREATE VIEW t AS SELECT * FROM read_parquet('{file}')")
    statement = plain_sql(variant, task)
    return measured(lambda: len(connection.execute(statement).fetchall()), repeats)


def dataset():
    from sekisho.model.dataset import Column, Dataset, Sensitivity
    from sekisho.model.text import Text
    from sekisho.terms import ColumnType, Method

    def column(name, kind, **more):
        return Column(name, kind, Text(name, name), required=True, **more)

    whole, hidden = ColumnType.INTEGER, Sensitivity.IDENTIFYING
    columns = (
        column("user_id", whole, sensitivity=hidden),
        column("day", whole, minimum="0", maximum="29"),
        column("region", whole, minimum="1", maximum="47"),
        column("category", whole, minimum="0", maximum="5"),
        column("duration_minutes", ColumnType.NUMBER, decimals=1, minimum="0", maximum="1000000"),
    )
    text = Text("trips", "trips")
    method = Method.DIFFERENTIAL_PRIVACY
    return Dataset("trips", text, text, columns, method, privacy_unit="user_id")


def declared(task: str):
    from sekisho.lanes.statistics.privacy.measures import Contribution

    return Contribution(*BOUND[task], lengths={"minutes": Decimal(7000)})


def chosen(_task: str):
    from sekisho.lanes.statistics.privacy.measures import Contribution

    return Contribution(chosen=frozenset({"groups", "rows"}))


def run_sekisho(task: str, file: Path, engine: tuple, epsilon: str, contribution=declared) -> dict:
    from sekisho.engines.bounding import DuckDBBounding
    from sekisho.engines.duckdb.engine import DuckDBEngine
    from sekisho.engines.duckdb.session import Limits
    from sekisho.lanes.statistics.privacy.answer import answer
    from sekisho.lanes.statistics.privacy.contract import Tables
    from sekisho.lanes.statistics.privacy.ledger import LossMeasure, open_ledger
    from sekisho.lanes.statistics.privacy.noise import SecureNoise
    from sekisho.lanes.statistics.privacy.plan_bounding import plan_release
    from sekisho.ports import Sources
    from sekisho.query.parse import parse

    threads, repeats = engine
    trips, noise = dataset(), SecureNoise()
    memory = 200 if file.stat().st_size < 100_000_000 else 800
    engine = DuckDBBounding(DuckDBEngine(Limits(memory_mb=memory, threads=threads)))
    sources = Sources({"trips": (trips, (file,))}, {})
    said = contribution(task)
    noise.gaussian(_zeros(), 2.0**30)

    def work():
        ledger = open_ledger(LossMeasure.GAUSSIAN, Decimal(epsilon), Decimal("1e-9"))
        query = parse(sql_of(task), [trips], [], "task.sql")
        plan = plan_release(query, Tables({"trips": trips}, {}), said, ledger, Decimal(epsilon))
        return answer(plan, ledger, engine, sources, noise).table

    found = measured(work, repeats)
    table = found.pop("answer")
    found["rows"] = [
        [*row.groups, *(number_of(n) for n in row.numbers.values())] for row in table.rows
    ]
    found["lost"] = [shares_of(each) for each in table.lost]
    found["limits"] = [
        [each.by, each.kind, str(each.value), each.factor and str(each.factor)]
        for each in table.limits
    ]
    return found


def shares_of(lost) -> dict:
    """What is said of clipping: shares with their standard errors, None where nothing is said."""
    said = {"missing": lost.missing, "units": lost.units}
    return {name: s and [s.value, s.standard_error] for name, s in said.items()}


def _zeros():
    import numpy as np

    return np.zeros(1, dtype=np.int64)


def number_of(number) -> list:
    interval = number.interval
    return [float(number.value), interval.low, interval.high]


def child(asked) -> None:
    file = Path(asked.file)
    if asked.child in OURS:
        engine = (asked.threads, asked.repeats)
        found = run_sekisho(asked.task, file, engine, asked.epsilon, OURS[asked.child])
    else:
        found = run_duckdb(asked.child, asked.task, file, asked.threads, asked.repeats)
    print(json.dumps(found))


OURS = {"sekisho": declared, "chosen": chosen}

# ------------------------------------------------------------------------------------ the whole


def run(variant: str, task: str, file: Path, asked, epsilon: str = "1") -> dict | None:
    command = [
        sys.executable,
        str(HERE / "privacy.py"),
        "--child",
        variant,
        "--task",
        task,
        "--file",
        str(file.resolve()),
    ]
    command += ["--threads", str(asked.threads), "--repeats", str(asked.repeats)]
    command += ["--epsilon", epsilon]
    if variant in PEERS:
        python = Path(asked.peers or "absent").resolve() / variant / "bin" / "python"
        if not python.exists():
            return None
        command = [str(python), str(HERE / "privacy_peers.py"), variant, task, str(file.resolve())]
    with tempfile.TemporaryDirectory() as scratch:
        done = subprocess.run(command, capture_output=True, text=True, cwd=scratch, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip() or "no message").splitlines()[-1]
        print(f"  {variant}: failed: {last[:100]}")
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def errors_of(task: str, file: Path, rows: list) -> dict:
    """What the private table misses of the true one, cell by cell and in its margins."""
    import duckdb
    import numpy as np

    columns = ", ".join(GROUPS[task])
    true_sql = f"SELECT {columns}, count(DISTINCT user_id) FROM '{file}' GROUP BY {columns}"
    if task == "B":
        true_sql = f"SELECT {columns}, count(*) FROM '{file}' GROUP BY {columns}"
    held = {tuple(map(str, r[:-1])): r[-1] for r in duckdb.sql(true_sql).fetchall()}
    shape = tuple(SIZES[name] for name in GROUPS[task])
    truth = np.array([held.get(tuple(r[: len(shape)]), 0) for r in rows], dtype=float)
    shown = np.array([r[len(shape)][0] for r in rows])
    low, high = (np.array([r[len(shape)][n] for r in rows]) for n in (1, 2))
    apart = (shown - truth).reshape(shape)
    margins = {
        name: float(np.abs(apart.sum(axis=tuple(a for a in range(len(shape)) if a != at))).mean())
        for at, name in enumerate(GROUPS[task])
    }
    kept = shown / np.maximum(truth, 1)
    order = float(np.corrcoef(np.arange(truth.size), kept)[0, 1])
    return {
        "error": float(np.abs(apart).mean()),
        "margins": margins,
        "covered": float(((low <= truth) & (truth <= high)).mean()),
        "groups": len(rows),
        "order": order,
        "mean": float(truth.mean()),
        "lost": float(1 - shown.sum() / truth.sum()),
    }


def consistency(file: Path, asked) -> dict:
    """Errors of day and region totals when cells are cut at zero, and when they are projected."""
    code = "import privacy, json; print(json.dumps(privacy.cut_or_projected({!r}, {})))"
    command = [sys.executable, "-c", code.format(str(file), asked.threads)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=HERE, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def cut_or_projected(file: str, threads: int) -> dict:
    """Fifty draws over the same sums: mean error of totals against those of the clipped table."""
    import duckdb
    import numpy as np

    from sekisho.lanes.statistics.privacy.consistency import as_integers, without_negatives

    shape, names = (30, 47, 6), GROUPS["A"]
    columns = ", ".join(names)
    statement = f"SELECT {columns}, count(DISTINCT user_id) FROM '{file}' GROUP BY ALL"
    duckdb.execute(f"SET threads = {threads}")
    truth = np.zeros(shape)
    for day, region, category, count in duckdb.sql(statement).fetchall():
        truth[day, region - 1, category] = count
    found = {way: dict.fromkeys((*names, "cell"), 0.0) for way in ("raw", "cut", "ours")}
    draw = np.random.default_rng(1)
    for _ in range(10):
        noisy = truth + draw.normal(0, 78.6, shape)
        ways = {
            "raw": noisy,
            "cut": np.maximum(noisy, 0),
            "ours": as_integers(without_negatives(noisy)),
        }
        for way, cells in ways.items():
            found[way]["cell"] += float(np.abs(cells - truth).mean()) / 10
            for at, name in enumerate(names):
                away = tuple(a for a in range(3) if a != at)
                gap = np.abs(cells.sum(axis=away) - truth.sum(axis=away))
                found[way][name] += float(gap.mean()) / 10
    return found


def show(way: str, ours: dict, found: dict) -> None:
    """What a private table misses, and what it says of that itself."""
    said = "; ".join(
        f"{name} said {share[0]:.3f} ± {2 * share[1]:.3f}" if share else f"{name} not said"
        for name, share in ours["lost"][0].items()
    )
    bounds = "; ".join(
        f"{kind} {value} {by}" + (f", counts times {factor}" if factor else "")
        for by, kind, value, factor in ours["limits"]
    )
    print(
        f"{way}: {bounds}; mean error {found['error']:.1f} of {found['mean']:.0f}; margins "
        + ", ".join(f"{n} {e:.0f}" for n, e in found["margins"].items())
        + f"; groups {found['groups']}; order {found['order']:+.3f}; interval holds the "
        + f"truth {found['covered']:.3f}; lost {found['lost']:.3f} ({said})"
    )


def compare(rows: int, file: Path, asked) -> dict:
    figures: dict = {}
    for task in asked.tasks:
        runs = {v: run(v, task, file, asked) for v in ("plain", "dedup", *OURS)}
        peers = PEERS if rows <= 10_000_000 else ()
        runs |= {v: run(v, task, file, asked) for v in peers}
        print(f"\nTask {task}, {rows:,} rows, {asked.threads} threads")
        print(f"{'':14}{'wall s':>9}{'x dedup':>9}{'cpu s':>8}{'MiB':>7}")
        base = runs["dedup"]["wall"]
        for variant, got in runs.items():
            if got is None:
                print(f"{variant:14}{'absent' if variant in PEERS else 'failed':>9}")
                continue
            ratio = got["wall"] / base
            print(f"{variant:14}{got['wall']:9.2f}{ratio:9.2f}{got['cpu']:8.2f}{got['mib']:7.0f}")
        errors = {}
        for way in OURS:
            errors[way] = errors_of(task, file, runs[way].pop("rows"))
            show(way, runs[way], errors[way])
        figures[task] = {"runs": runs, "errors": errors}
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a million rows only")
    parser.add_argument("--full", action="store_true", help="fifty million rows too")
    parser.add_argument("--peers", help="folder with one environment a peer")
    parser.add_argument("--threads", type=int, default=min(4, os.cpu_count() or 1))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--tasks", default="ABC", help="which of A, B and C")
    parser.add_argument("--data", type=Path, help="folder in which generated tables are kept")
    parser.add_argument("--json", type=Path)
    for hidden in ("--child", "--task", "--file", "--epsilon"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        child(asked)
        return
    from privacy_table import write_table

    sizes = [1_000_000] if asked.quick else [1_000_000, 10_000_000]
    sizes += [50_000_000] if asked.full else []
    figures: dict = {}
    with tempfile.TemporaryDirectory() as folder:
        place = asked.data or Path(folder)
        for rows in sizes:
            file = place / f"trips-{rows}.parquet"
            if not file.exists():
                write_table(rows, file)
            figures[str(rows)] = compare(rows, file, asked)
            if rows <= 10_000_000:
                figures[str(rows)]["totals"] = totals = consistency(file, asked)
                print("totals' mean error: " + json.dumps(totals))
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
