"""A chart of a table, drawn here as SVG: small bar panels, hidden values marked with a cross.

Bars in one ink need no colours to be told apart, so they survive grey print and every colour
vision. A hidden value has no bar and no guess of one: only its mark on the base line.
"""

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, unescape

from sekisho.formats.cells import whole_file
from sekisho.model.table import Cell, Suppressed, Table, Uncertainty
from sekisho.present.glyphs import cut_font
from sekisho.present.pivot import Grid, Heading, pivot
from sekisho.terms import Language
from sekisho.text import sentence

FONT = "Noto Sans JP"
MAX_PANELS = 24
MAX_BARS = 60
_BETWEEN = 31
"""Pixels from panel to panel: their spacing and the width of the axis."""
_INK, _HIDDEN_INK, _AXIS_INK, _GRID_INK = "#1f4e79", "#a33b00", "#333333", "#dddddd"
_INTERVAL_INK = "#d07c00"
_CROSS = "M-1,-1L1,1M-1,1L1,-1"
_SQUARE = "M-1,-1L1,-1L1,1L-1,1Z"
_TEXT = re.compile(r"<text[^>]*>([^<]*)</text>")


@dataclass(frozen=True, slots=True)
class Frame:
    """How wide a chart is: panels beside each other, and each panel's width in pixels."""

    columns: int = 4
    panel: int = 250


WIDE = Frame()
NARROW = Frame(columns=1, panel=290)


@dataclass(frozen=True, slots=True)
class _Scale:
    power: int
    title: str


@dataclass(frozen=True, slots=True)
class ChartFormat:
    """The chart of a table as a file: `.svg` in English, `.ja.svg` in Japanese."""

    language: Language = Language.EN

    @property
    def name(self) -> str:
        """`svg` or `svg-ja`."""
        return "svg" if self.language is Language.EN else f"svg-{self.language.value}"

    @property
    def suffix(self) -> str:
        """What the file's name ends with."""
        return ".svg" if self.language is Language.EN else f".{self.language.value}.svg"

    @property
    def media_type(self) -> str:
        """As registered."""
        return "image/svg+xml"

    def write(self, table: Table, target: Path, about: Mapping[str, object]) -> None:  # noqa: ARG002 - a picture has no room for it
        """Draw the chart.

        Raises: StorageError when the file cannot be written.
        """
        drawn = chart_svg(table, self.language).encode("utf-8")
        with whole_file(target) as file:
            file.write(drawn)


def charts_are_installed() -> bool:
    """Whether this installation can draw charts (extra `web`)."""
    return find_spec("vl_convert") is not None


def chart_svg(table: Table, language: Language, frame: Frame = WIDE) -> str:
    """The table's first section as SVG, with a title and a description for screen readers.

    The picture carries the shipped font, cut to the characters that it shows.
    """
    grid = _chart_grid(table, language)
    spec = _spec(table, grid, language, frame)
    return drawn_spec(
        spec, (table.title.said(language), chart_description(table, language)), language
    )


def drawn_spec(spec: Mapping[str, Any], words: tuple[str, str], language: Language) -> str:
    """A Vega-Lite chart as SVG under its title and description, with the shipped font inside."""
    import vl_convert

    _register_fonts()
    svg: str = vl_convert.vegalite_to_svg(dict(spec), allowed_base_urls=[])
    return _titled(svg, *words, language)


def chart_description(table: Table, language: Language) -> str:
    """What the chart shows, in words; alternative text of the picture."""
    grid = _chart_grid(table, language)
    drawn = [point for head, line in _panels(grid) for point in _points(grid, line)]
    fields: dict[str, object] = {
        "panels": _listed([head.label for head, _ in _panels(grid)], language),
        "cells": len(drawn),
        "hidden": sum(isinstance(cell, Suppressed) for _, cell in drawn),
        "unit": table.unit_of_measure.said(language),
    }
    totals = [
        (Decimal(cell), column.label)
        for column, cell in _points(grid, _total_line(grid))
        if not isinstance(cell, Suppressed)
    ]
    if totals:
        largest, at = max(totals, key=lambda pair: pair[0])
        fields |= {"largest": f"{largest:,.0f}", "largest_at": at}
    told = sentence(f"present.chart-desc{'' if totals else '-no-total'}", fields, language)
    between = " " if language is Language.EN else ""
    noise = []
    if table.is_estimated:
        shown = "intervals" if table.has_intervals else "no-intervals"
        noise.append(sentence(f"present.chart-{shown}", language=language))
    return between.join([told, *noise, *_cut(grid, language)])


def _cut(grid: Grid, language: Language) -> list[str]:
    tops = sum(head.depth == 1 for head in grid.rows)
    bars = len(_drawn_columns(grid))
    cuts = (("panels", MAX_PANELS, tops), ("bars", MAX_BARS, bars))
    return [
        sentence(f"present.chart-first-{what}", {"shown": most, "all": there}, language)
        for what, most, there in cuts
        if there > most
    ]


