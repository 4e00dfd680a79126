"""What the rules may take as known of a record flow: from the consent, and from what is on file.

Facts about the consent come from the consent alone. Nobody writes on a file that somebody
consented: whoever could, would need no consent.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sekisho.errors import Fault, fault
from sekisho.lanes.record.consent import Asked, uncovered
from sekisho.model.actor import Participant
from sekisho.model.consent import Consent, ExpressionMethod
from sekisho.model.dossier import FactOnFile
from sekisho.model.facts import (
    DataFacts,
    Fact,
    Facts,
    Identifiability,
    Party,
    PartyKind,
    Truth,
)
from sekisho.model.record_flow import Notice, RecordFlow
from sekisho.terms import ConsentState, Lane

OF_THE_CONSENT = ("consent.", "authorisation.")
"""Beginnings of names that only a consent can make true."""

OF_ONE_CASE = ("basis.", "task.", "transaction.", "rights.", "review.")
"""Beginnings of names that sender or requester may state for one transfer."""

SIGNED = frozenset({ExpressionMethod.SIGNED_FORM, ExpressionMethod.DIGITAL_SIGNATURE})


@dataclass(frozen=True, slots=True)
class Way:
    """Between whom, under which flow."""

    flow: RecordFlow
    sender: Participant
    recipient: Participant


def facts_of(
    way: Way,
    consent: Consent,
    asked: Asked,
    on_file: Mapping[str, Fact],
    persons: int,
    at: datetime,
) -> Facts:
    """Everything that one transfer is judged by.

    Units: persons counts those whom this flow concerned in 12 months, this one included.
    """
    chosen = [each for each in way.flow.categories if each.id in asked.categories]
    return Facts(
        lane=Lane.RECORD,
        sender=_party(way.sender),
        recipient=_party(way.recipient),
        data=DataFacts(
            Identifiability.PERSONAL,
            frozenset(each.special for each in chosen),
            persons,
            way.flow.id,
        ),
        purpose=asked.purpose,
        on_file={**on_file, **consent_facts(way, consent, asked, at)},
    )


def _party(participant: Participant) -> Party:
    return Party(PartyKind(participant.kind.value), participant.jurisdiction, participant.id)


def consent_facts(way: Way, consent: Consent, asked: Asked, at: datetime) -> dict[str, Fact]:
    """What a consent makes true and false; what nobody was told is left out, so it is unknown."""
    stands = not uncovered(consent, asked, at)
    revoked = consent.state is ConsentState.WITHDRAWN
    said = consent.expression
    known = {
        "consent.given": stands,
        "consent.withdrawn": revoked,
        "consent.explicit": stands and said is not None,
        "authorisation.revoked": revoked,
    }
    if way.sender.jurisdiction != way.recipient.jurisdiction:
        known["consent.abroad"] = stands and asked.country in consent.scope.countries
    notice = shown(way.flow, consent)
    for name in notice.informs if notice else ():
        needs_signature = name.startswith("authorisation.")
        signed = said is not None and said.method in SIGNED
        known[name] = stands and (signed or not needs_signature)
    return {
        name: Fact(
            Truth.TRUE if holds else Truth.FALSE,
            source="consent",
            answers="the person",
            until=consent.valid_until if holds else None,
        )
        for name, holds in known.items()
    }


def shown(flow: RecordFlow, consent: Consent) -> Notice | None:
    """The notice that was shown before the consent; None when the programme has another by now."""
    said = consent.expression
    if said is None:
        return None
    notice = flow.notice(said.language, said.by, said.notice)
    return notice if notice is not None and notice.digest == said.notice_digest else None


def filed(facts: Iterable[FactOnFile], stated: Mapping[str, Fact]) -> dict[str, Fact]:
    """Facts on file, and what is stated of the one case; what is on file is not overruled."""
    found = dict(stated)
    for each in facts:
        truth = Truth.TRUE if each.holds else Truth.FALSE
        found[each.name] = Fact(truth, each.source, each.answers, each.until)
    return found


def stated_faults(stated: Mapping[str, Fact]) -> Iterator[Fault]:
    """Facts that nobody may state for one case, or that nothing shows."""
    for name, each in stated.items():
        if not name.startswith(OF_ONE_CASE):
            yield fault("records.fact-not-stated", kinds=_words(OF_ONE_CASE))
        elif not each.source.strip():
            yield fault("records.fact-source")


def attributed(stated: Mapping[str, Fact], participant: str) -> dict[str, Fact]:
    """Facts of one case with who answers for them: whoever states them, and nobody else."""
    return {name: replace(each, answers=participant) for name, each in stated.items()}


def filing_faults(fact: FactOnFile) -> Iterator[Fault]:
    """What is wrong with a fact that is to be put on file."""
    if fact.name.startswith(OF_THE_CONSENT):
        yield fault("records.fact-of-consent")
    if not fact.source.strip() or not fact.answers.strip():
        yield fault("records.fact-source")
    if fact.until is not None and fact.until.utcoffset() is None:
        yield fault("records.time-without-zone", field="until")


def _words(names: Iterable[str]) -> str:
    return ", ".join(f"`{each}…`" for each in names)
