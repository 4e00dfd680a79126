"""One page of HTML without scripts or outside references; prints as it shows."""

from collections.abc import Sequence
from html import escape

from sekisho.terms import Language

STYLE = (
    "body{font-family:'Noto Sans JP','Noto Sans CJK JP',sans-serif;line-height:1.6;"
    "max-width:72rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}"
    "table{border-collapse:collapse;width:100%;margin:1rem 0}"
    "th,td{border:1px solid #767676;padding:.4rem .6rem;vertical-align:top;text-align:left}"
    "th{background:#f2f2f2}td ul{margin:.2rem 0;padding-left:1.2rem}"
    "pre{white-space:pre-wrap;font-size:.85rem;margin:0}.about{color:#333;font-size:.9rem}"
    "@media print{body{max-width:none;margin:0}tr{break-inside:avoid}}"
)


def page(title: str, body: Sequence[str], language: Language) -> str:
    """A whole page."""
    head = (
        f'<!doctype html>\n<html lang="{language.value}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
    )
    return head + "\n".join([f"<h1>{escape(title)}</h1>", *body]) + "\n</body>\n</html>\n"


def paragraph(words: str, kind: str = "") -> str:
    """A paragraph of text."""
    mark = f' class="{kind}"' if kind else ""
    return f"<p{mark}>{escape(words)}</p>"


def heading(words: str) -> str:
    """A heading of the second level."""
    return f"<h2>{escape(words)}</h2>"


def items(lines: Sequence[str]) -> str:
    """A list of text."""
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; cells are HTML already, heads are text."""
    top = "".join(f'<th scope="col">{escape(each)}</th>' for each in head)
    lines = ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows]
    return (
        f"<table>\n<thead><tr>{top}</tr></thead>\n<tbody>\n"
        + "\n".join(lines)
        + "\n</tbody>\n</table>"
    )
