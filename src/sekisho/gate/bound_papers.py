"""How papers say up to what a unit counted, how that was found, and what was put back for it."""

from collections.abc import Sequence
from decimal import Decimal

from sekisho.model.budget import ContributionLimit

_NOISE = "95 % for the noise alone"
_CORRECTED = "95 % for the noise; in corrected counts also for what the correction may be off"
_NONE = "none: how far the noise carried the numbers is not known"


def interval_of(limits: Sequence[ContributionLimit], *, known: bool) -> str:
    """What the intervals hold; `known` says whether any number has one, as medians have not."""
    if not known:
        return _NONE
    return _NOISE if all(each.factor is None for each in limits) else _CORRECTED


def bound_document(limit: ContributionLimit) -> dict[str, object]:
    """A bound for programs: decimals as text, so that no reader rounds them."""
    return {
        "measures": list(limit.measures),
        "kind": limit.kind,
        "counts_fully_up_to": _text(limit.value),
        "by": limit.by,
        "share_of_loss": _text(limit.share),
        "sizes_speak_for": _text(limit.speaks_for),
        "stale": limit.is_stale,
        "corrected_by": _text(limit.factor),
        "corrected_by_standard_error": _text(limit.factor_error),
        "sizes": [{"from": _text(begins), "units": units} for begins, units in limit.bins],
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"
