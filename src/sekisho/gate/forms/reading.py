"""Who reads which submission; who has answered, and whom to remind."""

from pathlib import Path

from sekisho.errors import NotFound, fault
from sekisho.gate.admit import installed, permit
from sekisho.gate.forms.asked import asked_form, form_of, form_then, participants_asked
from sekisho.gate.forms.uploads import file_place
from sekisho.gate.house import Call, House
from sekisho.lanes.open.deadlines import Reminder, reminder_due
from sekisho.lanes.open.drafts import Status, status_of
from sekisho.lanes.open.reference import read_reference
from sekisho.model.form import Form, Visible
from sekisho.model.programme import Programme
from sekisho.model.submission import FileRef, Submission, SubmissionState
from sekisho.people import Action, may

_GONE = SubmissionState.WITHDRAWN


def _readers(house: House, programme: Programme, form: Form) -> frozenset[str]:
    """Participants that read a form's submissions beside whoever made them."""
    if form.visible is Visible.SELF:
        return frozenset()
    readers = {programme.steward}
    if form.visible is Visible.MEMBERS:
        readers |= {e.id for e in house.store.participants() if form.who.may_answer(e.id)}
    return frozenset(readers)


def reads_all(call: Call, programme: Programme, form: Form) -> bool:
    """Whether the actor reads every submission of a form that counts, whoever made it."""
    own = call.actor.participant
    if own not in _readers(call.house, programme, form):
        return False
    return may(call.actor, Action.SUBMISSION_READ, programme, (own,)) is None


def may_read(call: Call, programme: Programme, submission: Submission) -> bool:
    """Whether the actor may read one submission as it stands."""
    return _Sight(call, programme).covers(submission)


class _Sight:
    """What one actor may read of one programme; looked up once for any number of submissions."""

    def __init__(self, call: Call, programme: Programme) -> None:
        self._house, self._own, self._programme = call.house, call.actor.participant, programme
        self._speaks = may(call.actor, Action.SUBMISSION_READ, programme, (self._own,)) is None
        self._known: dict[tuple[str, str], frozenset[str]] = {}

    def covers(self, submission: Submission, *, gone: bool = False) -> bool:
        """Whether the actor may read a submission as it stands.

        One that was opened is everyone's for as long as it is not withdrawn; one that was
        withdrawn is read by whoever made it and by the steward. `gone` says so of a revision that
        was corrected before.
        """
        gone = gone or submission.state is _GONE
        if submission.opened_at is not None and not gone:
            return True
        if self._own == submission.participant:
            return self._speaks
        readers = self._readers_of(submission)
        if gone:
            readers &= {self._programme.steward}
        return self._speaks and self._own in readers

    def _readers_of(self, submission: Submission) -> frozenset[str]:
        """Who reads it by the form as it stood when it was submitted."""
        place = (submission.programme_digest, submission.form)
        if place not in self._known:
            form = form_then(self._house, submission.programme, *place)
            self._known[place] = _readers(self._house, self._programme, form)
        return self._known[place]


def _readable(call: Call, revisions: list[Submission]) -> list[Submission]:
    """The revisions of one submission that the actor may read; one withdrawn takes all along."""
    if not revisions:
        return []
    sight = _Sight(call, installed(call.house, revisions[0].programme))
    gone = revisions[-1].state is _GONE
    return [each for each in revisions if sight.covers(each, gone=gone)]


def history(call: Call, reference: str) -> list[Submission]:
    """Every revision of a submission that the actor may read, oldest first.

    Raises: NotFound, the same for a number that was never given and for another's submission;
    UsageError for what is no reference number.
    """
    number = read_reference(reference)
    found = _readable(call, call.house.store.forms.history(number))
    if not found:
        raise NotFound(fault("forms.no-submission"))
    return found


def newest(call: Call, reference: str) -> Submission:
    """The newest revision of a submission that the actor may read."""
    return history(call, reference)[-1]


def own_submission(call: Call, reference: str) -> Submission:
    """A submission of the actor's own participant that counts.

    Raises: NotFound when it is another's; Conflict is left to the store.
    """
    found = newest(call, reference)
    permit_own = may(call.actor, Action.FORM_ANSWER, None, (found.participant,))
    if permit_own is not None:
        raise NotFound(fault("forms.no-submission"))
    return found


def submissions(call: Call, programme_id: str, form_id: str | None = None) -> list[Submission]:
    """The newest revision of each submission that counts and the actor may read, oldest first."""
    programme = installed(call.house, programme_id)
    forms = [form_of(programme, form_id)] if form_id else list(programme.forms)
    sight = _Sight(call, programme)
    counts: dict[str, Submission] = {}
    for form in forms:
        for each in call.house.store.forms.submissions(programme.id, form.id):
            if each.state is _GONE:
                counts.pop(each.reference, None)
            elif sight.covers(each):
                counts[each.reference] = each
    return list(counts.values())


def form_of_submission(call: Call, submission: Submission) -> Form:
    """The form as it stood when somebody submitted; its questions go with the answers."""
    return form_then(call.house, submission.programme, submission.programme_digest, submission.form)


def submitted_file(call: Call, submission: Submission, question: str) -> tuple[FileRef, Path]:
    """A file of a submission that the actor may read, and where it lies."""
    answer = submission.answers.get(question)
    if not isinstance(answer, FileRef):
        raise NotFound(fault("forms.no-submission"))
    return answer, file_place(call.house, submission.participant, answer)


def status(call: Call, programme_id: str, form_id: str) -> Status:
    """Who has answered, who has begun, who has not: for whoever answers for the programme."""
    programme, form = asked_form(call, programme_id, form_id)
    permit(call, Action.FORM_STATUS, programme)
    return _status(call.house, programme, form)


def _status(house: House, programme: Programme, form: Form) -> Status:
    store = house.store.forms
    counts: dict[str, Submission] = {}
    for each in store.submissions(programme.id, form.id):
        if each.state in (SubmissionState.RECEIVED, SubmissionState.OPENED):
            counts[each.reference] = each
    drafts = {each.participant: each for each in store.drafts(programme.id, form.id)}
    return status_of(participants_asked(house, programme, form), counts.values(), drafts)


def reminders(call: Call, programme_id: str) -> list[Reminder]:
    """Reminders that are due today: whom, for which form, how many days are left."""
    permit(call, Action.READ)
    programme = installed(call.house, programme_id)
    permit(call, Action.FORM_STATUS, programme)
    found = []
    for form in programme.forms:
        left = reminder_due(form, call.house.clock.now())
        if left is None or form.deadline is None or form.ask is not None:
            continue
        stand = _status(call.house, programme, form)
        found += [
            Reminder(participant, form.id, form.deadline, left)
            for participant in sorted((*stand.waiting, *stand.drafting))
        ]
    return found
