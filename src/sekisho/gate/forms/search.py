"""Search over submissions: only what the actor may read is ever looked at."""

from dataclasses import dataclass

from sekisho.gate.admit import installed
from sekisho.gate.forms.asked import form_then
from sekisho.gate.forms.reading import may_read, reads_all
from sekisho.gate.house import Call, House
from sekisho.lanes.open.finding import Passage, passages_of, searched_text
from sekisho.model.submission import Submission
from sekisho.model.words import wanted
from sekisho.ports.search import Reach

MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Found:
    """A submission that holds every term, with the pieces in which they stand."""

    submission: Submission
    passages: tuple[Passage, ...]


def search(
    call: Call, query: str, programme: str | None = None, before: int | None = None
) -> list[Found]:
    """Submissions that hold all words of a query, newest first, a page at a time.

    What the actor may not read is left out by the store and once more here; nothing tells whether
    there was any of it, not even the order.
    """
    house, asked = call.house, wanted(query)
    if programme is not None:
        installed(house, programme)
    if not asked.terms:
        return []
    house.store.search.catch_up(lambda submission: _text(house, submission))
    found = house.store.search.find(asked, _reach(call), programme, MOST_SHOWN, before)
    shown = []
    for each in found:
        form = form_then(house, each.programme, each.programme_digest, each.form)
        if may_read(call, installed(house, each.programme), each):
            shown.append(Found(each, passages_of(form, each.answers, asked)))
    return shown


def _text(house: House, submission: Submission) -> str:
    digest = submission.programme_digest
    form = form_then(house, submission.programme, digest, submission.form)
    return searched_text(form, submission.answers)


def _reach(call: Call) -> Reach:
    """Every form whose submissions the actor reads whole, as the forms stand today."""
    house = call.house
    programmes = [installed(house, each.id) for each in house.store.programmes()]
    whole = {
        (programme.id, form.id)
        for programme in programmes
        for form in programme.forms
        if reads_all(call, programme, form)
    }
    return Reach(frozenset(whole), call.actor.participant)
