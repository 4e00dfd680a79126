import re
import xml.etree.ElementTree as ET
from decimal import Decimal

import pytest

from sekisho.model.table import SUPPRESSED, Row
from sekisho.model.text import Text
from sekisho.present.chart import (
    MAX_PANELS,
    NARROW,
    ChartFormat,
    chart_description,
    chart_svg,
    charts_are_installed,
)
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
    bars = re.findall(r'aria-label="at: (\d+); value: (\d+)"', svg)
    assert bars == [("2020", "10"), ("2022", "30")]
    assert len(symbols(svg)) == 1
    assert "hidden (protected)" in texts(svg)


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
