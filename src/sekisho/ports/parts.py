"""Parts of datasets that several holders bring, as the gate asks for them."""

from datetime import date
from typing import Protocol

from sekisho.model.entry import Entry
from sekisho.model.part import Part
from sekisho.model.release import Delivery


class PartStore(Protocol):
    """Parts of datasets. Every change commits together with its entry."""

    def bring(self, delivery: Delivery, days: tuple[date, date] | None, entry: Entry) -> int:
        """Make a holder's part visible.

        Raises: `Conflict` when the dataset has, or had, the same file.
        """
        ...

    def take_back(self, programme: str, dataset: str, holder: str, entry: Entry) -> int:
        """Let everything that a holder brought count no longer.

        Raises: `Conflict` when nothing of the holder's counts.
        """
        ...

    def parts(self, programme: str, dataset: str) -> list[Part]:
        """Every part that was ever brought, in that order."""
        ...
