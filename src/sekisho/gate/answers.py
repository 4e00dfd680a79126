"""What leaves with noise: releases under a plan, and answers to analysts' own questions."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from sekisho.errors import Fault, UsageError, fault
from sekisho.gate.admit import installed, permit
from sekisho.gate.bounds_asked import Bounds, bounded_by
from sekisho.gate.earlier_bounds import bounds_before
from sekisho.gate.house import Call, House
from sekisho.gate.judge import judge, refuse
from sekisho.gate.locks import held
from sekisho.gate.making import Correcting, handed_out, keep, made_before, same_again
from sekisho.gate.notices import refuse_taken_down
from sekisho.gate.parts import parts_of
from sekisho.gate.private import (
    CHARGING,
    Priced,
    Question,
    paid_draw,
    price,
    read_again,
)
from sekisho.lanes.statistics.privacy.answer import answers_at
from sekisho.lanes.statistics.privacy.draw import from_bytes
from sekisho.lanes.statistics.privacy.finish import finish
from sekisho.lanes.statistics.privacy.histogram import Share
from sekisho.lanes.statistics.privacy.table import PrivateTable
from sekisho.lanes.statistics.private_tables import released_table
from sekisho.model.budget import BudgetCharge, Cost, ScaledDown
from sekisho.model.dataset import UNDECLARED, ContributionDeclaration
from sekisho.model.decision import Decision
from sekisho.model.part import Parts
from sekisho.model.programme import Programme, ReleasePlan
from sekisho.model.release import Release
from sekisho.people import Action
from sekisho.ports import Watch
from sekisho.query.parse import parse
from sekisho.query.plan import Query, Scan, scans_of
from sekisho.terms import ReleaseState

QUERY = "query"
"""What an analyst's own question is called where a release plan would stand."""

STEP = timedelta(seconds=0.5)
"""Answers to analysts appear at multiples of this, so that time tells little about the rows."""

_PURPOSE = re.compile(r"dpv:[A-Z][A-Za-z]{0,99}")


@dataclass(frozen=True, slots=True)
class Asked:
    """An analyst's own question."""

    programme: str
    sql: str
    purpose: str
    epsilon: Decimal
    bounds: Bounds = field(default_factory=dict)
    """Parts of the declared contribution that are another for this question alone."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to a question, and what it cost."""

    table: PrivateTable
    priced: Priced
    decision: Decision
    charges: tuple[BudgetCharge, ...]


def quote(call: Call, asked: Asked) -> Priced:
    """What a question would cost and how exact its answer would be; no file of data is opened."""
    house = call.house
    programme = installed(house, asked.programme)
    permit(call, Action.QUERY, programme)
    return price(house, _question(call, programme, asked))


def answer(call: Call, asked: Asked, watch: Watch) -> Answered:
    """Answer a question once; asked again it has the same answer and costs nothing.

    Raises: QueryError with what cannot be proved; Refused by a rule or by the budget, the refusal
    logged; NotFound; NotPermitted; UsageError; CancelledError.
    """
    house = call.house
    began = house.clock.now()
    priced = quote(call, asked)
    programme = priced.question.programme
    with _at_a_step(house, began, priced), held(house.busy, shared=True):
        decision = judge(house, programme, QUERY, asked.purpose)
        if not decision.allowed:
            refuse(house, programme, QUERY, decision)
        refuse_taken_down(house, programme.id, priced.request)
        table = finish(priced.plan, paid_draw(house, priced, decision, _untold(watch)))
    charges = tuple(house.store.charges(programme.id, priced.request))
    return Answered(table, read_again(house, priced), decision, charges)


@contextmanager
def _at_a_step(house: House, began: datetime, priced: Priced) -> Iterator[None]:
    """Let what comes out, an answer or an error, appear at the next step after it was asked.

    An answer whose noise was drawn before is made of that alone, so it need not wait.
    """
    is_drawn = house.store.drawn(priced.request) is not None
    try:
        yield
    finally:
        now = house.clock.now()
        if not is_drawn:
            time.sleep(max(0.0, (answers_at(began, now, STEP) - now).total_seconds()))


def _untold(watch: Watch) -> Watch:
    """The same watch, told of nothing that happens once the rows are read: time would tell."""

    def progress(phase: str, done: int, total: int) -> None:
        if phase == CHARGING:
            watch.progress(phase, done, total)

    return Watch(progress, watch.cancelled)


def release_private(
    call: Call,
    programme: Programme,
    plan: ReleasePlan,
    watch: Watch,
    correcting: Correcting | None = None,
) -> Release:
    """Release a plan's table with noise; the same plan over the same data is the same release.

    The caller was permitted, and holds the programme's lock.

    Raises: Refused by a rule, the refusal logged, or when the budget does not hold the charge.
    """
    house = call.house
    priced = _as_made(call, programme, plan)
    same = made_before(house, (programme.id, plan.id, priced.request))
    if same is not None:
        return same_again(same, correcting)
    decision = judge(house, programme, plan.id, programme.purpose)
    if not decision.allowed:
        refuse(house, programme, plan.id, decision)
    table = finish(priced.plan, paid_draw(house, priced, decision, watch))
    watch.progress("gate.phase-log", 0, 0)
    new = _made(house, priced, plan, decision, table)
    if correcting is not None:
        new = replace(new, corrects=correcting.release, correction=correcting.correction)
    return handed_out(house, keep(house, programme, plan, new))


