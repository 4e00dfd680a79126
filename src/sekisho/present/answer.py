"""The answer to an analyst's question: for a terminal, a notebook, Arrow and pandas."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from sekisho.errors import Fault
from sekisho.gate.answers import Answered
from sekisho.gate.private import Priced
from sekisho.lanes.statistics.privacy.answer import Expected, expected_errors, explained
from sekisho.lanes.statistics.privacy.lost import Lost
from sekisho.lanes.statistics.privacy.measures import Reading
from sekisho.lanes.statistics.privacy.plan_bounding import HISTOGRAM_SHARE
from sekisho.lanes.statistics.privacy.table import Number, PrivateTable, Shown
from sekisho.model.decision import Decision
from sekisho.present.bounds import corrected, limit_lines, plain
from sekisho.rules.explain import explain as explain_decision
from sekisho.terms import Language
from sekisho.text import sentence

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

TOTAL = "TOTAL"
MAX_ROWS = 60


@dataclass(frozen=True, slots=True)
class Charged:
    """One budget that a question is charged to."""

    dataset: str
    period: str
    left: Decimal
    epsilon: Decimal
    """What the question costs of this budget, at its own delta."""
    delta: Decimal

    def to_json(self) -> dict[str, str]:
        """The budget for programs."""
        return {
            "dataset": self.dataset,
            "period": self.period,
            "left": str(self.left),
            "epsilon": str(self.epsilon),
            "delta": str(self.delta),
        }


@dataclass(frozen=True, slots=True)
class Quoted:
    """What a question would cost and how exact its answer would be; no row was read for it."""

    epsilon: Decimal
    is_paid: bool
    budgets: tuple[Charged, ...]
    expected: tuple[Expected, ...]
    proof: tuple[Fault, ...]
    language: Language

    def lines(self, language: Language | None = None) -> list[str]:
        """The quote in sentences."""
        spoken = language or self.language
        said = [_cost(self, each, spoken) for each in self.budgets]
        said += [_expected(each, spoken) for each in self.expected]
        chosen = dict.fromkeys(each.measure for each in self.expected if each.chosen)
        if chosen:
            fields = {"measures": ", ".join(chosen), "share": plain(HISTOGRAM_SHARE * 100)}
            said.append(sentence("budget.chooses", fields, spoken))
        return said

    def explain(self, language: Language | None = None) -> list[str]:
        """Why the answer is private, step by step."""
        return [each.sentence(language or self.language) for each in self.proof]

    def to_json(self, language: Language | None = None) -> dict[str, object]:
        """The quote for programs."""
        return {
            "epsilon": str(self.epsilon),
            "paid": self.is_paid,
            "budgets": [each.to_json() for each in self.budgets],
            "expected": [
                {
                    "measure": each.measure,
                    "groups": list(each.groups),
                    "numbers": each.cells,
                    ("places_off" if each.in_places else "standard_error"): each.standard_error,
                    **({"for_each": plain(each.bound), "of": each.chosen} if each.chosen else {}),
                }
                for each in self.expected
            ],
            "proof": self.explain(language),
        }

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{escape(line)}</li>" for line in self.lines())
        return f'<ul lang="{self.language.value}">{items}</ul>'


def loss_text(epsilon: Decimal) -> str:
    """A loss in three decimals, rounded up; not for the millionth that rounding up put on top."""
    shown = (epsilon - Decimal("0.000002")).quantize(Decimal("0.001"), ROUND_CEILING)
    return f"{max(shown, Decimal(0)).normalize():f}"


def left_text(epsilon: Decimal) -> str:
    """What is left in three decimals, rounded down."""
    return f"{epsilon.quantize(Decimal('0.001'), ROUND_FLOOR).normalize():f}"


def _cost(quoted: Quoted, budget: Charged, language: Language) -> str:
    if quoted.is_paid:
        return sentence("budget.paid", language=language)
    fields = {
        "epsilon": loss_text(budget.epsilon),
        "delta": f"{budget.delta:.3g}",
        "dataset": budget.dataset,
        "period": budget.period,
        "left": left_text(budget.left),
    }
    return sentence("budget.cost", fields, language)


def _expected(each: Expected, language: Language) -> str:
    groups = ", ".join(each.groups) or sentence("budget.everything", language=language)
    error = (
        f"{each.standard_error:,.3g}"
        if each.standard_error < 10
        else (f"{each.standard_error:,.0f}")
    )
    fields = {"measure": each.measure, "groups": groups, "cells": f"{each.cells:,}"}
    fields["bound"] = plain(each.bound)
    code = "budget.expected-places" if each.in_places else "budget.expected"
    code = f"budget.expected-{each.chosen}" if each.chosen else code
    return sentence(code, {**fields, "error": error}, language)


@dataclass(frozen=True, slots=True)
class Queried:
    """A private answer in the hand: every number with its standard error and interval."""

    table: PrivateTable
    epsilon: Decimal
    """What the question cost, once, however often it is asked, at `delta`."""
    delta: Decimal
    budgets: tuple[Charged, ...]
    decision: Decision
    entries: tuple[int, ...]
    """The entries of the log that stand for the charges, one a budget."""
    folder: Path
    """The answer's papers: the numbers with all that must be known, and the proofs."""
    language: Language

    @property
    def entry_index(self) -> int:
        """The entry of the log that stands for the first charge."""
        return self.entries[0]

    @property
    def files(self) -> Mapping[str, Path]:
        """Every paper by its name."""
        return {file.name: file for file in sorted(self.folder.iterdir())}

    def explain(self, language: Language | None = None) -> list[str]:
        """The decision in plain sentences."""
        return explain_decision(self.decision, language or self.language)

    @property
    def left(self) -> Decimal:
        """The largest epsilon that one more question over the same rows may cost."""
        return min(each.left for each in self.budgets)

    def notes(self, language: Language | None = None) -> list[str]:
        """What to know when reading it: noise, what was scaled down, what it cost."""
        spoken = language or self.language
        numbers = [each for row in self.table.rows for each in row.numbers.values()]
        said = []
        if any(each.interval is not None for each in numbers) or not numbers:
            puts_back = any(each.factor is not None for each in self.table.limits)
            code = "budget.interval-corrected" if puts_back else "budget.interval"
            said.append(sentence(code, language=spoken))
        said += limit_lines(self.table.limits, spoken)
        if any(_is_drawn(each) for each in numbers):
            said.append(sentence("budget.drawn", language=spoken))
        for each in self.table.lost:
            said += _lost(each, spoken, put_back=corrected(self.table.limits, each.measures))
        for budget in self.budgets:
            spent = {
                "epsilon": loss_text(budget.epsilon),
                "delta": f"{budget.delta:.3g}",
                "dataset": budget.dataset,
                "period": budget.period,
                "left": left_text(budget.left),
            }
            said.append(sentence("budget.spent-now", spent, spoken))
        return said

    def to_arrow(self) -> "pa.Table":
        """Group columns (`TOTAL` for a total), then each number, its error and its interval."""
        import pyarrow as pa

        arrays: dict[str, pa.Array] = {}
        for name in self.table.columns:
            if name in self.table.group_columns:
                values = self.table.column(name)
                arrays[name] = pa.array([TOTAL if v is None else str(v) for v in values])
            else:
                numbers = [row.numbers[name] for row in self.table.rows]
                arrays[name] = pa.array([n.value for n in numbers])
                arrays.update(_bounds(name, numbers))
        return pa.table(arrays)

    def to_pandas(self) -> "pd.DataFrame":
        """The same as a pandas frame; needs pandas."""
        frame: pd.DataFrame = self.to_arrow().to_pandas()
        return frame

    def _repr_html_(self) -> str:
        heads = "".join(f"<th scope='col'>{escape(name)}</th>" for name in self.table.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in line) + "</tr>"
            for line in list(shown_lines(self.table))[:MAX_ROWS]
        )
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes())
        table = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
        return f'<div lang="{self.language.value}">{table}{notes}</div>'


