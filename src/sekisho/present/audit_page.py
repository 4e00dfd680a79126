"""Findings of an audit as one page without scripts, for the output checker; on a phone, too."""

from collections.abc import Sequence
from html import escape

from sekisho.lanes.statistics.finished.findings import AuditFindings, Inference, TableSeen
from sekisho.present.audited import (
    counts_of,
    ends_of,
    named,
    reasons_of,
    remark_words,
    speaker,
    verdict_sentence,
)
from sekisho.terms import Language

_MOST_CELLS = 2_000
"""Hidden cells that the page shows, the disclosed ones first; JSON has all."""
_STYLE = """
body{font-family:'Noto Sans JP','Noto Sans CJK JP',sans-serif;line-height:1.6;max-width:72rem;
margin:2rem auto;padding:0 1rem;color:#111;background:#fff;overflow-wrap:break-word}
table{border-collapse:collapse;width:100%;margin:1rem 0}
th,td{border:1px solid #767676;padding:.4rem .6rem;vertical-align:top;text-align:left}
th{background:#f2f2f2;white-space:nowrap}ul{margin:.2rem 0;padding-left:1.2rem}
.about{color:#333;font-size:.9rem}.number{text-align:right;white-space:nowrap}
.verdict{border-left:.5rem solid;padding:.6rem 1rem;font-weight:bold}
.fail{border-color:#a00;background:#fdecec}.review{border-color:#8a5a00;background:#fff6e0}
.pass{border-color:#0a6b2d;background:#eaf7ee}
.exact{color:#a00;font-weight:bold}.narrow,.undecided{color:#7a4d00;font-weight:bold}
@media(max-width:44rem){thead{display:block;position:absolute;left:0;
clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
table,tbody,tr{display:block}tr{border:1px solid #767676;margin:.8rem 0}
td{display:grid;grid-template-columns:6rem minmax(0,1fr);border:0;border-bottom:1px solid #ccc;
text-align:left!important;white-space:normal!important;overflow-wrap:anywhere}
td::before{content:attr(data-head);color:#333;font-size:.85rem;font-weight:normal}
td:empty{display:none}}
@media print{body{max-width:none;margin:0}tr{break-inside:avoid}}
"""


def audit_page(findings: AuditFindings, language: Language) -> str:
    """The whole page."""
    say = speaker(language)
    verdict = findings.verdict.value
    body = [
        f"<h1>{escape(say('title'))}</h1>",
        f'<p class="about">{escape(say("for-holder"))}</p>',
        f'<p class="verdict {verdict}">{escape(verdict_sentence(findings, language))}</p>',
        f"<p>{escape(say(f'next-{verdict}'))}</p>",
    ]
    if findings.remarks:
        body.append(_heading(say("heading-remarks")))
        body.append(_items([remark_words(remark, language) for remark in findings.remarks]))
    body.append(_heading(say("heading-cells")))
    none = f"<p>{escape(say('none-hidden'))}</p>"
    body.append(_cell_table(findings, language) if findings.cells else none)
    if len(findings.cells) > _MOST_CELLS:
        body.append(f"<p>{escape(say('and-more', count=len(findings.cells) - _MOST_CELLS))}</p>")
    body += [_heading(say("heading-tables")), _seen_table(findings.tables, language)]
    body.append(f'<p class="about">{escape(counts_of(findings, language))}</p>')
    return _page(say("title"), body, language)


def _page(title: str, body: Sequence[str], language: Language) -> str:
    head = (
        f'<!doctype html>\n<html lang="{language.value}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
    )
    return head + "\n".join(body) + "\n</main>\n</body>\n</html>\n"


def _heading(words: str) -> str:
    return f"<h2>{escape(words)}</h2>"


def _items(lines: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


Cell = tuple[str, str]
"""The class of a cell, and its HTML."""


def _table(heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """A table that stays one to a reader's program where a phone shows its cells in turn."""
    top = "".join(f'<th scope="col" role="columnheader">{escape(head)}</th>' for head in heads)
    lines = []
    for row in rows:
        cells = "".join(
            f'<td role="cell" class="{kind}" data-head="{escape(head)}">{html}</td>'
            for head, (kind, html) in zip(heads, row, strict=True)
        )
        lines.append(f'<tr role="row">{cells}</tr>')
    return (
        f'<table role="table">\n<thead role="rowgroup"><tr role="row">{top}</tr></thead>\n'
        '<tbody role="rowgroup">\n' + "\n".join(lines) + "\n</tbody>\n</table>"
    )


def _cell_table(findings: AuditFindings, language: Language) -> str:
    say = speaker(language)
    heads = ("table", "place", "labels", "verdict", "low", "high", "because")
    rows = [_cell_row(findings, cell, language) for cell in findings.cells[:_MOST_CELLS]]
    return _table([say(f"head-{head}") for head in heads], rows)


def _cell_row(findings: AuditFindings, cell: Inference, language: Language) -> list[Cell]:
    say = speaker(language)
    low, high = ends_of(cell, language)
    because = reasons_of(findings, cell, language)
    return [
        ("", escape(findings.tables[cell.table].source)),
        ("", escape(cell.place)),
        ("", escape(named(cell.labels))),
        (cell.verdict.value, escape(say(f"cell-{cell.verdict.value}"))),
        ("number", escape(low)),
        ("number", escape(high)),
        ("", _items(because) if because else ""),
    ]


def _seen_table(seen: Sequence[TableSeen], language: Language) -> str:
    say = speaker(language)
    heads = [say(f"head-{each}") for each in ("table", "axes", "cells", "hidden", "sums")]
    rows: list[list[Cell]] = []
    for each in seen:
        axes = [say("axis", name=name, count=count) for name, count in each.axes]
        sums = [
            say("sum", axis=axis, total=total, count=len(parts), reason=say(f"reason-{reason}"))
            for axis, total, parts, reason in each.sums
        ]
        numbers = [("number", f"{n:,}") for n in (each.cells, each.hidden)]
        sums_html = _items(sums) if sums else ""
        rows.append([("", escape(each.source)), ("", _items(axes)), *numbers, ("", sums_html)])
    return _table(heads, rows)
