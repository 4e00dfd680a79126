"""What the core asks of a search over submissions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sekisho.model.submission import Submission
from sekisho.model.words import Wanted


@dataclass(frozen=True, slots=True)
class Reach:
    """What one actor may be shown of what is found; whatever no line names is not looked at."""

    whole: frozenset[tuple[str, str]]
    """(programme, form): every submission that counts."""
    own: str
    """The participant whose own submissions are shown."""
    opened: bool = True
    """Whether submissions that were opened to everyone are shown."""


class SearchStore(Protocol):
    """Words of submissions, kept beside them; made anew from them whenever it is behind."""

    def find(
        self, asked: Wanted, reach: Reach, programme: str | None, most: int, before: int | None
    ) -> list[Submission]:
        """Submissions that count and hold every term, newest first.

        `before` is the entry's index after which to go on. The order tells nothing about what the
        actor may not see: it is that of the log.
        """
        ...

    def catch_up(self, text_of: Callable[[Submission], str]) -> int:
        """Take in the words of submissions that are not yet known; how many."""
        ...
