"""Submissions, in order: permit, deadline, whole answers, rules, commit with the entry, log."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from sekisho.errors import Conflict, DeliveryError, NotFound, Refused, fault, raise_all
from sekisho.gate.forms.asked import allowed, answering, party_of
from sekisho.gate.forms.drafts import carry, refuse_before_opening
from sekisho.gate.forms.uploads import settled_files
from sekisho.gate.house import Call, House, Said, entry_of
from sekisho.gate.sequence import sequence
from sekisho.lanes.open.deadlines import Standing, standing
from sekisho.lanes.open.reference import new_reference
from sekisho.lanes.open.validate import counted, validate
from sekisho.lanes.open.written import submission_digest
from sekisho.model.decision import Decision
from sekisho.model.entry import EntryKind
from sekisho.model.form import Form
from sekisho.model.programme import Programme
from sekisho.model.submission import Answer, Draft, Submission, SubmissionState
from sekisho.terms import Lane, Outcome


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody had before them when they submitted."""

    revision: int | None = None
    """Of the draft; None: as it stands."""
    leftovers: bool = False
    """That some answers have no place in the changed form, and go no further."""


def submit(call: Call, programme_id: str, form_id: str, seen: Seen) -> Submission:
    """Submit the draft of the actor's participant; the draft is gone afterwards.

    Raises: Refused after the deadline or by the rules; Conflict when the draft is another than was
    seen, two versions of a section wait, or leftovers were not seen; DeliveryError with everything
    that keeps the answers from being whole.
    """
    house = call.house
    programme, form = answering(call, programme_id, form_id)
    kept = house.store.forms.draft(programme.id, form.id, call.actor.participant)
    if kept is None:
        raise NotFound(fault("forms.no-draft", form=form.id))
    draft = carry(house, programme, form, kept)
    _refuse_unseen(form, draft, seen)
    at = house.clock.now()
    late = _is_late(house, form, at)
    answers, faults = settled_files(house, form, draft.participant, draft.answers)
    raise_all(DeliveryError, [*faults, *validate(form, answers)])
    flow = (party_of(house, draft.participant), party_of(house, programme.steward))
    decision = allowed(house, programme, form, flow)
    before = _corrected(house, draft)
    made = _made(call, programme, form, (draft, counted(form, answers), before))
    made = replace(made, late=late, submitted_at=at)
    made = replace(made, digest=submission_digest(made))
    slot = f"{programme.id}/{form.id}/{draft.participant}" if form.who.one_each else None
    entry = entry_of(house, EntryKind.SUBMISSION_RECEIVED, _said(made, decision, before))
    index = house.store.forms.add_submission(made, kept, slot, entry)
    sequence(house)
    return replace(made, entry_index=index)


def _refuse_unseen(form: Form, draft: Draft, seen: Seen) -> None:
    if draft.clashes:
        raise Conflict(fault("forms.clash-open", section=draft.clashes[0].section))
    if seen.revision not in (None, draft.revision):
        raise Conflict(fault("forms.draft-changed"))
    if draft.leftovers and not seen.leftovers:
        raise Conflict(fault("forms.leftovers-open", form=form.id, count=len(draft.leftovers)))


def _is_late(house: House, form: Form, at: datetime) -> bool:
    """Whether a submission at this instant is late; refused when the form takes none."""
    refuse_before_opening(house, form)
    now = standing(form, at)
    if now is Standing.CLOSED and form.deadline is not None:
        day, zone = form.deadline.day, form.deadline.zone
        raise Refused(fault("forms.closed", form=form.id, day=day, zone=zone))
    return now is Standing.LATE


def _corrected(house: House, draft: Draft) -> Submission | None:
    """The newest revision of what a draft corrects."""
    if draft.corrects is None:
        return None
    return house.store.forms.history(draft.corrects)[-1]


def _made(
    call: Call,
    programme: Programme,
    form: Form,
    parts: tuple[Draft, dict[str, Answer], Submission | None],
) -> Submission:
    draft, answers, before = parts
    reference = before.reference if before else new_reference(programme.id, secrets.randbelow)
    revision = before.revision + 1 if before else 1
    return Submission(
        id=f"{reference}.r{revision}",
        reference=reference,
        programme=programme.id,
        form=form.id,
        version=form.version,
        participant=draft.participant,
        revision=revision,
        answers=answers,
        submitted_at=call.house.clock.now(),
        submitted_by=call.actor.id,
        late=False,
        state=SubmissionState.RECEIVED,
        digest="",
        programme_digest=programme.digest,
    )


def _said(made: Submission, decision: Decision, before: Submission | None) -> Said:
    """What the log says of a submission: which form, never who nor what."""
    concerns = () if before is None else (("concerns", before.entry_index or 0),)
    return Said(
        programme=made.programme,
        lane=Lane.OPEN,
        outcome=Outcome.ALLOWED,
        rules=decision.rule_ids,
        pack=decision.pack_hash,
        public=(("form", made.form), ("revision", made.revision), *concerns),
        committed=(
            ("submission", made.digest.encode()),
            ("facts", decision.facts_hash.encode()),
        ),
    )
