"""Parts of a dataset that several holders bring: what a holder does with its own."""

from dataclasses import dataclass

from sekisho.gate.house import Call
from sekisho.gate.parts import OwnPart, own_part, take_back


@dataclass(frozen=True, slots=True)
class PartsOf:
    """Parts, on behalf of one holder."""

    call: Call

    def own(self, programme: str, dataset: str) -> OwnPart:
        """The caller's own part, and whose parts count or are missing; nothing else of others."""
        return own_part(self.call, programme, dataset)

    def take_back(self, programme: str, dataset: str) -> int:
        """Take the caller's own part back; the index of the log's entry.

        Raises: Conflict when nothing of the caller's counts; NotPermitted.
        """
        return take_back(self.call, programme, dataset)
