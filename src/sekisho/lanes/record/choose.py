"""Which resources of a record may leave: by subject, type, code, period and encounter.

Whatever cannot be shown to be inside the selection stays: a resource without a subject, a date
that cannot be read, a subject named twice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from sekisho.errors import Refused, fault
from sekisho.lanes.record.selection import Reason, Selection
from sekisho.lanes.record.tree import values_at
from sekisho.model.resource import Resource, Semantics


@dataclass(frozen=True, slots=True)
class Verdict:
    """The cuts that take a resource, or why none does."""

    cuts: tuple[int, ...]
    reason: Reason | None = None
    days: tuple[str, ...] = ()
    """The elements by which it was found inside the period."""


@dataclass(frozen=True)
class Chooser:
    """Judges the resources of one record, each for itself."""

    selection: Selection
    semantics: Semantics
    subject: frozenset[str]
    """Every address of the consented subject in this record."""
    encounters: frozenset[str]
    """Every address of the selected encounters."""

    @cached_property
    def _by_type(self) -> Mapping[str, tuple[int, ...]]:
        found: dict[str, tuple[int, ...]] = {}
        for number, cut in enumerate(self.selection.cuts):
            for kind in dict.fromkeys(cut.types):
                found[kind] = (*found.get(kind, ()), number)
        return found

    def stays_by_type(self, resource: Resource) -> bool:
        """Whether no cut takes a resource, which shows without looking into it."""
        kind = resource.type
        return kind not in self._by_type and kind not in self.semantics.person_types()

    def verdict(self, resource: Resource) -> Verdict:
        """Whether one resource may leave, whatever becomes of those it points at."""
        if self.semantics.type_of(resource.tree) != resource.type:
            return Verdict((), Reason.TYPE)
        cuts = self._by_type.get(resource.type, ())
        if resource.type in self.semantics.person_types():
            own = self.subject.intersection(self.semantics.names(resource))
            return Verdict(cuts) if own else Verdict((), Reason.OTHER_SUBJECT)
        if not cuts:
            return Verdict((), Reason.TYPE)
        about = self.semantics.subject_path(resource.type)
        coded = self._by_code(resource, cuts)
        reason = None if about is None else self._subject(resource, about)
        if reason is None and not coded:
            reason = Reason.CODE
        days: tuple[str, ...] | None = ()
        if reason is None and about is not None:
            days = self._days(resource)
            reason = Reason.PERIOD if days is None else self._encounter(resource)
        return Verdict((), reason) if reason else Verdict(coded, None, days or ())

    def _subject(self, resource: Resource, path: str) -> Reason | None:
        if not path:
            return Reason.NO_SUBJECT
        said = list(values_at(self.semantics, resource.type, resource.tree, path))
        if not said:
            return Reason.NO_SUBJECT
        own = all(self._points_into(resource, each, self.subject) for each in said)
        return None if own else Reason.OTHER_SUBJECT

    def _points_into(self, resource: Resource, value: object, among: frozenset[str]) -> bool:
        target = self.semantics.target(value)
        if target is None:
            return False
        return any(each in among for each in self.semantics.addresses(resource, target))

    def _by_code(self, resource: Resource, cuts: tuple[int, ...]) -> tuple[int, ...]:
        if not any(self.selection.cuts[number].codes for number in cuts):
            return cuts
        said = {
            pair
            for path in self.semantics.code_paths(resource.type)
            if "." not in path
            for value in values_at(self.semantics, resource.type, resource.tree, path)
            for pair in self.semantics.codes(value)
        }
        chosen = self.selection.cuts
        return tuple(n for n in cuts if not chosen[n].codes or not said.isdisjoint(chosen[n].codes))

    def _days(self, resource: Resource) -> tuple[str, ...] | None:
        """The elements by which a resource is inside the period; None when it is not."""
        if self.selection.data_from is None and self.selection.data_until is None:
            return ()
        for paths in self.semantics.day_paths(resource.type):
            said = [
                self.semantics.days(value)
                for path in paths
                for value in values_at(self.semantics, resource.type, resource.tree, path)
            ]
            if said:
                return paths if all(self._is_inside(days) for days in said) else None
        return None

    def _is_inside(self, days: tuple[tuple[date, date], ...] | None) -> bool:
        first, last = self.selection.data_from, self.selection.data_until
        return days is not None and all(
            (first is None or start >= first) and (last is None or end <= last)
            for start, end in days
        )

    def _encounter(self, resource: Resource) -> Reason | None:
        if not self.selection.encounters:
            return None
        path = self.semantics.encounter_path(resource.type)
        if path is None:
            return Reason.ENCOUNTER
        if not path:
            own = self.encounters.intersection(self.semantics.names(resource))
            return None if own else Reason.ENCOUNTER
        said = list(values_at(self.semantics, resource.type, resource.tree, path))
        inside = said and all(self._points_into(resource, each, self.encounters) for each in said)
        return None if inside else Reason.ENCOUNTER


def chooser(resources: Iterable[Resource], selection: Selection, semantics: Semantics) -> Chooser:
    """What judges one record, once its subject and its encounters are found.

    Raises: Refused when the subject is not in the record, or more than one resource is.
    """
    persons: list[frozenset[str]] = []
    encounters: set[str] = set()
    taken: set[str] = set()
    for resource in resources:
        is_person = resource.type in semantics.person_types()
        if not is_person and not selection.encounters:
            continue
        names = semantics.names(resource)
        usual = f"{resource.type}/{resource.id}"
        if is_person:
            if selection.subject in (*names, usual):
                persons.append(frozenset(names))
            else:
                taken.update(names)
        elif semantics.type_of(resource.tree) is not None:
            is_one = semantics.encounter_path(resource.type) == ""
            if is_one and not {*names, usual}.isdisjoint(selection.encounters):
                encounters.update(names)
    if len(persons) != 1 or persons[0] & taken:
        raise Refused(fault("minimise.no-such-subject"))
    return Chooser(selection, semantics, persons[0], frozenset(encounters))
