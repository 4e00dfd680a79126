"""Up to what a unit counted, how that was found and what was put back for it, in sentences."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from sekisho.model.budget import ContributionLimit
from sekisho.terms import Language
from sekisho.text import sentence


def limit_lines(limits: Sequence[ContributionLimit], language: Language) -> Iterator[str]:
    """What to know of the bounds of an answer or release; nothing of those that are as declared."""
    for limit in limits:
        fields = {
            "measures": ", ".join(limit.measures),
            "value": plain(limit.value),
            "share": plain(limit.share * 100),
            "other": plain(limit.speaks_for or Decimal(0)),
        }
        if limit.measures and limit.by != "declared":
            yield sentence(f"budget.limit-{limit.by}-{limit.kind}", fields, language)
        if limit.measures and limit.is_stale:
            yield sentence(f"budget.limit-stale-{limit.kind}", fields, language)
        if limit.factor is not None and limit.factor_error is not None:
            said = {"factor": f"{limit.factor:.3f}", "error": f"{limit.factor_error:.3f}"}
            yield sentence("budget.corrected", {**fields, **said}, language)


def corrected(limits: Sequence[ContributionLimit], measures: tuple[str, ...]) -> bool:
    """Whether what scaling down took from these measures was put back."""
    return any(each.measures == measures and each.factor is not None for each in limits)


def plain(number: Decimal) -> str:
    """A number without zeros at its end."""
    whole = number == number.to_integral_value()
    return f"{number.quantize(Decimal(1)):,f}" if whole else f"{number.normalize():f}"
