"""The audit of finished tables, in order: understand, join, infer, judge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal

import numpy as np

from sekisho.lanes.statistics.finished.across import Meeting, Relation, meetings
from sekisho.lanes.statistics.finished.arrays import (
    ABSENT,
    HIDDEN,
    absent_is_zero,
    array_of,
    decimals_of,
    leaves_hidden_out,
    lines_of,
)
from sekisho.lanes.statistics.finished.axes import Labelled
from sekisho.lanes.statistics.finished.findings import (
    AuditFindings,
    Because,
    CellVerdict,
    Inference,
    Remark,
    TableSeen,
    Verdict,
)
from sekisho.lanes.statistics.finished.frame import Asked
from sekisho.lanes.statistics.finished.grid import is_year
from sekisho.lanes.statistics.finished.infer import Inferred, infer, reasons
from sekisho.lanes.statistics.finished.quotients import RATIO, Line
from sekisho.lanes.statistics.finished.ratios import parted
from sekisho.lanes.statistics.finished.readings import MOST_DIGITS
from sekisho.lanes.statistics.finished.sums import Reason, Sum, sums_of
from sekisho.lanes.statistics.finished.system import Given, System, build
from sekisho.ports import Watch


@dataclass(frozen=True, slots=True)
class Declared:
    """What the holder has said of the structure: sums by (table's source, axis name)."""

    sums: Mapping[tuple[str, str], tuple[tuple[str, tuple[str, ...]], ...]] = field(
        default_factory=dict
    )
    same: frozenset[tuple[str, str]] = frozenset()
    """Pairs of sources whose cells with the same labels are the same."""
    apart: frozenset[tuple[str, str]] = frozenset()


_MOST_REASONS = 200
"""Cells for which the equations are looked up; more would be no use to a reader."""


def audit_tables(
    tables: Sequence[Labelled],
    declared: Declared,
    asked: Asked,
    watch: Watch,
    noticed: Sequence[Remark] = (),
) -> AuditFindings:
    """What an attacker infers from finished tables, all taken together.

    `noticed` is what whoever read the files has to remark.
    """
    decimals = max((decimals_of(table) for table in tables), default=0)
    watch.progress("finished.phase-system", 0, 0)
    tables, quotients = parted(tables, decimals)
    ratios = {each.ratio[0] for each in quotients}
    given: list[Given] = []
    remarks = list(noticed)
    for number, table in enumerate(tables):
        if number in ratios:
            array = array_of(table, decimals)
            given.append(Given(array, (), shown_only=False, absent_zero=True))
            continue
        one, said = _understood(table, decimals, declared)
        given.append(one)
        remarks += said
    met = meetings(given)
    joined = [each for each in met if _is_joined(each, tables, declared)]
    remarks += _about_meetings(met, joined, tables, decimals)
    system = build(given, [each.same for each in joined], quotients)
    inferred = infer(system, asked, watch)
    cells = _inferences(given, system, inferred, decimals)
    if not inferred.consistent.all():
        remarks.append(
            Remark("finished.contradiction", {"count": int((~inferred.consistent).sum())})
        )
    return AuditFindings(
        _verdict(cells, remarks),
        f"{asked.percent:g}",
        tuple(_seen(each) for each in given),
        cells,
        tuple(remarks),
        int(system.rows.shape[0]),
        inferred.programs,
    )


def _understood(table: Labelled, decimals: int, declared: Declared) -> tuple[Given, list[Remark]]:
    """One table with its sums, and what could not be told for sure."""
    array = array_of(table, decimals)
    remarks = _about_reading(table)
    claims: list[Sum] = []
    for number, axis in enumerate(table.axes):
        said = declared.sums.get((table.source, axis.name))
        figures = array.figures(number)
        if said is not None:
            own = [Sum(number, total, parts, Reason.DECLARED) for total, parts in said]
            found = [figures.tested(claim) for claim in own]
        else:
            found = sums_of(number, axis, figures)
            remarks += _about_sums(table, number, found)
        for claim in found:
            if claim.contradicted or (claim.broken and claim.reason is Reason.DECLARED):
                fields = {"table": table.source, "axis": axis.name, "count": claim.broken}
                remarks.append(Remark("finished.not-additive", fields, question=said is None))
        claims += [claim for claim in found if not claim.contradicted]
    lines = tuple(lines_of(array, claims))
    shown_only = leaves_hidden_out(array, lines)
    if shown_only:
        remarks.append(Remark("finished.shown-only", {"table": table.source}))
    gaps = bool((array.state == ABSENT).any())
    zero = not gaps or absent_is_zero(array, lines)
    if gaps:
        code = "finished.absent-zero" if zero else "finished.absent-hidden"
        remarks.append(Remark(code, {"table": table.source}))
    return Given(array, lines, shown_only, zero), remarks


def _about_reading(table: Labelled) -> list[Remark]:
    remarks = []
    if not table.sure:
        remarks.append(Remark("finished.spelling", {"table": table.source}, question=True))
    if table.repeated[0]:
        count, place = table.repeated
        fields = {"table": table.source, "place": place, "count": count}
        remarks.append(Remark("finished.repeated", fields))
    return remarks


def _about_sums(table: Labelled, number: int, found: Sequence[Sum]) -> list[Remark]:
    where = {"table": table.source, "axis": table.axes[number].name}
    codes = table.axes[number].codes
    if not found:
        years = all(is_year(code) for code in codes)
        return [] if years else [Remark("finished.no-total", where, question=True)]
    remarks = []
    if any(s.reason is Reason.FIGURES for s in found if not s.contradicted):
        remarks.append(Remark("finished.by-figures", where, question=True))
    if any(not (s.held or s.near or s.broken) and s.reason is not Reason.INDENT for s in found):
        remarks.append(Remark("finished.unseen", where, question=True))
    if any(s.broken and not s.contradicted for s in found):
        count = sum(s.broken for s in found if not s.contradicted)
        remarks.append(Remark("finished.partly-additive", {**where, "count": count}))
    return remarks


def _is_joined(each: Meeting, tables: Sequence[Labelled], declared: Declared) -> bool:
    pair = (tables[each.same.first].source, tables[each.same.second].source)
    if pair in declared.apart or pair[::-1] in declared.apart:
        return False
    if pair in declared.same or pair[::-1] in declared.same:
        return True
    return each.relation is Relation.SAME


def _about_meetings(
    met: Sequence[Meeting], joined: Sequence[Meeting], tables: Sequence[Labelled], decimals: int
) -> list[Remark]:
    remarks = []
    for each in met:
        fields = {
            "first": tables[each.same.first].source,
            "second": tables[each.same.second].source,
            "agree": each.agree,
            "differ": each.differ,
        }
        if each.relation is Relation.UNSEEN and each not in joined:
            remarks.append(Remark("finished.perhaps-same", fields, question=True))
        elif each.relation is Relation.CLOSE:
            least = _printed(each.nearest, (decimals, decimals))
            remarks.append(Remark("finished.nearly-same", {**fields, "least": least}))
    return remarks


def _seen(given: Given) -> TableSeen:
    array = given.array
    axes = tuple((axis.name, len(axis.codes)) for axis in array.table.axes)
    sums = tuple(
        (
            array.table.axes[each.claim.axis].name,
            each.claim.total,
            each.claim.parts,
            each.claim.reason.value,
        )
        for each in given.lines
    )
    hidden = int((array.state == HIDDEN).sum())
    return TableSeen(array.table.source, axes, array.table.flat.size, hidden, sums)


def _verdict(cells: Sequence[Inference], remarks: Sequence[Remark]) -> Verdict:
    """Fail: a cell is known exactly. Close ones may be those that only protect others: review."""
    if any(cell.verdict is CellVerdict.EXACT for cell in cells):
        return Verdict.FAIL
    unsafe = any(cell.verdict is not CellVerdict.SAFE for cell in cells)
    return Verdict.REVIEW if remarks or unsafe else Verdict.PASS


def _printed_elsewhere(
    given: Sequence[Given], shown: tuple[int, int, int, int], decimals: int
) -> Inference:
    """A cell that one table hides and another prints."""
    table, cell, other, at = shown
    array, prints = given[table].array, given[other].array
    labels = array.address(cell)
    value = _exact(int(prints.values.ravel()[at]), (decimals, decimals_of(array.table)))
    where = (prints.table.source, prints.place(at))
    place = array.place(cell)
    return Inference(
        table, labels, place, CellVerdict.EXACT, value, value, sharp=True, shown_in=where
    )


_ORDER = {
    CellVerdict.EXACT: 0,
    CellVerdict.NARROW: 1,
    CellVerdict.UNDECIDED: 2,
    CellVerdict.SAFE: 3,
}


def _inferences(
    given: Sequence[Given], system: System, inferred: Inferred, decimals: int
) -> tuple[Inference, ...]:
    """One inference for each hidden cell; cells that several tables print stand once."""
    out: list[Inference] = []
    left = _MOST_REASONS
    for table, each in enumerate(given):
        numbers = np.flatnonzero(system.table == table)
        numbers = numbers[each.array.state.ravel()[system.cell[numbers]] == HIDDEN]
        own = decimals_of(each.array.table)
        labels = each.array.addresses(system.cell[numbers])
        for number, address in zip(numbers.tolist(), labels, strict=True):
            verdict = _of_cell(inferred, number)
            because: tuple[Because, ...] = ()
            if verdict is CellVerdict.EXACT and left:
                left -= 1
                found = reasons(system, inferred, number)
                because = tuple(_because(given, system, n) for n in found)
            ends = _ends(system, inferred, number, (decimals, own))
            sharp = bool(inferred.sharp[number])
            place = each.array.place(int(system.cell[number]))
            out.append(Inference(table, address, place, verdict, *ends, sharp, because))
    out += [_printed_elsewhere(given, each, decimals) for each in system.shown]
    return tuple(sorted(out, key=lambda cell: (_ORDER[cell.verdict], cell.table)))


def _ends(
    system: System, inferred: Inferred, number: int, digits: tuple[int, int]
) -> tuple[str, str]:
    """What a cell lies between, as the table prints it; a known one to its last digit."""
    ends = inferred.ends
    if ends.low[number] == ends.high[number] and ends.has_low[number] and ends.has_high[number]:
        whole, rest = divmod(int(ends.low[number]), system.grain)
        if not rest:
            return (_exact(whole, digits),) * 2
    low, high = float(inferred.low[number]), float(inferred.high[number])
    return _printed(low, digits), _printed(high, digits)


def _of_cell(inferred: Inferred, number: int) -> CellVerdict:
    if not inferred.consistent[number]:
        return CellVerdict.UNDECIDED
    if inferred.known[number]:
        return CellVerdict.EXACT
    return CellVerdict.NARROW if inferred.narrow[number] else CellVerdict.SAFE


def _because(given: Sequence[Given], system: System, equation: int) -> Because:
    if equation < 0:
        return _of_ratio(given, system, system.quotients[RATIO - equation])
    table, place, line = system.lines[equation].tolist()
    array, lines = given[table].array, given[table].lines[place]
    parts = lines.parts[line]
    state = array.state.ravel()[parts]
    hidden = tuple(array.address(int(cell)) for cell in parts[state == HIDDEN])
    total = array.address(int(lines.total[line]))
    return Because(table, total, hidden, int((state != HIDDEN).sum()))


def _of_ratio(given: Sequence[Given], system: System, line: Line) -> Because:
    """A printed ratio as a reason: its place, its base, and what it is a ratio of."""
    table, cell = line.place
    names = [
        given[int(system.table[n])].array.address(int(system.cell[n]))
        for n in (line.part.unknown, line.base.unknown)
        if n >= 0
    ]
    array = given[table].array
    return Because(table, array.address(cell), tuple(names), 0, array.place(cell))


def _exact(value: int, digits: tuple[int, int]) -> str:
    """A whole number of the last digit of all tables, as its own table prints it."""
    decimals, own = digits
    return f"{Decimal(value).scaleb(-decimals, _PLENTY):,.{own}f}"


_PLENTY = Context(prec=4 * MOST_DIGITS)


def _printed(value: float, digits: tuple[int, int]) -> str:
    """A value as the table prints it; empty when it has no end."""
    decimals, own = digits
    if not np.isfinite(value):
        return ""
    shown = round(value, 1) or 0.0  # -0.0 would print a sign
    return f"{shown / 10**decimals:,.{own}f}"
