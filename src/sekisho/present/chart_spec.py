"""A drawing as a Vega-Lite specification: inks, sizes, layers.

One ink needs no colours to be told apart, so the chart survives grey print and every colour
vision. A hidden value has no bar and no guess of one: only its cross on the base line.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sekisho.model.table import Suppressed, Table
from sekisho.present.drawing import Axis, Drawing, Panel, Point
from sekisho.terms import Language
from sekisho.text import sentence

FONT = "Noto Sans JP"
_BETWEEN = 31
"""Pixels from panel to panel: their spacing and the width of the axis."""
_INK, _HIDDEN_INK, _AXIS_INK, _GRID_INK = "#1f4e79", "#a33b00", "#333333", "#dddddd"
_INTERVAL_INK = "#d07c00"
_CROSS = "M-1,-1L1,1M-1,1L1,-1"
_SQUARE = "M-1,-1L1,-1L1,1L-1,1Z"
_FLAT_STEP = 19
_GAP = {Axis.CLASSES: 0.04, Axis.GROUPS: 0.25, Axis.TIME: 0.1}
Spec = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Frame:
    """How wide a chart is: panels beside each other, and each panel's width in pixels."""

    columns: int = 4
    panel: int = 250


WIDE = Frame()
NARROW = Frame(columns=1, panel=290)


@dataclass(frozen=True, slots=True)
class _Pen:
    """What every panel of one chart shares."""

    drawn: Drawing
    power: int
    published: str
    hidden: str
    bounded: bool
    nothing: bool
    """Whether every value is hidden."""
    live: bool


def chart_spec(
    table: Table, drawn: Drawing, language: Language, frame: Frame, *, live: bool = False
) -> Spec:
    """The chart as Vega-Lite; a live one has something to point at around each small mark."""
    power = _power(drawn)
    unit = table.unit_of_measure.said(language)
    scale = sentence(f"present.scale-{power}", {"unit": unit}, language) if power else unit
    pen = _Pen(
        drawn,
        power,
        sentence("present.chart-published", language=language),
        sentence("present.chart-hidden", language=language),
        any(point.uncertainty for point in drawn.points),
        all(isinstance(point.cell, Suppressed) for point in drawn.points),
        live,
    )
    turned = not drawn.lies_flat and _too_long(drawn, frame.panel)
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "title": f"{drawn.section} · {scale}" if drawn.section else scale,
        "vconcat": _parts(pen, frame),
        "spacing": 20,
        "resolve": {"scale": dict.fromkeys(("fill", "stroke", "shape"), "shared")},
        "config": chart_config(turned=turned),
    }


def _parts(pen: _Pen, frame: Frame) -> list[Spec]:
    wide = frame.panel * frame.columns + _BETWEEN * (frame.columns - 1)
    if pen.drawn.lies_flat:
        (panel,) = pen.drawn.panels
        across = frame.panel - 60 if frame.columns == 1 else min(wide - 260, 620)
        return [{**_flat(pen, panel), "width": across, "height": {"step": _FLAT_STEP}}]
    parts = []
    if pen.drawn.large:
        alone = not pen.drawn.small
        size = {"width": wide, "height": 260 if alone and frame.columns > 1 else 150}
        parts.append({**_upright(pen, pen.drawn.large), **size})
    small = [
        {**_upright(pen, panel), "width": frame.panel, "height": 92} for panel in pen.drawn.small
    ]
    if small:
        shared = {"resolve": {"scale": {"y": "shared"}}, "spacing": 14}
        parts.append({"concat": small, "columns": frame.columns, **shared})
    return parts


def _power(drawn: Drawing) -> int:
    shown = [
        abs(Decimal(point.cell)) for point in drawn.points if not isinstance(point.cell, Suppressed)
    ]
    largest = max(shown, default=Decimal(0))
    # Bars that lie flat have their numbers written behind them: thousands need no shorter scale.
    steps = (9, 6) if drawn.lies_flat else (9, 6, 3)
    return next((power for power in steps if largest >= 2 * 10**power), 0)


def _value(point: Point, pen: _Pen) -> Spec:
    if isinstance(point.cell, Suppressed):
        gone: Spec = {"at": point.at, "value": None, "around": 0}
        return {**gone, "status": pen.hidden, "tip": point.tip}
    told: Spec = {"at": point.at, "value": float(point.cell) / 10**pen.power, "tip": point.tip}
    told["end"] = told["around"] = told["value"]
    if point.uncertainty is not None:
        told["low"] = float(point.uncertainty.low) / 10**pen.power
        told["high"] = float(point.uncertainty.high) / 10**pen.power
        told["end"] = max(told["value"], told["high"])
    return {**told, "said": point.said, "status": pen.published}


def _only(what: str) -> list[Spec]:
    return [{"filter": what}]


_SHOWN = _only("isValid(datum.value)")
_HIDDEN = _only("!isValid(datum.value)")
_BOUNDED = _only("isValid(datum.low)")
_WORDS = {"tooltip": {"field": "tip"}, "description": {"field": "tip"}}


