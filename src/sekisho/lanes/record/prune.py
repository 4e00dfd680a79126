"""Cutting one resource down to the elements that may leave; it stays valid or it stays behind.

Only what the format defines is ever copied, name by name: a look-alike of a name is no name.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, auto

from sekisho.lanes.record.selection import Cut, Reason, Selection
from sekisho.lanes.record.tree import NOTHING, WHOLE, Want, wanted
from sekisho.model.resource import Element, JsonTree, Part, Resource, Semantics

Resolve = Callable[[Resource, str], str | None]
"""The name of a resource that leaves, from one that points at it and what it says; None: none."""


class Deed(Enum):
    """What is done with an element."""

    LEAF = auto()
    GROUP = auto()
    CODED = auto()
    REFERENCE = auto()
    CONTAINED = auto()
    OUT = auto()


@dataclass(frozen=True, slots=True)
class Step:
    """One element of a plan."""

    deed: Deed
    path: str
    """From the resource type on, for what is stated."""
    shape: str
    want: Want
    within: str
    """Path below the resource, for codes and anchors."""
    reason: Reason
    stays: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done with a group: its steps by name, and what it cannot be without."""

    shape: str
    path: str
    steps: Mapping[str, Step]
    required: tuple[tuple[str, frozenset[str]], ...]
    """(path, names) of which one must be left."""
    element_paths: Mapping[str, str]


@dataclass(slots=True)
class Cutting:
    """One resource while it is cut: what it points at, and what was left out of it."""

    resource: Resource
    resolve: Resolve
    left_out: Counter[tuple[str, Reason]] | None = None
    targets: set[str] = field(default_factory=set)
    inside: set[str] = field(default_factory=set)
    """Addresses of contained resources that leave with it."""
    used: set[str] = field(default_factory=set)
    """Those of them that something points at."""
    fell: Reason = Reason.REQUIRED

    def state(self, path: str, reason: Reason) -> None:
        """Note that something at a path was left out."""
        if self.left_out is not None:
            self.left_out[path, reason] += 1


