"""Making a record as small as consent, purpose and programme have it, whatever its format.

What leaves is a part of what came, points at nothing that stayed, and is valid by itself. What
stayed is stated by kind and class of number, never by value.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from sekisho.lanes.record.choose import Chooser, chooser, codes_of
from sekisho.lanes.record.prune import Cutting, Pruner
from sekisho.lanes.record.selection import LeftOut, Minimised, Reason, Selection
from sekisho.model.resource import JsonTree, Resource, Semantics

HELD = 20_000
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
    cuts: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """Ordinal of a resource that may leave -> the cuts that take it."""
    known: dict[str, int] = field(default_factory=dict)
    """Address -> ordinal; -1 when two resources claim it."""
    targets: dict[int, frozenset[int]] = field(default_factory=dict)
    personal: set[int] = field(default_factory=set)
    whole: Counter[tuple[str, Reason]] = field(default_factory=Counter)
    pruners: dict[tuple[str, tuple[int, ...]], Pruner] = field(default_factory=dict)

    @property
    def selection(self) -> Selection:
        return self.judge.selection

    @property
    def semantics(self) -> Semantics:
        return self.judge.semantics

    def choose(self) -> None:
        """Judge every resource for itself."""
        persons = self.semantics.person_types()
        for number, resource in enumerate(self.resources):
            names = self.semantics.names(resource)
            for name in names:
                self.known[name] = -1 if name in self.known else number
            verdict = self.judge.verdict(resource)
            if verdict.reason is not None:
                self._leave(resource, verdict.reason)
                continue
            self.cuts[number] = verdict.cuts
            about = self.semantics.subject_path(resource.type)
            if resource.type in persons or about is not None:
                self.personal.add(number)

    def settle(self) -> bool:
        """Cut every resource that may leave; False when one fell and others must look again."""
        fell = []
        for number, resource in self._leaving():
            cutting = Cutting(resource, self._resolve)
            if self._pruner(resource.type, self.cuts[number]).prune(cutting) is None:
                fell.append(number)
                self._leave(resource, cutting.fell)
            self.targets[number] = frozenset(self.known[name] for name in cutting.targets)
        for number in fell:
            del self.cuts[number]
        return not fell

    def keep_what_is_pointed_at(self) -> None:
        """Leave behind what is about nobody unless the subject's record leads to it."""
        reached, ahead = set(), [n for n in self.personal if n in self.cuts]
        while ahead:
            number = ahead.pop()
            if number not in reached:
                reached.add(number)
                ahead += self.targets[number]
        for number, resource in self._leaving():
            if number not in reached:
                self._leave(resource, Reason.UNREFERENCED)
        self.cuts = {number: cuts for number, cuts in self.cuts.items() if number in reached}

    def result(self) -> Minimised:
        """Everything that leaves, and what is said of the rest."""
        inside: Counter[tuple[str, Reason]] = Counter()
        few = len(self.cuts) <= HELD
        held = [each for each in self._cut(inside) if few]
        again = held if few else _Again(partial(self._cut, None))
        stated = self.whole + inside
        left_out = tuple(
            LeftOut(what, reason, _count_class(count))
            for (what, reason), count in sorted(stated.items())
        )
        return Minimised(again, len(self.cuts), left_out)

    def _cut(self, stated: Counter[tuple[str, Reason]] | None) -> Iterator[Resource]:
        for number, resource in self._leaving():
            cutting = Cutting(resource, self._resolve, stated)
            tree = self._pruner(resource.type, self.cuts[number]).prune(cutting)
            if tree is not None:
                yield Resource(resource.type, resource.id, tree, resource.address)

    def _leaving(self) -> Iterator[tuple[int, Resource]]:
        for number, resource in enumerate(self.resources):
            if number in self.cuts:
                yield number, resource

    def _leave(self, resource: Resource, reason: Reason) -> None:
        kind = self.semantics.type_of(resource.tree)
        self.whole[kind or "", reason if kind else Reason.UNKNOWN] += 1

    def _resolve(self, resource: Resource, target: str) -> str | None:
        for each in self.semantics.addresses(resource, target):
            if self.known.get(each, -1) in self.cuts:
                return each
        return None

    def _pruner(self, kind: str, cuts: tuple[int, ...]) -> Pruner:
        found = self.pruners.get((kind, cuts))
        if found is None:
            chosen = tuple(self.selection.cuts[number] for number in cuts)
            codes = codes_of(chosen)
            found = Pruner(self.semantics, self.selection, kind, chosen, codes, self._contained)
            self.pruners[kind, cuts] = found
        return found

    def _contained(self, outer: Cutting, tree: JsonTree) -> JsonTree | None:
        """What may leave of a resource inside another: judged and cut as any other."""
        kind, name = self.semantics.type_of(tree), tree.get("id")
        if kind is None or not isinstance(name, str) or self._stands_apart(kind):
            return None
        base = outer.resource
        inner = Resource(kind, name, tree, base.address)
        verdict = self.judge.verdict(inner)
        if verdict.reason is not None:
            return None
        cutting = Cutting(inner, self._resolve, outer.left_out)
        kept = self._pruner(kind, verdict.cuts).prune(cutting)
        outer.targets.update(cutting.targets)
        return kept

    def _stands_apart(self, kind: str) -> bool:
        """Whether a type is one that others are judged by: it never leaves inside another."""
        return kind in self.semantics.person_types() or self.semantics.encounter_path(kind) == ""


@dataclass(frozen=True)
class _Again:
    """Resources that are cut anew each time they are read."""

    start: "partial[Iterator[Resource]]"

    def __iter__(self) -> Iterator[Resource]:
        return self.start()


def _count_class(count: int) -> str:
    """`1-9`, `10-99` and so on: about how many, not how many."""
    digits = len(str(count)) - 1
    return f"{10**digits}-{10 ** (digits + 1) - 1}"
