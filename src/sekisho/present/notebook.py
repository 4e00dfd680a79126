"""A table and a release as HTML for a notebook cell: self-contained, every text escaped."""

from html import escape

from sekisho.model.release import Release
from sekisho.model.table import Suppressed, Table
from sekisho.present.pivot import Grid, legend, pivot, said, shortened, shown_decimals
from sekisho.terms import Language
from sekisho.text import sentence

MAX_ROWS = 60


def table_html(table: Table, language: Language, *, file: str = "") -> str:
    """The first section of the table; shortened after 60 rows, saying so."""
    grids = pivot(table, language)
    grid = grids[0]
    lines = [
        f'<div lang="{language.value}"><table>',
        f"<caption>{escape(table.title.said(language))} – {_measure(table, language)}</caption>",
        f"<thead><tr><th scope='col'>{escape(grid.corner)}</th>{_heads(grid)}</tr></thead><tbody>",
        *_body(table, grid, language),
        "</tbody></table>",
    ]
    shown = (min(MAX_ROWS, len(grid.rows)), len(grid.columns))
    cut = shortened(grids, shown, language, file)
    notes = ([cut] if cut else []) + legend(table, language)
    return "".join([*lines, *(f"<p>{escape(note)}</p>" for note in notes), "</div>"])


def release_html(release: Release, language: Language) -> str:
    """The table, what the rules decided and where the proof lies."""
    decision = release.decision
    allowed = "allowed" if decision.allowed else "refused"
    cited = "; ".join(escape(rule.citation.said(language)) for rule in decision.determining)
    logged = (
        sentence("present.not-logged", language=language)
        if release.entry_index is None
        else sentence("present.log-entry", {"index": release.entry_index}, language)
    )
    heading = sentence(f"present.decision-{allowed}", language=language)
    return (
        f"{table_html(release.table, language)}"
        f'<div lang="{language.value}"><p>{escape(heading)}: {cited}</p>'
        f"<p>{escape(logged)} · <code>{escape(release.id)}</code></p></div>"
    )


def _measure(table: Table, language: Language) -> str:
    fields = {
        "measure": table.measure_title.said(language),
        "unit": table.unit_of_measure.said(language),
    }
    return escape(sentence("format.measure-with-unit", fields, language))


def _heads(grid: Grid) -> str:
    return "".join(f"<th scope='col'>{escape(column.label)}</th>" for column in grid.columns)


def _body(table: Table, grid: Grid, language: Language) -> list[str]:
    decimals = shown_decimals(table)
    lines = []
    for head, cells in list(zip(grid.rows, grid.cells, strict=True))[:MAX_ROWS]:
        texts = "".join(
            f"<td style='text-align:right{';color:#8a3300' if isinstance(c, Suppressed) else ''}'>"
            f"{escape(said(c, decimals, language))}</td>"
            for c in cells
        )
        indent = f"text-align:left;padding-left:{0.5 + head.depth}em"
        lines.append(f"<tr><th scope='row' style='{indent}'>{escape(head.label)}</th>{texts}</tr>")
    return lines
