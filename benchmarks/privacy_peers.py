"""One peer's way of the benchmark's tasks, run in the peer's own environment.

    ENVIRONMENT/bin/python benchmarks/privacy_peers.py PEER TASK FILE [EPSILON BOUND]

Each aims at the same promise, one unit added or removed at epsilon 1, with at most ten groups a
unit and one row in each, as far as the peer can say so. The result is one line of JSON. With
EPSILON and BOUND, of Task A, the peer adds Gaussian noise at delta 1e-9 and its cells are given
too, so that its error can be measured at the bound that suits it best.

    opendp      opendp[polars]==0.16.0
    smartnoise  smartnoise-sql==1.0.10 duckdb==1.3.2
    tumult      tmlt.analytics==0.21.0 (Java 17)
"""

import json
import math
import os
import resource
import sys
import time
from itertools import product

GROUPS = {"A": ["day", "region", "category"], "B": ["region", "category"], "C": ["region", "day"]}
SIZES = {"day": range(30), "region": range(1, 48), "category": range(6)}
BOUND = 10


def rho_of(epsilon: float, delta: float = 1e-9) -> float:
    """The zero-concentrated loss that keeps (epsilon, delta): for it Gaussian noise is drawn."""
    log = -math.log(delta)
    return (math.sqrt(log + epsilon) - math.sqrt(log)) ** 2


def opendp(task: str, file: str, epsilon: float = 1.0, bound: int = 0) -> int | list[int]:
    import opendp.prelude as dp
    import polars as pl

    dp.enable_features("contrib")
    groups = GROUPS[task]
    whole = [pl.col(name).cast(pl.Int32) for name in SIZES]
    frame = pl.scan_parquet(file).with_columns(pl.col("duration_minutes").cast(pl.Float64), *whole)
    if task == "A":
        frame = frame.with_columns(
            cell=pl.col("day") * 282 + (pl.col("region") - 1) * 6 + pl.col("category")
        )
        groups = ["cell"]
    rows = 100_000_000
    context = dp.Context.compositor(
        data=frame,
        privacy_unit=dp.unit_of(contributions=1, identifier="user_id"),
        privacy_loss=dp.loss_of(rho=rho_of(epsilon)) if bound else dp.loss_of(epsilon=epsilon),
        split_evenly_over=1,
        margins=[dp.polars.Margin(by=groups, max_length=rows, max_groups=10_000)],
    )
    wanted = [dp.len()]
    if task == "B":
        wanted.append(pl.col("duration_minutes").fill_nan(0.0).fill_null(0.0).dp.sum((0.0, 240.0)))
    lists = [list(range(8460)) if n == "cell" else list(SIZES[n]) for n in groups]
    keys = pl.LazyFrame(list(product(*lists)), schema=dict.fromkeys(groups, pl.Int32), orient="row")
    query = (
        context.query()
        .truncate_per_group(1, by=groups)
        .truncate_num_groups(bound or BOUND, by=groups, keep="first")
        .group_by(groups)
        .agg(*wanted)
        .with_keys(keys)
    )
    found = query.release().collect()
    return found.sort("cell")["len"].to_list() if bound else found.height


def smartnoise(task: str, file: str) -> int:
    import duckdb
    import snsql

    connection = duckdb.connect()
    connection.execute(
        f"CREATE VIEW trips AS SELECT user_id, day AS dia, region, category, "
        f"duration_minutes::DOUBLE AS minutes FROM read_parquet('{file}')"
    )
    names = {"day": "dia", "region": "region", "category": "category"}
    columns = {n: {"type": "int"} for n in names.values()}
    columns |= {"user_id": {"type": "int", "private_id": True}}
    columns |= {"minutes": {"type": "float", "lower": 0.0, "upper": 240.0}}
    about = {"max_ids": BOUND, "row_privacy": False, "censor_dims": False, **columns}
    metadata = {"": {"main": {"trips": about}}}
    reader = snsql.from_connection(
        _Shim(connection),
        privacy=snsql.Privacy(epsilon=1.0, delta=1e-9),
        metadata=metadata,
        engine="sqlite",
    )
    by = ", ".join(names[n] for n in GROUPS[task])
    measure = "COUNT(*) AS n" if task != "B" else "COUNT(*) AS n, SUM(minutes) AS total"
    if task == "C":
        measure = "COUNT(DISTINCT user_id) AS n"
    return len(reader.execute(f"SELECT {by}, {measure} FROM main.trips GROUP BY {by}"))


class _Shim:
    """DuckDB under the name of a database that the peer knows."""

    def __init__(self, connection):
        self.connection = connection

    def cursor(self):
        return _Cursor(self.connection.cursor())

    def commit(self):
        pass

    def rollback(self):
        pass


class _Cursor:
    def __init__(self, cursor):
        self.cursor = cursor

    def execute(self, statement):
        self.cursor.execute(statement)
        self.description = self.cursor.description
        return self

    def __iter__(self):
        return iter(self.cursor.fetchall())

    def close(self):
        self.cursor.close()


def tumult(task: str, file: str) -> int:
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    from pyspark.sql import SparkSession, functions
    from tmlt.analytics import (
        AddRowsWithID,
        KeySet,
        MaxGroupsPerID,
        MaxRowsPerGroupPerID,
        PureDPBudget,
        QueryBuilder,
        Session,
    )

    spark = (
        SparkSession.builder.master("local[4]")
        .config("spark.driver.memory", "6g")
        .config("spark.sql.shuffle.partitions", 8)
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    names = GROUPS[task]
    code = functions.lit(0)
    total = 1
    for name in names:
        start = 1 if name == "region" else 0
        code = code * len(SIZES[name]) + (functions.col(name).cast("int") - start)
        total *= len(SIZES[name])
    frame = spark.read.parquet(file).withColumn("cell", code.cast("long"))
    frame = frame.withColumn("minutes", functions.col("duration_minutes").cast("double"))
    frame = frame.select("user_id", "cell", "minutes")
    session = Session.from_dataframe(
        PureDPBudget(1), "trips", frame, AddRowsWithID(id_column="user_id")
    )
    keys = KeySet.from_dict({"cell": list(range(total))})
    query = QueryBuilder("trips").enforce(MaxGroupsPerID("cell", BOUND))
    query = query.enforce(MaxRowsPerGroupPerID("cell", 1)).groupby(keys)
    if task != "B":
        return session.evaluate(query.count(), PureDPBudget(1)).count()
    counted = session.evaluate(query.count(), PureDPBudget(0.5)).count()
    session.evaluate(query.sum("minutes", 0, 240), PureDPBudget(0.5)).count()
    return counted


def main() -> None:
    if len(sys.argv) < 4:
        print("run by privacy.py, in the environment of a peer")
        return
    peer, task, file, *more = sys.argv[1:]
    before, begun = time.process_time(), time.monotonic()
    if more:
        print(json.dumps({"cells": opendp(task, file, float(more[0]), int(more[1]))}))
        return
    groups = {"opendp": opendp, "smartnoise": smartnoise, "tumult": tumult}[peer](task, file)
    wall = time.monotonic() - begun
    found = {
        "wall": wall,
        "cpu": time.process_time() - before,
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "groups": groups,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
