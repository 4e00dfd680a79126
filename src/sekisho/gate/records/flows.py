"""Which flow, between whom: found in the programme and among the participants."""

from collections.abc import Collection

from sekisho.errors import NotFound, Refused, fault
from sekisho.gate.admit import installed
from sekisho.gate.house import House
from sekisho.lanes.record.facts import Way
from sekisho.model.actor import Participant
from sekisho.model.programme import Programme
from sekisho.model.record_flow import RecordFlow
from sekisho.ports import RecordFormat


def flow_of(house: House, programme_id: str, flow_id: str) -> tuple[Programme, RecordFlow]:
    """A record flow of a programme that the node took in; NotFound when there is none."""
    programme = installed(house, programme_id)
    flow = programme.record_flow(flow_id)
    if flow is None:
        known = ", ".join(f"`{each.id}`" for each in programme.record_flows) or "-"
        raise NotFound(fault("records.no-flow", programme=programme_id, flow=flow_id, known=known))
    return programme, flow


def way_of(house: House, flow: RecordFlow, sender: str, recipient: str) -> Way:
    """The two participants of a flow; Refused when the flow does not name one of them."""
    found = {each.id: each for each in house.store.participants()}
    return Way(
        flow,
        _party(flow, found, sender, flow.senders, "sender"),
        _party(flow, found, recipient, flow.recipients, "recipient"),
    )


def _party(
    flow: RecordFlow,
    found: dict[str, Participant],
    participant: str,
    named: Collection[str],
    side: str,
) -> Participant:
    if participant not in named or participant not in found:
        raise Refused(fault("records.not-a-party", flow=flow.id, side=side))
    return found[participant]


def format_of(house: House, flow: RecordFlow) -> RecordFormat:
    """The format in which a flow's records come and leave; NotFound when it is not installed."""
    for each in house.record_formats():
        if each.name == flow.format:
            return each
    raise NotFound(fault("records.no-format", format=flow.format))
