"""What an analyst may ask for beside the question: how much of each unit counts, and at what cost.

Whatever is asked, the weights that follow from it keep the proof: other bounds change the error
of an answer, never its protection.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from sekisho.errors import UsageError, fault
from sekisho.model.dataset import ContributionDeclaration

Bounds = Mapping[str, int | bool | Decimal]
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
    if not length.is_finite():
        raise ValueError
    return length


_READ: Mapping[str, Callable[[object], int | bool | Decimal]] = {
    "groups": _whole,
    "rows": _whole,
    "found_groups": _whole,
    "length": _length,
    "sampled": _flag,
}
"""What may be asked for, and how it is read; its range is the plan's to judge."""


def bounds_of(said: Mapping[str, object]) -> Bounds:
    """The bounds that a caller names, by name; what is None is left to the declaration.

    Raises: UsageError at a name that is none, or a value that is no number.
    """
    found: dict[str, int | bool | Decimal] = {}
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
    changed: Mapping[str, object] = bounds
    for name, value in bounds.items():
        if name != "sampled" and not (name == "found_groups" and value == 0) and not value > 0:
            raise UsageError(fault("budget.bounds-form", known=f"`{name}`"))
    return replace(declared, **changed)  # type: ignore[arg-type]
