"""A record as a neutral tree: resources, the elements they are made of, and how they point."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol, TypeAlias

JsonTree: TypeAlias = Mapping[str, object]


class Part(StrEnum):
    """What kind of thing an element is, for the question whether it may leave."""

    VALUE = "value"
    """Coded or measured: a code, a number, a date, a name in its own field."""
    GROUP = "group"
    """Has parts of its own that are chosen one by one."""
    REFERENCE = "reference"
    """Points at another resource."""
    TEXT = "text"
    """Words that somebody typed; nobody can say what they give away."""
    NARRATIVE = "narrative"
    """The resource told once more, for reading."""
    EXTENSION = "extension"
    """What the format does not define."""
    ATTACHMENT = "attachment"
    """A file in a field."""
    CONTAINED = "contained"
    """Whole resources inside a resource."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element as the format defines it."""

    part: Part
    shape: str
    """Name of the definition under which its own elements are found; empty for a leaf."""
    path: str
    """How a selection names it below its parent: `code`, `value[x]`."""
    required: bool = False
    stays: bool = False
    """Whether it stays when there: without it the rest would mean something else."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a record as it came."""

    type: str
    id: str
    tree: JsonTree
    """As parsed; decimals keep their digits."""
    address: str = ""
    """The full address it came under; empty when it came under none."""


class Semantics(Protocol):
    """What a record format must say so that a record can be made smaller without knowing it."""

    def elements(self, shape: str) -> Mapping[str, Element]:
        """The elements of a resource type or of an element's shape, by their names in the tree."""
        ...

    def is_ruled(self, shape: str) -> bool:
        """Whether `stands` has anything to say about groups of a shape."""
        ...

    def stands(self, shape: str, names: AbstractSet[str]) -> bool:
        """Whether elements of these paths make a whole by themselves."""
        ...

    def type_of(self, tree: JsonTree) -> str | None:
        """The resource type of a tree; None when it is none that the format defines."""
        ...

    def names(self, resource: Resource) -> tuple[str, ...]:
        """Every address under which a resource can be pointed at."""
        ...

    def person_types(self) -> frozenset[str]:
        """Types that are a subject: one of them passes only when it is the consented one."""
        ...

    def subject_path(self, resource_type: str) -> str | None:
        """The element that says whom a resource is about.

        None for a type about nobody; empty for one about somebody that no one element names.
        """
        ...

    def encounter_path(self, resource_type: str) -> str | None:
        """The element that says from which encounter a resource comes; empty: it is one itself."""
        ...

    def code_paths(self, resource_type: str) -> tuple[str, ...]:
        """The elements that say what a resource, or a group in it, is about."""
        ...

    def day_paths(self, resource_type: str) -> tuple[tuple[str, ...], ...]:
        """The elements that say when what a resource tells of happened, the better ones first."""
        ...

    def days(self, value: object) -> tuple[tuple[date, date], ...] | None:
        """The first and last day of each moment that such an element names; None: not to say."""
        ...

    def codes(self, concept: object) -> list[tuple[str, str]]:
        """(system, code) of a coded element."""
        ...

    def only_codes(self, concept: object, allowed: AbstractSet[tuple[str, str]]) -> object | None:
        """The coded element with these codes alone; None when none is left."""
        ...

    def objection(self, resource: Resource) -> str | None:
        """The address of the person who objects, by this resource, to statistics and research."""
        ...

    def target(self, reference: object) -> str | None:
        """The address a reference points at; None when it names none."""
        ...

    def addresses(self, base: Resource, target: str) -> tuple[str, ...]:
        """The full addresses that a target may mean when this resource says it."""
        ...
