"""The papers of an answer: the numbers, what protects them, and the proof of what they cost.

An answer is made of its kept draw alone, so its papers are written once and stay what they are.
"""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from sekisho.errors import Fault, SekishoError, fault
from sekisho.gate.answers import Answered
from sekisho.gate.bound_papers import bound_document, interval_of
from sekisho.gate.files import move_into_place, workshop, write_whole
from sekisho.gate.house import House
from sekisho.gate.private import decimal_text
from sekisho.lanes.statistics.privacy.calibrate import SIGMA
from sekisho.lanes.statistics.privacy.histogram import Share
from sekisho.lanes.statistics.privacy.lost import Lost
from sekisho.lanes.statistics.privacy.table import Number, PrivateRow, Shown
from sekisho.model.budget import BudgetCharge
from sekisho.model.decision import CitedRule
from sekisho.model.entry import EntryKind, parse_entry
from sekisho.terms import Method
from sekisho.tlog.note import Verifier
from sekisho.tlog.proof import verify_receipt

ANSWER = "answer.json"


def entry_file(index: int) -> str:
    """The file of a charge's entry."""
    return f"entry-{index}.json"


def proof_file(index: int) -> str:
    """The file that proves a charge's entry."""
    return f"proof-{index}.tlog-proof"


def place_of(house: House, request: str) -> Path:
    """Where the papers of an answer lie; its name is the keyed hash that the log commits to."""
    return house.folder.root / "answers" / request


def write_answer(house: House, answered: Answered) -> Path:
    """Write the papers of an answer whole, unless they are there; the folder that holds them."""
    place = place_of(house, answered.priced.request)
    if place.exists():
        return place
    with workshop(house.folder.aside) as own:
        papers = own / "answer"
        papers.mkdir()
        write_whole(papers / ANSWER, json_bytes(about_answer(answered)))
        for charge in answered.charges:
            index = charge.entry_index or 0
            ((_, entry),) = house.store.outbox(index, 1)
            write_whole(papers / entry_file(index), entry)
            write_whole(papers / proof_file(index), house.log.prove(index).encode())
        move_into_place(papers, place)
    return place


def json_bytes(value: object) -> bytes:
    """A value as the papers write it."""
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def answer_faults(folder: Path, verifiers: tuple[Verifier, ...]) -> list[Fault]:
    """What is wrong with the proofs of an answer; nothing when each of its charges is logged."""
    found: list[Fault] = []
    try:
        said = json.loads((folder / ANSWER).read_bytes())
        for charge in said["charges"]:
            found += _charge_faults(folder, charge, verifiers)
    except (OSError, ValueError, KeyError, TypeError):
        found.append(fault("budget.answer-unproved", index=0))
    return found


def _charge_faults(
    folder: Path, charge: Mapping[str, object], verifiers: tuple[Verifier, ...]
) -> Iterator[Fault]:
    index = int(str(charge["entry"]))
    wrong = fault("budget.answer-unproved", index=index)
    try:
        entry = (folder / entry_file(index)).read_bytes()
        text = (folder / proof_file(index)).read_text("utf-8")
        proven = verify_receipt(text, verifiers).proven
        logged = parse_entry(entry)
    except (OSError, UnicodeDecodeError):
        yield wrong
        return
    except SekishoError as error:
        yield from error.faults
        return
    same = all(logged.public.get(name) == charge[name] for name in ("dataset", "period", "epsilon"))
    charged = logged.kind is EntryKind.BUDGET_CHARGED
    if not (same and charged and proven.entry == entry and proven.index == index):
        yield wrong


def about_answer(answered: Answered) -> dict[str, object]:
    """Everything that whoever reads the numbers must know, and the numbers."""
    priced, table = answered.priced, answered.table
    charge = priced.plan.charge
    decision = answered.decision
    numbers = [number for row in table.rows for number in row.numbers.values()]
    known = not numbers or any(number.interval is not None for number in numbers)
    return {
        "schema": 1,
        "programme": priced.question.programme.id,
        "purpose": priced.question.purpose,
        "method": Method.DIFFERENTIAL_PRIVACY.value,
        "guarantee": {
            "epsilon": decimal_text(priced.epsilon),
            "delta": decimal_text(priced.delta),
            "measure": charge.measure.value,
            "loss": decimal_text(charge.loss),
            "neighbours": f"all rows of one {priced.ledgers[0].dataset.privacy_unit}",
            "noise_scale": SIGMA,
        },
        "interval": interval_of(table.limits, known=known),
        "columns": list(table.columns),
        "group_columns": list(table.group_columns),
        "rows": [_row(table.group_columns, row) for row in table.rows],
        "scaled_down": [_lost(each) for each in table.lost],
        "bounds": [bound_document(each) for each in table.limits],
        "decision": {
            "outcome": decision.outcome.value,
            "at": decision.at.isoformat(),
            "rules": [_rule(rule) for rule in decision.determining],
            "pack": decision.pack_hash,
            "not_legal_advice": True,
        },
        "charges": [_charge(answered, each) for each in answered.charges],
    }


def _charge(answered: Answered, charge: BudgetCharge) -> dict[str, object]:
    deltas = {(e.dataset.id, e.period): e.ledger.delta for e in answered.priced.ledgers}
    return {
        "dataset": charge.dataset,
        "period": charge.period,
        "epsilon": decimal_text(charge.epsilon),
        "delta": decimal_text(deltas[charge.dataset, charge.period]),
        "entry": charge.entry_index,
    }


def _row(columns: tuple[str, ...], row: PrivateRow) -> dict[str, object]:
    return {
        **dict(zip(columns, row.groups, strict=True)),
        **{name: _number(number) for name, number in row.numbers.items()},
    }


def _number(number: Number) -> dict[str, object]:
    inside = number.interval
    said: dict[str, object] = {
        "value": _plain(number.value),
        "standard_error": number.standard_error,
        "low": inside.low if inside else None,
        "high": inside.high if inside else None,
    }
    return said | ({"counted": _number(number.clipped)} if number.clipped else {})


def _plain(value: Shown) -> object:
    """Decimals as text, so that no reader rounds them."""
    return f"{value:f}" if isinstance(value, Decimal) else value


def _lost(lost: Lost) -> dict[str, object]:
    return {
        "measures": list(lost.measures),
        "missing": _share(lost.missing),
        "units": _share(lost.units),
    }


def _share(share: Share | None) -> dict[str, float] | None:
    if share is None:
        return None
    return {"share": share.value, "standard_error": share.standard_error}


def _rule(rule: CitedRule) -> dict[str, object]:
    return {
        "id": rule.id,
        "citation": {"en": rule.citation.en, "ja": rule.citation.ja},
        "jurisdiction": rule.jurisdiction,
        "status": rule.status.value,
        "reviewed_by": rule.reviewer or None,
    }