def _upright(pen: _Pen, panel: Panel) -> Spec:
    """A panel whose values go up: bars, or a line over time."""
    x: Spec = {
        "field": "at",
        "type": "nominal",
        "sort": list(pen.drawn.places),
        "title": None,
        "scale": {"domain": list(pen.drawn.places)},
    }
    if pen.drawn.axis is not Axis.TIME:
        x["scale"] = {**x["scale"], "paddingInner": _GAP[pen.drawn.axis], "paddingOuter": 0.1}
    y: Spec = {"field": "value", "type": "quantitative", "title": None, "axis": {"tickCount": 4}}
    if pen.nothing:
        y |= {"axis": {"labels": False, "grid": False}, "scale": {"domain": [0, 1]}}
    layers = _lines(y) if pen.drawn.axis is Axis.TIME else _bars("y", y)
    if pen.bounded:
        ends = {"y": {**y, "field": "low"}, "y2": {"field": "high"}}
        if pen.drawn.axis is Axis.TIME:
            band = {"mark": {"type": "area", "color": _INTERVAL_INK, "opacity": 0.25}}
            layers.insert(0, {"transform": _BOUNDED, **band, "encoding": ends})
        layers.append({"transform": _BOUNDED, "mark": _rule(), "encoding": {**ends, **_WORDS}})
    if pen.drawn.hidden:
        layers.append(_crosses(pen, {"y": {**y, "field": "base"}}, {"yOffset": -6}))
    if pen.live:
        around = {"type": "point", "filled": True, "opacity": 0, "size": 500}
        layers.append({"mark": around, "encoding": {"y": {**y, "field": "around"}, **_WORDS}})
    return {
        "title": panel.title,
        "data": {"values": [_value(point, pen) for point in panel.points]},
        "encoding": {"x": x},
        "layer": layers,
    }


def _flat(pen: _Pen, panel: Panel) -> Spec:
    """A panel whose bars go sideways, names written out at their left."""
    y = {
        "field": "at",
        "type": "nominal",
        "sort": list(pen.drawn.places),
        "title": None,
        "scale": {"domain": list(pen.drawn.places), "paddingInner": 0.3},
        "axis": {"labelLimit": 150, "labelAngle": 0, "labelOverlap": False, "grid": False},
    }
    axis = {"tickCount": 5, "grid": True, "labelAngle": 0, "orient": "top"}
    x: Spec = {"field": "value", "type": "quantitative", "title": None, "axis": axis}
    if pen.nothing:
        x |= {"axis": None, "scale": {"domain": [0, 1]}}
    label = {"type": "text", "align": "left", "dx": 5, "fontSize": 11, "color": _AXIS_INK}
    written = {"x": {**x, "field": "end"}, "text": {"field": "said"}}
    layers = [*_bars("x", x), {"transform": _SHOWN, "mark": label, "encoding": written}]
    if pen.bounded:
        ends = {"x": {**x, "field": "low"}, "x2": {"field": "high"}}
        layers.append({"transform": _BOUNDED, "mark": _rule(), "encoding": {**ends, **_WORDS}})
    if pen.drawn.hidden:
        layers.append(_crosses(pen, {"x": {**x, "field": "base"}}, {"xOffset": 7}))
    return {
        "data": {"values": [_value(point, pen) for point in panel.points]},
        "encoding": {"y": y},
        "layer": layers,
    }


def _bars(along: str, channel: Spec) -> list[Spec]:
    mark = {"type": "bar", "color": _INK}
    return [{"transform": _SHOWN, "mark": mark, "encoding": {along: channel, **_WORDS}}]


def _lines(y: Spec) -> list[Spec]:
    """A line that breaks where a value is hidden, and a dot for every value that is shown."""
    dot = {"type": "point", "filled": True, "opacity": 1, "color": _INK, "size": 22}
    return [
        {"mark": {"type": "line", "color": _INK, "strokeWidth": 1.6}, "encoding": {"y": y}},
        {"transform": _SHOWN, "mark": dot, "encoding": {"y": y, **_WORDS}},
    ]


def _rule() -> Spec:
    """A thin line from low to high."""
    return {"type": "rule", "color": _INTERVAL_INK, "strokeWidth": 1.6}


def _crosses(pen: _Pen, place: Mapping[str, object], moved: Mapping[str, int]) -> Spec:
    """A cross on the base line for every hidden value, and the legend of the two marks."""

    def by_status(*drawn: str) -> Spec:
        scale = {"domain": [pen.published, pen.hidden], "range": list(drawn)}
        return {"field": "status", "type": "nominal", "scale": scale}

    return {
        "transform": [*_HIDDEN, {"calculate": "0", "as": "base"}],
        "mark": {"type": "point", "strokeWidth": 1.8, "opacity": 1, **moved},
        "encoding": {
            **place,
            "shape": by_status(_SQUARE, _CROSS),
            "fill": by_status(_INK, _HIDDEN_INK),
            "stroke": by_status(_INK, _HIDDEN_INK),
            "size": {"value": 26},
            **_WORDS,
        },
    }


def _too_long(drawn: Drawing, width: int) -> bool:
    """Whether labels would not fit beside each other, every second one left out."""
    labels = drawn.places
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