def private_faults(call: Call, programme: Programme, release: Release) -> list[Fault]:
    """What is wrong with a private release made again from its kept draw; nothing when it is same.

    Reads no row: everything that left follows from the draw and from declarations.
    """
    plan, kept = programme.plan(release.plan), call.house.store.drawn(release.request)
    if kept is None:
        return [fault("budget.no-draw", release=release.id)]
    if plan is None:
        return [fault("budget.other-basis", release=release.id)]
    asked = _planned(call, programme, plan, release.revision)
    priced = price(call.house, asked, release.deliveries)
    if priced.request != release.request:
        return [fault("budget.other-basis", release=release.id)]
    if released_table(plan, finish(priced.plan, from_bytes(kept))) != release.table:
        return [fault("budget.table-differs", release=release.id)]
    return []


def explained(call: Call, programme: Programme, asked: str, epsilon: Decimal | None) -> Priced:
    """The price and proof of a plan, or of a question, by whoever may ask it."""
    permit(call, Action.QUERY, programme)
    plan = programme.plan(asked)
    if plan is not None:
        return price(call.house, _planned(call, programme, plan))
    question = Asked(programme.id, asked, programme.purpose, epsilon or Decimal(1))
    return price(call.house, _question(call, programme, question))


def _question(call: Call, programme: Programme, asked: Asked) -> Question:
    if not _PURPOSE.fullmatch(asked.purpose):
        raise UsageError(fault("budget.purpose-form"))
    query = parse(asked.sql, programme.datasets, programme.lookups, "query.sql")
    said = bounded_by(_declared(programme, query), asked.bounds)
    return Question(programme, query, asked.purpose, call.actor, asked.epsilon, said, QUERY)


def _planned(
    call: Call, programme: Programme, plan: ReleasePlan, before: int | None = None
) -> Question:
    """A plan as a question; with bounds of an earlier release it is asked before a revision."""
    query = parse(plan.sql, programme.datasets, programme.lookups, plan.sql_file)
    said = plan.contribution or _declared(programme, query)
    if plan.epsilon is None:
        raise UsageError(fault("programme.no-epsilon"))
    earlier = bounds_before(call.house, programme.id, plan.id, before) if said.earlier else None
    return Question(
        programme=programme,
        query=query,
        purpose=programme.purpose,
        actor=call.actor,
        epsilon=plan.epsilon,
        contribution=said,
        what=plan.id,
        earlier=earlier,
        waits_as=plan.id if plan.calendar else "",
    )


def _as_made(call: Call, programme: Programme, plan: ReleasePlan) -> Priced:
    """The price of a plan: as one of its releases was made, if over the same data, else anew.

    A release that takes over the bounds of an earlier one must not follow from itself.
    """
    house, asked = call.house, _planned(call, programme, plan)
    for release in house.store.releases(programme.id, plan.id) if asked.earlier else ():
        again = price(house, _planned(call, programme, plan, release.revision))
        if again.request == release.request:
            return again
    return price(house, asked)


def _declared(programme: Programme, query: Query) -> ContributionDeclaration:
    """What the first dataset that the query reads declares of its units."""
    for scan in scans_of(query.aggregate.source):
        dataset = programme.dataset(scan.dataset) if isinstance(scan, Scan) else None
        if dataset is not None and dataset.contribution is not None:
            return dataset.contribution
    return UNDECLARED


def _made(
    house: House, priced: Priced, plan: ReleasePlan, decision: Decision, table: PrivateTable
) -> Release:
    """A private release as it will be written."""
    programme = priced.question.programme
    revision = 1 + max((r.revision for r in house.store.releases(programme.id, plan.id)), default=0)
    release_id = f"{programme.id}.{plan.id}.r{revision}"
    return Release(
        id=release_id,
        programme=programme.id,
        plan=plan.id,
        linked_set=(plan.id,),
        revision=revision,
        state=ReleaseState.MADE,
        made_at=house.clock.now(),
        table=released_table(plan, table),
        decision=decision,
        deliveries=tuple(sorted(each.digest for each in priced.deliveries)),
        files={},
        request=priced.request,
        cost=_cost(priced, table),
        parts=_parts(house, priced),
    )


def _parts(house: House, priced: Priced) -> Parts | None:
    ledgers = [(each.dataset, each.period) for each in priced.ledgers]
    return parts_of(house, priced.question.programme, ledgers, priced.deliveries)


def _cost(priced: Priced, table: PrivateTable) -> Cost:
    periods = tuple(sorted({each.period for each in priced.ledgers}))
    scaled = tuple(
        ScaledDown(each.measures, *_percent(each.missing), *_percent(each.units))
        for each in table.lost
    )
    return Cost(priced.epsilon, priced.delta, periods, scaled, table.limits)


def _percent(share: Share | None) -> tuple[Decimal | None, Decimal | None]:
    if share is None:
        return None, None
    tenth = Decimal("0.1")
    return (
        Decimal(share.value * 100).quantize(tenth, ROUND_HALF_UP),
        Decimal(share.standard_error * 100).quantize(tenth, ROUND_CEILING),
    )
