import re
import xml.etree.ElementTree as ET
from decimal import Decimal

import pytest

from sekisho.model.table import SUPPRESSED, Row, Uncertainty
from sekisho.model.text import Text
from sekisho.present.chart import (
    MAX_PANELS,
    NARROW,
    ChartFormat,
    View,
    chart_description,
    chart_svg,
    charts_are_installed,
)
from sekisho.present.drawing import Axis, axis_of, chart_grid, drawing
from sekisho.present.pivot import Heading
from sekisho.terms import Language
from tests.lib.releases import DESTINATION, YEAR, purchases, small

SVG = "{http://www.w3.org/2000/svg}"
EN, JA = Language.EN, Language.JA


def texts(svg):
    return [node.text for node in ET.fromstring(svg).iter(f"{SVG}text")]


def symbols(svg):
    """Opaque point marks, by the shape of their path."""
    return [
        node.get("d")
        for node in ET.fromstring(svg).iter(f"{SVG}path")
        if "point" in (node.get("aria-roledescription") or "") and node.get("opacity") != "0"
    ]


def test_a_hidden_value_has_a_cross_and_no_bar():
    table = small(
        dimensions=(DESTINATION, YEAR),
        rows=(
            Row((None, None, "2020"), Decimal(10)),
            Row((None, None, "2021"), SUPPRESSED),
            Row((None, None, "2022"), Decimal(30)),
        ),
    )
    svg = chart_svg(table, EN)
    said = [
        (node.get("aria-label"), node.get("d") == symbols(svg)[-1])
        for node in ET.fromstring(svg).iter(f"{SVG}path")
        if node.get("aria-roledescription") == "point"
    ]
    assert said == [
        ("All destinations – 2020: 10 JPY", False),
        ("All destinations – 2022: 30 JPY", False),
        ("All destinations – 2021: hidden (protected); the value exists and is not zero", True),
    ]
    assert "hidden (protected)" in texts(svg)
    line = next(
        n.get("d")
        for n in ET.fromstring(svg).iter(f"{SVG}path")
        if "line" in str(n.get("aria-roledescription"))
    )
    assert "L" not in line.split("M", 2)[1]


@pytest.mark.parametrize(
    ("codes", "axis"),
    [
        (("2019", "2020"), Axis.TIME),
        (("2019-05", "2019-06"), Axis.TIME),
        (("2019Q1", "2019-Q2"), Axis.TIME),
        (("00-02", "02-04"), Axis.CLASSES),
        (("<5", "5-9", "65+"), Axis.CLASSES),
        (("[0,10)", "[10,20)"), Axis.CLASSES),
        (("2019", "other"), Axis.GROUPS),
        (("JP", "DE"), Axis.GROUPS),
        (("2019",), Axis.GROUPS),
    ],
)
def test_what_an_axis_is_follows_from_its_groups_alone(codes, axis):
    assert axis_of([Heading("All", 0, (None,)), *(Heading(c, 1, (c,)) for c in codes)]) is axis


def test_classes_stand_side_by_side_with_their_intervals_and_groups_lie_flat():
    known = Uncertainty(Decimal(5), Decimal(10), Decimal(30))
    classes = small(rows=tuple(Row((f"{n}-{n + 9}",), Decimal(20), known) for n in (0, 10, 20)))
    drawn = drawing(classes, EN)
    assert drawn.axis is Axis.CLASSES
    assert not drawn.lies_flat
    assert "95 % interval 10 to 30" in chart_svg(classes, EN)
    groups = small(rows=tuple(Row((f"g{n}",), Decimal(n)) for n in range(9)))
    assert drawing(groups, EN).lies_flat
    assert drawing(groups, EN).places[0] == "g8"


def test_the_large_panel_is_about_what_was_chosen_and_the_small_ones_about_its_parts():
    rows = chart_grid(purchases(), EN).rows
    place = next(p for p, head in enumerate(rows) if head.label == "Eastern Africa")
    drawn = drawing(purchases(), EN, View(show=place))
    assert drawn.large is not None
    assert drawn.large.title == "Eastern Africa"
    assert "Kenya" in [panel.title for panel in drawn.small]
    assert "All destinations" not in chart_description(purchases(), EN, View(show=place))


