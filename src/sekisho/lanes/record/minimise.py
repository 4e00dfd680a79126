"""Making a record as small as consent, purpose and programme have it, whatever its format.

What leaves is a part of what came, points at nothing that stayed, and is valid by itself. What
stayed is stated by kind and class of number, never by value.
"""

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field

from sekisho.lanes.record.choose import Chooser, Verdict, chooser
from sekisho.lanes.record.ledger import Ledger
from sekisho.lanes.record.plan import Planner, Terms, planner
from sekisho.lanes.record.prune import Cutting, LeftOuts, prune
from sekisho.lanes.record.selection import LeftOut, Minimised, Reason, Selection
from sekisho.lanes.record.tree import opened
from sekisho.model.addresses import Addresses
from sekisho.model.resource import JsonTree, Resource, Semantics

HELD = 2_000
"""So many resources are held in memory once cut; more are cut again when they are read."""


def minimise(
    resources: Iterable[Resource], selection: Selection, semantics: Semantics
) -> Minimised:
    """What may leave of a record, and what was left out of it.

    The subject's own resource always leaves, with its id alone when nothing more of it was
    chosen: what leaves points at it. What says whom, and in a selection by code, period or
    encounter which code, when and where, leaves too: every part still shows that it may.

    Shape: resources can be read more than once.
    Raises: Refused when the subject is not in the record, or named twice.
    """
    work = _Work(resources, chooser(resources, selection, semantics))
    work.choose()
    work.settle()
    work.keep_what_is_pointed_at()
    return work.result()


@dataclass(slots=True)
class _Held:
    """A resource while there are few: as it came, what is left of it, at what it points."""

    resource: Resource
    tree: JsonTree
    left_out: LeftOuts
    targets: frozenset[str]
    """Addresses; once settled, all of them of what leaves."""