def _is_drawn(number: Number) -> bool:
    """Whether a number carries noise without that its error is known."""
    return number.interval is None and isinstance(number.value, int | Decimal)


def _lost(lost: Lost, language: Language, *, put_back: bool) -> Iterator[str]:
    """What scaling down did, as far as it can be said."""
    measures = ", ".join(lost.measures)
    missing = None if put_back else lost.missing
    for code, share in (("lost", missing), ("scaled", lost.units)):
        if share is not None:
            percent, error = f"{share.value * 100:.1f}", f"{share.standard_error * 100:.1f}"
            fields = {"measures": measures, "percent": percent, "error": error}
            yield sentence(f"budget.{code}", fields, language)
    if missing is None and not put_back:
        yield sentence("budget.lost-unknown", {"measures": measures}, language)


def print_answer(answer: Queried, language: Language) -> None:
    """Print the whole answer and what to know when reading it."""
    from rich.console import Console
    from rich.table import Table as RichTable

    console = Console(highlight=False)
    drawn = RichTable(box=None, pad_edge=False, header_style="bold", padding=(0, 1))
    for name in answer.table.columns:
        is_group = name in answer.table.group_columns
        drawn.add_column(name, justify="left" if is_group else "right", no_wrap=True)
    for line in shown_lines(answer.table):
        drawn.add_row(*line)
    console.print(drawn)
    for note in answer.notes(language):
        console.print(note, markup=False)


