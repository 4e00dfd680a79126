"""Drafts: begun, saved by several officers, carried to a changed form, thrown away.

A draft counts for nothing and is read by its participant's officers alone, so it has no entry in
the log. Looking at one changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sekisho.errors import Conflict, DeliveryError, NotFound, Refused, fault, raise_all
from sekisho.gate.forms.asked import answering, form_then
from sekisho.gate.forms.uploads import settled_files
from sekisho.gate.house import Call, House
from sekisho.lanes.open.deadlines import Standing, standing, zone_of
from sekisho.lanes.open.drafts import Saving, answers_of, carried, saved
from sekisho.lanes.open.read_answers import read_questions, unknown_names
from sekisho.model.form import Form, Section
from sekisho.model.programme import Programme
from sekisho.model.submission import Answer, Draft, Submission, SubmissionState

_TRIES = 20
"""How often a save is tried again when another officer's came first."""

_STANDING = (SubmissionState.RECEIVED, SubmissionState.OPENED)


def standing_submission(
    house: House, programme: str, form: str, participant: str
) -> Submission | None:
    """The submission of a participant that counts, if there is one."""
    found = house.store.forms.submissions(programme, form, participant)
    return next((each for each in reversed(found) if each.state in _STANDING), None)


def look(call: Call, programme_id: str, form_id: str) -> Draft:
    """The draft of the actor's participant as it stands under the form of today, or a new one.

    Raises: Conflict when the participant has answered already and begins no correction.
    """
    programme, form = answering(call, programme_id, form_id)
    return _drafted(call, programme, form)[0]


def _drafted(call: Call, programme: Programme, form: Form) -> tuple[Draft, int | None]:
    """The draft, and the revision that the store holds; None when it holds none."""
    kept = call.house.store.forms.draft(programme.id, form.id, call.actor.participant)
    if kept is None:
        return _new(call, programme, form), None
    return carry(call.house, programme, form, kept), kept.revision


def carry(house: House, programme: Programme, form: Form, kept: Draft) -> Draft:
    """A draft under the form of today; the same one when the form is the same."""
    if kept.programme_digest == programme.digest:
        return kept
    old = form_then(house, programme.id, kept.programme_digest, form.id)
    if old.sections == form.sections:
        return replace(kept, version=form.version, programme_digest=programme.digest)
    return carried(kept, old, form, programme.digest)


def _new(call: Call, programme: Programme, form: Form) -> Draft:
    participant = call.actor.participant
    if form.who.one_each:
        stands = standing_submission(call.house, programme.id, form.id, participant)
        if stands is not None:
            raise Conflict(
                fault("forms.answered-already", form=form.id, reference=stands.reference)
            )
    return Draft(
        id=f"{programme.id}.{form.id}.{participant}",
        programme=programme.id,
        form=form.id,
        version=form.version,
        participant=participant,
        revision=0,
        answers={},
        changed_at=call.house.clock.now(),
        changed_by=call.actor.id,
        programme_digest=programme.digest,
    )


def refuse_before_opening(house: House, form: Form) -> None:
    """Refuse what comes before a form's first day."""
    if standing(form, house.clock.now()) is Standing.NOT_OPEN:
        zone = zone_of(form).key
        raise Refused(fault("forms.not-open", form=form.id, day=form.opens, zone=zone))


def section_of(form: Form, section_id: str) -> Section:
    """A section of a form; NotFound when it has none of that id."""
    section = form.section(section_id)
    if section is None:
        known = ", ".join(f"`{each.id}`" for each in form.sections)
        raise NotFound(fault("forms.no-section", form=form.id, section=section_id, known=known))
    return section


