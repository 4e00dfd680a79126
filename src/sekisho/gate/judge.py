"""What every way out of the statistics lane asks first: which plan, which data, which rules."""

from collections.abc import Collection, Sequence
from typing import NoReturn

from sekisho.errors import NotFound, Refused, StorageError, TamperedError, fault
from sekisho.gate.files import digest_of
from sekisho.gate.house import House, Said, entry_of
from sekisho.gate.sequence import sequence
from sekisho.lanes.statistics.admissible import datasets_read
from sekisho.model.decision import Decision
from sekisho.model.entry import EntryKind
from sekisho.model.facts import PUBLIC, DataFacts, Facts, Identifiability, Party, PartyKind
from sekisho.model.programme import Programme, ReleasePlan
from sekisho.model.release import Delivery
from sekisho.rules.decide import decide
from sekisho.terms import Lane, Outcome


def plan_of(programme: Programme, plan_id: str) -> ReleasePlan:
    """A release plan of a programme; NotFound when it declares none of that id."""
    plan = programme.plan(plan_id)
    if plan is None:
        known = ", ".join(f"`{each.id}`" for each in programme.release_plans)
        raise NotFound(fault("gate.no-plan", programme=programme.id, plan=plan_id, known=known))
    return plan


def deliveries_for(
    house: House, programme: Programme, plans: Sequence[ReleasePlan]
) -> tuple[Delivery, ...]:
    """All data of the datasets that plans read; NotFound when one holds none."""
    return deliveries_in(house, programme, datasets_read(programme, plans))


def deliveries_in(
    house: House, programme: Programme, datasets: Collection[str]
) -> tuple[Delivery, ...]:
    """All data of some datasets of a programme, each file the very one that was brought.

    Raises: NotFound when a dataset holds none; TamperedError when a file is another, StorageError
    when it is gone.
    """
    found: list[Delivery] = []
    for dataset in sorted(datasets):
        brought = house.store.deliveries(programme.id, dataset)
        if not brought:
            raise NotFound(fault("gate.no-delivery", programme=programme.id, dataset=dataset))
        found += brought
    refuse_changed_data(house, found)
    return tuple(found)


def refuse_changed_data(house: House, deliveries: Sequence[Delivery]) -> None:
    """Refuse deliveries whose files are no longer what was brought and logged.

    Parquet guards no number: a third of single flipped bits would change a table unnoticed.
    Raises: TamperedError; StorageError when a file is gone.
    """
    for each in deliveries:
        where = {"programme": each.programme, "dataset": each.dataset}
        try:
            digest = digest_of(house.folder.delivery(each.programme, each.dataset, each.id))
        except OSError:
            raise StorageError(fault("gate.data-missing", None, **where)) from None
        if digest != each.digest:
            raise TamperedError(fault("gate.data-changed", None, **where))


def refuse_left_elsewhere(
    house: House, programme: Programme, deliveries: Sequence[Delivery]
) -> None:
    """Refuse data of which another programme has let something out.

    Tables are protected together with what left before in their own programme; two programmes
    over the same data would hide other cells, and each show what the other hides. A budget, too,
    is spent where it was declared: the same data elsewhere would be a budget more.

    Raises: Refused.
    """
    digests = {each.digest for each in deliveries}
    own = {(programme.id, each.dataset) for each in deliveries}
    left = any(
        each.programme != programme.id and not digests.isdisjoint(each.deliveries)
        for each in house.store.releases()
    )
    charged = {(each.programme, each.dataset) for each in house.store.charges()} - own
    answered = (each.digest for where in charged for each in house.store.deliveries(*where))
    if left or not digests.isdisjoint(answered):
        raise Refused(fault("gate.data-elsewhere", programme=programme.id))


def judge(house: House, programme: Programme, what: str, purpose: str) -> Decision:
    """What the rules say of letting statistics out to the public for a purpose, today.

    An answer to one analyst is judged the same: who has it may show it to everybody.
    """
    steward = next((p for p in house.store.participants() if p.id == programme.steward), None)
    sender = Party(id=programme.steward)
    if steward is not None:
        sender = Party(PartyKind(steward.kind.value), steward.jurisdiction, steward.id)
    facts = Facts(
        lane=Lane.STATISTICS,
        sender=sender,
        recipient=PUBLIC,
        data=DataFacts(Identifiability.STATISTICAL, frozenset(), 0, what),
        purpose=purpose,
    )
    return decide(facts, programme.access_rules, house.packs, house.clock.now().date())


def refuse(house: House, programme: Programme, what: str, decision: Decision) -> NoReturn:
    """Log a refusal of the rules, then raise it."""
    said = Said(
        programme=programme.id,
        lane=Lane.STATISTICS,
        outcome=Outcome.REFUSED,
        rules=decision.rule_ids,
        pack=decision.pack_hash,
        public=(("plan", what),),
        committed=(("facts", decision.facts_hash.encode()),),
    )
    house.store.append_entry(entry_of(house, EntryKind.DECISION_REFUSED, said))
    sequence(house)
    cited = ", ".join(f"`{rule}`" for rule in decision.rule_ids)
    raise Refused(
        fault("gate.refused", programme=programme.id, plan=what, rules=cited or "-"),
        *decision.faults,
    )
