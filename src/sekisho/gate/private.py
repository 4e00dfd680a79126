"""Private statistics, in order: price from declarations alone, charge, log, draw once, finish.

The charge and its entry stand in a signed checkpoint before any noise is drawn, and the first draw
that is kept is the only one that ever leaves. A call killed anywhere in between is finished by the
next identical one, without a second charge.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from hashlib import sha256

from sekisho.errors import QueryError, Refused, fault
from sekisho.gate.earlier_bounds import EarlierBounds
from sekisho.gate.house import House, Said, entry_of
from sekisho.gate.judge import (
    deliveries_known,
    log_refusal,
    refuse_changed_data,
    refuse_left_elsewhere,
    refuse_without_data,
)
from sekisho.gate.locks import held_all
from sekisho.gate.parts import refuse_other_parts
from sekisho.gate.sequence import sequence
from sekisho.lanes.statistics.periods import periods_read
from sekisho.lanes.statistics.privacy.answer import request_digest
from sekisho.lanes.statistics.privacy.contract import Tables
from sekisho.lanes.statistics.privacy.draw import Draw, draw, from_bytes, to_bytes
from sekisho.lanes.statistics.privacy.ledger import (
    Ledger,
    admitted,
    after_charge,
    declared_ledger,
    ledger_after,
    left,
    shown_epsilon,
)
from sekisho.lanes.statistics.privacy.measures import Contribution
from sekisho.lanes.statistics.privacy.plan_bounding import Plan, plan_release
from sekisho.model.actor import Actor
from sekisho.model.budget import BudgetCharge, Spent
from sekisho.model.dataset import BudgetDeclaration, ContributionDeclaration, Dataset
from sekisho.model.decision import Decision
from sekisho.model.entry import EntryKind
from sekisho.model.programme import Programme
from sekisho.model.release import Delivery
from sekisho.ports import Sources, Watch
from sekisho.programmes.lookup_rows import lookup_rows
from sekisho.query.plan import Query, Scan, scans_of
from sekisho.terms import Lane, Method, Outcome

CHARGING = "budget.phase-charge"
"""The last phase of a question before rows are read."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, by whom, what for, and how much may be spent on it."""

    programme: Programme
    query: Query
    purpose: str
    actor: Actor
    epsilon: Decimal
    contribution: ContributionDeclaration
    what: str
    """The release plan, or `query`."""
    earlier: EarlierBounds | None = None
    """Bounds of an earlier release, which take the place of a choice."""
    waits_as: str = ""
    """The plan, where its figures wait for a moment: nobody who asks the same shares its draw."""


@dataclass(frozen=True, slots=True)
class LedgerOf:
    """One ledger that a question is charged to, with what was spent of it when it was priced."""

    dataset: Dataset
    budget: BudgetDeclaration
    period: str
    ledger: Ledger

    @property
    def left(self) -> Decimal:
        """The largest epsilon that one more question may cost."""
        return min(left(self.ledger), self.budget.epsilon)

    def costs(self, plan: Plan) -> Decimal:
        """What a plan costs of this budget, as people read it."""
        return shown_epsilon(self.ledger, plan.charge.loss)


@dataclass(frozen=True, slots=True)
class Priced:
    """A question with its plan and price: everything that is known before any row is read."""

    question: Question
    plan: Plan
    ledgers: tuple[LedgerOf, ...]
    deliveries: tuple[Delivery, ...]
    request: str
    """Keyed hash of all that the answer follows from."""
    is_paid: bool

    @property
    def epsilon(self) -> Decimal:
        """What it costs, as people read it, at `delta`."""
        return self._strictest.costs(self.plan)

    @property
    def delta(self) -> Decimal:
        """The smallest delta of the budgets it is charged to: what is said holds in all of them."""
        return self._strictest.ledger.delta

    @property
    def _strictest(self) -> LedgerOf:
        return min(self.ledgers, key=lambda each: each.ledger.delta)

    @property
    def left(self) -> Decimal:
        """The largest epsilon that one more question over the same rows may cost."""
        return min(each.left for each in self.ledgers)


def price(house: House, question: Question, over: Sequence[str] = ()) -> Priced:
    """The plan and price of a question, from declarations, look-ups and ledgers alone.

    No file of data is opened, and none need be there. `over` are digests of deliveries, where it
    is asked over those and not over all there are.

    Raises: QueryError when it cannot be proved safe; Refused when a dataset has no budget;
    UsageError when epsilon is out of range.
    """
    programme, query = question.programme, question.query
    tables = _tables(house, programme)
    datasets = _datasets(programme, query)
    ledgers = tuple(
        _ledger(house, programme, dataset, period)
        for dataset in datasets
        for period in periods_read(query.aggregate.source, tables, dataset)
    )
    plan = _plan(question, tables, datasets)
    named = [each.id for each in datasets]
    deliveries = deliveries_known(house, programme, named, ever=bool(over))
    if over:
        deliveries = tuple(each for each in deliveries if each.digest in over)
    request = _request(house, question, plan, deliveries)
    paid = bool(house.store.charges(programme.id, request))
    return Priced(question, plan, ledgers, deliveries, request, paid)


