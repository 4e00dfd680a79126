"""One peer's daily medians of device-days, run in the peer's own environment.

    ENVIRONMENT/bin/python benchmarks/privacy_quantiles_peers.py PEER FILE [RUNS]

One device protected over all 75 days together, epsilon 1, delta 1e-9; candidates are 1,024 values
in equal proportion between 0.1 and 20,000 km. The result is one line of JSON: mean and 95 %
quantile of the relative error over days and runs.

    opendp      opendp[polars]==0.16.0
    smartnoise  smartnoise-sql==1.0.10 duckdb==1.3.2
"""

import json
import math
import sys

DAYS, LOW, HIGH, BINS = 75, 0.1, 20_000.0, 1024


def rho_of(epsilon: float, delta: float = 1e-9) -> float:
    """The zero-concentrated loss that keeps (epsilon, delta)."""
    log = -math.log(delta)
    return (math.sqrt(log + epsilon) - math.sqrt(log)) ** 2


def opendp(file: str, runs: int) -> list[tuple[str, float]]:
    import opendp.prelude as dp
    import polars as pl

    dp.enable_features("contrib")
    step = (HIGH / LOW) ** (1 / BINS)
    candidates = [LOW * step**at for at in range(BINS)]
    frame = pl.scan_parquet(file).select(
        pl.col("date").cast(pl.String), pl.col("max_distance_km").cast(pl.Float64)
    )
    days = frame.select("date").unique().collect()
    found = []
    for _ in range(runs):
        context = dp.Context.compositor(
            data=frame,
            privacy_unit=dp.unit_of(
                contributions=[
                    dp.polars.Bound(per_group=DAYS),
                    dp.polars.Bound(by=["date"], per_group=1, num_groups=DAYS),
                ]
            ),
            privacy_loss=dp.loss_of(rho=rho_of(1.0)),
            split_evenly_over=1,
            margins=[dp.polars.Margin(by=["date"], max_length=4000, max_groups=DAYS)],
        )
        middle = pl.col("max_distance_km").fill_nan(0.0).fill_null(0.0).dp.median(candidates)
        query = context.query().group_by("date").agg(middle).with_keys(days.lazy())
        table = query.release().collect()
        found += list(zip(table["date"].to_list(), table["max_distance_km"].to_list(), strict=True))
    return found


def smartnoise(file: str, runs: int) -> list[tuple[str, float]]:
    import duckdb
    from snsql import Privacy, from_connection

    connection = duckdb.connect()
    connection.execute(
        f"CREATE VIEW days AS SELECT device_id, date::VARCHAR AS dia, max_distance_km AS km "
        f"FROM read_parquet('{file}')"
    )
    private = from_connection(
        connection,
        engine="sqlite",
        privacy=Privacy(epsilon=1.0, delta=1e-9),
        metadata={
            "": {
                "main": {
                    "days": {
                        "max_ids": DAYS,
                        "rows": 165_000,
                        "device_id": {"type": "int", "private_id": True},
                        "dia": {"type": "string"},
                        "km": {"type": "float", "lower": LOW, "upper": HIGH},
                    }
                }
            }
        },
    )
    found = []
    for _ in range(runs):
        rows = private.execute("SELECT dia, MEDIAN(km) AS km FROM days GROUP BY dia")
        found += [(str(day), float(value)) for day, value in rows[1:]]
    return found


def main() -> None:
    peer, file = sys.argv[1], sys.argv[2]
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    got = {"opendp": opendp, "smartnoise": smartnoise}[peer](file, runs)
    import numpy as np

    truth = true_medians(file)
    off = np.array([abs(value / truth[day] - 1) for day, value in got])
    print(json.dumps({"mean": float(off.mean()), "high": float(np.quantile(off, 0.95))}))


def true_medians(file: str) -> dict[str, float]:
    try:
        import duckdb

        sql = f"SELECT date::VARCHAR, median(max_distance_km) FROM '{file}' GROUP BY 1"
        return dict(duckdb.sql(sql).fetchall())
    except ModuleNotFoundError:
        import polars as pl

        frame = pl.read_parquet(file).with_columns(pl.col("date").cast(pl.String))
        held = frame.group_by("date").agg(pl.col("max_distance_km").median())
        return dict(held.iter_rows())


if __name__ == "__main__":
    main()
