"""Which labels add up to which: found from indents, words, codes and figures, each with its reason.

A sum is a claim about an axis: on every line across it, the parts add up to the total. What the
figures contradict is not taken; what only the figures show is proposed and has to be confirmed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from sekisho.lanes.statistics.finished.axes import Axis
from sekisho.lanes.statistics.finished.words import is_total

Floats = NDArray[np.float64]


class Reason(StrEnum):
    """Why a sum is believed."""

    DECLARED = "declared"
    SECTION = "section"
    INDENT = "indent"
    WORD = "word"
    CODE = "code"
    FIGURES = "figures"


@dataclass(frozen=True, slots=True)
class Sum:
    """One total with its parts on an axis, and what the figures say of it.

    `held` and `broken` count lines on which every cell shows a figure.
    """

    axis: int
    total: str
    parts: tuple[str, ...]
    reason: Reason
    held: int = 0
    broken: int = 0
    near: int = 0
    """Lines that hold but for rounding."""

    @property
    def contradicted(self) -> bool:
        """The figures speak against it on most lines."""
        return self.broken > self.held + self.near


@dataclass(frozen=True, slots=True)
class Figures:
    """The cells of a table on one axis: lines x codes, NaN where no figure is shown.

    Units: `step` is the smallest difference that the table can print. `at`: the line's place of
    each code.
    """

    values: Floats
    step: float
    at: Mapping[str, int]

    def tested(self, claim: Sum) -> Sum:
        """The claim with the lines on which it holds, nearly holds, or is broken."""
        at = self.at
        if claim.total not in at or any(part not in at for part in claim.parts):
            return claim
        parts = self.values[:, [at[part] for part in claim.parts]]
        off = np.abs(self.values[:, at[claim.total]] - parts.sum(axis=1))
        off = off[~np.isnan(off)]
        exact = off <= self.step * 1e-6
        near = ~exact & (off <= self.step * (0.5 * (len(claim.parts) + 1) + 1e-6))
        held, close = int(exact.sum()), int(near.sum())
        return replace(claim, held=held, near=close, broken=off.size - held - close)


def sums_of(number: int, axis: Axis, figures: Figures) -> list[Sum]:
    """The sums on an axis, tested; from indents first, then words, codes, and figures."""
    found: list[Sum] = []
    known: set[str] = set()
    for propose in (_by_section, _by_indent, _by_word, _by_code):
        for claim in propose(number, axis):
            if claim.total not in known:
                found.append(_best(figures, claim))
                if not found[-1].contradicted:
                    known.add(claim.total)
    found = [_over_tops(figures, claim, found) for claim in found]
    known = {claim.total for claim in found if not claim.contradicted}
    found += [claim for claim in _by_figures(number, axis, figures) if claim.total not in known]
    return found


def _over_tops(figures: Figures, claim: Sum, found: Sequence[Sum]) -> Sum:
    """A total over everything, tried over what no other sum has as a part, unless it held.

    Where no line shows all figures, parts and their own parts would count twice.
    """
    if claim.reason is not Reason.WORD or (claim.held + claim.near and not claim.contradicted):
        return claim
    inner = {part for s in found if s is not claim and not s.contradicted for part in s.parts}
    parts = tuple(part for part in claim.parts if part not in inner)
    other = figures.tested(replace(claim, parts=parts))
    return other if len(parts) > 1 and not other.contradicted else claim


def _best(figures: Figures, claim: Sum) -> Sum:
    """The claim, or the variant of it that the figures support better.

    A grand total stands beside subtotals and their parts: it may add up either.
    """
    tested = figures.tested(claim)
    if not tested.contradicted or claim.reason is not Reason.WORD:
        return tested
    inner = tuple(part for part in claim.parts if is_total(part))
    outer = tuple(part for part in claim.parts if not is_total(part))
    for parts in (inner, outer):
        if parts and parts != claim.parts:
            other = figures.tested(replace(claim, parts=parts))
            if not other.contradicted and other.held + other.near:
                return other
    return tested


SEPARATOR = " / "


def _by_section(number: int, axis: Axis) -> Iterator[Sum]:
    """Labels under a heading add up to the total among them, or to the heading's own figures."""
    sections: dict[str, list[str]] = {}
    for code in axis.codes:
        prefix, separator, _ = code.rpartition(SEPARATOR)
        if separator:
            sections.setdefault(prefix, []).append(code)
    totals = {}
    for prefix, codes in sections.items():
        named = [code for code in codes if is_total(code)]
        total = prefix if prefix in axis.codes else named[0] if len(named) == 1 else None
        parts = tuple(code for code in codes if code != total and not is_total(code))
        if total is not None and len(parts) > 1:
            totals[prefix] = total
            yield Sum(number, total, parts, Reason.SECTION)
    grand = [c for c in axis.codes if SEPARATOR not in c and c not in sections and is_total(c)]
    outer = [prefix for prefix in sections if SEPARATOR not in prefix]
    if len(grand) == 1 and len(outer) > 1 and all(prefix in totals for prefix in outer):
        plain = [c for c in axis.codes if SEPARATOR not in c and c not in (*sections, *grand)]
        parts = (*(totals[prefix] for prefix in outer), *plain)
        yield Sum(number, grand[0], parts, Reason.SECTION)


