"""Findings of an audit as lines for the terminal, as one page, and as JSON."""

from collections.abc import Callable, Sequence
from html import escape

from sekisho.lanes.statistics.finished.findings import (
    AuditFindings,
    Because,
    CellVerdict,
    Inference,
    Remark,
    TableSeen,
    Verdict,
)
from sekisho.rules.printed.markup import heading, items, page, paragraph, table
from sekisho.terms import Language
from sekisho.text import sentence

_MOST_NAMED = 3
_MOST_LINES = 40
"""Hidden cells that the terminal names; the page and JSON have all."""


def _speaker(language: Language) -> Callable[..., str]:
    def say(code: str, /, **fields: object) -> str:
        return sentence(f"finished.{code}", fields, language)

    return say


def verdict_sentence(findings: AuditFindings, language: Language) -> str:
    """The verdict in one sentence."""
    exact, narrow = (findings.count(v) for v in (CellVerdict.EXACT, CellVerdict.NARROW))
    say = _speaker(language)
    return say(
        f"verdict-{findings.verdict.value}", percent=findings.percent, exact=exact, narrow=narrow
    )


def _named(labels: Sequence[str]) -> str:
    return " × ".join(label or "·" for label in labels)


def _because(findings: AuditFindings, because: Because, language: Language) -> str:
    say = _speaker(language)
    if because.ratio:
        table, of = findings.tables[because.table].source, _named(because.hidden[0])
        return say("because-ratio", table=table, place=because.ratio, of=of)
    hidden = [_named(labels) for labels in because.hidden[:_MOST_NAMED]]
    if len(because.hidden) > _MOST_NAMED:
        hidden.append(say("and-more", count=len(because.hidden) - _MOST_NAMED))
    return say(
        "because",
        table=findings.tables[because.table].source,
        total=_named(because.total),
        shown=because.shown,
        hidden=", ".join(hidden) or "–",
    )


def _reasons(findings: AuditFindings, cell: Inference, language: Language) -> list[str]:
    """Why a cell is known: the equations, or where it is printed."""
    found = [_because(findings, each, language) for each in cell.because]
    if cell.shown_in is not None:
        table, place = cell.shown_in
        found.append(_speaker(language)("shown-in", table=table, place=place))
    return found


def _remark(remark: Remark, language: Language) -> str:
    words = sentence(remark.code, remark.fields, language)
    return _speaker(language)("question", words=words) if remark.question else words


def _ends(cell: Inference, language: Language) -> tuple[str, str]:
    """The interval as printed, saying so where a narrower one may follow."""
    ends = (cell.low, cell.high or "∞")
    if cell.sharp:
        return ends
    say = _speaker(language)
    return say("outer", value=ends[0] or "-∞"), say("outer", value=ends[1])


def audit_lines(findings: AuditFindings, language: Language) -> list[str]:
    """The findings for the terminal: verdict, disclosed cells with their reasons, remarks."""
    say = _speaker(language)
    lines = [verdict_sentence(findings, language), say(f"next-{findings.verdict.value}")]
    open_ = [c for c in findings.cells if c.verdict in (CellVerdict.EXACT, CellVerdict.NARROW)]
    for cell in open_[:_MOST_LINES]:
        source = findings.tables[cell.table].source
        low, high = _ends(cell, language)
        verdict = say(f"cell-{cell.verdict.value}")
        lines.append(f"  {source} {cell.place}  {_named(cell.labels)}: {verdict} [{low}, {high}]")
        lines += [f"    {each}" for each in _reasons(findings, cell, language)]
    if len(open_) > _MOST_LINES:
        lines.append("  " + say("and-more", count=len(open_) - _MOST_LINES))
    lines += [f"- {_remark(remark, language)}" for remark in findings.remarks]
    lines.append(_counts(findings, language))
    return lines


