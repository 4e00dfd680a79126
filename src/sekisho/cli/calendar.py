"""`sekisho calendar`, and what becomes of a wrong release: correct it, withdraw it."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sekisho.cli.options import ListsWhenUnnamed, Speaker, common, language_of_environment
from sekisho.cli.progress import watched
from sekisho.errors import UsageError, fault
from sekisho.model.calendar import ErrorClass
from sekisho.model.text import Text
from sekisho.text import sentence

if TYPE_CHECKING:
    from sekisho.node import Node

FOLDER = click.Path(path_type=Path)
MOST_AHEAD = 12
"""Moments of a plan that a calendar file holds."""


def _said(name: str, speaker: Speaker | None = None, **fields: object) -> str:
    language = speaker.language if speaker else language_of_environment()
    return sentence(f"calendar.{name}", fields, language)


@click.group(cls=ListsWhenUnnamed, help=_said("help"))
def calendar() -> None:
    """Planned moments of releases."""


@calendar.command("list", help=_said("help-list"))
@click.argument("node", type=FOLDER)
@click.option("--programme", help=_said("option-programme"))
@click.option("--ics", type=FOLDER, help=_said("option-ics"))
@common
def listed(speaker: Speaker, node: Path, programme: str | None, ics: Path | None) -> None:
    """Planned moments, the earliest first."""
    import sekisho
    from sekisho.present.moments import line_about, state_words, to_ics

    with sekisho.open(node, actor=speaker.actor) as opened:
        lines = opened.calendar.lines(programme)
        if ics is not None:
            every = opened.calendar.lines(programme, MOST_AHEAD)
            now = datetime.now().astimezone()
            ics.write_text(
                to_ics(every, opened.origin, speaker.language, now), encoding="utf-8", newline=""
            )
        waiting = opened.calendar.waiting(programme)
    for line in lines:
        speaker.line(f"{line.programme.id}.{line.plan.id}")
        speaker.line(f"    {state_words(line, speaker.language)}")
    if not lines:
        speaker.line(_said("none", speaker))
    for released, hold in waiting:
        moment = f"{hold.opens_at:%Y-%m-%dT%H:%MZ}" if hold.opens_at else "–"
        speaker.line(_said("waits", speaker, moment=moment, release=released.id))
    waits = [
        {"release": each.id, "opens_at": hold.opens_at.isoformat() if hold.opens_at else None}
        for each, hold in waiting
    ]
    speaker.answer({"calendar": [line_about(each) for each in lines], "waiting": waits})


@calendar.command(help=_said("help-delay"))
@click.argument("node", type=FOLDER)
@click.argument("programme")
@click.argument("plan")
@click.argument("moment")
@click.option("--until", required=True, help=_said("option-until"))
@click.option("--reason-en", required=True, help=_said("option-reason-en"))
@click.option("--reason-ja", required=True, help=_said("option-reason-ja"))
@common
def delay(
    speaker: Speaker, node: Path, programme: str, plan: str, moment: str, **said: str
) -> None:
    """Put a planned moment off."""
    import sekisho

    reason = Text(said["reason_en"], said["reason_ja"])
    with sekisho.open(node, actor=speaker.actor) as opened:
        notice = opened.calendar.delay(
            programme, plan, _moment(moment), _moment(said["until"]), reason
        )
    speaker.line(_said("delayed", speaker, moment=said["until"]))
    speaker.answer({"plan": plan, "until": notice.until, "entry": notice.entry_index})


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(fault("calendar.moment-form")) from None
    if found.tzinfo is None:
        raise UsageError(fault("calendar.moment-form"))
    return found


@calendar.command(help=_said("help-publish"))
@click.argument("node", type=FOLDER)
@common
def publish(speaker: Speaker, node: Path) -> None:
    """Publish what is due."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        out = opened.calendar.publish_due()
    for each in out:
        speaker.line(_said("published", speaker, release=each))
    if not out:
        speaker.line(_said("nothing-due", speaker))
    speaker.answer({"published": out})


_ERRORS = click.Choice([each.value for each in ErrorClass])


@click.command(help=_said("help-correct"))
@click.argument("node", type=FOLDER)
@click.argument("release_id")
@click.option("--error", required=True, type=_ERRORS, help=_said("option-error"))
@click.option("--reason-en", required=True, help=_said("option-reason-en"))
@click.option("--reason-ja", required=True, help=_said("option-reason-ja"))
@click.option("--accept-cost", is_flag=True, help=_said("option-accept-cost"))
@common
def correct(
    speaker: Speaker, node: Path, release_id: str, *, accept_cost: bool, **said: str
) -> None:
    """Make a new edition in the place of a wrong release."""
    import sekisho
    from sekisho.cli.release import SHOWN_ROWS, release_answer, show_release

    error, reason = ErrorClass(said["error"]), Text(said["reason_en"], said["reason_ja"])
    with sekisho.open(node, actor=speaker.actor) as opened:
        with watched(speaker) as watch:
            made = opened.calendar.correct(
                release_id, error, reason, watch, accept_cost=accept_cost
            )
        show_release(speaker, opened, made, rows=SHOWN_ROWS)
        speaker.answer({**release_answer(opened, made), **_changed(speaker, opened, made.id)})


def _changed(speaker: Speaker, node: "Node", release_id: str) -> dict[str, object]:
    changes = node.calendar.changes(release_id)
    if changes is None:
        return {}
    corrected = node.released(release_id).release.corrects
    fields = {"release": release_id, "corrected": corrected, "cells": len(changes.cells)}
    speaker.line(_said("corrected", speaker, **fields))
    return {"corrects": corrected, "changed_cells": len(changes.cells)}


@click.command(help=_said("help-withdraw"))
@click.argument("node", type=FOLDER)
@click.argument("release_id")
@click.option("--error", required=True, type=_ERRORS, help=_said("option-error"))
@click.option("--reason-en", required=True, help=_said("option-reason-en"))
@click.option("--reason-ja", required=True, help=_said("option-reason-ja"))
@click.option("--take-down", is_flag=True, help=_said("option-take-down"))
@common
def withdraw(
    speaker: Speaker, node: Path, release_id: str, *, take_down: bool, **said: str
) -> None:
    """Withdraw a release."""
    import sekisho

    error, reason = ErrorClass(said["error"]), Text(said["reason_en"], said["reason_ja"])
    with sekisho.open(node, actor=speaker.actor) as opened:
        notice = opened.calendar.withdraw(release_id, error, reason, take_down=take_down)
    code = "taken-down" if notice.taken_down else "withdrawn"
    speaker.line(_said(code, speaker, release=release_id))
    speaker.answer({"release": release_id, "taken_down": notice.taken_down, "error": error.value})
