"""What becomes of a submission: opened to everyone, withdrawn, or counted in statistics."""

from dataclasses import replace

from sekisho.errors import Conflict, NotFound, Refused, fault
from sekisho.gate.admit import bring, dataset_of, installed, permit
from sekisho.gate.files import workshop, write_whole
from sekisho.gate.forms.asked import allowed, asked_form, form_of, party_of
from sekisho.gate.forms.reading import form_of_submission, own_submission
from sekisho.gate.house import Call, Said, entry_of
from sekisho.gate.locks import held
from sekisho.gate.sequence import sequence
from sekisho.lanes.open.rows import dataset_csv
from sekisho.model.entry import EntryKind
from sekisho.model.facts import PUBLIC
from sekisho.model.form import Form
from sekisho.model.programme import Programme
from sekisho.model.release import Delivery
from sekisho.model.submission import Submission, SubmissionState
from sekisho.people import Action
from sekisho.ports import Watch
from sekisho.terms import Lane, Outcome
from sekisho.text import Words

_STANDING = (SubmissionState.RECEIVED, SubmissionState.OPENED)


def open_to_public(call: Call, reference: str) -> Submission:
    """Let everyone read a submission of the actor's participant, as it stands.

    Raises: NotFound for another's; Refused when the form or the rules keep it closed; Conflict
    when it is open, corrected or withdrawn.
    """
    house, found = call.house, own_submission(call, reference)
    programme = installed(house, found.programme)
    if not form_of_submission(call, found).may_be_public:
        raise Refused(fault("forms.not-public", form=found.form))
    if found.state is not SubmissionState.RECEIVED:
        state = Words(f"forms.state-{found.state.value}")
        raise Conflict(fault("forms.submission-state", state=state))
    flow = (party_of(house, found.participant), PUBLIC)
    decision = allowed(house, programme, form_of(programme, found.form), flow)
    said = Said(
        programme=programme.id,
        lane=Lane.OPEN,
        outcome=Outcome.ALLOWED,
        rules=decision.rule_ids,
        pack=decision.pack_hash,
        public=(
            ("publication", found.reference),
            ("digest", found.digest),
            ("form", found.form),
            ("revision", found.revision),
            ("concerns", found.entry_index or 0),
        ),
        committed=(("facts", decision.facts_hash.encode()),),
    )
    entry = entry_of(house, EntryKind.PUBLICATION_OPENED, said)
    at = house.clock.now()
    house.store.forms.move_submission(found.id, SubmissionState.OPENED, entry, at)
    sequence(house)
    return replace(found, state=SubmissionState.OPENED, opened_at=at)


def withdraw(call: Call, reference: str) -> Submission:
    """Take a submission back: it counts no more and nobody but its maker and the steward reads it.

    What was opened before may have been copied; the log says that it was withdrawn.
    """
    house, found = call.house, own_submission(call, reference)
    said = Said(
        programme=found.programme,
        lane=Lane.OPEN,
        public=(
            ("form", found.form),
            ("revision", found.revision),
            ("concerns", found.entry_index or 0),
            ("reason", "by-participant"),
        ),
        committed=(("submission", found.digest.encode()),),
    )
    entry = entry_of(house, EntryKind.SUBMISSION_WITHDRAWN, said)
    house.store.forms.move_submission(found.id, SubmissionState.WITHDRAWN, entry)
    sequence(house)
    return replace(found, state=SubmissionState.WITHDRAWN)


def count(call: Call, programme_id: str, form_id: str, watch: Watch) -> Delivery:
    """Deliver the answers that have come in since the last time to the form's dataset.

    Which submissions go is fixed before the delivery is made, so that a killed run is finished by
    the next. What was delivered stays delivered: a later correction is not counted again.

    Raises: Refused without a dataset; NotFound when nothing new has come in.
    """
    house = call.house
    programme, form = asked_form(call, programme_id, form_id)
    if form.dataset is None:
        raise Refused(fault("forms.no-dataset", form=form.id))
    dataset = dataset_of(programme, form.dataset)
    permit(call, Action.LOAD, programme, of=dataset.holders(programme.steward))
    store = house.store.forms
    with held(house.folder.root / "locks" / f"form-{programme.id}-{form.id}"):
        number = _batch(call, programme, form)
        ids = next(ids for each, ids, _ in store.batches(programme.id, form.id) if each == number)
        made = {each.id: each for each in store.submissions(programme.id, form.id)}
        with held(house.busy, shared=True), workshop(house.folder.aside) as own:
            source = own / f"{form.id}.csv"
            text = dataset_csv(form, dataset, [made[each] for each in ids])
            write_whole(source, text.encode())
            delivery = bring(call, programme, dataset, (source, None), watch)
        store.finish_batch(programme.id, form.id, number, delivery.id)
    return delivery


def _batch(call: Call, programme: Programme, form: Form) -> int:
    """The batch to deliver: one left by a killed run, else a new one."""
    store = call.house.store.forms
    batches = store.batches(programme.id, form.id)
    for number, _, delivery in batches:
        if delivery is None:
            return number
    counted = {each.rpartition(".r")[0] for _, ids, _ in batches for each in ids}
    new = [
        each.id
        for each in store.submissions(programme.id, form.id)
        if each.state in _STANDING and each.reference not in counted
    ]
    if not new:
        raise NotFound(fault("forms.nothing-new", form=form.id))
    return store.add_batch(programme.id, form.id, new)
