"""A timeline as a table of counts, so that it is drawn and read as every other table."""

from collections.abc import Sequence

from sekisho.lanes.open.timelines import Event, History, counts_of
from sekisho.model.table import Row, Table, TableDimension
from sekisho.model.text import Text

_ALL = Text("All topics", "すべての分野")
_MONTHS = Text("All months", "すべての月")


def counts_table(history: History, events: Sequence[Event]) -> Table:
    """How many of the events each topic has in each month, with all totals."""
    topics = [each for each in history.topics if any(e.topic == each for e in events)]
    counts = counts_of(events, topics)
    lines = list(zip(topics, counts.cells, strict=True))
    totals = [sum(column) for column in zip(*counts.cells, strict=True)] if topics else []
    rows: list[Row] = []
    for topic, cells in [(None, totals), *lines]:
        rows.append(Row((topic, None), sum(cells)))
        rows += [Row((topic, m), n) for m, n in zip(counts.months, cells, strict=True)]
    topic_titles, month_titles = (Text("Topic", "分野"),), (Text("Month", "月"),)
    return Table(
        id=history.lookup.id,
        title=history.lookup.title,
        dimensions=(
            TableDimension("topic", topic_titles[0], ("topic",), topic_titles, _ALL),
            TableDimension("month", month_titles[0], ("month",), month_titles, _MONTHS),
        ),
        measure="events",
        measure_title=Text("Events", "件数"),
        unit_of_measure=Text("events", "件"),
        decimals=0,
        rows=tuple(rows),
    )
