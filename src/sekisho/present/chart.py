"""A chart of a table as a picture, and as a specification that a page brings to life."""

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, unescape

from sekisho.formats.cells import whole_file
from sekisho.model.table import Suppressed, Table
from sekisho.present.chart_spec import FONT, NARROW, WIDE, Frame, chart_config, chart_spec
from sekisho.present.drawing import MAX_BARS, MAX_PANELS, WHOLE, Axis, Drawing, View, drawing
from sekisho.present.glyphs import cut_font
from sekisho.terms import Language
from sekisho.text import sentence

__all__ = [
    "MAX_BARS",
    "MAX_PANELS",
    "NARROW",
    "WHOLE",
    "WIDE",
    "ChartFormat",
    "Frame",
    "View",
    "chart_config",
    "chart_description",
    "chart_svg",
    "chart_vega",
    "charts_are_installed",
    "drawn_spec",
]
_TEXT = re.compile(r"<text[^>]*>([^<]*)</text>")


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


def chart_svg(table: Table, language: Language, frame: Frame = WIDE, view: View = WHOLE) -> str:
    """One section of a table as SVG, with a title and a description for screen readers.

    The picture carries the shipped font, cut to the characters that it shows.
    """
    drawn = drawing(table, language, view)
    words = (table.title.said(language), _described(table, drawn, language))
    return drawn_spec(chart_spec(table, drawn, language, frame), words, language)


def chart_vega(
    table: Table, language: Language, frame: Frame = WIDE, view: View = WHOLE
) -> dict[str, object]:
    """The same chart as Vega, for a page whose script shows the number under the pointer."""
    import vl_convert

    spec = chart_spec(table, drawing(table, language, view), language, frame, live=True)
    compiled: dict[str, object] = vl_convert.vegalite_to_vega(spec)
    return compiled


def drawn_spec(spec: Mapping[str, Any], words: tuple[str, str], language: Language) -> str:
    """A Vega-Lite chart as SVG under its title and description, with the shipped font inside."""
    import vl_convert

    _register_fonts()
    svg: str = vl_convert.vegalite_to_svg(dict(spec), allowed_base_urls=[])
    return _titled(svg, *words, language)


def chart_description(table: Table, language: Language, view: View = WHOLE) -> str:
    """What the chart shows, in words; alternative text of the picture."""
    return _described(table, drawing(table, language, view), language)


def _described(table: Table, drawn: Drawing, language: Language) -> str:
    between = "、" if language is Language.JA else ", "
    fields: dict[str, object] = {
        "kind": sentence(f"present.chart-kind-{drawn.axis.value}", language=language),
        "panels": between.join(panel.title for panel in drawn.panels),
        "cells": sum(1 for _ in drawn.points),
        "unit": table.unit_of_measure.said(language),
    }
    told = [*_largest(drawn, fields, language), *_marked(drawn, fields, language)]
    if table.is_estimated:
        shown = "no-intervals"
        if table.has_intervals:
            shown = "intervals-line" if drawn.axis is Axis.TIME else "intervals"
        told.append(sentence(f"present.chart-{shown}", language=language))
    told += [
        sentence(f"present.chart-first-{what}", {"shown": most, "all": there}, language)
        for what, most, there in drawn.cuts
    ]
    told.append(sentence("present.chart-table", language=language))
    return ("" if language is Language.JA else " ").join(told)


def _largest(drawn: Drawing, fields: dict[str, object], language: Language) -> list[str]:
    """Which panels there are, and where the largest published value of the large one lies."""
    alone = "-alone" if len(drawn.panels) == 1 else ""
    told = [sentence(f"present.chart-desc{alone}", fields, language)]
    shown = [
        (Decimal(point.cell), point.at)
        for point in (drawn.large.points if drawn.large else ())
        if not isinstance(point.cell, Suppressed)
    ]
    if shown:
        largest, at = max(shown, key=lambda pair: pair[0])
        more = {**fields, "largest": f"{largest:,.0f}", "largest_at": at}
        told.append(sentence(f"present.chart-largest{alone}", more, language))
    return told


def _marked(drawn: Drawing, fields: dict[str, object], language: Language) -> list[str]:
    code = "hidden" if drawn.hidden else "none-hidden"
    return [sentence(f"present.chart-desc-{code}", {**fields, "hidden": drawn.hidden}, language)]


@cache
def _register_fonts() -> None:
    import vl_convert

    vl_convert.register_font_directory(str(_fonts()))


def _fonts() -> Path:
    return Path(str(resources.files("sekisho.present"))) / "fonts"


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
