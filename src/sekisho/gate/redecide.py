"""Permissions that still stand and would be refused today: after a pack or programme changed."""

from datetime import date

from sekisho.gate.admit import installed, permit
from sekisho.gate.duties import is_open
from sekisho.gate.house import Call
from sekisho.people import Action, may
from sekisho.rules.redecide import Lapsed, Permission, now_refused


def redecide(call: Call, programme: str | None = None, on: date | None = None) -> list[Lapsed]:
    """The open permissions that would be refused, each with what would open it again.

    Each is judged again from the facts that the store kept of it, under the programme's and the
    packs' rules of today. Nothing is changed: who may withdraw them decides.

    Raises: NotPermitted for who may see none; NotFound for a programme that is not there.
    """
    house = call.house
    names = [programme] if programme else [each.id for each in house.store.programmes()]
    seen = [installed(house, name, afresh=True) for name in names]
    readable = [each for each in seen if may(call.actor, Action.REDECIDE, each) is None]
    if not readable:
        permit(call, Action.REDECIDE)
    day = on or house.clock.now().date()
    found: list[Lapsed] = []
    for each in readable:
        permissions = (
            Permission(flow.id, flow.facts, each.access_rules, flow.pack_hash)
            for flow in house.store.duties.flows(each.id)
            if is_open(house, flow)
        )
        found += now_refused(permissions, house.packs, day)
    return found
