"""`sekisho release` and `sekisho show`: what leaves, and what left."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sekisho.cli.calendar import correct, withdraw
from sekisho.cli.options import Speaker, common, said
from sekisho.cli.progress import watched
from sekisho.cli.release_export import export
from sekisho.cli.witnesses import say_witnesses
from sekisho.present.history import history_about, status_lines, status_word
from sekisho.present.testimony import testimony_about
from sekisho.terms import ReleaseState
from sekisho.text import sentence

if TYPE_CHECKING:
    from sekisho.model.indicator import Result
    from sekisho.node import Node
    from sekisho.present.released import Released

SHOWN_ROWS = 14


class _MakeByDefault(click.Group):
    """`release NODE …` makes a release; `release verify NODE …` checks one."""

    def resolve_command(
        self, context: click.Context, arguments: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if arguments and arguments[0] not in self.commands:
            arguments = ["make", *arguments]
        return super().resolve_command(context, arguments)


@click.group(cls=_MakeByDefault, help=said("help-release"))
def release() -> None:
    """Releases."""


@release.command(help=said("help-release-verify"))
@click.argument("node", type=click.Path(path_type=Path))
@click.argument("release_id")
@common
def verify(speaker: Speaker, node: Path, release_id: str) -> int:
    """Check a release's certificate of safety against the data."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened, watched(speaker) as watch:
        faults = opened.verify_certificate(release_id, watch)
        table = opened.released(release_id).table
    if faults:
        speaker.say("certificate-wrong", release=release_id, count=len(faults))
    else:
        verified = "draw-verified" if table.is_estimated else "certificate-verified"
        speaker.say(verified, release=release_id, hidden=f"{table.hidden:,}")
    speaker.answer({"release": release_id, "verified": not faults, "hidden": table.hidden})
    return 11 if faults else 0


@release.command(help=said("help-release-private"))
@click.argument("node", type=click.Path(path_type=Path))
@click.argument("release_id")
@common
def private(speaker: Speaker, node: Path, release_id: str) -> None:
    """Why each cell is hidden: the data holder's view."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened, watched(speaker) as watch:
        view = opened.holder_view(release_id, watch)
    hidden = [each for each in view.cells if each.hidden]
    for each in hidden:
        groups = " / ".join(group or said("total", speaker.language) for group in each.groups)
        why = ", ".join(each.rules) or said("secondary", speaker.language)
        speaker.say(
            "held-cell", groups=groups, value=f"{each.value:,}", count=each.contributors, why=why
        )
    secondary = sum(each.is_secondary for each in hidden)
    speaker.say("held", primary=len(hidden) - secondary, secondary=secondary, unmet=view.unmet)
    speaker.answer(
        {
            "release": release_id,
            "columns": list(view.columns),
            "unmet": view.unmet,
            "cells": [
                {
                    "groups": list(each.groups),
                    "value": str(each.value),
                    "contributors": each.contributors,
                    "hidden": each.hidden,
                    "rules": list(each.rules),
                }
                for each in view.cells
            ],
        }
    )


@release.command(help=said("help-release"))
@click.argument("node", type=click.Path(path_type=Path))
@click.argument("programme")
@click.argument("plan")
@common
def make(speaker: Speaker, node: Path, programme: str, plan: str) -> None:
    """Release a table."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        with watched(speaker) as watch:
            released = opened.release(programme, plan, watch)
        if released.release.state is ReleaseState.MADE:
            _say_waiting(speaker, released)
            return
        show_release(speaker, opened, released, rows=SHOWN_ROWS)
        speaker.answer(release_answer(opened, released))


def _say_waiting(speaker: Speaker, released: "Released") -> None:
    """What a release is that waits for its moment; its figures stay where they are."""
    made = released.release
    moment = f"{made.held_until:%Y-%m-%dT%H:%MZ}"
    fields = {"release": made.id, "moment": moment, "index": made.entry_index}
    speaker.line(sentence("calendar.embargoed", fields, speaker.language))
    speaker.answer({"release": made.id, "opens_at": made.held_until, "entry": made.entry_index})


for _other in (correct, withdraw):
    release.add_command(_other)


release.add_command(export)


