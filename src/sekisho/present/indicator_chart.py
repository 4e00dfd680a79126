"""Charts of indicators: lines with a band over time, or effects as dots on their intervals."""

from collections.abc import Mapping
from typing import Any

from sekisho.model.indicator import Estimate, Figure, Policy, Projection, Result
from sekisho.model.period import Step, period_of
from sekisho.present.chart import NARROW, WIDE, Frame, chart_config, drawn_spec
from sekisho.present.indicators import Label, unit_of
from sekisho.terms import Language
from sekisho.text import sentence

__all__ = ["NARROW", "WIDE", "indicator_description", "indicator_svg"]
MOST_PANELS = 12
MOST_EFFECTS = 60
FEW_DAYS = 180
"""Below it a month stands at several marks of the axis, so that these say the day too."""
_INK, _BAND, _PAST, _ZERO = "#1f4e79", "#8fb3d1", "#666666", "#888888"
_AXES: dict[Step | None, dict[str, object]] = {
    Step.DAY: {
        "type": "temporal",
        "scale": {"type": "utc"},
        "axis": {"format": "%Y-%m", "tickCount": 6},
    },
    Step.YEAR: {
        "type": "quantitative",
        "scale": {"zero": False, "nice": False},
        "axis": {"format": "d", "tickMinStep": 1},
    },
}
"""How times lie beside each other: days and years at their distance, all else in a row."""
Drawn = dict[str, list[dict[str, object]]]


def indicator_svg(
    result: Result, label: Label, language: Language, frame: Frame = WIDE
) -> str | None:
    """The chart of a result as SVG; None when nothing could be estimated."""
    spec = _spec(result, label, language, frame)
    if spec is None:
        return None
    words = (result.indicator.title.said(language), indicator_description(result, label, language))
    return drawn_spec(spec, words, language)


def indicator_description(result: Result, label: Label, language: Language) -> str:
    """What the chart shows, in words; alternative text of the picture."""
    groups = list(_effects(result) if isinstance(result.indicator.how, Policy) else _lines(result))
    if not groups:
        return sentence("public.chart-none", None, language)
    effects = isinstance(result.indicator.how, Policy)
    most = MOST_EFFECTS if effects else MOST_PANELS
    named = [label(each) if each else result.indicator.title.said(language) for each in groups]
    fields = {
        "title": result.indicator.title.said(language),
        "panels": min(len(groups), most),
        "groups": len(groups)
        if effects
        else ("、" if language is Language.JA else ", ").join(named[:most]),
    }
    told = [sentence(f"public.chart-{'effects' if effects else 'lines'}", fields, language)]
    if len(groups) > most:
        fields = {"shown": most, "all": len(groups)}
        told.append(sentence("public.chart-first", fields, language))
    return ("" if language is Language.JA else " ").join(told)


def _spec(result: Result, label: Label, language: Language, frame: Frame) -> dict[str, Any] | None:
    unit = unit_of(result.indicator, language)
    if isinstance(result.indicator.how, Policy):
        return _dots(_effects(result), label, unit, frame)
    found = _lines(result)
    if not found:
        return None
    step = _step(result)
    alone = len(found) == 1
    wide = min(frame.panel * frame.columns, 980) if alone else frame.panel
    panels = [
        {
            **_panel(points, step),
            "title": label(group) if group else "",
            "width": wide,
            "height": 220 if alone else 110,
        }
        for group, points in list(found.items())[:MOST_PANELS]
    ]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "title": unit,
        "concat": panels,
        "columns": 1 if alone else frame.columns,
        "spacing": 16,
        "resolve": {"scale": {"y": "shared", "x": "shared"}},
        "config": chart_config(turned=False),
    }


def _step(result: Result) -> Step | None:
    period = period_of(result.observed[0].at) if result.observed else None
    step = result.indicator.step
    return Step(step) if step else period.step if period else None


def _lines(result: Result) -> Drawn:
    """Group -> its points in order of time; before a projection the numbers that it starts from."""
    found: Drawn = {}
    known = {f.group for f in result.figures if isinstance(f.estimate, Estimate) and f.at}
    if isinstance(result.indicator.how, Projection):
        for each in sorted(result.observed, key=lambda reading: reading.at):
            if each.value is not None and each.group in known:
                point = {"at": each.at, "value": float(each.value), "past": True}
                found.setdefault(each.group, []).append(point)
    for figure in result.figures:
        if isinstance(figure.estimate, Estimate) and figure.at:
            points = found.setdefault(figure.group, [])
            points += [_hole(points[-1]["at"], figure.at)] if points else []
            points.append(_point(figure.at, figure.estimate))
    return {group: _banded([each for each in points if each]) for group, points in found.items()}


