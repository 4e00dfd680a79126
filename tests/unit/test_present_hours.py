"""The chart of tight hours says what the released table says, and nothing of what it hides."""

from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest

from sekisho.model.table import SUPPRESSED, Row, TableDimension, Uncertainty
from sekisho.model.text import Text
from sekisho.present.hours import hours_of, hours_svg, hours_words
from sekisho.terms import Language
from tests.lib.releases import small

HOURS = ("00-06", "06-12", "12-18", "18-24")
HOSTILE = '<script>alert(1)</script>"&'


def dimension(name):
    text = Text(name, name)
    return TableDimension(name, text, (name,), (text,), Text("All", "計"))


def table(cells, months=("2020-05", "2020-11"), **changed):
    """Volumes by hour and month with their totals; a hidden cell is None."""
    rows = [Row((None, None), 999)]
    for month in months:
        for hour in HOURS:
            cell = cells.get((hour, month), 10)
            rows.append(Row((hour, month), SUPPRESSED if cell is None else Decimal(cell)))
        rows.append(Row((None, month), 40))
    return small(rows=tuple(rows), dimensions=(dimension("hour"), dimension("month")), **changed)


def test_volumes_of_longer_months_are_taken_a_day():
    found = hours_of(table({("18-24", "2020-05"): 62, ("18-24", "2020-11"): 30}), Language.EN)
    may, november = found.series
    assert may.shares[3] == 100
    assert november.shares[3] == 50
    assert (may.name, november.name) == ("May 2020", "November 2020")
    assert found.tight(may) == ["18-24"]
    assert found.tight(november) == []
    told = hours_words(hours_of(table({}), Language.JA), Language.JA)
    assert told[0].startswith("2020年5月：")


def test_a_hidden_cell_is_a_gap_that_no_line_bridges():
    cells = {("06-12", "2020-05"): None}
    found = hours_of(table(cells, months=("2020-05",)), Language.EN)
    assert found.series[0].shares[1] is None
    drawn = ET.fromstring(hours_svg(found, Language.EN))
    lines = [each for each in drawn if each.tag.endswith("polyline")]
    assert [len(each.attrib["points"].split()) for each in lines] == [1, 2]


def test_totals_and_other_kinds_are_no_hours():
    found = hours_of(table({}), Language.EN)
    assert found.hours == HOURS
    assert all(share <= 100 for each in found.series for share in each.shares)


@pytest.mark.parametrize("changed", ["none", "noise", "names"])
def test_a_table_without_hours_or_with_noise_has_no_such_chart(changed):
    plain = table({})
    if changed == "none":
        plain = small(1, 2, 3)
    elif changed == "noise":
        sure = Uncertainty(Decimal(1), Decimal(0), Decimal(9))
        rows = tuple(Row(row.groups, row.cell, sure) for row in plain.rows)
        plain = small(rows=rows, dimensions=plain.dimensions)
    else:
        rows = tuple(
            Row((row.groups[0] and "x" + row.groups[0], row.groups[1]), 1) for row in plain
        )
        plain = small(rows=rows, dimensions=plain.dimensions)
    assert hours_of(plain, Language.EN) is None


def test_words_of_a_table_stay_words_in_the_chart():
    labels = (("month", "2020-05", Text(HOSTILE, HOSTILE)),)
    found = hours_of(table({}, labels=labels), Language.EN)
    drawn = hours_svg(found, Language.EN)
    assert "<script" not in drawn
    assert ET.fromstring(drawn).find(".//{*}script") is None
    assert "style" not in drawn
