"""Parts of a release's page: what is hidden, the budget, licences, commands that verify it."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from itertools import pairwise
from typing import Protocol, runtime_checkable

from sekisho.gate.budgets import BudgetState
from sekisho.lanes.statistics.periods import ONCE
from sekisho.model.release import Release
from sekisho.model.table import Suppressed, Table
from sekisho.terms import Language
from sekisho.text import sentence
from sekisho.web.served import ServedRelease

_ABOUT = "release.json"


@runtime_checkable
class Budgeted(Protocol):
    """A node that keeps privacy budgets."""

    def budgets(self, programme: str | None = None) -> Sequence[BudgetState]: ...


@dataclass(frozen=True, slots=True)
class Level:
    """Cells of one kind: how many are shown, how many hidden."""

    title: str
    shown: int
    hidden: int

    @property
    def share(self) -> str:
        """The share that is hidden, in percent."""
        return f"{self.hidden * 100 / max(1, self.shown + self.hidden):.0f}"


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """One budget that a release was charged to."""

    dataset: str
    period: str
    this: str
    whole: str
    spent: str
    left: str


def hidden_levels(table: Table, language: Language) -> list[Level]:
    """Shown and hidden cells for each combination of levels, and in all; from the table alone."""
    ends = [0]
    for dimension in table.dimensions:
        ends.append(ends[-1] + len(dimension.columns))
    spans = list(pairwise(ends))
    found: Counter[tuple[tuple[int, ...], bool]] = Counter()
    for row in table:
        depths = tuple(sum(g is not None for g in row.groups[a:b]) for a, b in spans)
        found[depths, isinstance(row.cell, Suppressed)] += 1
    levels = sorted({depths for depths, _ in found}, key=lambda d: (sum(d), d))
    told = [
        Level(_level(table, depths, language), found[depths, False], found[depths, True])
        for depths in levels
    ]
    return [
        *told,
        Level(sentence("release_page.hidden-total", None, language), table.shown, table.hidden),
    ]


def _level(table: Table, depths: tuple[int, ...], language: Language) -> str:
    names = [
        dimension.column_titles[depth - 1].said(language)
        if depth
        else dimension.total.said(language)
        for dimension, depth in zip(table.dimensions, depths, strict=True)
    ]
    return " × ".join(names)


def budget_lines(node: object, release: Release, language: Language) -> list[BudgetLine]:
    """The budgets that a release was charged to, as they stand now."""
    if release.cost is None or not isinstance(node, Budgeted):
        return []
    return [
        BudgetLine(
            state.dataset,
            sentence("release_page.budget-once", None, language)
            if state.period == ONCE
            else state.period,
            _loss(max(each.epsilon for each in state.charges if each.what == release.plan)),
            _loss(state.epsilon),
            _loss(state.spent),
            _loss(state.left.quantize(Decimal("0.001"), ROUND_FLOOR)),
        )
        for state in node.budgets(release.programme)
        if state.period in release.cost.periods
        and any(each.what == release.plan for each in state.charges)
    ]


def _loss(epsilon: Decimal) -> str:
    return f"{epsilon.quantize(Decimal('0.001')).normalize():f}"


def papers_of(released: ServedRelease) -> dict[str, list[str]]:
    """Licences and sources, as the release's own papers name them."""
    file = released.files.get(_ABOUT)
    held = json.loads(file.read_text(encoding="utf-8")) if file else {}
    return {name: [str(each) for each in held.get(name, [])] for name in ("licences", "sources")}


def commands(released: ServedRelease, index: int, key: str) -> str:
    """What to type to check a file of the release and its entry."""
    release = released.release
    name = f"{release.plan}.csv"
    digest = release.files.get(name)
    lines = [f"echo '{digest}  {name}' | sha256sum --check"] if digest else []
    lines.append(f"sekisho receipt verify {index}.tlog-proof --key '{key}'")
    return "\n".join(lines)
