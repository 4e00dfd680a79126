"""`sekisho public`: tables that are out already, and what follows from them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sekisho.cli.options import Speaker, common, language_of_environment
from sekisho.text import sentence

if TYPE_CHECKING:
    from sekisho.present.public import PublicData

FOLDER = click.Path(path_type=Path)
SHOWN_ROWS = 14


def _said(name: str, speaker: Speaker | None = None, **fields: object) -> str:
    language = speaker.language if speaker else language_of_environment()
    return sentence(f"public.{name}", fields, language)


@click.group(help=_said("help"))
def public() -> None:
    """Public tables."""


@public.command("list", help=_said("help-list"))
@click.argument("node", type=FOLDER)
@click.argument("programme", required=False)
@common
def listed(speaker: Speaker, node: Path, programme: str | None) -> None:
    """The public tables of a node or of one programme."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        names = [programme] if programme else [each.id for each in opened.programmes()]
        found = [(name, table) for name in names for table in opened.public.tables(name)]
    for name, table in found:
        speaker.line(f"{name} {table.id}  {table.title.said(speaker.language)}")
    if not found:
        speaker.line(_said("no-tables", speaker))
    speaker.answer({"tables": [{"programme": name, "table": table.id} for name, table in found]})


@public.command(help=_said("help-show"))
@click.argument("node", type=FOLDER)
@click.argument("programme")
@click.argument("table")
@click.option("--indicator", help=_said("option-indicator"))
@click.option("--all", "everything", is_flag=True, help=_said("option-all"))
@common
def show(
    speaker: Speaker,
    node: Path,
    programme: str,
    table: str,
    *,
    indicator: str | None,
    everything: bool,
) -> None:
    """The rows of a public table, and its indicators in words."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        data = replace(opened.public.open(programme, table), language=speaker.language)
        if speaker.as_json:
            speaker.answer(_answer(data, indicator))
            return
        if indicator is None:
            _show_rows(speaker, data, None if everything else SHOWN_ROWS)
        _show_indicators(speaker, data, indicator, whole=everything)


def _answer(data: "PublicData", indicator: str | None) -> dict[str, object]:
    from sekisho.lanes.statistics.indicators.written import result_about

    if indicator is not None:
        return result_about(data.result(indicator))
    found: dict[str, object] = json.loads(data.to_json())
    return found


def _show_rows(speaker: Speaker, data: "PublicData", most: int | None) -> None:
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    table, language = data.table, speaker.language
    drawn = RichTable(box=None, pad_edge=False, header_style="bold", padding=(0, 1))
    for column in table.columns:
        drawn.add_column(Text(column.title.said(language)), overflow="fold")
    for row in data.rows[:most]:
        labels = (table.label(c.name, row[c.name], language) for c in table.columns)
        drawn.add_row(*(Text(each) for each in labels))
    speaker.line(table.title.said(language))
    console = Console(highlight=False)
    console.print(drawn)
    if most is not None and len(data.rows) > most:
        speaker.line(_said("rows-cut", speaker, shown=most, all=f"{len(data.rows):,}"))
    for name, words in (
        ("source", table.source),
        ("dated", table.dated),
        ("licence", table.licence),
    ):
        speaker.line(f"{_said(name, speaker)}: {words}")
    for each in table.corrections:
        speaker.line(f"{_said('said', speaker)}: {each.said.said(language)}")
        speaker.line(f"  {_said('published', speaker)}: {each.published.said(language)}")


def _show_indicators(
    speaker: Speaker, data: "PublicData", indicator: str | None, *, whole: bool
) -> None:
    from sekisho.present.indicators import figure_lines, words_of

    language = speaker.language
    for result in data.results if indicator is None else (data.result(indicator),):
        label = data.label(result)
        speaker.line()
        speaker.line(result.indicator.title.said(language))
        for words in words_of(result, label, language):
            speaker.line(f"  {words}")
        for line in figure_lines(result, label, language) if whole else ():
            shown = line.reason or " ".join(filter(None, (line.value, line.interval)))
            speaker.line("  ".join(filter(None, ("  ", line.group, line.at, line.what, shown))))
