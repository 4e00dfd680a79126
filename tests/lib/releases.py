"""Real values to show: a table of purchases with hidden cells, its decision, its release.

The numbers are totals of the open SCMS deliveries that the programme cross-border-ecommerce
describes; which cells are hidden follows its rules closely enough to look like a release.
"""

import csv
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from sekisho.model.decision import CitedRule, Decision, Duty, Weight
from sekisho.model.release import Release
from sekisho.model.table import SUPPRESSED, Row, Table, TableDimension
from sekisho.model.text import Text
from sekisho.terms import Outcome, ReleaseState

HERE = Path(__file__).parent
PROGRAMME = "cross-border-ecommerce"
PLAN = "purchases-by-destination"
MADE_AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)

DESTINATION = TableDimension(
    id="destination",
    title=Text("Destination", "仕向地"),
    columns=("sub_region", "country"),
    column_titles=(Text("Sub-region", "地域"), Text("Country", "国")),
    total=Text("All destinations", "仕向地計"),
)
YEAR = TableDimension(
    id="year",
    title=Text("Year of delivery", "納入年"),
    columns=("year",),
    column_titles=(Text("Year of delivery", "納入年"),),
    total=Text("All years", "全年計"),
)


def _read(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def purchases() -> Table:
    """341 cells: destination country within sub-region by year, 176 of them hidden."""
    rows = [
        Row(
            groups=(line["sub_region"] or None, line["country"] or None, line["year"] or None),
            cell=SUPPRESSED if line["value"] == "hidden" else Decimal(line["value"]),
        )
        for line in _read("purchases.csv")
    ]
    labels = [
        (line["column"], line["value"], Text(line["en"], line["ja"]))
        for line in _read("places.csv")
    ]
    return Table(
        id=PLAN,
        title=Text(
            "Purchases of medicines and tests by destination and year",
            "仕向地・年別にみた医薬品・検査キットの購入額",
        ),
        dimensions=(DESTINATION, YEAR),
        measure="value",
        measure_title=Text("Value of purchases", "購入額"),
        unit_of_measure=Text("US dollars", "米ドル"),
        decimals=2,
        rows=tuple(rows),
        labels=tuple(labels),
    )


def small(*cells: object, **changed: object) -> Table:
    """A table of one dimension; one row a cell, the first a total."""
    groups = [None, *"abcdefghij"]
    fields: dict[str, object] = {
        "id": "small",
        "title": Text("Small table", "小さな表"),
        "dimensions": (
            TableDimension(
                "kind", Text("Kind", "種類"), ("kind",), (Text("Kind", "種類"),), Text("All", "計")
            ),
        ),
        "measure": "value",
        "measure_title": Text("Value", "値"),
        "unit_of_measure": Text("JPY", "円"),
        "decimals": 0,
        "rows": tuple(
            Row((group,), cell)
            for group, cell in zip(groups, cells, strict=False)  # type: ignore[arg-type]
        ),
    }
    return Table(**{**fields, **changed})  # type: ignore[arg-type]


def rule(rule_id: str, en: str, ja: str) -> CitedRule:
    """One rule of the programme."""
    return CitedRule(
        id=rule_id,
        citation=Text(f"Programme rule {rule_id}", f"この事業のルール {rule_id}"),
        jurisdiction="",
        text=Text(en, ja),
        weight=Weight.PROGRAMME,
    )


def decision() -> Decision:
    """Allowed, by two rules of the programme, with one duty."""
    protected = rule(
        "cbe-R1",
        "Protected tables about firms may be released to everyone for official statistics.",
        "企業に関する集計表は、秘匿処理のうえ、公的統計のためにだれにでも公表できる。",
    )
    listed = rule(
        "cbe-R2",
        "Only declared release plans leave the checkpoint.",
        "宣言された公表計画だけが関所を通る。",
    )
    return Decision(
        outcome=Outcome.ALLOWED,
        determining=(protected, listed),
        at=date(2026, 11, 21),
        pack_hash="3d" * 32,
        facts_hash="a7" * 32,
        duties=(
            Duty(
                id="keep-pattern",
                rule=listed,
                text=Text(
                    "Release corrections only together with the linked tables.",
                    "訂正は、関連する集計表と一緒に公表すること。",
                ),
                due=None,
            ),
        ),
    )


def release(**changed: object) -> Release:
    """The first revision of that table, open, in the log at index 4."""
    release_id = f"{PROGRAMME}.{PLAN}.r1"
    fields: dict[str, object] = {
        "id": release_id,
        "programme": PROGRAMME,
        "plan": PLAN,
        "linked_set": (PLAN, "purchases-by-product"),
        "revision": 1,
        "state": ReleaseState.OPEN,
        "made_at": MADE_AT,
        "table": purchases(),
        "decision": decision(),
        "deliveries": ("c4" * 32,),
        "files": {
            f"{PLAN}.csv": "1f" * 32,
            f"{PLAN}.json": "2e" * 32,
            f"{PLAN}.parquet": "3d" * 32,
        },
        "entry_index": 4,
    }
    return Release(**{**fields, **changed})  # type: ignore[arg-type]