@cache
def _register_fonts() -> None:
    import vl_convert

    vl_convert.register_font_directory(str(_fonts()))


def _fonts() -> Path:
    return Path(str(resources.files("sekisho.present"))) / "fonts"


def _chart_grid(table: Table, language: Language) -> Grid:
    """The first section; a table of one dimension lies across, so that it makes one panel."""
    grid = pivot(table, language)[0]
    if len(table.dimensions) > 1:
        return replace(grid, columns=_told_apart(grid.columns))
    line = tuple(cells[0] for cells in grid.cells)
    head = Heading(table.measure_title.said(language), 0, ())
    return Grid("", grid.corner, "", _told_apart(grid.rows), (head,), (line,))


def _told_apart(headings: tuple[Heading, ...]) -> tuple[Heading, ...]:
    """Headings of the same label get their code behind it, so that no two bars share a place."""
    often = Counter(heading.label for heading in headings)
    return tuple(
        replace(heading, label=f"{heading.label} ({'/'.join(filter(None, heading.groups))})")
        if often[heading.label] > 1
        else heading
        for heading in headings
    )


def _listed(labels: list[str], language: Language) -> str:
    return ("、" if language is Language.JA else ", ").join(labels)


def _total_line(grid: Grid) -> tuple[Cell | None, ...]:
    lines = zip(grid.rows, grid.cells, strict=True)
    return next((line for head, line in lines if head.depth == 0), ())


def _panels(grid: Grid) -> list[tuple[Heading, tuple[Cell | None, ...]]]:
    """The total, then the widest level; of a table of one dimension only itself."""
    pairs = list(zip(grid.rows, grid.cells, strict=True))
    totals = [pair for pair in pairs if pair[0].depth == 0]
    tops = [pair for pair in pairs if pair[0].depth == 1]
    return totals + tops[:MAX_PANELS]


def _points(grid: Grid, line: tuple[Cell | None, ...]) -> Iterator[tuple[Heading, Cell]]:
    """The cells of a panel without the total across, in order."""
    drawn = _drawn_columns(grid)[:MAX_BARS]
    for place, column in drawn:
        if place < len(line) and (cell := line[place]) is not None:
            yield column, cell


def _drawn_columns(grid: Grid) -> list[tuple[int, Heading]]:
    """The columns that may become bars: the widest level, or all when there is only a total."""
    inner = any(column.depth for column in grid.columns)
    return [
        (place, column)
        for place, column in enumerate(grid.columns)
        if column.depth == 1 or not inner
    ]


def _scale(table: Table, grid: Grid, language: Language) -> _Scale:
    unit = table.unit_of_measure.said(language)
    shown = [
        abs(Decimal(cell))
        for _, line in _panels(grid)
        for _, cell in _points(grid, line)
        if not isinstance(cell, Suppressed)
    ]
    largest = max(shown, default=Decimal(0))
    for power in (9, 6, 3):
        if largest >= 2 * 10**power:
            return _Scale(power, sentence(f"present.scale-{power}", {"unit": unit}, language))
    return _Scale(0, unit)


def _marks(
    grid: Grid, line: tuple[Cell | None, ...], power: int, language: Language
) -> list[dict[str, object]]:
    published = sentence("present.chart-published", language=language)
    hidden = sentence("present.chart-hidden", language=language)
    return [
        {"at": column.label, "value": 0, "status": hidden}
        if isinstance(cell, Suppressed)
        else {"at": column.label, "value": float(cell) / 10**power, "status": published}
        for column, cell in _points(grid, line)
    ]


def _with_intervals(
    table: Table, grid: Grid, marks: list[tuple[Heading, list[dict[str, object]]]], power: int
) -> bool:
    """Give each mark of a number with noise the ends of its interval; whether there are any."""
    known: dict[tuple[str | None, ...], Uncertainty] = {}
    wide = len(grid.rows[0].groups) + len(grid.columns[0].groups) if grid.columns else 0
    for row in table:
        if row.uncertainty is not None:
            known.setdefault(row.groups[:wide], row.uncertainty)
    columns = {column.label: column.groups for column in grid.columns}
    for head, drawn in marks:
        for mark in drawn:
            found = known.get((*head.groups, *columns[str(mark["at"])]))
            if found is not None:
                mark["low"] = float(found.low) / 10**power
                mark["high"] = float(found.high) / 10**power
    return bool(known)