def read_again(house: House, priced: Priced) -> Priced:
    """The same with what is spent of its ledgers by now."""
    programme = priced.question.programme
    ledgers = [_ledger(house, programme, each.dataset, each.period) for each in priced.ledgers]
    return replace(priced, ledgers=tuple(ledgers), is_paid=True)


def afford(priced: Priced) -> None:
    """Pass when the budgets hold the price now; the store asks again inside its transaction.

    Raises: Refused saying how much is left.
    """
    if not priced.is_paid:
        for each in priced.ledgers:
            after_charge(each.ledger, priced.plan.charge)


def paid_draw(house: House, priced: Priced, decision: Decision, watch: Watch) -> Draw:
    """The one draw of a question: charged once, logged before it is drawn, kept before it is used.

    Raises: Refused when the budget does not hold the charge; nothing is drawn then.
    Privacy: what is charged to each ledger is `plan.charge`; only the kept draw leaves this call.
    """
    kept = house.store.drawn(priced.request)
    if kept is None:
        watch.progress(CHARGING, 0, 0)
        _charge_once(house, priced, decision)
    sequence(house)
    if kept is None:
        sources = _sources(house, priced)
        drawn = draw(
            priced.plan,
            lambda settle: house.bounding.bounded(priced.plan.bound, sources, watch, settle),
            house.noise,
        )
        watch.progress("budget.phase-noise", 0, 0)
        kept = house.store.save_draw(priced.request, to_bytes(drawn))
    return from_bytes(kept)


def _charge_once(house: House, priced: Priced, decision: Decision) -> None:
    """Charge a question that was not charged yet, and only over data that are as they were brought.

    Whoever charges holds the data's locks, so that of two programmes over one file the second sees
    what the first was charged; and those of shared datasets, so that no part comes meanwhile.

    Raises: Refused, the refusal logged; NotFound, TamperedError and StorageError from the data.
    """
    programme, deliveries = priced.question.programme, priced.deliveries
    refuse_without_data(programme, [each.dataset.id for each in priced.ledgers], deliveries)
    try:
        afford(priced)
        refuse_changed_data(house, deliveries)
        shared = [each.dataset.id for each in priced.ledgers]
        with (
            held_all(house.lock_of_dataset(programme.id, each) for each in shared),
            held_all(house.lock_of_data(each.digest) for each in deliveries),
        ):
            if not house.store.charges(programme.id, priced.request):
                refuse_left_elsewhere(house, programme, deliveries, Method.DIFFERENTIAL_PRIVACY)
                ledgers = [(each.dataset, each.period) for each in priced.ledgers]
                refuse_other_parts(house, programme, ledgers, deliveries)
                _charge(house, priced, decision)
    except Refused as closed:
        reason = closed.faults[0].code.replace("_", "-")
        log_refusal(house, programme, priced.question.what, decision, reason)
        raise


def _charge(house: House, priced: Priced, decision: Decision) -> None:
    charges, entries = [], []
    for each in priced.ledgers:
        charges.append(_charge_to(house, priced, each))
        entries.append(entry_of(house, EntryKind.BUDGET_CHARGED, _said(priced, each, decision)))
    budgets = {each.dataset.id: each.budget for each in priced.ledgers}

    def admit(spent: Spent, charge: BudgetCharge) -> Spent:
        return admitted(budgets[charge.dataset], spent, charge)

    house.store.charge(charges, entries, admit)


def _charge_to(house: House, priced: Priced, ledger: LedgerOf) -> BudgetCharge:
    question, charge = priced.question, priced.plan.charge
    return BudgetCharge(
        request=priced.request,
        programme=question.programme.id,
        dataset=ledger.dataset.id,
        period=ledger.period,
        measure=charge.measure.value,
        loss=charge.loss,
        delta=charge.delta,
        epsilon=ledger.costs(priced.plan),
        actor=question.actor.id,
        purpose=question.purpose,
        what=question.what,
        charged_at=house.clock.now(),
    )