@dataclass
class _Work:
    """The state of one minimisation: who is in, under which names, and who points at whom."""

    resources: Iterable[Resource]
    judge: Chooser
    verdicts: Ledger = field(default_factory=Ledger)
    """Ordinal of a resource that may leave -> the cuts that take it, and by which days."""
    known: Addresses = field(default_factory=Addresses)
    impersonal: set[int] = field(default_factory=set)
    """Ordinals of what is about nobody: it leaves only when the subject's record leads to it."""
    led: set[int] = field(default_factory=set)
    """What is about nobody and is pointed at by what is about the subject."""
    onward: dict[int, frozenset[int]] = field(default_factory=dict)
    """What is about nobody -> what it points at itself."""
    whole: LeftOuts = field(default_factory=dict)
    within: LeftOuts = field(default_factory=dict)
    """What the last cut left out of those that leave."""
    held: dict[int, _Held] | None = field(default_factory=dict)
    """None once there are too many."""
    planners: dict[tuple[str, Verdict], Planner] = field(default_factory=dict)

    @property
    def semantics(self) -> Semantics:
        return self.judge.semantics

    def choose(self) -> None:
        """Judge every resource for itself; while there are few, cut it at once."""
        persons = self.semantics.person_types()
        for number, resource in enumerate(self.resources):
            for name in self.semantics.names(resource):
                self.known.claim(name, number)
            if self.judge.stays_by_type(resource):
                self._leave(resource, Reason.TYPE)
                continue
            whole = opened(resource)
            verdict = self.judge.verdict(whole)
            if verdict.reason is not None:
                self._leave(whole, verdict.reason)
                continue
            self.verdicts[number] = verdict
            if resource.type not in persons and self.semantics.subject_path(resource.type) is None:
                self.impersonal.add(number)
            if self.held is not None:
                self.held[number] = self._hopefully(resource, whole, verdict)
                if len(self.held) > HELD:
                    self.held = None

    def _hopefully(self, resource: Resource, whole: Resource, verdict: Verdict) -> _Held:
        """What would be left if all that it points at left, too."""
        cutting = Cutting(whole, self._hope, self._contained)
        tree = prune(self._planner(whole.type, verdict), cutting)
        return _Held(resource, tree or {}, cutting.left_out, frozenset(cutting.targets))

    def _hope(self, resource: Resource, target: str) -> str | None:
        return self.semantics.addresses(resource, target)[0]

    def settle(self) -> None:
        """Cut until nothing that leaves points at what stays."""
        if self.held is None:
            while not self._settle_all():
                pass
            return
        pointing: dict[int, list[int]] = {}
        again = []
        for number, held in self.held.items():
            found = [self.known.number(target) for target in held.targets]
            for target in found:
                pointing.setdefault(target, []).append(number)
            if not held.tree or any(target not in self.verdicts for target in found):
                again.append(number)
        while again:
            fell = [number for number in again if not self._cut_held(number)]
            for number in fell:
                del self.verdicts[number]
                del self.held[number]
            again = sorted({n for each in fell for n in pointing.get(each, ()) if n in self.held})
        for number, held in self.held.items():
            self._follow(number, held.targets)
            _count(self.within, held.left_out)

    def _cut_held(self, number: int) -> bool:
        """Cut a resource as things stand; False when nothing of it can leave."""
        held = (self.held or {})[number]
        cutting, tree = self._cut(number, held.resource)
        if tree is None:
            self._leave(held.resource, cutting.fell)
            return False
        held.tree, held.left_out = tree, cutting.left_out
        held.targets = frozenset(cutting.targets)
        return True

    def _settle_all(self) -> bool:
        """Cut every resource that may leave; False when one fell and others must look again."""
        fell = []
        self.led, self.onward, self.within = set(), {}, {}
        for number, resource in self._leaving():
            cutting, tree = self._cut(number, resource)
            if tree is None:
                fell.append(number)
                self._leave(resource, cutting.fell)
                continue
            self._follow(number, cutting.targets)
            _count(self.within, cutting.left_out)
        for number in fell:
            del self.verdicts[number]
        return not fell

    def _cut(self, number: int, resource: Resource) -> tuple[Cutting, JsonTree | None]:
        """A resource as it is cut while those leave that leave now."""
        cutting = Cutting(opened(resource), self._resolve, self._contained)
        return cutting, prune(self._planner(resource.type, self.verdicts[number]), cutting)

    def _follow(self, number: int, names: Iterable[str]) -> None:
        """Note what a resource that leaves points at, where that decides about it."""
        if not self.impersonal:
            return
        targets = self.impersonal.intersection(self.known.number(name) for name in names)
        if number in self.impersonal:
            self.onward[number] = frozenset(targets)
        else:
            self.led |= targets

    def keep_what_is_pointed_at(self) -> None:
        """Leave behind what is about nobody unless the subject's record leads to it."""
        reached: set[int] = set()
        ahead = list(self.led)
        while ahead:
            number = ahead.pop()
            if number not in reached:
                reached.add(number)
                ahead += self.onward[number]
        lost = {number for number in self.onward if number not in reached}
        for number, resource in self._leaving(lost) if lost else ():
            cutting, _tree = self._cut(number, resource)
            _count(self.within, cutting.left_out, -1)
            self._leave(resource, Reason.UNREFERENCED)
        for number in lost:
            del self.verdicts[number]

    def result(self) -> Minimised:
        """Everything that leaves, and what is said of the rest."""
        stated = dict(self.whole)
        _count(stated, self.within)
        again: Iterable[Resource] = _Again(self._cut_again)
        if self.held is not None:
            again = tuple(
                Resource(each.resource.type, each.resource.id, each.tree, each.resource.address)
                for number, each in self.held.items()
                if number in self.verdicts
            )
        left_out = tuple(
            LeftOut(what, reason, _count_class(count))
            for (what, reason), count in sorted(stated.items())
            if count
        )
        return Minimised(again, len(self.verdicts), left_out)

    def _cut_again(self) -> Iterator[Resource]:
        for number, resource in self._leaving():
            _cutting, tree = self._cut(number, resource)
            if tree is not None:
                yield Resource(resource.type, resource.id, tree, resource.address)

    def _leaving(self, only: Container[int] | None = None) -> Iterator[tuple[int, Resource]]:
        among: Container[int] = self.verdicts if only is None else only
        if self.held is not None:
            for number in [each for each in self.held if each in among]:
                yield number, self.held[number].resource
            return
        for number, resource in enumerate(self.resources):
            if number in among:
                yield number, resource

    def _leave(self, resource: Resource, reason: Reason) -> None:
        kind = self.semantics.type_of(resource.tree)
        _count(self.whole, {(kind or "?", reason if kind else Reason.UNKNOWN): 1})

    def _resolve(self, resource: Resource, target: str) -> str | None:
        for each in self.semantics.addresses(resource, target):
            if self.known.number(each) in self.verdicts:
                return each
        return None

    def _planner(self, kind: str, verdict: Verdict) -> Planner:
        found = self.planners.get((kind, verdict))
        if found is None:
            chosen = self.judge.selection
            terms = Terms(
                semantics=self.semantics,
                type=kind,
                cuts=tuple(chosen.cuts[number] for number in verdict.cuts),
                free_text=chosen.free_text,
                days=verdict.days,
                by_encounter=bool(chosen.encounters),
            )
            found = self.planners[kind, verdict] = planner(terms)
        return found

    def _contained(self, outer: Cutting, tree: JsonTree) -> JsonTree | None:
        """What may leave of a resource inside another: judged and cut as any other."""
        kind, name = self.semantics.type_of(tree), tree.get("id")
        if kind is None or not isinstance(name, str) or self._stands_apart(kind):
            return None
        inner = Resource(kind, name, tree, outer.resource.address)
        verdict = self.judge.verdict(inner)
        if verdict.reason is not None:
            return None
        cutting = Cutting(inner, outer.resolve, _nothing_inside)
        kept = prune(self._planner(kind, verdict), cutting)
        outer.targets.update(cutting.targets)
        return kept

    def _stands_apart(self, kind: str) -> bool:
        """Whether a type is one that others are judged by: it never leaves inside another."""
        return kind in self.semantics.person_types() or self.semantics.encounter_path(kind) == ""


def _nothing_inside(_outer: Cutting, _tree: JsonTree) -> None:
    """A resource inside a resource holds none itself."""


@dataclass(frozen=True)
class _Again:
    """Resources that are cut anew each time they are read."""

    cut: Callable[[], Iterator[Resource]]

    def __iter__(self) -> Iterator[Resource]:
        return self.cut()


def _count(counts: LeftOuts, more: LeftOuts, times: int = 1) -> None:
    """Add to counts, or take away."""
    for what, count in more.items():
        counts[what] = counts.get(what, 0) + times * count


def _count_class(count: int) -> str:
    """`1-9`, `10-99` and so on: about how many, not how many."""
    digits = len(str(count)) - 1
    return f"{10**digits}-{10 ** (digits + 1) - 1}"
