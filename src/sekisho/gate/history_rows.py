"""Records become rows: codes that a dataset lists, bands of ages, years, and pseudonyms.

Nothing that a person wrote becomes a row, nor a name, a number or a day. A record that cannot be
laid to exactly one person of the same file is a fault.
"""

import hmac
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

from sekisho.errors import Fault, Place, fault
from sekisho.lanes.record.tree import opened, values_at
from sekisho.model.dataset import Dataset
from sekisho.model.history import OLDEST, HistoryMapping, LeftOut, Take, Taken
from sekisho.model.resource import Resource, Semantics

PSEUDONYM_DIGITS = 32
_HEADS = {Take.PERSON: b"sekisho/history/person/v1\n", Take.RECORD: b"sekisho/history/record/v1\n"}
Row = tuple[str | int | None, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What rows are made of."""

    file: str
    """The file's name, for faults."""
    dataset: Dataset
    mapping: HistoryMapping
    semantics: Semantics
    key: bytes = field(repr=False)
    """Of the pseudonyms; the node's own."""
    opted_out: AbstractSet[str] = field(repr=False)
    """Names of persons who are left out, as the records name them."""


@dataclass(frozen=True, slots=True)
class _Person:
    resource: Resource
    name: str
    born: date | None
    stays_out: bool


@dataclass(slots=True)
class _People:
    """Who is in a file, under every name, and whose each encounter is."""

    by_name: dict[str, _Person] = field(default_factory=dict)
    objecting: set[str] = field(default_factory=set)
    """Addresses of those who object by a resource of the file itself."""
    left_out: set[str] = field(default_factory=set)
    """Names of the persons at those addresses."""
    visits: dict[str, str] = field(default_factory=dict)
    """Every name of an encounter -> the name of its person; empty where it has none."""


@dataclass(slots=True)
class Wrong:
    """What is wrong with records, counted: a code, how many, and the first one's number."""

    file: str
    found: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, code: str, number: int) -> None:
        """Note a fault of the record with this number in the file."""
        count, first = self.found.get(code, (0, number))
        self.found[code] = (count + 1, first)

    def all(self) -> list[Fault]:
        """Every kind of fault once."""
        place = Place(self.file)
        return [fault(code, place, count=n, first=at) for code, (n, at) in self.found.items()]


def rows(asked: Asked, resources: Iterable[Resource], wrong: Wrong) -> Iterator[Row]:
    """The rows of a checked file's records, in its order; what is amiss goes into `wrong`.

    The resources are gone through twice: once for the people in them, once for the rows.
    """
    people = _people_of(asked, resources)
    for number, resource in enumerate(resources, 1):
        if resource.type != asked.mapping.resource:
            continue
        whole = opened(resource)
        code, person = _person_of(asked, people, whole)
        if person is None:
            wrong.add(code, number)
        elif (
            not person.stays_out
            and person.name not in people.left_out
            and not _is_left_out(asked, whole, person)
        ):
            row = _row(asked, whole, person)
            if row is None:
                wrong.add("histories.before-birth", number)
            else:
                yield row


def _people_of(asked: Asked, resources: Iterable[Resource]) -> _People:
    people = _People()
    semantics = asked.semantics
    of_visits = bool(semantics.encounter_path(asked.mapping.resource))
    for resource in resources:
        names = semantics.names(resource)
        if resource.type in semantics.person_types():
            person = _person(asked, opened(resource), names)
            people.by_name.update(dict.fromkeys(names, person))
        elif (who := semantics.objection(resource)) is not None:
            people.objecting.update(semantics.addresses(resource, who))
        elif of_visits and semantics.encounter_path(resource.type) == "":
            whose = _target(semantics, opened(resource), semantics.subject_path(resource.type))
            people.visits.update(dict.fromkeys(names, whose))
    for name in people.objecting & people.by_name.keys():
        people.left_out.add(people.by_name[name].name)
    return people


def _person(asked: Asked, resource: Resource, names: tuple[str, ...]) -> _Person:
    known = {*names, resource.id, *(each.removeprefix("urn:uuid:") for each in names)}
    born = asked.semantics.days(resource.tree.get("birthDate"))
    return _Person(
        resource=resource,
        name=resource.id or names[0],
        born=born[0][0] if born else None,
        stays_out=bool(known & asked.opted_out),
    )


