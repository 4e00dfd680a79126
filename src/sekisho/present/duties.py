"""Duties and lapsed permissions for programs, the same from every door."""

from sekisho.model.duty import StandingDuty
from sekisho.rules.explain import as_document
from sekisho.rules.redecide import Lapsed
from sekisho.terms import Language


def duty_about(standing: StandingDuty, language: Language) -> dict[str, object]:
    """A duty as it stands, for programs."""
    kept = standing.kept
    duty = kept.duty
    return {
        "id": kept.id,
        "state": standing.state.value,
        "flow": kept.flow,
        "lane": kept.lane.value,
        "programme": kept.programme,
        "holder": kept.holder,
        "duty": duty.id,
        "citation": duty.rule.citation.said(language),
        "text": duty.text.said(language),
        "source": duty.rule.source,
        "round": kept.round,
        "every_months": duty.every_months,
        "since": kept.since.isoformat(),
        "due": duty.due.isoformat() if duty.due else None,
        "done_at": kept.done_at.isoformat() if kept.done_at else None,
        "done_by": kept.done_by or None,
        "note": kept.note or None,
        "entry": kept.index,
    }


def lapsed_about(lapsed: Lapsed, language: Language) -> dict[str, object]:
    """A permission that would be refused today, with the refusal."""
    return {
        "flow": lapsed.permission.id,
        "rules_changed": lapsed.rules_changed,
        "pack_hash": lapsed.permission.pack_hash,
        "decision": as_document(lapsed.decision, language),
    }