def _by_indent(number: int, axis: Axis) -> Iterator[Sum]:
    if len(set(axis.depth)) < 2:
        return
    for place, code in enumerate(axis.codes):
        parts: list[str] = []
        first = None
        for other in range(place + 1, len(axis.codes)):
            depth = axis.depth[other]
            if depth <= axis.depth[place]:
                break
            first = depth if first is None else min(first, depth)
            if depth == first:
                parts.append(axis.codes[other])
        if len(parts) > 1:
            yield Sum(number, code, tuple(parts), Reason.INDENT)


def _by_word(number: int, axis: Axis) -> Iterator[Sum]:
    """`Total` adds up the others of its depth; a subtotal those between it and the one before."""
    least = min(axis.depth, default=0)
    top = [code for code, depth in zip(axis.codes, axis.depth, strict=True) if depth == least]
    totals = [code for code in top if is_total(code)]
    if not totals:
        return
    if len(totals) == 1:
        parts = tuple(code for code in top if code != totals[0])
        if len(parts) > 1:
            yield Sum(number, totals[0], parts, Reason.WORD)
        return
    yield from _several_totals(number, top, totals)


def _several_totals(number: int, top: Sequence[str], totals: Sequence[str]) -> Iterator[Sum]:
    """Subtotals each for the run of labels beside it, and a grand total over the subtotals."""
    first = top[0] in totals
    runs: list[tuple[str, list[str]]] = []
    parts: list[str] = []
    for code in reversed(top) if first else top:
        if code in totals:
            runs.append((code, parts))
            parts = []
        else:
            parts.append(code)
    at = {code: place for place, code in enumerate(top)}
    for total, run in runs:
        if len(run) > 1:
            yield Sum(number, total, tuple(sorted(run, key=at.__getitem__)), Reason.WORD)
    grand = top[0] if first else top[-1]
    inner = [total for total, run in runs if run and total != grand]
    if grand in totals and len(inner) > 1:
        yield Sum(
            number,
            grand,
            (*sorted(inner, key=at.__getitem__), *sorted(parts, key=at.__getitem__)),
            Reason.WORD,
        )


_CODE = re.compile(r"([A-Z]?\d[\d.]{0,30}|[A-Z]{1,2})(?=\s|$|:|-|_)")


def _by_code(number: int, axis: Axis) -> Iterator[Sum]:
    """Codes of classifications: 10 adds up 101, 102; A adds up A01, A02."""
    codes = {}
    for label in axis.codes:
        found = _CODE.match(label)
        if found:
            codes[found[1].rstrip(".").replace(".", "")] = label
    if len(codes) < len(axis.codes) - 1 or len(codes) < 3:
        return
    parts: dict[str, list[str]] = {}
    for code, label in codes.items():
        above = next((code[:n] for n in range(len(code) - 1, 0, -1) if code[:n] in codes), None)
        if above is not None:
            parts.setdefault(above, []).append(label)
    for code, label in codes.items():
        if len(parts.get(code, ())) > 1:
            yield Sum(number, label, tuple(parts[code]), Reason.CODE)


_FEWEST_LINES = 3


def _by_figures(number: int, axis: Axis, figures: Figures) -> Iterator[Sum]:
    """Totals without a word for it: one label that always equals a run of others beside it."""
    shown = figures.values[~np.isnan(figures.values).any(axis=1)]
    shown = shown[np.count_nonzero(shown, axis=1) > 2]
    width = len(axis.codes)
    if len(shown) < _FEWEST_LINES or width < 3:
        return
    sums = np.concatenate([np.zeros((len(shown), 1)), np.cumsum(shown, axis=1)], axis=1)
    # One number for all lines of a run: runs that agree in it are looked at line by line.
    mix = np.random.default_rng(7).integers(1, 1000, len(shown)).astype(np.float64)
    key, total = mix @ sums, mix @ shown
    order = np.argsort(key, kind="stable")
    near = 1e-9 * (np.abs(key).max() + np.abs(total).max()) + figures.step * 1e-6
    before = [np.searchsorted(key[order], key[:-1] - total + off) for off in (-near, near)]
    after = [np.searchsorted(key[order], key[1:] + total + off) for off in (-near, near)]
    for place in range(width):
        starts = np.sort(order[before[0][place] : before[1][place]])
        ends = np.sort(order[after[0][place] : after[1][place]])[::-1]
        runs = [(start, place) for start in starts.tolist() if start < place - 1]
        runs += [(place + 1, end) for end in ends.tolist() if end >= place + 3]
        for start, end in runs:
            off = np.abs(sums[:, end] - sums[:, start] - shown[:, place])
            if (off <= figures.step * 1e-6).all():
                parts = axis.codes[start:end]
                yield figures.tested(Sum(number, axis.codes[place], parts, Reason.FIGURES))
                break
