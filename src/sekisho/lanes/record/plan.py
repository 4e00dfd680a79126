"""What is done with each element of a resource: worked out once for a type and its cuts.

Only what the format defines is in a plan, name by name: a look-alike of a name is no name.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cached_property, lru_cache

from sekisho.lanes.record.selection import Cut, Reason
from sekisho.lanes.record.tree import NOTHING, WHOLE, Want, wanted
from sekisho.model.resource import Element, Part, Semantics

SAID = {
    Part.TEXT: Reason.TEXT,
    Part.NARRATIVE: Reason.NARRATIVE,
    Part.ATTACHMENT: Reason.ATTACHMENT,
}
"""Parts that leave only with free text, and what is said of them."""


class Deed(Enum):
    """What is done with an element."""

    LEAF = auto()
    GROUP = auto()
    CODED = auto()
    REFERENCE = auto()
    CONTAINED = auto()
    OUT = auto()


@dataclass(slots=True, eq=False)
class Step:
    """One element of a plan; what is done inside it is worked out when it is first met."""

    deed: Deed
    path: str
    shape: str
    want: Want
    within: str | None
    """Path below the resource, where something there decides; None: nothing does."""
    reason: Reason
    stays: bool
    inside: "Plan | None" = None


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What is done with a group: its steps by name, and what it cannot be without."""

    shape: str
    steps: Mapping[str, Step]
    required: tuple[tuple[str, frozenset[str]], ...]
    """(path, names) of which one must be left."""
    is_ruled: bool
    """Whether the format has invariants for it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms resources of one type leave."""

    semantics: Semantics
    type: str
    cuts: tuple[Cut, ...]
    free_text: bool
    days: tuple[str, ...]
    """Elements by which they were found inside the period; none when there is no period."""
    by_encounter: bool


@dataclass(frozen=True)
class Planner:
    """The plans for one type on some terms."""

    terms: Terms
    _plans: dict[tuple[str, Want, str | None], Plan] = field(default_factory=dict)

    @cached_property
    def codes(self) -> AbstractSet[tuple[str, str]] | None:
        """The codes that the cuts allow together; None when one of them allows every code."""
        found: set[tuple[str, str]] = set()
        for cut in self.terms.cuts:
            if not cut.codes:
                return None
            found.update(cut.codes)
        return frozenset(found)

    @cached_property
    def root(self) -> Plan:
        """What is done with the resource itself."""
        paths = (path for cut in self.terms.cuts for path in cut.fields)
        return self._plan(self.terms.type, wanted(self.terms.type, paths), "")

    @cached_property
    def holders(self) -> tuple[str, ...]:
        """Names of elements that hold resources which may leave."""
        steps = self.root.steps.items()
        return tuple(name for name, step in steps if step.deed is Deed.CONTAINED)

    def inside(self, step: Step) -> Plan:
        """What is done with the elements of an element."""
        if step.inside is None:
            step.inside = self._plan(step.shape, step.want, step.within)
        return step.inside

    @cached_property
    def _code_paths(self) -> frozenset[str]:
        return frozenset(self.terms.semantics.code_paths(self.terms.type))

    @cached_property
    def _anchors(self) -> frozenset[str]:
        """Elements that stay so that what leaves still shows that it may."""
        semantics, kind = self.terms.semantics, self.terms.type
        found = [semantics.subject_path(kind), *self.terms.days]
        if self.codes is not None:
            found += self._code_paths
        if self.terms.by_encounter:
            found.append(semantics.encounter_path(kind))
        return frozenset(path for path in found if path)

    def _plan(self, shape: str, want: Want, within: str | None) -> Plan:
        found = self._plans.get((shape, want, within))
        if found is not None:
            return found
        semantics = self.terms.semantics
        elements = semantics.elements(shape)
        steps = {n: self._step(n, element, want, within) for n, element in elements.items()}
        required = tuple(
            (each, frozenset(name for name, e in elements.items() if e.path == each))
            for each in dict.fromkeys(e.path for e in elements.values() if e.required)
        )
        made = Plan(shape, steps, required, semantics.is_ruled(shape))
        self._plans[shape, want, within] = made
        return made

    def _step(self, name: str, element: Element, want: Want, within: str | None) -> Step:
        below = want.of(name, element)
        own = None if within is None else f"{within}.{element.path}" if within else element.path
        anchored = own in self._anchors
        forced = element.required or element.stays or anchored
        chosen = want.whole or below is not None or forced
        deed, reason = self._deed(element, below, want, chosen=chosen)
        if deed is Deed.GROUP and self.codes is not None and own in self._code_paths:
            deed = Deed.CODED
        decides = own is not None and any(
            each.startswith(f"{own}.") for each in (*self._anchors, *self._code_paths)
        )
        stays = element.stays or own == self.terms.semantics.subject_path(self.terms.type)
        inner = self._inner(element, below, want, anchored=anchored)
        inner_path = own if decides else None
        return Step(deed, element.path, element.shape, inner, inner_path, reason, stays)

    def _inner(self, element: Element, below: Want | None, want: Want, *, anchored: bool) -> Want:
        """What is wanted inside an element."""
        if element.part is Part.EXTENSION:
            return INSIDE_EXTENSION
        if element.part is Part.REFERENCE:
            return below if below is not None and below.below else NOTHING
        if below is not None:
            return Want(True, below.below) if want.whole or anchored else below  # noqa: FBT003
        return WHOLE if want.whole else self._least(element)

    def _deed(
        self, element: Element, below: Want | None, want: Want, *, chosen: bool
    ) -> tuple[Deed, Reason]:
        """What is done with an element, and what is said when it is left out."""
        part = element.part
        plain = Deed.GROUP if element.shape else Deed.LEAF
        named = below is not None
        if part is Part.EXTENSION:
            return (plain if named or want.undefined_too else Deed.OUT), Reason.EXTENSION
        if part is Part.CONTAINED:
            return (Deed.CONTAINED if named else Deed.OUT), Reason.CONTAINED
        if not chosen:
            return Deed.OUT, SAID.get(part, Reason.FIELD)
        if part is Part.REFERENCE:
            return Deed.REFERENCE, Reason.REFERENCE
        if part in SAID and not self.terms.free_text:
            return Deed.OUT, SAID[part]
        return plain, Reason.FIELD

    def _least(self, element: Element) -> Want:
        """What is kept of a group that nobody chose but that cannot be missing."""
        inner = self.terms.semantics.elements(element.shape).values()
        return NOTHING if any(each.required for each in inner) else WHOLE


INSIDE_EXTENSION = Want(whole=True, undefined_too=True)


@lru_cache(maxsize=256)
def planner(terms: Terms) -> Planner:
    """The plans on some terms; worked out once for all records that leave on the same."""
    return Planner(terms)