def save(
    call: Call,
    where: tuple[str, str, str],
    given: Mapping[str, object],
    base: int,
    *,
    settles: bool = False,
) -> Draft:
    """Save one section (programme, form, section), written against revision `base` of the draft.

    What another officer saved meanwhile stands, and this waits beside it. A save is taken after
    the deadline, too: only a submission is too late.

    Raises: DeliveryError with every answer that cannot be read; then nothing was saved.
    """
    programme, form = answering(call, where[0], where[1])
    refuse_before_opening(call.house, form)
    section = section_of(form, where[2])
    answers, faults = read_questions(section.questions, given)
    faults += unknown_names(given, [each.id for each in section.questions])
    settled, wrong = settled_files(call.house, form, call.actor.participant, answers)
    raise_all(DeliveryError, [*faults, *wrong])

    def change(draft: Draft) -> Draft:
        at = call.house.clock.now()
        saving = Saving(section.id, settled, base, call.actor.id, at, settles=settles)
        return saved(draft, section, saving)

    return _changed(call, programme, form, change)


@dataclass(frozen=True, slots=True)
class Filling:
    """Answers to a whole form, and what was known when they were written."""

    answers: Mapping[str, Answer]
    base: int | None = None
    """The draft's revision that somebody had before them; None: nobody looked."""
    settles: bool = False
    """Whether they take the place of every version that waits."""


def fill(call: Call, programme_id: str, form_id: str, filling: Filling) -> Draft:
    """Save answers to a whole form, section by section.

    Where nobody looked, one's own last save is replaced and another officer's never: this waits
    beside it.
    """
    programme, form = answering(call, programme_id, form_id)
    refuse_before_opening(call.house, form)
    settled, wrong = settled_files(call.house, form, call.actor.participant, filling.answers)
    raise_all(DeliveryError, wrong)
    at = call.house.clock.now()

    def change(draft: Draft) -> Draft:
        own = draft.revision if filling.settles or draft.changed_by == call.actor.id else 0
        base = own if filling.base is None else filling.base
        for section in form.sections:
            given = answers_of(section, settled)
            saving = Saving(section.id, given, base, call.actor.id, at, settles=filling.settles)
            draft = saved(draft, section, saving)
        return draft

    return _changed(call, programme, form, change)


def _changed(
    call: Call, programme: Programme, form: Form, change: Callable[[Draft], Draft]
) -> Draft:
    """The draft after a change, kept; tried again when another officer came first."""
    store = call.house.store.forms
    for _ in range(_TRIES):
        before, kept = _drafted(call, programme, form)
        after = change(before)
        try:
            if kept is None:
                if after.revision:
                    store.add_draft(after)
            elif after != before or before.revision != kept:
                store.save_draft(after, kept)
        except Conflict:
            continue
        return after
    raise Conflict(fault("forms.draft-changed"))


def correct(call: Call, stands: Submission) -> Draft:
    """Begin the correction of a submission of the actor's participant, or go on with it.

    Raises: Conflict when another draft of the form is open.
    """
    programme, form = answering(call, stands.programme, stands.form)
    store = call.house.store.forms
    kept = store.draft(programme.id, form.id, stands.participant)
    if kept is None:
        begun = Draft(
            id=f"{programme.id}.{form.id}.{stands.participant}",
            programme=programme.id,
            form=form.id,
            version=stands.version,
            participant=stands.participant,
            revision=1,
            answers=stands.answers,
            changed_at=call.house.clock.now(),
            changed_by=call.actor.id,
            corrects=stands.reference,
            programme_digest=stands.programme_digest,
        )
        store.add_draft(begun)
        kept = begun
    if kept.corrects != stands.reference:
        raise Conflict(fault("forms.draft-exists"))
    return carry(call.house, programme, form, kept)


def drop(call: Call, programme_id: str, form_id: str) -> None:
    """Throw the participant's draft away; NotFound when there is none."""
    programme, form = answering(call, programme_id, form_id)
    store = call.house.store.forms
    kept = store.draft(programme.id, form.id, call.actor.participant)
    if kept is None:
        raise NotFound(fault("forms.no-draft", form=form.id))
    store.drop_draft(kept)
