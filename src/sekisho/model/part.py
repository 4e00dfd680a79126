"""One holder's part of a dataset that several bring."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Part:
    """One delivery as a part: whose it is, what days it covers, whether it was taken back."""

    delivery: str
    holder: str
    digest: str
    entry_index: int
    first: date | None = None
    last: date | None = None
    withdrawn_index: int | None = None
    """The entry that took it back."""

    def counted_at(self, index: int) -> bool:
        """Whether it counted when the entry of that index was written."""
        return self.entry_index < index and (
            self.withdrawn_index is None or self.withdrawn_index > index
        )


@dataclass(frozen=True, slots=True)
class Parts:
    """Whose parts a release was made from, and whose are missing."""

    present: tuple[str, ...]
    missing: tuple[str, ...] = ()
