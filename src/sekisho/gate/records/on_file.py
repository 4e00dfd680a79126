"""Facts on file about a way between two participants: contracts, certificates, assessments."""

from sekisho.errors import UsageError, raise_all
from sekisho.gate.house import Call, Said, entry_of
from sekisho.gate.records.flows import flow_of, way_of
from sekisho.gate.sequence import sequence
from sekisho.lanes.record.facts import filing_faults
from sekisho.model.canonical import canonical
from sekisho.model.dossier import FactOnFile
from sekisho.model.entry import EntryKind
from sekisho.people import Action, demand
from sekisho.rules.conditions import unknown_word


def put_on_file(call: Call, fact: FactOnFile) -> int:
    """Write that a fact holds, or no longer holds, with its source; the index of its entry.

    The entry commits to the statement and names nobody. That a person consented cannot be written:
    it follows from the consent alone.

    Raises: NotPermitted to everyone but the sender; UsageError with every fault.
    """
    demand(call.actor, Action.FACT_FILE, of=(fact.sender,))
    house = call.house
    _programme, flow = flow_of(house, fact.programme, fact.flow)
    way_of(house, flow, fact.sender, fact.recipient)
    faults = list(filing_faults(fact))
    known = house.packs.vocabulary.facts
    if fact.name not in known:
        faults.append(unknown_word("rules.unknown-fact", fact.name, sorted(known)))
    raise_all(UsageError, faults)
    said = Said(
        programme=fact.programme,
        public=(("setting", "fact-on-file"), ("change", "stated" if fact.holds else "ended")),
        committed=(("settings", _plain(fact)),),
    )
    index = house.store.records.put_on_file(fact, entry_of(house, EntryKind.SETTINGS_CHANGED, said))
    sequence(house)
    return index


def _plain(fact: FactOnFile) -> bytes:
    return canonical(
        {
            "flow": fact.flow,
            "sender": fact.sender,
            "recipient": fact.recipient,
            "name": fact.name,
            "holds": fact.holds,
            "source": fact.source,
            "answers": fact.answers,
            "until": fact.until.isoformat() if fact.until else None,
        }
    )