def test_time_stays_along_the_axis_whichever_way_round_the_table_is():
    assert drawing(purchases(), EN, View((1, 0))) == drawing(purchases(), EN)


def test_a_chart_of_hidden_values_alone_shows_crosses_and_no_scale():
    drawn = chart_svg(small(SUPPRESSED, SUPPRESSED, SUPPRESSED), EN)
    assert not [text for text in texts(drawn) if text and text[0].isdigit()]


@pytest.mark.parametrize("language", Language)
def test_the_chart_names_no_address_and_carries_no_script_or_style(language):
    svg = chart_svg(purchases(), language)
    assert set(re.findall(r"https?://[^\"' ]+", svg)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert not re.search(r"<script|style=|javascript:|<foreignObject|@import", svg)
    (style,) = re.findall(r"<style>([^<]*)</style>", svg)
    assert re.fullmatch(
        r'@font-face\{font-family:"Noto Sans JP";src:url\(data:[a-zA-Z0-9/;,+=]+\)\}', style
    )


def test_hostile_labels_stay_text():
    hostile = "</text><script>alert(1)</script>&\"'"
    table = small(
        Decimal(1), Decimal(2), title=Text(hostile, hostile), measure_title=Text(hostile, hostile)
    )
    svg = chart_svg(table, EN)
    assert hostile in (ET.fromstring(svg).findtext(f"{SVG}title") or "")
    assert not list(ET.fromstring(svg).iter(f"{SVG}script"))


def test_the_same_table_gives_the_same_picture():
    assert chart_svg(purchases(), JA) == chart_svg(purchases(), JA)


@pytest.mark.parametrize("language", Language)
def test_the_picture_says_in_words_what_it_shows(language):
    root = ET.fromstring(chart_svg(purchases(), language))
    assert root.get("lang") == language.value
    assert root.findtext(f"{SVG}title") == purchases().title.said(language)
    told = chart_description(purchases(), language)
    assert root.findtext(f"{SVG}desc") == told
    assert "118,298,897" in told
    assert "28" in told


def test_a_narrow_chart_fits_a_phone():
    assert float(ET.fromstring(chart_svg(purchases(), EN, NARROW)).get("width", "0")) <= 343


@pytest.mark.parametrize("cells", [(SUPPRESSED, SUPPRESSED), (Decimal(-3), Decimal(0)), (7,)])
def test_odd_tables_are_drawn_too(cells):
    assert "<svg" in chart_svg(small(*cells), EN)


def test_two_groups_of_the_same_label_keep_their_own_bars():
    same = Text("Congo", "コンゴ")
    table = small(None, Decimal(4), Decimal(6), labels=(("kind", "a", same), ("kind", "b", same)))
    svg = chart_svg(small(Decimal(10), Decimal(4), Decimal(6), labels=table.labels), EN)
    assert "Congo (a)" in svg
    assert "Congo (b)" in svg


def test_a_chart_that_leaves_groups_out_says_so():
    rows = tuple(Row((f"g{n}", None, "2020"), Decimal(n)) for n in range(MAX_PANELS + 1))
    table = small(dimensions=(DESTINATION, YEAR), rows=rows)
    assert f"first {MAX_PANELS} of {MAX_PANELS + 1} groups" in chart_description(table, EN)


@pytest.mark.parametrize("bars", [61, 3_000])
def test_a_chart_of_very_many_groups_draws_the_first_and_says_so(bars):
    table = small(rows=tuple(Row((f"group {n}",), Decimal(n)) for n in range(bars)))
    assert chart_svg(table, EN).count('aria-roledescription="bar"') == 60
    assert f"first 60 of {bars} bars" in chart_description(table, EN)


@pytest.mark.parametrize(("language", "name"), [(EN, "t.svg"), (JA, "t.ja.svg")])
def test_a_chart_is_written_as_a_format_of_its_own(language, name, tmp_path):
    form = ChartFormat(language)
    form.write(purchases(), tmp_path / f"t{form.suffix}", {})
    assert [file.name for file in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text(encoding="utf-8") == chart_svg(purchases(), language)
    assert charts_are_installed()
