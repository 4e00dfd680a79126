"""What an analyst may ask for beside the question: how much of each unit counts, and at what cost.

Whatever is asked, the weights that follow from it keep the proof: other bounds change the error
of an answer, never its protection.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from sekisho.errors import UsageError, fault
from sekisho.model.dataset import ContributionDeclaration

CHOSEN = "chosen"
"""Asked for instead of a number: it is chosen from a noisy count of units by size."""

_MOST_DIGITS = 18
"""Before or after the point: more than any number that a query may hold."""

_Read = TypeVar("_Read")

Bounds = Mapping[str, int | bool | Decimal | str]
"""By the names of `ContributionDeclaration`."""


def epsilon_of(said: object) -> Decimal:
    """An epsilon as people write it; UsageError when it is no number."""
    try:
        return Decimal(str(said))
    except InvalidOperation:
        raise UsageError(fault("budget.epsilon-form")) from None


def _whole(said: object) -> int:
    if isinstance(said, bool) or not str(said).isdecimal():
        raise ValueError
    return int(str(said))


def _flag(said: object) -> bool:
    if str(said).lower() not in ("true", "false"):
        raise ValueError
    return str(said).lower() == "true"


def _length(said: object) -> Decimal:
    length = Decimal(str(said))
    if not length.is_finite() or abs(length.adjusted()) > _MOST_DIGITS:
        raise ValueError
    return length


def _or_chosen(read: Callable[[object], _Read]) -> Callable[[object], _Read | str]:
    return lambda said: CHOSEN if said == CHOSEN else read(said)


_READ: Mapping[str, Callable[[object], int | bool | Decimal | str]] = {
    "groups": _or_chosen(_whole),
    "rows": _or_chosen(_whole),
    "found_groups": _whole,
    "length": _or_chosen(_length),
    "sampled": _flag,
}
"""What may be asked for, and how it is read; its range is the plan's to judge."""


def bounds_of(said: Mapping[str, object]) -> Bounds:
    """The bounds that a caller names, by name; what is None is left to the declaration.

    Raises: UsageError at a name that is none, or a value that is no number.
    """
    found: dict[str, int | bool | Decimal | str] = {}
    for name, value in said.items():
        if value is None:
            continue
        try:
            found[name] = _READ[name](value)
        except (KeyError, ValueError, InvalidOperation):
            known = ", ".join(f"`{each}`" for each in _READ)
            raise UsageError(fault("budget.bounds-form", known=known)) from None
    return found


def bounded_by(declared: ContributionDeclaration, bounds: Bounds) -> ContributionDeclaration:
    """The declared contribution with what a question asks otherwise.

    Raises: UsageError when a bound is not positive; `plan_release` refuses one that is too large.
    """
    for name, value in bounds.items():
        free = isinstance(value, str) or name == "sampled"
        if not (free or (name == "found_groups" and value == 0) or Decimal(value) > 0):
            raise UsageError(fault("budget.bounds-form", known=f"`{name}`"))
    asked: dict[str, object] = {n: v for n, v in bounds.items() if v != CHOSEN}
    if CHOSEN in bounds.values() or asked.keys() & {"groups", "rows", "length"}:
        asked |= {"chosen": _chosen(declared.chosen, bounds), "earlier": False}
    return replace(declared, **asked)  # type: ignore[arg-type]


def _chosen(declared: frozenset[str], bounds: Bounds) -> frozenset[str]:
    """What is chosen with a question's own bounds; who names groups means rows as declared."""
    kept = set(declared) - bounds.keys() - ({"rows"} if "groups" in bounds else set())
    return frozenset(kept | {name for name, value in bounds.items() if value == CHOSEN})
