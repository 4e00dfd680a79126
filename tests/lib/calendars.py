"""Nodes with a clock that a test turns, and a plan with a calendar."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sekisho
from sekisho.model.text import Text
from tests.lib.small import OWNER, PROGRAMME, SECRET_P, rows, write_programme, write_sales

PLAN = "by-place"
FIRST = datetime(2097, 1, 28, 23, 50, tzinfo=UTC)
"""29 January 2097, 08:50 in Tokyo."""
WHY = Text("A region was entered twice.", "ある地域が二重に入力されていました。")
CALENDAR = """
[calendar]
zone = "Asia/Tokyo"
first = "2097-01-29T08:50"
every = "month"
"""


class HandClock:
    """A clock that stands until a test turns it."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at


def write_planned(folder: Path, extra: str = "") -> Path:
    """The small programme, one plan of which has a calendar."""
    root = write_programme(folder)
    plan = root / "releases" / f"{PLAN}.toml"
    text = plan.read_text(encoding="utf-8")
    # a table after the last array of tables would belong to it
    head, mark, rest = text.partition("[measure]")
    plan.write_text(head + CALENDAR.lstrip() + extra + "\n" + mark + rest, encoding="utf-8")
    return root


def opened_at(folder: Path, at: datetime):
    """A node that stands, its clock at this moment; repaired as the system's clock had it."""
    return with_clock(sekisho.open(folder / "node"), at)


def with_clock(node, at: datetime):
    """The same node with its clock at this moment."""
    node._house = replace(node._house, clock=HandClock(at), rounds=1, threads=1)
    return node


def planned_node(folder: Path, at: datetime, *, extra: str = ""):
    """A node with the programme, data, and its clock at this moment; the caller closes it."""
    node = sekisho.init(folder / "node", OWNER, sensitivity={"p-percent": SECRET_P})
    node = with_clock(node, at)
    node.add_programme(write_planned(folder, extra))
    node.load(PROGRAMME, "sales", write_sales(folder / "sales.csv", rows(1, count=60, firms=7)))
    return node


def plain_node(folder: Path):
    """A node with the small programme, without a calendar, that makes little effort."""
    node = with_clock(
        sekisho.init(folder / "node", OWNER, sensitivity={"p-percent": SECRET_P}),
        datetime.now(UTC),
    )
    node.add_programme(write_programme(folder))
    node.load(PROGRAMME, "sales", write_sales(folder / "sales.csv", rows(1, count=60, firms=7)))
    return node


def more(folder: Path, node, seed: int = 9) -> None:
    """Data of many firms that came late."""
    lines = rows(seed, count=80, firms=9, start=1000 * seed)
    node.load(PROGRAMME, "sales", write_sales(folder / f"more-{seed}.csv", lines))
