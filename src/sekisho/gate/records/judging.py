"""What the rules say of one transfer: both laws, the consent, and the programme's own."""

from datetime import timedelta

from sekisho.gate.house import House
from sekisho.lanes.record.consent import Asked
from sekisho.lanes.record.facts import Way, facts_of, filed
from sekisho.model.consent import Consent
from sekisho.model.decision import Decision
from sekisho.model.programme import Programme
from sekisho.model.transfer import Transfer
from sekisho.rules.decide import decide

WINDOW = timedelta(days=365)
"""The laws that count persons count those of twelve months."""


def asked_by(transfer: Transfer, way: Way) -> Asked:
    """What a transfer asks of its consent."""
    return Asked(
        transfer.recipient, way.recipient.jurisdiction, transfer.purpose, transfer.categories
    )


def judge_transfer(
    house: House, programme: Programme, way: Way, consent: Consent, transfer: Transfer
) -> Decision:
    """Whether a transfer may pass today, by which rules, and what would let it."""
    now, store = house.clock.now(), house.store.records
    parties = (transfer.sender, transfer.recipient)
    others = store.persons(*parties, since=now - WINDOW, apart_from=consent.subject)
    on_file = store.on_file(programme.id, way.flow.id, *parties)
    facts = facts_of(
        way,
        consent,
        asked_by(transfer, way),
        filed(on_file, transfer.stated),
        others + 1,
        now,
    )
    return decide(facts, programme.access_rules, house.packs, now.date())
