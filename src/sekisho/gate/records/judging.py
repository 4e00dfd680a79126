"""What the rules say of one transfer: both laws, the consent, and the programme's own."""

from datetime import datetime, timedelta

from sekisho.gate.house import House
from sekisho.lanes.record.consent import Asked
from sekisho.lanes.record.facts import Way, facts_of, filed
from sekisho.model.consent import Consent
from sekisho.model.decision import Decision
from sekisho.model.facts import Facts
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
) -> tuple[Facts, Decision]:
    """Whether a transfer may pass today, by which rules, what would let it; and by what facts."""
    facts = transfer_facts(house, programme, way, consent, transfer)
    decision = decide(facts, programme.access_rules, house.packs, house.clock.now().date())
    return facts, decision


def transfer_facts(
    house: House, programme: Programme, way: Way, consent: Consent, transfer: Transfer
) -> Facts:
    """Everything that a transfer is judged by."""
    now, store = house.clock.now(), house.store.records
    parties = (transfer.sender, transfer.recipient)
    others = store.persons(*parties, since=now - WINDOW, apart_from=consent.subject)
    return _facts(house, programme, way, (consent, transfer), (others + 1, now))


def judge_counted(
    house: House, programme: Programme, way: Way, of: tuple[Consent, Transfer], persons: int
) -> tuple[Facts, Decision]:
    """The same, where somebody else counted whose records went that way within `WINDOW`."""
    now = house.clock.now()
    facts = _facts(house, programme, way, of, (persons, now))
    return facts, decide(facts, programme.access_rules, house.packs, now.date())


def _facts(
    house: House,
    programme: Programme,
    way: Way,
    of: tuple[Consent, Transfer],
    counted: tuple[int, datetime],
) -> Facts:
    (consent, transfer), (persons, now) = of, counted
    parties = (transfer.sender, transfer.recipient)
    on_file = house.store.records.on_file(programme.id, way.flow.id, *parties)
    stated = filed(on_file, transfer.stated)
    return facts_of(way, consent, asked_by(transfer, way), stated, persons, now)