@click.command(help=said("help-show"))
@click.argument("node", type=click.Path(path_type=Path))
@click.argument("release_id", required=False)
@click.option("--all", "everything", is_flag=True, help=said("option-all"))
@common
def show(speaker: Speaker, node: Path, release_id: str | None, everything: bool) -> None:  # noqa: FBT001
    """Show a release, or list those that there are."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        if release_id is None:
            _list(speaker, opened)
            return
        released = opened.released(release_id)
        show_release(speaker, opened, released, rows=None if everything else SHOWN_ROWS)
        speaker.answer(release_answer(opened, released))


def _list(speaker: Speaker, node: "Node") -> None:
    found = node.releases()
    for each in found:
        title = each.table.title.said(speaker.language)
        word = status_word(each.release, each.became)
        mark = "" if word == "current" else f"  [{word}]"
        speaker.line(f"{each.id}  {each.release.out_at:%Y-%m-%d}  {title}{mark}")
    if not found:
        speaker.say("no-releases")
    speaker.answer({"releases": [each.id for each in found]})


def show_release(speaker: Speaker, node: "Node", released: "Released", rows: int | None) -> None:
    """The table (shortened, saying so), what is hidden, the decision, the files, the proof."""
    if speaker.as_json:
        return
    from sekisho.present.terminal import print_table

    table, release_ = released.table, released.release
    for line in status_lines(release_, released.became, speaker.language):
        speaker.line(f"! {line}")
    if released.became.taken_down:
        show_proof(speaker, node, released)
        return
    files = released.files
    whole = files.get(f"{release_.plan}.csv", released.folder)
    print_table(table, speaker.language, limit=rows, whole=str(whole))
    _say_cells(speaker, released)
    for line in released.holders_said(speaker.language):
        speaker.line(line)
    say_indicators(speaker, released)
    speaker.line()
    for line in released.explain(speaker.language):
        speaker.line(f"  {line}")
    speaker.line()
    speaker.say("files", folder=released.folder, files=", ".join(sorted(files)))
    show_proof(speaker, node, released)


def say_indicators(speaker: Speaker, released: "Released") -> None:
    """What the indicators of the plan say, in words."""
    for result in released.indicators:
        by = result.indicator.by or ""

        def label(group: str, by: str = by) -> str:
            return released.table.label(by, group, speaker.language)

        say_result(speaker, result, label)


def say_result(
    speaker: Speaker, result: "Result", label: Callable[[str], str], most: int | None = None
) -> None:
    """An indicator in words under its title; `most` lines of them."""
    from sekisho.present.indicators import words_of

    speaker.line()
    speaker.line(result.indicator.title.said(speaker.language))
    for words in words_of(result, label, speaker.language)[:most]:
        speaker.line(f"  {words}")


def _say_cells(speaker: Speaker, released: "Released") -> None:
    """How many cells are shown, and what protects them: hiding, or noise at a cost."""
    shown, hidden = f"{released.table.shown:,}", f"{released.table.hidden:,}"
    cost = released.release.cost
    if cost is None:
        speaker.say("cells", shown=shown, hidden=hidden)
    else:
        epsilon, delta = f"{cost.epsilon.normalize():f}", f"{cost.delta.normalize():f}"
        speaker.say("cells-estimated", shown=shown, epsilon=epsilon, delta=delta)


def show_proof(speaker: Speaker, node: "Node", released: "Released") -> None:
    """The log entry and whether its inclusion proof verifies, now."""
    proof = node.proof(released.id)
    if proof.verified:
        speaker.say("proof-verified", index=proof.index, size=proof.size, origin=proof.origin)
    else:
        speaker.say("proof-refused", index=proof.index)
        for each in proof.faults:
            speaker.line(f"  {each.sentence(speaker.language)}")
    say_witnesses(speaker, proof.witnesses)


def _about(result: "Result") -> dict[str, object]:
    from sekisho.lanes.statistics.indicators.written import result_about

    return result_about(result)


def release_answer(node: "Node", released: "Released") -> dict[str, object]:
    """A release as JSON: the same that the terminal says."""
    proof = node.proof(released.id)
    decision = released.release.decision
    return {
        "release": released.id,
        **history_about(released.release, released.became),
        "cells": {"shown": released.table.shown, "hidden": released.table.hidden},
        "decision": {"outcome": decision.outcome.value, "rules": list(decision.rule_ids)},
        "files": {name: str(file) for name, file in released.files.items()},
        "indicators": [_about(each) for each in released.indicators],
        "entry": proof.index,
        "proof_verified": proof.verified,
        "witnesses": [testimony_about(each) for each in proof.witnesses],
    }
