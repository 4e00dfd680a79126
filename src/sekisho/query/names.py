"""Names in messages: the possible ones, and the one that was most likely meant."""

import difflib
from collections.abc import Iterable

NAMED_IN_FULL = 8
"""How many possible names a message lists before it says `…`."""


def listed(names: Iterable[str]) -> str:
    """Names for a message, sorted, the first few."""
    ordered = sorted(set(names))
    shown = ", ".join(f"`{name}`" for name in ordered[:NAMED_IN_FULL])
    return f"{shown}, …" if len(ordered) > NAMED_IN_FULL else shown


def nearest(name: str, options: Iterable[str]) -> str | None:
    """The option that somebody who wrote `name` most likely meant."""
    by_lower = {option.lower(): option for option in options}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None
