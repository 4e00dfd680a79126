"""Indicators in words: what each says, how sure it is, and what it does not say."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from statistics import median

from sekisho.lanes.statistics.indicators.written import way_of
from sekisho.model.indicator import (
    Estimate,
    Figure,
    Index,
    Indicator,
    NotEstimable,
    Policy,
    Projection,
    Result,
)
from sekisho.model.period import Step, period_of, time_of
from sekisho.terms import Language
from sekisho.text import sentence

MOST_GROUPS = 12
Label = Callable[[str], str]
"""What people read for a group."""


@dataclass(frozen=True, slots=True)
class FigureLine:
    """One figure as a table shows it."""

    group: str
    at: str
    what: str
    value: str
    interval: str
    reason: str
    """Why there is no figure; empty where there is one."""


def unit_of(indicator: Indicator, language: Language) -> str:
    """The unit of the figures: of changes percent, of a projection that of the table."""
    how = indicator.how
    if isinstance(how, Projection) or (isinstance(how, Policy) and how.scale == "level"):
        return indicator.unit.said(language)
    return sentence(
        f"indicators.unit-{'index' if isinstance(how, Index) else 'percent'}", None, language
    )


def figure_lines(result: Result, label: Label, language: Language) -> list[FigureLine]:
    """Every figure of a result, in order."""
    return [_line(each, label, language) for each in result.figures]


def _line(figure: Figure, label: Label, language: Language) -> FigureLine:
    group = label(figure.group) if figure.group else ""
    what = sentence(f"indicators.what-{figure.what}", None, language)
    found = figure.estimate
    if isinstance(found, NotEstimable):
        return FigureLine(group, figure.at, what, "", "", _reason(found, label, language))
    return FigureLine(group, figure.at, what, number(found.value), _interval(found, language), "")


def number(value: Decimal) -> str:
    """A figure with thousands set apart, and a minus that is one."""
    return f"{value:,f}".replace("-", "−")


def _interval(found: Estimate, language: Language) -> str:
    if found.low is None or found.high is None:
        return ""
    ends = {"low": number(found.low), "high": number(found.high)}
    return sentence("indicators.ends", ends, language)


def said_time(at: str, language: Language) -> str:
    """A day, month, quarter or year as people write it; anything else as it is."""
    period = period_of(at)
    if period is None:
        return at
    fields: dict[str, object] = {"year": at[:4]}
    if period.step is Step.QUARTER:
        fields["quarter"] = at[-1]
    if period.step in {Step.MONTH, Step.DAY}:
        month = int(at[5:7])
        english = f"{date(2000, month, 1):%B}"
        fields |= {"month": english if language is Language.EN else month}
    if period.step is Step.DAY:
        fields["day"] = int(at[8:10])
    return sentence(f"indicators.time-{period.step.value}", fields, language)


def _reason(found: NotEstimable, label: Label, language: Language) -> str:
    fields = dict(found.fields)
    if "at" in fields:
        fields["at"] = said_time(str(fields["at"]), language)
    if "group" in fields:
        fields["group"] = label(str(fields["group"]))
    return sentence(found.code, fields, language)


def words_of(result: Result, label: Label, language: Language) -> list[str]:
    """What an indicator says, group by group, and then what it does and does not mean."""
    said = list(_said(result, label, language))
    rest = len(said) - MOST_GROUPS
    if rest > 0:
        said = [*said[:MOST_GROUPS], sentence("indicators.more-groups", {"rest": rest}, language)]
    if isinstance(result.indicator.how, Policy):
        said = [*_summary(result, language), *said]
    return [*(f"{each[:1].upper()}{each[1:]}" for each in said), *caveats_of(result, language)]


def caveats_of(result: Result, language: Language) -> list[str]:
    """How the figures were worked out, and what they do not show."""
    way = way_of(result.indicator.how)
    how = result.indicator.how
    told = [
        sentence(
            f"indicators.means-{way}{_variant(how)}", _span(result.indicator, language), language
        )
    ]
    if isinstance(how, Policy):
        return [*told, *_moving_before(result, language)]
    if isinstance(how, Projection):
        return told
    noisy = any(each.standard_error for each in result.observed)
    return [*told, sentence(f"indicators.errors-{'carried' if noisy else 'none'}", None, language)]


def _variant(how: object) -> str:
    """Which of the sentences on a policy fits: with a trend or without, compared or alone."""
    if not isinstance(how, Policy):
        return ""
    return f"{'' if how.trend else '-steps'}{'' if how.comparison else '-alone'}"


def _moving_before(result: Result, language: Language) -> Iterator[str]:
    """In how many groups the difference was moving before the policy, for a reason of its own."""
    trends = [
        each.estimate
        for each in result.figures
        if each.what == "before" and isinstance(each.estimate, Estimate)
    ]
    moving = sum(
        each.low is not None and each.high is not None and not each.low <= 0 <= each.high
        for each in trends
    )
    how = result.indicator.how
    if moving and isinstance(how, Policy) and not how.trend:
        yield sentence("indicators.moving", {"moving": moving, "groups": len(trends)}, language)


def _span(indicator: Indicator, language: Language) -> dict[str, object]:
    """The times that the declaration names, and how many groups are compared with."""
    step = Step(indicator.step) if indicator.step else None
    names = ("first", "last", "base", "until")
    written = {name: getattr(indicator.how, name, "") or "–" for name in names}
    found = {
        name: said_time(str(time_of(each, step) or each), language)
        for name, each in written.items()
    }
    return {**found, "groups": len(getattr(indicator.how, "comparison", ()))}


def _said(result: Result, label: Label, language: Language) -> Iterator[str]:
    """A sentence a group."""
    grouped: dict[str, list[Figure]] = {}
    for each in result.figures:
        grouped.setdefault(each.group, []).append(each)
    between = "" if language is Language.JA else " "
    for group, figures in grouped.items():
        name = sentence("indicators.of-group", {"group": label(group)}, language) if group else ""
        yield between.join(filter(None, [name, _group(result, figures, label, language)]))


def _group(result: Result, figures: list[Figure], label: Label, language: Language) -> str:
    known = [each for each in figures if isinstance(each.estimate, Estimate)]
    if not known:
        reason = next(f.estimate for f in figures if isinstance(f.estimate, NotEstimable))
        return sentence("indicators.none", {"reason": _reason(reason, label, language)}, language)
    way = way_of(result.indicator.how)
    last = known[0] if way == "policy" else known[-1]
    fields = {
        **_fields(last, language),
        **_span(result.indicator, language),
        "unit": unit_of(result.indicator, language),
    }
    if way == "baseline":
        lowest = min(known, key=_value)
        fields |= {"lowest": number(_value(lowest)), "lowest_at": said_time(lowest.at, language)}
    against = getattr(result.indicator.how, "against", "")
    return sentence(f"indicators.says-{way}{f'-{against}' if against else ''}", fields, language)


def _value(figure: Figure) -> Decimal:
    return figure.estimate.value if isinstance(figure.estimate, Estimate) else Decimal(0)


def _fields(figure: Figure, language: Language) -> dict[str, object]:
    found = figure.estimate
    ends = _interval(found, language) if isinstance(found, Estimate) else ""
    interval = sentence("indicators.with-interval", {"ends": ends}, language) if ends else ""
    return {
        "at": said_time(figure.at, language),
        "value": number(_value(figure)),
        "interval": interval,
    }


def _summary(result: Result, language: Language) -> Iterator[str]:
    """How many groups changed clearly, and the middle one of their effects."""
    found = [
        each.estimate
        for each in result.figures
        if each.what == "effect" and isinstance(each.estimate, Estimate)
    ]
    if len(found) < 2:
        return
    below = sum(each.high is not None and each.high < 0 for each in found)
    above = sum(each.low is not None and each.low > 0 for each in found)
    fields = {
        "groups": len(found),
        "below": below,
        "above": above,
        "unclear": len(found) - below - above,
        "median": number(round(median(each.value for each in found), 2)),
        "unit": unit_of(result.indicator, language),
    }
    yield sentence("indicators.summary", fields, language)