def _banded(points: list[dict[str, object]]) -> list[dict[str, object]]:
    """A point that is exact beside uncertain ones has a band of no width, not the others'."""
    if not any("low" in each for each in points):
        return points
    return [
        each
        if "low" in each or each["past"]
        else {**each, "low": each["value"], "high": each["value"]}
        for each in points
    ]


def _hole(before: object, at: str) -> dict[str, object]:
    """A point without a value after the one before, where times are missing: no line crosses it."""
    earlier, later = period_of(str(before)), period_of(at)
    if earlier is None or later is None or earlier.step is not later.step:
        return {}
    missing = later.number - earlier.number > 1
    return {"at": str(earlier.later(1)), "value": None, "past": False} if missing else {}


def _point(at: str, estimate: Estimate) -> dict[str, object]:
    point: dict[str, object] = {"at": at, "value": float(estimate.value), "past": False}
    if estimate.low is not None and estimate.high is not None:
        point |= {"low": float(estimate.low), "high": float(estimate.high)}
    return point


def _panel(points: list[dict[str, object]], step: Step | None) -> dict[str, Any]:
    x = {"field": "at", "title": None, **_AXES.get(step, {"type": "ordinal"})}
    if step is Step.DAY and len(points) < FEW_DAYS:
        x["axis"] = {"format": "%Y-%m-%d", "tickCount": 5}
    y: dict[str, Any] = {"field": "value", "type": "quantitative", "title": None}
    y |= {"axis": {"tickCount": 5}, "scale": {"zero": False}}
    band = {
        "transform": [{"filter": "isValid(datum.low)"}],
        "mark": {"type": "area", "color": _BAND, "opacity": 0.6},
        "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
    }
    ends = {
        "transform": [{"filter": "isValid(datum.low)"}],
        "mark": {"type": "rule", "color": _BAND, "strokeWidth": 1.5},
        "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
    }
    return {"data": {"values": points}, "layer": [band, ends, *_strokes(x, y, points)]}


def _strokes(
    x: Mapping[str, object], y: Mapping[str, object], points: list[dict[str, object]]
) -> list[dict[str, Any]]:
    few = len(points) <= 40
    encoding = {"x": x, "y": y}
    return [
        {
            "transform": [{"filter": f"datum.past == {'true' if past else 'false'}"}],
            "mark": {"type": "line", "color": ink, "strokeWidth": 1.6, "point": _dot(ink, few=few)},
            "encoding": encoding,
        }
        for past, ink in ((True, _PAST), (False, _INK))
    ]


def _dot(ink: str, *, few: bool) -> object:
    return {"color": ink, "size": 30} if few else False


def _effects(result: Result) -> dict[str, Figure]:
    """Group -> its effect, from the lowest to the highest."""
    found = [
        (each.estimate.value, each)
        for each in result.figures
        if each.what == "effect" and isinstance(each.estimate, Estimate)
    ]
    return {figure.group: figure for _, figure in sorted(found, key=lambda pair: pair[0])}


def _dots(
    effects: Mapping[str, Figure], label: Label, unit: str, frame: Frame
) -> dict[str, Any] | None:
    if not effects:
        return None
    named = [
        {**_point("", figure.estimate), "at": label(group) if group else figure.at}
        for group, figure in list(effects.items())[:MOST_EFFECTS]
        if isinstance(figure.estimate, Estimate)
    ]
    y: dict[str, Any] = {"field": "at", "type": "nominal", "sort": None, "title": None}
    y |= {"axis": {"labelLimit": 200, "grid": True}}
    x = {"field": "value", "type": "quantitative", "title": unit}
    zero = {
        "data": {"values": [{"zero": 0.0}]},
        "mark": {"type": "rule", "color": _ZERO},
        "encoding": {"x": {"field": "zero", "type": "quantitative"}},
    }
    line = {
        "mark": {"type": "rule", "color": _BAND, "strokeWidth": 3},
        "encoding": {"y": y, "x": {**x, "field": "low"}, "x2": {"field": "high"}},
    }
    dot = {
        "mark": {"type": "point", "filled": True, "color": _INK, "size": 40},
        "encoding": {"y": y, "x": x},
    }
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": {"values": named},
        "width": 640 if frame.columns > 1 else 170,
        "height": {"step": 17},
        "layer": [zero, line, dot],
        "config": chart_config(turned=False),
    }
