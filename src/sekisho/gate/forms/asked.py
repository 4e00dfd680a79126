"""What every call on a form asks first: which form, who may answer it, what the rules say."""

from typing import NoReturn

from sekisho.errors import NotFound, NotPermitted, Refused, fault
from sekisho.gate.admit import installed, permit, read_once
from sekisho.gate.house import Call, House, Said, entry_of
from sekisho.gate.sequence import sequence
from sekisho.model.decision import Decision
from sekisho.model.entry import EntryKind
from sekisho.model.facts import DataFacts, Facts, Identifiability, Party, PartyKind
from sekisho.model.form import ANY_PARTICIPANT, Form
from sekisho.model.programme import Programme
from sekisho.people import Action
from sekisho.rules.decide import decide
from sekisho.terms import Lane, Outcome


def form_of(programme: Programme, form_id: str) -> Form:
    """A form of a programme; NotFound when it declares none of that id."""
    form = programme.form(form_id)
    if form is None:
        known = ", ".join(f"`{each.id}`" for each in programme.forms) or "–"
        raise NotFound(fault("forms.no-form", programme=programme.id, form=form_id, known=known))
    return form


def asked_form(call: Call, programme_id: str, form_id: str) -> tuple[Programme, Form]:
    """A form, for whoever may read what the node declares."""
    permit(call, Action.READ)
    programme = installed(call.house, programme_id)
    return programme, form_of(programme, form_id)


def answering(call: Call, programme_id: str, form_id: str) -> tuple[Programme, Form]:
    """A form, for an officer of a participant that it asks.

    Raises: NotPermitted when the actor speaks for nobody or the form does not ask its participant.
    """
    programme, form = asked_form(call, programme_id, form_id)
    permit(call, Action.FORM_ANSWER, programme, of=(call.actor.participant,))
    if not form.who.may_answer(call.actor.participant):
        raise NotPermitted(fault("forms.may-not-answer", form=form.id))
    return programme, form


def form_then(house: House, programme_id: str, digest: str, form_id: str) -> Form:
    """A form as it stood in a folder that the node took in earlier; StorageError if it changed."""
    programme = read_once(house.folder.programme(programme_id, digest), digest)
    return form_of(programme, form_id)


def participants_asked(house: House, programme: Programme, form: Form) -> list[str]:
    """Whom a form asks: those it names, or everyone but whoever answers for the programme."""
    if ANY_PARTICIPANT not in form.who.participants:
        return list(form.who.participants)
    return [each.id for each in house.store.participants() if each.id != programme.steward]


def party_of(house: House, participant: str) -> Party:
    """A participant as the rules see it; what is not registered is unknown to them."""
    for each in house.store.participants():
        if each.id == participant:
            return Party(PartyKind(each.kind.value), each.jurisdiction, each.id)
    return Party(id=participant)


def judge(
    house: House, programme: Programme, flow: tuple[Party, Party], what: str, purpose: str = ""
) -> Decision:
    """What the rules say of a document that goes from one party to another, today.

    A form asks organisations about themselves; it is no way for data about persons.
    """
    sender, recipient = flow
    facts = Facts(
        lane=Lane.OPEN,
        sender=sender,
        recipient=recipient,
        data=DataFacts(Identifiability.NONE, frozenset(), 0, what),
        purpose=purpose or programme.purpose,
    )
    return decide(facts, programme.access_rules, house.packs, house.clock.now().date())


def refuse(house: House, programme: Programme, form: Form, decision: Decision) -> NoReturn:
    """Log a refusal of the rules, then raise it."""
    said = Said(
        programme=programme.id,
        lane=Lane.OPEN,
        outcome=Outcome.REFUSED,
        rules=decision.rule_ids,
        pack=decision.pack_hash,
        public=(("form", form.id),),
        committed=(("facts", decision.facts_hash.encode()),),
    )
    house.store.append_entry(entry_of(house, EntryKind.DECISION_REFUSED, said))
    sequence(house)
    cited = ", ".join(f"`{rule}`" for rule in decision.rule_ids)
    raise Refused(
        fault("forms.refused", programme=programme.id, form=form.id, rules=cited or "-"),
        *decision.faults,
    )


def allowed(house: House, programme: Programme, form: Form, flow: tuple[Party, Party]) -> Decision:
    """The decision that lets a document pass; a refusal is logged and raised."""
    decision = judge(house, programme, flow, form.id)
    if not decision.allowed:
        refuse(house, programme, form, decision)
    return decision
