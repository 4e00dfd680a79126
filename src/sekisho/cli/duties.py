"""`sekisho duties`: what is to be done after flows were let through."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sekisho.cli.options import ListsWhenUnnamed, Speaker, common, language_of_environment
from sekisho.model.duty import StandingDuty
from sekisho.text import sentence

if TYPE_CHECKING:
    from sekisho.model.duty import KeptDuty

FOLDER = click.Path(path_type=Path)


def _said(name: str, speaker: Speaker | None = None, **fields: object) -> str:
    language = speaker.language if speaker else language_of_environment()
    return sentence(f"duties.{name}", fields, language)


@click.group(cls=ListsWhenUnnamed, help=_said("help"))
def duties() -> None:
    """Duties of flows that were let through."""


@duties.command("list", help=_said("help-list"))
@click.argument("node", type=FOLDER)
@click.option("--programme", help=_said("option-programme"))
@click.option("--all", "every", is_flag=True, help=_said("option-all"))
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help=_said("option-on"))
@common
def listed(
    speaker: Speaker, node: Path, programme: str | None, *, every: bool, day: datetime | None
) -> None:
    """Open duties, the most urgent first."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        found = opened.duties.listed(programme, every=every, on=day.date() if day else None)
    for line in lines_of(found, speaker):
        speaker.line(line)
    speaker.answer({"duties": [about(each, speaker) for each in found]})


@duties.command(help=_said("help-done"))
@click.argument("node", type=FOLDER)
@click.argument("duty")
@click.option("--note", default="", help=_said("option-note"))
@common
def done(speaker: Speaker, node: Path, duty: str, note: str) -> None:
    """Write that a duty is done."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        finished = opened.duties.done(duty, note)
    speaker.line(_said("done", speaker, duty=finished.id))
    speaker.answer({"duty": finished.id, "done_at": finished.done_at, "done_by": finished.done_by})


def lines_of(found: "Sequence[StandingDuty]", speaker: Speaker) -> list[str]:
    """Duties for the terminal: what, by when, after which flow, by which article."""
    if not found:
        return [_said("none", speaker)]
    lines = []
    for each in found:
        kept = each.kept
        lines.append(f"{_when(each, speaker)}  {kept.id}")
        cited = kept.duty.rule.citation.said(speaker.language)
        lines.append(f"    {kept.duty.text.said(speaker.language)}")
        lines.append(_said("of", speaker, citation=cited, holder=kept.holder, since=kept.since))
        if kept.note:
            lines.append(_said("noted", speaker, note=kept.note))
    return [*lines, "", sentence("rules.not-advice-unreviewed", {}, speaker.language)]


def _when(each: StandingDuty, speaker: Speaker) -> str:
    kept: KeptDuty = each.kept
    day = kept.done_at.date() if kept.done_at else kept.duty.due
    return _said(f"state-{each.state.value}", speaker, day=day or "")


def about(each: StandingDuty, speaker: Speaker) -> dict[str, object]:
    """A duty for programs."""
    from sekisho.present.duties import duty_about

    return duty_about(each, speaker.language)
