"""Findings of an audit as lines for the terminal, and as JSON."""

from collections.abc import Callable, Sequence

from sekisho.lanes.statistics.finished.findings import (
    AuditFindings,
    Because,
    CellVerdict,
    Inference,
    Remark,
    TableSeen,
    Verdict,
)
from sekisho.terms import Language
from sekisho.text import sentence

_MOST_NAMED = 3
_MOST_LINES = 40
"""Hidden cells that the terminal names; JSON has all."""


def speaker(language: Language) -> Callable[..., str]:
    """Sentences of the audit in one language, by their short code."""

    def say(code: str, /, **fields: object) -> str:
        return sentence(f"finished.{code}", fields, language)

    return say


def verdict_sentence(findings: AuditFindings, language: Language) -> str:
    """The verdict in one sentence."""
    exact, narrow = (findings.count(v) for v in (CellVerdict.EXACT, CellVerdict.NARROW))
    say = speaker(language)
    return say(
        f"verdict-{findings.verdict.value}", percent=findings.percent, exact=exact, narrow=narrow
    )


def named(labels: Sequence[str]) -> str:
    """A cell by its labels."""
    return " × ".join(label or "·" for label in labels)


def _because(findings: AuditFindings, because: Because, language: Language) -> str:
    say = speaker(language)
    if because.ratio:
        table, of = findings.tables[because.table].source, named(because.hidden[0])
        return say("because-ratio", table=table, place=because.ratio, of=of)
    hidden = [named(labels) for labels in because.hidden[:_MOST_NAMED]]
    if len(because.hidden) > _MOST_NAMED:
        hidden.append(say("and-more", count=len(because.hidden) - _MOST_NAMED))
    return say(
        "because",
        table=findings.tables[because.table].source,
        total=named(because.total),
        shown=because.shown,
        hidden=", ".join(hidden) or "–",
    )


def reasons_of(findings: AuditFindings, cell: Inference, language: Language) -> list[str]:
    """Why a cell is known: the equations, or where it is printed."""
    found = [_because(findings, each, language) for each in cell.because]
    if cell.shown_in is not None:
        table, place = cell.shown_in
        found.append(speaker(language)("shown-in", table=table, place=place))
    return found


def remark_words(remark: Remark, language: Language) -> str:
    """A remark as a sentence; a question says that it is one."""
    words = sentence(remark.code, remark.fields, language)
    return speaker(language)("question", words=words) if remark.question else words


def ends_of(cell: Inference, language: Language) -> tuple[str, str]:
    """The interval as printed, saying so where a narrower one may follow."""
    ends = (cell.low, cell.high or "∞")
    if cell.sharp:
        return ends
    say = speaker(language)
    return say("outer", value=ends[0] or "-∞"), say("outer", value=ends[1])


def audit_lines(findings: AuditFindings, language: Language) -> list[str]:
    """The findings for the terminal: verdict, disclosed cells with their reasons, remarks."""
    say = speaker(language)
    lines = [verdict_sentence(findings, language), say(f"next-{findings.verdict.value}")]
    open_ = [c for c in findings.cells if c.verdict in (CellVerdict.EXACT, CellVerdict.NARROW)]
    for cell in open_[:_MOST_LINES]:
        source = findings.tables[cell.table].source
        low, high = ends_of(cell, language)
        verdict = say(f"cell-{cell.verdict.value}")
        lines.append(f"  {source} {cell.place}  {named(cell.labels)}: {verdict} [{low}, {high}]")
        lines += [f"    {each}" for each in reasons_of(findings, cell, language)]
    if len(open_) > _MOST_LINES:
        lines.append("  " + say("and-more", count=len(open_) - _MOST_LINES))
    lines += [f"- {remark_words(remark, language)}" for remark in findings.remarks]
    lines.append(counts_of(findings, language))
    return lines


def counts_of(findings: AuditFindings, language: Language) -> str:
    """How much was looked at, in one sentence."""
    return speaker(language)(
        "counts",
        tables=len(findings.tables),
        hidden=len(findings.cells),
        equations=findings.equations,
        programs=findings.programs,
    )


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
        "because": reasons_of(findings, cell, language),
    }


EXIT_CODES = {Verdict.PASS: 0, Verdict.REVIEW: 0, Verdict.FAIL: 1}
"""How the command ends: a failed audit is an error to a script, a question is not."""