def _said(priced: Priced, ledger: LedgerOf, decision: Decision) -> Said:
    """What the log says of a charge: which budget, how much, what for; never who asked."""
    question = priced.question
    return Said(
        programme=question.programme.id,
        lane=Lane.STATISTICS,
        outcome=Outcome.ALLOWED,
        rules=decision.rule_ids,
        pack=decision.pack_hash,
        public=(
            ("dataset", ledger.dataset.id),
            ("period", ledger.period),
            ("plan", question.what),
            ("purpose", question.purpose.removeprefix("dpv:")),
            ("method", Method.DIFFERENTIAL_PRIVACY.value),
            ("epsilon", decimal_text(ledger.costs(priced.plan))),
            ("delta", decimal_text(ledger.ledger.delta)),
        ),
        committed=(
            ("facts", decision.facts_hash.encode()),
            ("request", priced.request.encode()),
        ),
    )


def decimal_text(value: Decimal) -> str:
    """A positive decimal as entries write it: plain digits, or digits with an exponent."""
    plain = f"{value.normalize():f}"
    if len(plain.partition(".")[2]) <= 18:
        return plain
    digits, _, exponent = f"{value.normalize():e}".partition("e")
    return f"{digits}e-{abs(int(exponent))}"


def _tables(house: House, programme: Programme) -> Tables:
    folder = house.folder.programme(programme.id, programme.digest)
    values: dict[tuple[str, str], tuple[str, ...]] = {}
    for lookup in programme.lookups:
        rows, _ = lookup_rows(lookup, (folder / lookup.file).read_text(encoding="utf-8"))
        for column in lookup.columns:
            held = dict.fromkeys(row[column.name] for row in rows if row[column.name])
            values[lookup.id, column.name] = tuple(held)
    return Tables(
        {each.id: each for each in programme.datasets},
        {each.id: each for each in programme.lookups},
        values,
    )


def _datasets(programme: Programme, query: Query) -> tuple[Dataset, ...]:
    names = {each.dataset for each in scans_of(query.aggregate.source) if isinstance(each, Scan)}
    found = tuple(each for each in programme.datasets if each.id in names)
    if not found:
        raise QueryError(fault("budget.query-unread"))
    for each in found:
        if each.method is not Method.DIFFERENTIAL_PRIVACY:
            raise QueryError(fault("privacy.no_unit", dataset=each.id))
        if each.budget is None:
            raise Refused(fault("budget.none", dataset=each.id))
    if len({each.budget.measure for each in found if each.budget}) > 1:
        raise Refused(fault("budget.other-measures"))
    return found


def _ledger(house: House, programme: Programme, dataset: Dataset, period: str) -> LedgerOf:
    if dataset.budget is None:
        raise Refused(fault("budget.none", dataset=dataset.id))
    spent = house.store.spent(programme.id, dataset.id, period)
    return LedgerOf(dataset, dataset.budget, period, ledger_after(dataset.budget, spent))


def _plan(question: Question, tables: Tables, datasets: Sequence[Dataset]) -> Plan:
    """The plan under the declared budget that is widest: the charge is the same for every one."""
    declared = [declared_ledger(each.budget) for each in datasets if each.budget]
    widest = max(declared, key=lambda ledger: ledger.epsilon)
    said = question.contribution
    contribution = Contribution(
        groups=said.groups,
        rows=said.rows,
        found_groups=said.found_groups,
        length=said.length,
        sampled=said.sampled,
        chosen=said.chosen,
    )
    plan = plan_release(question.query, tables, contribution, widest, question.epsilon)
    if question.earlier is None or not question.earlier.fit(plan):
        return plan
    contribution = replace(contribution, earlier=question.earlier.sizes)
    return plan_release(question.query, tables, contribution, widest, question.epsilon)


def _request(house: House, question: Question, plan: Plan, deliveries: Sequence[Delivery]) -> str:
    """One keyed hash over all that the answer follows from; tells nothing without the secret."""
    by_dataset: dict[str, tuple[str, ...]] = {}
    for each in deliveries:
        by_dataset[each.dataset] = (*by_dataset.get(each.dataset, ()), each.digest)
    digest = request_digest(plan, by_dataset, question.programme.digest)
    asked = f"{digest}\n{question.waits_as}" if question.waits_as else digest
    return hmac.digest(house.secret, f"sekisho/private/v1\n{asked}".encode(), sha256).hex()


def _sources(house: House, priced: Priced) -> Sources:
    programme = priced.question.programme
    folder = house.folder.programme(programme.id, programme.digest)
    datasets = {each.dataset.id: each.dataset for each in priced.ledgers}
    return Sources(
        datasets={
            name: (
                dataset,
                tuple(
                    house.folder.delivery(programme.id, name, each.id)
                    for each in priced.deliveries
                    if each.dataset == name
                ),
            )
            for name, dataset in datasets.items()
        },
        lookups={each.id: (each, folder / each.file) for each in programme.lookups},
    )