def _spec(table: Table, grid: Grid, language: Language, frame: Frame) -> dict[str, Any]:
    scale = _scale(table, grid, language)
    at = [column.label for column, _ in _points(grid, tuple(0 for _ in grid.columns))]
    marks = [(head, _marks(grid, line, scale.power, language)) for head, line in _panels(grid)]
    estimated = _with_intervals(table, grid, marks, scale.power)
    panels = [
        (head, _panel(head.label, drawn, at, language, estimated=estimated))
        for head, drawn in marks
    ]
    wide = frame.panel * frame.columns + _BETWEEN * (frame.columns - 1)
    parts = [{**panel, "width": wide, "height": 130} for head, panel in panels if head.depth == 0]
    small = [{**panel, "width": frame.panel, "height": 92} for head, panel in panels if head.depth]
    if small:
        shared = {"resolve": {"scale": {"y": "shared"}}, "spacing": 14}
        parts.append({"concat": small, "columns": frame.columns, **shared})
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "title": scale.title,
        "vconcat": parts,
        "spacing": 20,
        "resolve": {"scale": dict.fromkeys(("fill", "stroke", "shape"), "shared")},
        "config": chart_config(turned=_too_long(at, frame.panel)),
    }


def _panel(
    label: str,
    marks: list[dict[str, object]],
    at: list[str],
    language: Language,
    *,
    estimated: bool = False,
) -> dict[str, object]:
    published = sentence("present.chart-published", language=language)
    hidden = sentence("present.chart-hidden", language=language)
    y = {"field": "value", "type": "quantitative", "title": None, "axis": {"tickCount": 4}}

    def by_status(*drawn: str) -> dict[str, object]:
        scale = {"domain": [published, hidden], "range": list(drawn)}
        return {"field": "status", "type": "nominal", "scale": scale}

    bars = {
        "transform": [{"filter": {"field": "status", "equal": published}}],
        "mark": {"type": "bar", "color": _INK},
        "encoding": {"y": y},
    }
    is_hidden = {"test": {"field": "status", "equal": hidden}, "value": 1}
    crosses = {
        "mark": {"type": "point", "strokeWidth": 1.8, "yOffset": -6},
        "encoding": {
            "y": y,
            "shape": by_status(_SQUARE, _CROSS),
            "fill": by_status(_INK, _HIDDEN_INK),
            "stroke": by_status(_INK, _HIDDEN_INK),
            "opacity": {"condition": is_hidden, "value": 0},
            "size": {"value": 26},
        },
    }
    place = {"field": "at", "type": "nominal", "sort": at, "title": None, "scale": {"domain": at}}
    return {
        "title": label,
        "data": {"values": marks},
        "encoding": {"x": place},
        "layer": [bars, *([_intervals(y)] if estimated else []), crosses],
    }


def _intervals(y: Mapping[str, object]) -> dict[str, object]:
    """A thin line from low to high through the end of each bar that carries noise."""
    return {
        "transform": [{"filter": "isValid(datum.low)"}],
        "mark": {"type": "rule", "color": _INTERVAL_INK, "strokeWidth": 1.4},
        "encoding": {"y": {**y, "field": "low"}, "y2": {"field": "high"}},
    }


def _too_long(labels: list[str], width: int) -> bool:
    """Whether labels would not fit beside each other, every second one left out."""
    return bool(labels) and max(map(len, labels)) * 7 > 2 * width / len(labels)


def chart_config(*, turned: bool) -> dict[str, object]:
    """Fonts, inks and spaces."""
    return {
        "font": f"{FONT}, sans-serif",
        "background": "#ffffff",
        "view": {"stroke": None},
        "title": {"anchor": "start", "fontSize": 13, "fontWeight": 400, "color": _AXIS_INK},
        "axis": {
            "labelColor": _AXIS_INK,
            "labelFontSize": 11,
            "gridColor": _GRID_INK,
            "domainColor": "#888888",
            "ticks": False,
            "labelPadding": 4,
            "labelSeparation": 6,
        },
        "axisX": {"labelAngle": -40 if turned else 0, "grid": False, "labelOverlap": "parity"},
        "axisY": {"domain": False},
        "legend": {"orient": "top", "title": None, "labelFontSize": 12, "symbolSize": 60},
    }


def _titled(svg: str, title: str, description: str, language: Language) -> str:
    """The SVG with `lang`, `title`, `desc` and its font, so that it stands alone anywhere."""
    head, _, rest = svg.partition(">")
    told = (
        f'{head} role="img" aria-labelledby="chart-title chart-desc" lang="{language.value}">'
        f'<title id="chart-title">{escape(title)}</title>'
        f'<desc id="chart-desc">{escape(description)}</desc>'
        f"<style>{_font_face(rest)}</style>"
    )
    return told + rest + ("" if rest.endswith("\n") else "\n")


def _font_face(drawn: str) -> str:
    """The shipped font, cut to the characters that are drawn: a picture may load nothing."""
    shown = set(unescape("".join(_TEXT.findall(drawn))))
    font = (_fonts() / "noto-sans-jp-400.ttf").read_bytes()
    data = b64encode(cut_font(font, shown)).decode("ascii")
    return f'@font-face{{font-family:"{FONT}";src:url(data:font/ttf;base64,{data})}}'