def _counts(findings: AuditFindings, language: Language) -> str:
    return _speaker(language)(
        "counts",
        tables=len(findings.tables),
        hidden=len(findings.cells),
        equations=findings.equations,
        programs=findings.programs,
    )


def audit_page(findings: AuditFindings, language: Language) -> str:
    """The findings as one page without scripts, for the output checker."""
    say = _speaker(language)
    body = [
        paragraph(say("for-holder"), "about"),
        f"<p><strong>{escape(verdict_sentence(findings, language))}</strong></p>",
        paragraph(say(f"next-{findings.verdict.value}")),
    ]
    if findings.remarks:
        body.append(heading(say("heading-remarks")))
        body.append(items([_remark(remark, language) for remark in findings.remarks]))
    body.append(heading(say("heading-cells")))
    body.append(
        _cell_table(findings, language) if findings.cells else paragraph(say("none-hidden"))
    )
    body += [heading(say("heading-tables")), _seen_table(findings.tables, language)]
    body.append(paragraph(_counts(findings, language), "about"))
    return page(say("title"), body, language)


def _cell_table(findings: AuditFindings, language: Language) -> str:
    say = _speaker(language)
    heads = ("table", "place", "labels", "verdict", "low", "high", "because")
    rows = []
    for cell in findings.cells:
        low, high = _ends(cell, language)
        because = _reasons(findings, cell, language)
        words = (
            findings.tables[cell.table].source,
            cell.place,
            _named(cell.labels),
            say(f"cell-{cell.verdict.value}"),
            low,
            high,
        )
        rows.append([*(escape(word) for word in words), items(because) if because else ""])
    return table([say(f"head-{each}") for each in heads], rows)


def _seen_table(seen: Sequence[TableSeen], language: Language) -> str:
    say = _speaker(language)
    heads = [say(f"head-{each}") for each in ("table", "axes", "cells", "hidden", "sums")]
    rows = []
    for each in seen:
        axes = [say("axis", name=name, count=count) for name, count in each.axes]
        sums = [
            say("sum", axis=axis, total=total, count=len(parts), reason=say(f"reason-{reason}"))
            for axis, total, parts, reason in each.sums
        ]
        cells = (escape(each.source), items(axes), str(each.cells), str(each.hidden), items(sums))
        rows.append(cells)
    return table(heads, rows)


def audit_json(findings: AuditFindings, language: Language) -> dict[str, object]:
    """The findings as one JSON object; sentences in the language asked for."""
    remarks = [
        {
            "code": remark.code,
            "question": remark.question,
            "sentence": sentence(remark.code, remark.fields, language),
        }
        for remark in findings.remarks
    ]
    return {
        "verdict": findings.verdict.value,
        "sentence": verdict_sentence(findings, language),
        "percent": findings.percent,
        "tables": [_table_about(each) for each in findings.tables],
        "cells": [_cell_about(findings, cell, language) for cell in findings.cells],
        "remarks": remarks,
        "equations": findings.equations,
        "linear_programs": findings.programs,
    }


def _table_about(seen: TableSeen) -> dict[str, object]:
    return {
        "source": seen.source,
        "axes": [{"name": name, "labels": count} for name, count in seen.axes],
        "cells": seen.cells,
        "hidden": seen.hidden,
        "sums": [
            {"axis": axis, "total": total, "parts": list(parts), "found_by": reason}
            for axis, total, parts, reason in seen.sums
        ],
    }


def _cell_about(findings: AuditFindings, cell: Inference, language: Language) -> dict[str, object]:
    return {
        "table": findings.tables[cell.table].source,
        "place": cell.place,
        "labels": list(cell.labels),
        "verdict": cell.verdict.value,
        "low": cell.low,
        "high": cell.high,
        "sharp": cell.sharp,
        "because": _reasons(findings, cell, language),
    }


EXIT_CODES = {Verdict.PASS: 0, Verdict.REVIEW: 0, Verdict.FAIL: 1}
"""How the command ends: a failed audit is an error to a script, a question is not."""
