"""What every way out of the statistics lane asks first: which plan, which data, which rules."""

from collections.abc import Collection, Sequence
from typing import NoReturn

from sekisho.errors import NotFound, Refused, StorageError, TamperedError, fault
from sekisho.gate.files import digest_of
from sekisho.gate.house import House, Said, entry_of
from sekisho.gate.sequence import sequence
from sekisho.model.decision import Decision
from sekisho.model.entry import EntryKind
from sekisho.model.facts import PUBLIC, DataFacts, Facts, Identifiability, Party, PartyKind
from sekisho.model.programme import Programme, ReleasePlan
from sekisho.model.release import Delivery
from sekisho.rules.decide import decide
from sekisho.terms import Lane, Method, Outcome


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
    from sekisho.lanes.statistics.admissible import datasets_read

    return deliveries_in(house, programme, datasets_read(programme, plans))


def deliveries_in(
    house: House, programme: Programme, datasets: Collection[str]
) -> tuple[Delivery, ...]:
    """All data of some datasets of a programme, each file the very one that was brought.

    Raises: NotFound when a dataset holds none; TamperedError when a file is another, StorageError
    when it is gone.
    """
    found = deliveries_known(house, programme, datasets)
    refuse_without_data(programme, datasets, found)
    refuse_changed_data(house, found)
    return found


def deliveries_known(
    house: House, programme: Programme, datasets: Collection[str], *, ever: bool = False
) -> tuple[Delivery, ...]:
    """What the store says was brought for some datasets of a programme; no file is opened.

    With `ever` also what its holder has taken back.
    """
    return tuple(
        each
        for dataset in sorted(datasets)
        for each in house.store.deliveries(programme.id, dataset, ever=ever)
    )


def refuse_without_data(
    programme: Programme, datasets: Collection[str], deliveries: Sequence[Delivery]
) -> None:
    """Refuse to go on where a dataset holds nothing; NotFound names the first."""
    held = {each.dataset for each in deliveries}
    for dataset in sorted(datasets):
        if dataset not in held:
            raise NotFound(fault("gate.no-delivery", programme=programme.id, dataset=dataset))


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
    house: House,
    programme: Programme,
    deliveries: Sequence[Delivery],
    method: Method = Method.DISCLOSURE_CONTROL,
) -> None:
    """Refuse data of which another programme, or the other method, has let something out.

    Tables are protected together with what left before in their own programme; two programmes
    over the same data would hide other cells, and each show what the other hides. A budget, too,
    is spent where it was declared: the same data elsewhere would be a budget more. And a table
    that hides cells shows the others exactly, which no budget of noise accounts for.

    Raises: Refused.
    """
    _refuse_both_methods(house, programme, deliveries, method)
    digests = {each.digest for each in deliveries}
    own = {(programme.id, each.dataset) for each in deliveries}
    left = any(
        each.programme != programme.id and not digests.isdisjoint(each.deliveries)
        for each in house.store.releases()
    )
    charged = {(each.programme, each.dataset) for each in house.store.charges()} - own
    # What its holder took back was asked about all the same.
    ever = (each for where in charged for each in house.store.deliveries(*where, ever=True))
    answered = (each.digest for each in ever)
    if left or not digests.isdisjoint(answered):
        raise Refused(fault("gate.data-elsewhere", programme=programme.id))


def _refuse_both_methods(
    house: House, programme: Programme, deliveries: Sequence[Delivery], method: Method
) -> None:
    """Refuse a dataset from which something left that the other method protects."""
    digests = {each.digest for each in deliveries}
    exact = {
        digest
        for each in house.store.releases(programme.id)
        if each.cost is None
        for digest in each.deliveries
    }
    charged = {each.dataset for each in house.store.charges(programme.id)}
    mixed = (
        not digests.isdisjoint(exact)
        if method is Method.DIFFERENTIAL_PRIVACY
        else any(each.dataset in charged for each in deliveries)
    )
    if mixed:
        raise Refused(fault("budget.both-methods", programme=programme.id))


def judge(house: House, programme: Programme, what: str, purpose: str) -> Decision:
    """What the rules say of letting statistics out to the public for a purpose, today.

    An answer to one analyst is judged the same: who has it may show it to everybody.
    """
    return decide(
        release_facts(house, programme, what, purpose),
        programme.access_rules,
        house.packs,
        house.clock.now().date(),
    )


def release_facts(house: House, programme: Programme, what: str, purpose: str) -> Facts:
    """The facts of letting statistics out to the public."""
    steward = next((p for p in house.store.participants() if p.id == programme.steward), None)
    sender = Party(id=programme.steward)
    if steward is not None:
        sender = Party(PartyKind(steward.kind.value), steward.jurisdiction, steward.id)
    return Facts(
        lane=Lane.STATISTICS,
        sender=sender,
        recipient=PUBLIC,
        data=DataFacts(Identifiability.STATISTICAL, frozenset(), 0, what),
        purpose=purpose,
    )


def log_refusal(
    house: House, programme: Programme, what: str, decision: Decision, reason: str = ""
) -> None:
    """Log that a way was closed, durably: by the rules, or for a reason where they were open."""
    why = (("reason", reason),) if reason else ()
    said = Said(
        programme=programme.id,
        lane=Lane.STATISTICS,
        outcome=Outcome.REFUSED,
        rules=() if reason else decision.rule_ids,
        pack=decision.pack_hash,
        public=(("plan", what), *why),
        committed=(("facts", decision.facts_hash.encode()),),
    )
    house.store.append_entry(entry_of(house, EntryKind.DECISION_REFUSED, said))
    sequence(house)


def refuse(house: House, programme: Programme, what: str, decision: Decision) -> NoReturn:
    """Log a refusal of the rules, then raise it."""
    log_refusal(house, programme, what, decision)
    cited = ", ".join(f"`{rule}`" for rule in decision.rule_ids)
    raise Refused(
        fault("gate.refused", programme=programme.id, plan=what, rules=cited or "-"),
        *decision.faults,
    )
