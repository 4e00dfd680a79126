"""Bounds on contributions that an earlier release of the same plan chose and published.

They are public, so taking them over costs nothing. Whatever stands there, the weights that follow
keep the proof; a size that is none of the plan's is refused.
"""

from dataclasses import dataclass
from datetime import datetime

from sekisho.gate.house import House
from sekisho.lanes.statistics.privacy.draw import Draw, from_bytes
from sekisho.lanes.statistics.privacy.plan_bounding import Plan
from sekisho.lanes.statistics.privacy.settle import SettledBy
from sekisho.model.release import Release

_CHOSEN = (SettledBy.CHOSEN, SettledBy.EARLIER)


@dataclass(frozen=True, slots=True)
class EarlierBounds:
    """The sizes that a release settled, one a vector, and what they were settled for.

    Shape: sizes has None where a size was declared, or none stood out; bins are the lengths of
        the histograms, 0 where there was none.
    """

    sizes: tuple[int | None, ...]
    bins: tuple[int, ...]

    def fit(self, plan: Plan) -> bool:
        """Whether a plan counts the same sizes: another query of that name may not."""
        return self.bins == tuple(len(vector.edges) for vector in plan.bound.vectors)


def bounds_before(
    house: House, programme: str, plan: str, before: int | None = None
) -> EarlierBounds | None:
    """What the newest release of a plan settled, or the newest before a revision.

    Raises: TamperedError when its kept draw cannot be read.
    """
    made = house.store.releases(programme, plan)
    asked = next((each.made_at for each in made if each.revision == before), house.clock.now())
    # What waited then was not public: neither price nor table may follow from it.
    older = [
        each
        for each in made
        if (before is None or each.revision < before) and _was_out(each, asked)
    ]
    for release in sorted(older, key=lambda each: each.revision, reverse=True):
        kept = house.store.drawn(release.request)
        found = None if kept is None else _bounds_of(from_bytes(kept))
        if found is not None and any(size is not None for size in found.sizes):
            return found
    return None


def _was_out(release: Release, at: datetime) -> bool:
    if release.held_until is None:
        return True
    return release.published_at is not None and release.published_at <= at


def _bounds_of(drawn: Draw) -> EarlierBounds | None:
    if not drawn.settled:
        return None
    places = range(max(drawn.settled) + 1)
    return EarlierBounds(
        tuple(drawn.settled[n].full if drawn.settled[n].by in _CHOSEN else None for n in places),
        tuple(len(drawn.histograms.get(n, ())) for n in places),
    )
