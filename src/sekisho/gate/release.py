"""What leaves by the statistics lane, in order: judge, protect, log, hand out."""

import hmac
from dataclasses import dataclass
from hashlib import sha256

from sekisho.gate.admit import installed, permit
from sekisho.gate.answers import release_private
from sekisho.gate.handout import finish_all
from sekisho.gate.holdings import holdings_in_use
from sekisho.gate.house import Call, House
from sekisho.gate.indicators import refuse_unmeasurable
from sekisho.gate.judge import deliveries_for, judge, plan_of, refuse, refuse_left_elsewhere
from sekisho.gate.locks import held, held_all
from sekisho.gate.making import Correcting, handed_out, keep, made_before, same_again
from sekisho.gate.patterns import Edition, protected_set
from sekisho.model.canonical import canonical
from sekisho.model.decision import Decision
from sekisho.model.programme import Programme, ReleasePlan
from sekisho.model.release import Delivery, Release
from sekisho.people import Action
from sekisho.ports import Watch
from sekisho.terms import Method, ReleaseState


def release(
    call: Call,
    programme_id: str,
    plan_id: str,
    watch: Watch,
    correcting: Correcting | None = None,
) -> Release:
    """Release a plan's table, protected together with its linked set and everything before it.

    A plan of differential privacy is charged to its datasets' budgets instead.

    The same plan over the same data under the same rules is the same release and costs nothing.
    Where the plan has a calendar, the release waits for its moment, a correction excepted.

    Raises: Refused when a rule closed the way or the table cannot be protected, the refusal
    logged; NotFound; NotPermitted.
    """
    house = call.house
    action = Action.RELEASE_CORRECT if correcting else Action.RELEASE
    _asked(call, action, programme_id, plan_id)
    with held(house.busy, shared=True), held(house.lock_of(programme_id)):
        # Asked again: while this call waited, the programme may have been given stricter rules.
        programme, plan = _asked(call, action, programme_id, plan_id)
        finish_all(house, programme_id)
        if plan.method is Method.DIFFERENTIAL_PRIVACY:
            return release_private(call, programme, plan, watch, correcting)
        deliveries = deliveries_for(house, programme, programme.linked_set(plan_id))
        request = _request(house, programme, plan, deliveries)
        same = made_before(house, (programme_id, plan_id, request))
        if same is not None:
            return same_again(same, correcting)
        decision = judge(house, programme, plan.id, programme.purpose)
        if not decision.allowed:
            refuse(house, programme, plan.id, decision)
        with held_all(house.lock_of_data(each.digest) for each in deliveries):
            refuse_left_elsewhere(house, programme, deliveries)
            protected = protected_set(house, programme, plan, deliveries, watch)
            watch.progress("gate.phase-log", 0, 0)
            making = _Making(programme, plan, protected, decision, deliveries, request, correcting)
            made = _make(house, making)
        return handed_out(house, made)


def _asked(
    call: Call, action: Action, programme_id: str, plan_id: str
) -> tuple[Programme, ReleasePlan]:
    programme = installed(call.house, programme_id, afresh=True)
    permit(call, action, programme)
    plan = plan_of(programme, plan_id)
    refuse_unmeasurable(plan)
    return programme, plan


def _request(
    house: House, programme: Programme, plan: ReleasePlan, deliveries: tuple[Delivery, ...]
) -> str:
    """One keyed hash over all that decides what leaves; tells nothing without the node's secret."""
    private = house.private.of(programme.id)
    secret = [str(getattr(private, name)) for name in type(private).__slots__]
    said = [programme.digest, plan.id, sorted(d.digest for d in deliveries), secret]
    held_together = holdings_in_use(house, programme)
    said += [held_together] if held_together else []
    return hmac.digest(house.secret, b"sekisho/request/v1\n" + canonical(said), sha256).hex()


@dataclass(frozen=True, slots=True)
class _Making:
    """All that a release is made from."""

    programme: Programme
    plan: ReleasePlan
    protected: Edition
    decision: Decision
    deliveries: tuple[Delivery, ...]
    request: str
    correcting: Correcting | None


def _make(house: House, making: _Making) -> Release:
    programme, plan, correcting = making.programme, making.plan, making.correcting
    revision = 1 + max((r.revision for r in house.store.releases(programme.id, plan.id)), default=0)
    new = Release(
        id=f"{programme.id}.{plan.id}.r{revision}",
        programme=programme.id,
        plan=plan.id,
        linked_set=tuple(each.id for each in programme.linked_set(plan.id)),
        revision=revision,
        state=ReleaseState.MADE,
        made_at=house.clock.now(),
        table=making.protected.tables[plan.id],
        decision=making.decision,
        deliveries=tuple(sorted(each.digest for each in making.deliveries)),
        files={},
        request=making.request,
        edition=making.protected.key,
        corrects=correcting.release if correcting else None,
        correction=correcting.correction if correcting else None,
    )
    return keep(house, programme, plan, new)
