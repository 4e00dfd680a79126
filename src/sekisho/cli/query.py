"""`sekisho query`, `budget` and `explain`: an analyst's own questions, and what they cost."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sekisho import text
from sekisho.cli.options import Speaker, common, said
from sekisho.cli.progress import watched

if TYPE_CHECKING:
    from sekisho.errors import Fault
    from sekisho.gate.budgets import BudgetState
    from sekisho.present.answer import Queried, Quoted

BOUNDS = ("groups", "rows", "length", "found_groups")
"""Options that bound what one unit contributes to this answer."""


@click.command(help=said("help-query"))
@click.argument("node", type=click.Path(path_type=Path))
@click.argument("programme")
@click.argument("sql")
@click.option("--epsilon", required=True, help=said("option-epsilon"))
@click.option("--purpose", required=True, metavar="DPV", help=said("option-dpv-purpose"))
@click.option("--groups", metavar="N", help=said("option-groups"))
@click.option("--rows", metavar="N", help=said("option-rows"))
@click.option("--length", metavar="X", help=said("option-length"))
@click.option("--found-groups", metavar="N", help=said("option-found-groups"))
@click.option("--sample", "sampled", is_flag=True, help=said("option-sample"))
@click.option("--out", type=click.Path(path_type=Path), help=said("option-out-answer"))
@click.option("--dry-run", "dry_run", is_flag=True, help=said("option-dry-run"))
@common
def query(
    speaker: Speaker,
    node: Path,
    programme: str,
    sql: str,
    **said_too: str | Path | bool | None,
) -> int:
    """Ask a question whose answer protects everybody in the data."""
    import sekisho

    out = said_too["out"]
    bounds = {name: said_too[name] for name in BOUNDS} | {"sampled": said_too["sampled"] or None}
    with sekisho.open(node, actor=speaker.actor) as opened:
        asking = opened.questions
        asked = asking.asked(
            programme,
            sql,
            purpose=str(said_too["purpose"]),
            epsilon=str(said_too["epsilon"]),
            contribution=bounds,
        )
        if said_too["dry_run"]:
            _show_quote(speaker, asking.quote(asked))
            return 0
        with watched(speaker) as watch:
            answer = asking.ask(asked, watch)
        folder = answer.folder
        if isinstance(out, Path):
            folder = _copied(answer.folder, out)
        faults = asking.faults(folder)
        _show_answer(speaker, answer, folder, faults)
    return 11 if faults else 0


def _copied(papers: Path, out: Path) -> Path:
    """The papers in a folder of the caller's; one that is there is never written into."""
    from sekisho.errors import Conflict, fault

    if out.exists():
        raise Conflict(fault("cli.out-exists", folder=out))
    return Path(shutil.copytree(papers, out))


@click.command(help=said("help-explain"))
@click.argument("node", type=click.Path(path_type=Path))
@click.argument("programme")
@click.argument("asked", metavar="SQL|PLAN")
@common
def explain(speaker: Speaker, node: Path, programme: str, asked: str) -> None:
    """Say why an answer is private."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        quoted = opened.explain(programme, asked)
    for number, line in enumerate(quoted.explain(speaker.language), start=1):
        speaker.line(f"{number:>3}. {line}")
    speaker.line()
    _show_quote(speaker, quoted)


@click.command(help=said("help-budget"))
@click.argument("node", type=click.Path(path_type=Path))
@click.argument("programme", required=False)
@common
def budget(speaker: Speaker, node: Path, programme: str | None) -> None:
    """Say what was spent on the people in the data."""
    import sekisho
    from sekisho.gate.budgets import total_losses
    from sekisho.present.answer import loss_text

    with sekisho.open(node, actor=speaker.actor) as opened:
        states = opened.budgets(programme)
    totals = total_losses(states)
    for state in states:
        _show_budget(speaker, state)
    for each in totals:
        fields = {
            "unit": each.unit,
            "epsilon": loss_text(each.epsilon),
            "delta": f"{each.delta:.3g}",
        }
        speaker.line(text.sentence("budget.total", fields, speaker.language))
    if not states:
        speaker.line(text.sentence("budget.no-budgets", {}, speaker.language))
    speaker.answer(
        {
            "budgets": [_budget_answer(each) for each in states],
            "total": [
                {"unit": t.unit, "epsilon": str(t.epsilon), "delta": str(t.delta)} for t in totals
            ],
        }
    )


def _show_quote(speaker: Speaker, quoted: "Quoted") -> None:
    for line in quoted.lines(speaker.language):
        speaker.line(line)
    speaker.answer(quoted.to_json(speaker.language))


def _show_answer(speaker: Speaker, answer: "Queried", folder: Path, faults: "list[Fault]") -> None:
    from sekisho.present.answer import print_answer

    if speaker.as_json:
        speaker.answer(
            {
                "columns": answer.to_arrow().to_pydict(),
                "epsilon": str(answer.epsilon),
                "delta": str(answer.delta),
                "left": str(answer.left),
                "entry": answer.entry_index,
                "entries": list(answer.entries),
                "verified": not faults,
                "papers": str(folder),
            }
        )
        return
    print_answer(answer, speaker.language)
    entries = ", ".join(map(str, answer.entries))
    for each in faults:
        speaker.line(each.sentence(speaker.language))
    if not faults:
        fields = {"entries": entries, "folder": folder}
        speaker.line(text.sentence("budget.answer-proved", fields, speaker.language))


def _show_budget(speaker: Speaker, state: "BudgetState") -> None:
    from sekisho.present.answer import left_text, loss_text

    def line(code: str, **fields: object) -> None:
        speaker.line(text.sentence(f"budget.{code}", fields, speaker.language))

    line(
        "head",
        programme=state.programme,
        dataset=state.dataset,
        period=state.period,
        epsilon=state.epsilon,
        delta=f"{state.delta:.3g}",
        spent=loss_text(state.spent),
        left=left_text(state.left),
    )
    if state.until:
        line("until", day=state.until)
    else:
        line("never")
    for each in state.charges:
        line(
            "charge",
            day=f"{each.charged_at:%Y-%m-%d}",
            actor=each.actor,
            what=each.what,
            purpose=each.purpose,
            epsilon=loss_text(each.epsilon),
            entry=each.entry_index,
        )
        if each.request in state.undrawn:
            line("undrawn")
    if not state.charges:
        line("unspent")


def _budget_answer(state: "BudgetState") -> dict[str, object]:
    return {
        "programme": state.programme,
        "dataset": state.dataset,
        "period": state.period,
        "unit": state.unit,
        "epsilon": str(state.epsilon),
        "delta": str(state.delta),
        "spent": str(state.spent),
        "left": str(state.left),
        "until": state.until.isoformat() if state.until else None,
        "charges": [
            {
                "actor": each.actor,
                "what": each.what,
                "purpose": each.purpose,
                "epsilon": str(each.epsilon),
                "charged_at": each.charged_at.isoformat(),
                "entry": each.entry_index,
                "answered": each.request not in state.undrawn,
            }
            for each in state.charges
        ],
    }
