"""Making a record as small as consent, purpose and programme have it, whatever its format.

What leaves is a part of what came, points at nothing that stayed, and is valid by itself. What
stayed is stated by kind and class of number, never by value.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from sekisho.lanes.record.choose import Chooser, Verdict, chooser
from sekisho.lanes.record.plan import Planner, Terms, planner
from sekisho.lanes.record.prune import Cutting, prune
from sekisho.lanes.record.selection import LeftOut, Minimised, Reason, Selection
from sekisho.model.resource import JsonTree, Resource, Semantics

HELD = 5_000
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
    while not work.settle():
        pass
    work.keep_what_is_pointed_at()
    return work.result()


@dataclass
class _Work:
    """The state of one minimisation: who is in, under which names, and who points at whom."""

    resources: Iterable[Resource]
    judge: Chooser
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    """Ordinal of a resource that may leave -> the cuts that take it, and by which days."""
    known: dict[str, int] = field(default_factory=dict)
    """Address -> ordinal; -1 when two resources claim it."""
    impersonal: set[int] = field(default_factory=set)
    """Ordinals of what is about nobody: it leaves only when the subject's record leads to it."""
    led: set[int] = field(default_factory=set)
    """What is about nobody and is pointed at by what is about the subject."""
    onward: dict[int, frozenset[int]] = field(default_factory=dict)
    """What is about nobody -> what it points at itself."""
    whole: Counter[tuple[str, Reason]] = field(default_factory=Counter)
    held: dict[int, tuple[Resource, Counter[tuple[str, Reason]]]] = field(default_factory=dict)
    """What the last cut left of each, while there are few."""
    planners: dict[tuple[str, Verdict], Planner] = field(default_factory=dict)

    @property
    def semantics(self) -> Semantics:
        return self.judge.semantics

    def choose(self) -> None:
        """Judge every resource for itself."""
        persons = self.semantics.person_types()
        shared: dict[Verdict, Verdict] = {}
        for number, resource in enumerate(self.resources):
            for name in self.semantics.names(resource):
                self.known[name] = -1 if name in self.known else number
            verdict = self.judge.verdict(resource)
            if verdict.reason is not None:
                self._leave(resource, verdict.reason)
                continue
            self.verdicts[number] = shared.setdefault(verdict, verdict)
            about = self.semantics.subject_path(resource.type)
            if resource.type not in persons and about is None:
                self.impersonal.add(number)

    def settle(self) -> bool:
        """Cut every resource that may leave; False when one fell and others must look again."""
        fell = []
        self.led, self.onward = set(), {}
        for number, resource in self._leaving():
            cutting = Cutting(resource, self._resolve, self._contained)
            tree = prune(self._planner(resource.type, self.verdicts[number]), cutting)
            if tree is None:
                fell.append(number)
                self._leave(resource, cutting.fell)
                continue
            self._follow(number, cutting.targets)
            if len(self.verdicts) <= HELD:
                made = Resource(resource.type, resource.id, tree, resource.address)
                self.held[number] = made, cutting.left_out
        for number in fell:
            del self.verdicts[number]
        return not fell

    def _follow(self, number: int, names: Iterable[str]) -> None:
        """Note what a resource that leaves points at, where that decides about it."""
        targets = self.impersonal.intersection(self.known[name] for name in names)
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
        if lost:
            for number, resource in self._leaving():
                if number in lost:
                    self._leave(resource, Reason.UNREFERENCED)
        for number in lost:
            del self.verdicts[number]

    def result(self) -> Minimised:
        """Everything that leaves, and what is said of the rest."""
        stated = Counter(self.whole)
        again: Iterable[Resource]
        if self.held.keys() >= self.verdicts.keys():
            for number in self.verdicts:
                stated.update(self.held[number][1])
            again = tuple(self.held[number][0] for number in self.verdicts)
        else:
            for _, said in self._cut():
                stated.update(said)
            again = _Again(partial(self._cut))
        left_out = tuple(
            LeftOut(what, reason, _count_class(count))
            for (what, reason), count in sorted(stated.items())
        )
        return Minimised(again, len(self.verdicts), left_out)

    def _cut(self) -> Iterator[tuple[Resource, Counter[tuple[str, Reason]]]]:
        for number, resource in self._leaving():
            cutting = Cutting(resource, self._resolve, self._contained)
            tree = prune(self._planner(resource.type, self.verdicts[number]), cutting)
            if tree is not None:
                made = Resource(resource.type, resource.id, tree, resource.address)
                yield made, cutting.left_out

    def _leaving(self) -> Iterator[tuple[int, Resource]]:
        for number, resource in enumerate(self.resources):
            if number in self.verdicts:
                yield number, resource

    def _leave(self, resource: Resource, reason: Reason) -> None:
        kind = self.semantics.type_of(resource.tree)
        self.whole[kind or "?", reason if kind else Reason.UNKNOWN] += 1

    def _resolve(self, resource: Resource, target: str) -> str | None:
        for each in self.semantics.addresses(resource, target):
            if self.known.get(each, -1) in self.verdicts:
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
        cutting = Cutting(inner, self._resolve, _nothing_inside)
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

    cut: "partial[Iterator[tuple[Resource, Counter[tuple[str, Reason]]]]]"

    def __iter__(self) -> Iterator[Resource]:
        for resource, _ in self.cut():
            yield resource


def _count_class(count: int) -> str:
    """`1-9`, `10-99` and so on: about how many, not how many."""
    digits = len(str(count)) - 1
    return f"{10**digits}-{10 ** (digits + 1) - 1}"
