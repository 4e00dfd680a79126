"""`sekisho query`, `budget` and `explain`: an analyst's own questions, and what they cost."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sekisho import text
from sekisho.cli.options import Speaker, common, said

if TYPE_CHECKING:
    from sekisho.gate.budgets import BudgetState
    from sekisho.present.answer import Queried, Quoted


@click.command(help=said("help-query"))
@click.argument("node", type=click.Path(path_type=Path))
@click.argument("programme")
@click.argument("sql")
@click.option("--epsilon", required=True, help=said("option-epsilon"))
@click.option("--purpose", required=True, metavar="DPV", help=said("option-dpv-purpose"))
@click.option("--dry-run", "dry_run", is_flag=True, help=said("option-dry-run"))
@common
def query(
    speaker: Speaker,
    node: Path,
    programme: str,
    sql: str,
    **asked: str | bool,
) -> None:
    """Ask a question whose answer protects everybody in the data."""
    import sekisho

    epsilon, purpose = str(asked["epsilon"]), str(asked["purpose"])
    with sekisho.open(node, actor=speaker.actor) as opened:
        if asked["dry_run"]:
            quoted = opened.query(programme, sql, purpose=purpose, epsilon=epsilon, dry_run=True)
            _show_quote(speaker, quoted)
            return
        answer = opened.query(programme, sql, purpose=purpose, epsilon=epsilon)
    _show_answer(speaker, answer)


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

    with sekisho.open(node, actor=speaker.actor) as opened:
        states = opened.budgets(programme)
    totals = total_losses(states)
    for state in states:
        _show_budget(speaker, state)
    for each in totals:
        fields = {"unit": each.unit, "epsilon": _up(each.epsilon), "delta": f"{each.delta:.3g}"}
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
    speaker.answer(
        {
            "epsilon": str(quoted.epsilon),
            "paid": quoted.is_paid,
            "budgets": [
                {"dataset": b.dataset, "period": b.period, "left": str(b.left)}
                for b in quoted.budgets
            ],
            "expected": [
                {
                    "measure": e.measure,
                    "groups": list(e.groups),
                    "numbers": e.cells,
                    "standard_error": e.standard_error,
                }
                for e in quoted.expected
            ],
            "proof": quoted.explain(speaker.language),
        }
    )


def _show_answer(speaker: Speaker, answer: "Queried") -> None:
    from sekisho.present.answer import print_answer

    if speaker.as_json:
        speaker.answer(
            {
                "columns": answer.to_arrow().to_pydict(),
                "epsilon": str(answer.epsilon),
                "left": str(answer.left),
                "entry": answer.entry_index,
            }
        )
        return
    print_answer(answer, speaker.language)


def _show_budget(speaker: Speaker, state: "BudgetState") -> None:
    def line(code: str, **fields: object) -> None:
        speaker.line(text.sentence(f"budget.{code}", fields, speaker.language))

    line(
        "head",
        programme=state.programme,
        dataset=state.dataset,
        period=state.period,
        epsilon=state.epsilon,
        delta=f"{state.delta:.3g}",
        spent=_up(state.spent),
        left=_down(state.left),
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
            epsilon=_up(each.epsilon),
            entry=each.entry_index,
        )
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
            }
            for each in state.charges
        ],
    }


def _up(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.001"), ROUND_CEILING).normalize() + 0


def _down(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.001"), ROUND_FLOOR).normalize() + 0