def _bounds(name: str, numbers: "list[Number]") -> "dict[str, pa.Array]":
    import pyarrow as pa

    if all(each.standard_error is None for each in numbers):
        return {}
    inside = [each.interval for each in numbers]
    return {
        f"{name}_standard_error": pa.array([n.standard_error for n in numbers], pa.float64()),
        f"{name}_low": pa.array([i.low if i else None for i in inside], pa.float64()),
        f"{name}_high": pa.array([i.high if i else None for i in inside], pa.float64()),
    }


def shown_lines(table: PrivateTable) -> Iterator[tuple[str, ...]]:
    """Each row as people read it: groups, and numbers with their error and interval."""
    for row in table.rows:
        at = dict(zip(table.group_columns, row.groups, strict=True))
        yield tuple(
            (at[name] or TOTAL) if name in at else shown_number(row.numbers[name])
            for name in table.columns
        )


def shown_number(number: Number) -> str:
    """A number as people read it: `1,234 ±56 (1,120–1,350)`."""
    if number.standard_error is None or number.interval is None:
        return _plain(number.value)
    decimals = _decimals(number.value)
    error = _rounded(number.standard_error, decimals, ROUND_CEILING)
    low = _rounded(number.interval.low, decimals, ROUND_FLOOR)
    high = _rounded(number.interval.high, decimals, ROUND_CEILING)
    return f"{_plain(number.value)} ±{error:,f} ({low:,f}–{high:,f})"


def _plain(value: Shown) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return str(value)
    return f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"


def _decimals(value: Shown) -> int:
    if not isinstance(value, Decimal):
        return 0
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _rounded(value: float, decimals: int, rounding: str) -> Decimal:
    return Decimal(value).quantize(Decimal(1).scaleb(-decimals), rounding)


def quoted(priced: Priced, language: Language) -> Quoted:
    """The price of a question, its expected errors and its proof."""
    return Quoted(
        epsilon=priced.epsilon,
        is_paid=priced.is_paid,
        budgets=_budgets(priced),
        expected=tuple(_expected_of(priced)),
        proof=explained(priced.plan),
        language=language,
    )


def _expected_of(priced: Priced) -> Iterator[Expected]:
    """Expected errors of what is counted or drawn; how exact a mean is depends on its count."""
    wanted = {each.name: each for bundle in priced.plan.bundles for each in bundle.wanted}
    asked = {each.name for each in priced.plan.query.aggregate.measures}
    for each in expected_errors(priced.plan):
        is_made = wanted[each.measure].reading in (Reading.MEAN, Reading.SPREAD)
        if each.measure in asked and not is_made:
            yield each


def queried(answered: Answered, folder: Path, language: Language) -> Queried:
    """The answer to a question, its papers, and what is left of the budgets after it."""
    return Queried(
        table=answered.table,
        epsilon=answered.priced.epsilon,
        delta=answered.priced.delta,
        budgets=_budgets(answered.priced),
        decision=answered.decision,
        entries=tuple(each.entry_index or 0 for each in answered.charges),
        folder=folder,
        language=language,
    )


def _budgets(priced: Priced) -> tuple[Charged, ...]:
    return tuple(
        Charged(e.dataset.id, e.period, e.left, e.costs(priced.plan), e.ledger.delta)
        for e in priced.ledgers
    )
