"""How wrong Task A's counts are, over epsilon and over the number of rows, beside the best peer.

Epsilon 0.25 to 4 at delta 1e-9; the mean absolute error against the true distinct people, cell
by cell. Ours scales people down to the bound of groups; the peer, OpenDP with Gaussian noise,
keeps that many groups of each. Both get the best of the same three bounds at each point, which
nobody could choose without looking: it shows what each can do. A third line is what keeping ten
groups of each person, the bound that peers' documents suggest, misses before any noise.

    python benchmarks/privacy_errors.py [--peers FOLDER] [--data FOLDER] [--chart FOLDER]

The seconds that it takes say nothing; run it whenever the machine is free.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import privacy
from privacy_table import write_table

HERE = Path(__file__).resolve().parent
SIZES = (100_000, 1_000_000, 10_000_000)
EPSILONS = ("0.25", "0.5", "1", "2", "4")
BOUNDS = (10, 50, 200)
OURS, PEER, TEN = "Sekisho", "OpenDP", "ten groups a person, no noise"


def true_cells(file: Path) -> list[int]:
    """Distinct people of every cell, in the order of day, region, category."""
    import duckdb

    columns = "day, region, category"
    asked = f"SELECT {columns}, count(DISTINCT user_id) FROM '{file}' GROUP BY {columns}"
    held = {tuple(map(int, row[:3])): row[3] for row in duckdb.execute(asked).fetchall()}
    return [
        held.get((day, region, category), 0)
        for day in range(30)
        for region in range(1, 48)
        for category in range(6)
    ]


def apart(shown: list[float], truth: list[int]) -> float:
    return sum(abs(a - b) for a, b in zip(shown, truth, strict=True)) / len(truth)


def ours(file: Path, epsilon: str, bound: int) -> list[float]:
    privacy.BOUND["A"] = (bound, 1)
    found = privacy.run_sekisho("A", file, (2, 1), epsilon)
    place = {name: n for n, name in enumerate(privacy.GROUPS["A"])}
    key = lambda row: tuple(int(row[place[n]]) for n in ("day", "region", "category"))  # noqa: E731
    return [row[3][0] for row in sorted(found["rows"], key=key)]


def peers(python: Path, file: Path, epsilon: str, bound: int) -> list[float]:
    command = [str(python), str(HERE / "privacy_peers.py"), "opendp", "A", str(file)]
    done = subprocess.run(
        [*command, epsilon, str(bound)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.strip().splitlines()[-1])["cells"]


def ten_groups(file: Path, cells: int) -> float:
    """The mean error of keeping ten groups of each person, before any noise."""
    import duckdb

    pairs = f"SELECT DISTINCT user_id, day, region, category FROM '{file}'"
    each = f"SELECT count(*) AS d FROM ({pairs}) GROUP BY user_id"
    (lost,) = duckdb.execute(f"SELECT sum(d - least(d, 10)) FROM ({each})").fetchall()[0]
    return float(lost) / cells


def measure(file: Path, rows: int, python: Path | None) -> list[dict]:
    """One point a line, epsilon and way, each at its best bound."""
    truth = true_cells(file)
    mean, ten = sum(truth) / len(truth), ten_groups(file, len(truth))
    points = []
    for epsilon in EPSILONS if rows > 100_000 else ("1",):
        ways = {OURS: lambda b, e=epsilon: ours(file, e, b)}
        if python is not None:
            ways[PEER] = lambda b, e=epsilon: peers(python, file, e, b)
        for way, run in ways.items():
            errors = {bound: apart(run(bound), truth) for bound in BOUNDS}
            bound = min(errors, key=errors.get)
            about = {"rows": rows, "mean": mean, "epsilon": float(epsilon), "way": way}
            points.append({**about, "error": errors[bound], "bound": bound, "all": errors})
            print(f"{rows:>12,}  {epsilon:>5}  {way:10}{errors[bound]:8.1f} of {mean:.0f}", errors)
        points.append({**points[-1], "way": TEN, "error": ten, "bound": 10, "all": {}})
    return points


def chart(points: list[dict], field: str, title: str, panel: int | None, target: Path) -> None:
    """One line a way; errors relative to the mean cell, so that sizes can be compared."""
    import vl_convert

    shown = [
        {"x": p[field], "error": 100 * p["error"] / p["mean"], "way": p["way"]}
        for p in points
        if (p["rows"] == panel if panel else p["epsilon"] == 1)
    ]
    axis = {
        "type": "quantitative",
        "scale": {"type": "log", "nice": False},
        "axis": {"grid": False},
    }
    ways, shades, dashes = (
        [OURS, PEER, TEN],
        ["#1f4e79", "#c05a00", "#777777"],
        [[1, 0], [6, 3], [2, 2]],
    )
    line = {"field": "way", "type": "nominal", "title": None}
    legend = {"legend": {"labelLimit": 300, "symbolType": "stroke", "symbolSize": 400}}
    drawn = {
        "data": {"values": shown},
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": {"field": "x", "title": title, **axis},
            "y": {"field": "error", "title": "mean error, % of the mean cell", **axis},
            "color": {**line, **legend, "scale": {"domain": ways, "range": shades}},
            "strokeDash": {**line, **legend, "scale": {"domain": ways, "range": dashes}},
        },
        "width": 400,
        "height": 260,
    }
    target.write_text(vl_convert.vegalite_to_svg(drawn), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a hundred thousand rows only")
    parser.add_argument("--peers", type=Path, help="folder with the environment `opendp`")
    parser.add_argument("--data", type=Path, help="folder in which generated tables are kept")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--chart", type=Path, help="folder for two SVG files")
    asked = parser.parse_args()
    python = (asked.peers or Path("absent")).resolve() / "opendp" / "bin" / "python"
    points: list[dict] = []
    with tempfile.TemporaryDirectory() as folder:
        place = asked.data or Path(folder)
        for rows in SIZES[:1] if asked.quick else SIZES:
            file = (place / f"trips-{rows}.parquet").resolve()
            if not file.exists():
                write_table(rows, file)
            points += measure(file, rows, python if python.exists() else None)
    if asked.json:
        asked.json.write_text(json.dumps(points, indent=1))
    if asked.chart:
        largest = max(SIZES)
        by_epsilon, by_rows = (asked.chart / f"privacy-error{n}.svg" for n in ("", "-by-rows"))
        chart(points, "epsilon", f"epsilon, {largest:,} rows", largest, by_epsilon)
        chart(points, "rows", "rows, epsilon 1", None, by_rows)


if __name__ == "__main__":
    main()
