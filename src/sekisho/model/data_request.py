"""A request for data: somebody is asked for a delivery, decides, and delivers or says why not."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class RequestState(StrEnum):
    """Where a request stands with one holder."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    REFUSED = "refused"


REQUEST_TRANSITIONS: dict[RequestState, frozenset[RequestState]] = {
    RequestState.ASKED: frozenset(
        {RequestState.ACCEPTED, RequestState.DELIVERED, RequestState.REFUSED}
    ),
    RequestState.ACCEPTED: frozenset({RequestState.DELIVERED, RequestState.REFUSED}),
    RequestState.REFUSED: frozenset({RequestState.ACCEPTED}),
    RequestState.DELIVERED: frozenset(),
}
"""A holder who refused may still come round."""


@dataclass(frozen=True, slots=True)
class DataRequest:
    """One round of a request, sent to one holder."""

    id: str
    programme: str
    form: str
    dataset: str
    round: int
    participant: str
    due: date
    """Until the end of this day in the form's zone."""
    state: RequestState
    asked_at: datetime
    changed_at: datetime
    reason: str = ""
    """The holder's words when it refused; read by the steward and the holder."""
    delivery: str | None = None
    late: bool = False
    """Delivered after the day on which it was due."""
    programme_digest: str = ""
    """The folder in which the request stood when it was sent."""
    entry_index: int | None = None
    """Its entry in the log; None until the store gave one."""
