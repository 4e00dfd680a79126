"""The demo's node, and its true cells computed in plain Python from the sample."""

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parents[2]
PROGRAMME = "cross-border-ecommerce"
FOLDER = ROOT / "programmes" / PROGRAMME
SAMPLE = FOLDER / "sample" / "deliveries.parquet"
P = 10
OWN_WAREHOUSE = "SCMS from RDC"
DESTINATION, YEAR = ("sub_region", "country"), ("delivery_year",)
PRODUCT = ("product_group", "sub_class")


def demo_node(folder: Path):
    """A node with the programme and the real deliveries, nothing released; closes as a context."""
    import sekisho
    from sekisho.model.actor import Participant
    from sekisho.model.text import Text
    from sekisho.terms import ParticipantKind

    office = Participant(
        "demo-statistics-office",
        Text("Demo statistics office (made up)", "デモ統計局（架空）"),
        ParticipantKind.PUBLIC_BODY,
        "JP",
    )
    node = sekisho.init(folder / "node", office, sensitivity={"p-percent": P})
    node.add_programme(PROGRAMME)
    node.load(PROGRAMME, "deliveries", SAMPLE)
    return node


@cache
def _contributions():
    """Cell description -> vendor -> value, over every cell of both tables."""
    import csv

    with (FOLDER / "lookups" / "countries.csv").open(encoding="utf-8", newline="") as opened:
        countries = {line["iso2"]: line for line in csv.DictReader(opened)}
    columns = [
        "vendor",
        "destination_iso2",
        "product_group",
        "sub_class",
        "delivered_year",
        "value_usd",
    ]
    found: dict[frozenset, dict[str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for row in pq.read_table(SAMPLE, columns=columns).to_pylist():
        if row["vendor"] == OWN_WAREHOUSE:
            continue
        value = Fraction(Decimal(str(row["value_usd"])))
        place = countries[row["destination_iso2"]]
        years = [(), ((YEAR, (str(row["delivered_year"]),)),)]
        paths = [()]
        for levels, path in (
            (DESTINATION, (place["sub_region"], place["country"])),
            (PRODUCT, (row["product_group"], row["sub_class"])),
        ):
            paths += [((levels, path[:depth]),) for depth in (1, 2)]
        for at in paths:
            for year in years:
                found[frozenset((*at, *year))][row["vendor"]] += value
    return found


def true_demo_cells() -> dict[frozenset, Fraction]:
    """Every cell of both tables with its true value."""
    return {key: sum(by.values(), Fraction(0)) for key, by in _contributions().items()}


def sensitive_demo_cells():
    """(description, value, upper level, lower level) of every sensitive cell, in dollars."""
    for key, by in _contributions().items():
        value = float(sum(by.values()))
        largest = sorted((float(v) for v in by.values()), reverse=True)
        rest = value - sum(largest[:2])
        level = max(0.0, largest[0] * P / 100 - rest)
        if 0 < len(by) < 3:
            level = max(level, 0.15 * value)
        if level > 0:
            yield key, value, level, level