@dataclass(frozen=True)
class Pruner:
    """Cuts resources of one type as some cuts have it."""

    semantics: Semantics
    selection: Selection
    type: str
    cuts: tuple[Cut, ...]
    codes: AbstractSet[tuple[str, str]] | None
    contained: Callable[[Cutting, JsonTree], JsonTree | None]
    plans: dict[tuple[str, int, str], Plan] = field(default_factory=dict)

    def prune(self, cutting: Cutting) -> dict[str, object] | None:
        """What may leave of a resource; None when it cannot be without something that stays."""
        tree, root = cutting.resource.tree, self._root()
        holders = [n for n, s in root.steps.items() if s.deed is Deed.CONTAINED and n in tree]
        for name in holders:
            self._look_inside(cutting, tree[name])
        kept = self._group(root, tree, cutting)
        for name in holders:
            if kept is not None and name in kept:
                self._keep_used(kept, name, cutting)
        return kept

    def _root(self) -> Plan:
        found = self.plans.get((self.type, 0, ""))
        if found is None:
            want = wanted(self.type, (path for cut in self.cuts for path in cut.fields))
            found = self._plan(self.type, want, "", self.type)
            self.plans[self.type, 0, ""] = found
        return found

    def _keep_used(self, kept: dict[str, object], name: str, cutting: Cutting) -> None:
        """Leave out what is contained when nothing that leaves points at it."""
        held = kept.pop(name)
        used = [
            each
            for each in (held if isinstance(held, list) else [])
            if isinstance(each, Mapping) and f"#{each.get('id', '')}" in cutting.used
        ]
        if used:
            kept[name] = used

    def _look_inside(self, cutting: Cutting, value: object) -> None:
        for each in value if isinstance(value, list) else []:
            if isinstance(each, Mapping) and self.contained(cutting, each) is not None:
                cutting.inside.add(f"#{each.get('id', '')}")

    def _group(self, plan: Plan, node: JsonTree, cutting: Cutting) -> dict[str, object] | None:
        out: dict[str, object] = {}
        why: dict[str, Reason] = {}
        for name, value in node.items():
            step = plan.steps.get(name)
            if step is None:
                cutting.state(plan.path, Reason.UNKNOWN)
                continue
            kept = self._step(step, value, cutting)
            if kept is not None:
                out[name] = kept
                continue
            reason = step.reason if step.deed is Deed.OUT else _empty(step, cutting)
            cutting.state(step.path, reason)
            why[plan.element_paths[name]] = reason
            if step.stays:
                is_pointer = step.deed is Deed.REFERENCE
                cutting.fell = Reason.REFERENCE if is_pointer else Reason.MODIFIER
                return None
        for path, names in plan.required:
            if names.isdisjoint(out):
                cutting.fell = why.get(path, Reason.REQUIRED)
                return None
        there = {plan.element_paths[name] for name in out}
        if not out or not self.semantics.stands(plan.shape, there):
            cutting.fell = Reason.REQUIRED
            return None
        return out

    def _step(self, step: Step, value: object, cutting: Cutting) -> object | None:
        if step.deed is Deed.OUT:
            return None
        if not isinstance(value, list):
            return self._one(step, value, cutting)
        kept = [each for one in value if (each := self._one(step, one, cutting)) is not None]
        return kept or None

    def _one(self, step: Step, value: object, cutting: Cutting) -> object | None:
        if step.deed is Deed.LEAF:
            return value if isinstance(value, (str, int, float, Decimal)) else None
        if not isinstance(value, Mapping):
            return None
        if step.deed is Deed.CONTAINED:
            return self.contained(cutting, value)
        if step.deed is Deed.REFERENCE and not self._leads_somewhere(value, cutting):
            return None
        if step.deed is Deed.CODED:
            only = self.semantics.only_codes(value, self.codes or frozenset())
            if not isinstance(only, Mapping):
                return None
            value = only
        return self._group(self._plan_of(step), value, cutting)

    def _leads_somewhere(self, value: JsonTree, cutting: Cutting) -> bool:
        target = self.semantics.target(value)
        if target is None:
            return False
        if target in cutting.inside:
            cutting.used.add(target)
            return True
        found = cutting.resolve(cutting.resource, target)
        if found is not None:
            cutting.targets.add(found)
        return found is not None

    def _plan_of(self, step: Step) -> Plan:
        tied = step.within if any(p.startswith(step.within + ".") for p in self._tied()) else ""
        key = (step.shape, id(step.want), tied)
        found = self.plans.get(key)
        if found is None:
            found = self._plan(step.shape, step.want, tied, step.path)
            self.plans[key] = found
        return found

    def _tied(self) -> tuple[str, ...]:
        return (*self._anchors(), *self.semantics.code_paths(self.type))

    def _anchors(self) -> tuple[str, ...]:
        """Elements that stay so that what leaves still shows that it may."""
        semantics, kind = self.semantics, self.type
        found = [semantics.subject_path(kind)]
        if self.codes is not None:
            found += semantics.code_paths(kind)
        if self.selection.data_from or self.selection.data_until:
            found += semantics.day_paths(kind)
        if self.selection.encounters:
            found.append(semantics.encounter_path(kind))
        return tuple(path for path in found if path)

    def _plan(self, shape: str, want: Want, within: str, path: str) -> Plan:
        elements = self.semantics.elements(shape)
        steps = {
            name: self._planned(name, element, want, within, path)
            for name, element in elements.items()
        }
        required = tuple(
            (each, frozenset(name for name, e in elements.items() if e.path == each))
            for each in dict.fromkeys(e.path for e in elements.values() if e.required)
        )
        return Plan(shape, path, steps, required, {n: e.path for n, e in elements.items()})

    def _planned(self, name: str, element: Element, want: Want, within: str, path: str) -> Step:
        below = want.of(name, element)
        own = f"{within}.{element.path}" if within else element.path
        chosen = want.whole or below is not None
        anchored = own in self._anchors()
        forced = element.required or element.stays or anchored
        deed, reason = self._deed(element, below, want, chosen=chosen or forced)
        if deed in (Deed.GROUP, Deed.LEAF) and self.codes is not None:
            is_code = element.shape and own in self.semantics.code_paths(self.type)
            deed = Deed.CODED if is_code else deed
        inner = below or (WHOLE if want.whole else self._least(element))
        if (want.whole or anchored) and below is not None:
            inner = Want(whole=True, below=below.below)
        if element.part is Part.REFERENCE:
            inner = below if below is not None and below.below else NOTHING
        if element.part is Part.EXTENSION:
            inner = Want(whole=True, undefined_too=True)
        stays = element.stays or own == self.semantics.subject_path(self.type)
        return Step(deed, f"{path}.{element.path}", element.shape, inner, own, reason, stays)

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
        if part in SAID and not self.selection.free_text:
            return Deed.OUT, SAID[part]
        return plain, Reason.FIELD

    def _least(self, element: Element) -> Want:
        """What is kept of a group that nobody chose but that cannot be missing."""
        inner: Sequence[Element] = list(self.semantics.elements(element.shape).values())
        return NOTHING if any(each.required for each in inner) else WHOLE


SAID = {
    Part.TEXT: Reason.TEXT,
    Part.NARRATIVE: Reason.NARRATIVE,
    Part.ATTACHMENT: Reason.ATTACHMENT,
}
"""Parts that leave only with free text, and what is said of them."""


def _empty(step: Step, cutting: Cutting) -> Reason:
    if step.deed is Deed.REFERENCE:
        return Reason.REFERENCE
    if step.deed is Deed.CODED:
        return Reason.CODE
    return cutting.fell if step.deed is Deed.GROUP else Reason.REQUIRED
