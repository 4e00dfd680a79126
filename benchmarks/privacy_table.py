"""Mobility-like microdata for the benchmark of differential privacy, written as Parquet.

Rows per unit are lognormal (sigma 1.5, mean 100, at least 1), so a tenth of the units has a
handful of rows and the busiest has tens of thousands. Rows lie in day order, shuffled inside a
day, as logs arrive: not clustered by unit. Columns: user_id, day 0 to 29, region 1 to 47 (skewed
like prefectures), category 0 to 5, duration_minutes with one decimal.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

DAYS, REGIONS, CATEGORIES = 30, 47, 6


def write_table(rows: int, target: Path, seed: int = 7) -> None:
    """Write the table of that many rows; the same numbers for the same seed."""
    draw = np.random.default_rng(seed)
    users = max(1, rows // 100)
    left = _rows_per_user(draw, users, rows)
    homes = _region(draw, users)
    schema = pa.schema(
        [
            ("user_id", pa.int32()),
            ("day", pa.uint8()),
            ("region", pa.uint8()),
            ("category", pa.uint8()),
            ("duration_minutes", pa.decimal128(9, 1)),
        ]
    )
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for day in range(DAYS):
            today = draw.binomial(left, 1 / (DAYS - day))
            left = left - today
            user = np.repeat(np.arange(users, dtype=np.int32), today)
            draw.shuffle(user)
            writer.write_table(_day(draw, day, user, homes, schema), row_group_size=250_000)


def _rows_per_user(draw, users, rows):
    wanted = draw.lognormal(0, 1.5, users)
    counts = np.maximum(1, np.floor(wanted * rows / wanted.sum())).astype(np.int64)
    missing = rows - int(counts.sum())
    if missing > 0:
        counts[:missing] += 1
    else:
        counts[counts.argmax()] += missing
    return counts


def _region(draw, size):
    """A skewed draw of codes 1 to 47, the large ones spread over the list."""
    return 1 + (13 * np.floor(REGIONS * draw.random(size) ** 1.8).astype(np.int64) + 12) % REGIONS


def _day(draw, day, user, homes, schema):
    size = user.size
    away = draw.random(size) >= 0.85
    region = np.where(away, _region(draw, size), homes[user]).astype(np.uint8)
    category = np.floor(CATEGORIES * draw.random(size) ** 1.5).astype(np.uint8)
    tenths = np.rint(np.minimum(draw.lognormal(3.2, 0.9, size), 1e6) * 10).astype(np.int64)
    return pa.table(
        [
            pa.array(user),
            pa.array(np.full(size, day, dtype=np.uint8)),
            pa.array(region),
            pa.array(category),
            pa.Array.from_buffers(pa.decimal128(9, 1), size, [None, _wide(tenths)]),
        ],
        schema=schema,
    )


def _wide(tenths):
    """The integers as the 128-bit words that a decimal column is made of."""
    words = np.zeros((tenths.size, 2), dtype=np.int64)
    words[:, 0] = tenths
    return pa.py_buffer(words.tobytes())
