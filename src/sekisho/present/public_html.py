"""A public table as HTML for a notebook cell: self-contained, every text escaped."""

from html import escape
from typing import TYPE_CHECKING

from sekisho.present.indicators import words_of
from sekisho.text import sentence

if TYPE_CHECKING:
    from sekisho.present.public import PublicData

MOST_ROWS = 30


def public_html(data: "PublicData") -> str:
    """The first rows, what the indicators say, licence and source."""
    table, language = data.table, data.language
    heads = "".join(f"<th scope='col'>{escape(c.title.said(language))}</th>" for c in table.columns)
    lines = [
        f'<div lang="{language.value}"><table>',
        f"<caption>{escape(table.title.said(language))}</caption>",
        f"<thead><tr>{heads}</tr></thead><tbody>",
    ]
    for row in data.rows[:MOST_ROWS]:
        cells = (table.label(c.name, row[c.name], language) for c in table.columns)
        lines.append(f"<tr>{''.join(f'<td>{escape(each)}</td>' for each in cells)}</tr>")
    lines.append("</tbody></table>")
    if len(data.rows) > MOST_ROWS:
        cut = {"shown": MOST_ROWS, "all": f"{len(data.rows):,}"}
        lines.append(f"<p>{escape(sentence('public.rows-cut', cut, language))}</p>")
    for result in data.results:
        lines.append(f"<h4>{escape(result.indicator.title.said(language))}</h4><ul>")
        said = words_of(result, data.label(result), language)
        lines += [f"<li>{escape(each)}</li>" for each in said]
        lines.append("</ul>")
    lines.append(f"<p>{escape(table.source)} · {escape(table.licence)}</p></div>")
    return "".join(lines)