def _target(semantics: Semantics, resource: Resource, path: str | None) -> str:
    """The address that a resource points at by an element; empty when by none or several."""
    found = list(values_at(semantics, resource.type, resource.tree, path)) if path else []
    said = semantics.target(found[0]) if len(found) == 1 else None
    addresses = semantics.addresses(resource, said) if said else ()
    return addresses[0] if addresses else ""


def _person_of(asked: Asked, people: _People, resource: Resource) -> tuple[str, _Person | None]:
    """Whose record it is; a fault when nobody's in the file, or its encounter is another's."""
    semantics = asked.semantics
    path = semantics.subject_path(resource.type)
    person = people.by_name.get(_target(semantics, resource, path))
    if person is None:
        return "histories.no-person", None
    visit = semantics.encounter_path(resource.type)
    if visit and list(values_at(semantics, resource.type, resource.tree, visit)):
        whose = people.visits.get(_target(semantics, resource, visit), "")
        if people.by_name.get(whose) is not person:
            return "histories.another-person", None
    return "", person


def _is_left_out(asked: Asked, resource: Resource, person: _Person) -> bool:
    return any(_has_code(asked, each, resource, person) for each in asked.mapping.leave_out)


def _has_code(asked: Asked, out: LeftOut, resource: Resource, person: _Person) -> bool:
    return any(code in out.codes for _system, code in _codes(asked, out.path, resource, person))


def _codes(
    asked: Asked, path: str, resource: Resource, person: _Person
) -> Iterator[tuple[str, str]]:
    for value in _values(asked, path, resource, person):
        if isinstance(value, str):
            yield "", value
        else:
            yield from asked.semantics.codes(value)


def _values(asked: Asked, path: str, resource: Resource, person: _Person) -> Iterator[object]:
    shape, _, rest = path.partition(".")
    holder = resource if shape == resource.type else person.resource
    return values_at(asked.semantics, shape, holder.tree, rest)


def _row(asked: Asked, resource: Resource, person: _Person) -> Row | None:
    """One row in the order of the dataset's columns; None when it is older than the person."""
    found: dict[str, str | int | None] = {}
    for taken in asked.mapping.columns:
        if taken.take in _HEADS:
            name = person.name if taken.take is Take.PERSON else f"{resource.type}/{_own(resource)}"
            found[taken.column] = _pseudonym(asked.key, _HEADS[taken.take], name)
        elif taken.take is Take.CODE:
            found[taken.column] = _listed(asked, taken, resource, person)
        else:
            day = _day(asked, taken, resource, person)
            if taken.take is Take.AGE and day and person.born and day < person.born:
                return None
            found[taken.column] = _number(taken, day, person)
    return tuple(found[each.name] for each in asked.dataset.columns)


def _own(resource: Resource) -> str:
    return resource.id or resource.address


def _pseudonym(key: bytes, head: bytes, name: str) -> str:
    return hmac.digest(key, head + name.encode(), sha256).hex()[:PSEUDONYM_DIGITS]


def _listed(asked: Asked, taken: Taken, resource: Resource, person: _Person) -> str:
    """The first code of the system that the column lists; else what stands for the rest."""
    column = asked.dataset.column(taken.column)
    listed = column.enum if column else ()
    for system, code in _codes(asked, taken.path, resource, person):
        if system == taken.system and code in listed:
            return code
    return taken.other


def _day(asked: Asked, taken: Taken, resource: Resource, person: _Person) -> date | None:
    """The first day that stands there; the beginning of one that is known by its year alone."""
    for value in _values(asked, taken.path, resource, person):
        days = asked.semantics.days(value)
        if days:
            return days[0][0]
    return None


def _number(taken: Taken, day: date | None, person: _Person) -> int | None:
    if day is None:
        return None
    if taken.take is Take.YEAR:
        return day.year
    if person.born is None:
        return None
    born = person.born
    years = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    return min(years - years % taken.step, OLDEST - OLDEST % taken.step)
