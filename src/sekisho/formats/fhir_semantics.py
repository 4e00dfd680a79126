"""What FHIR means, for making a record smaller: parts, subjects, codes, days, references.

Text is what somebody typed. Strings are text, but for those that are data in a field of their
own; a coding's display belongs to its code, a reference's display names somebody.
"""

import calendar
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from functools import cache

from sekisho.formats import fhir_tables as tables
from sekisho.formats.fhir_tables import Field
from sekisho.model.resource import Element, JsonTree, Part, Resource, Semantics

SUBJECT = "Patient"
ENCOUNTER = "Encounter"
DATA_STRINGS: Mapping[str, AbstractSet[str]] = {
    "Address": {"line", "city", "district", "state", "postalCode", "country"},
    "Coding": {"version", "display"},
    "ContactPoint": {"value"},
    "HumanName": {"family", "given", "prefix", "suffix"},
    "Identifier": {"value"},
    "Immunization": {"lotNumber"},
    "Location": {"name"},
    "Medication.batch": {"lotNumber"},
    "Organization": {"name"},
    "Quantity": {"unit"},
}
"""Strings that are data; in any other field a string is text."""
FOR_STATISTICS = frozenset(
    {"BIORCH", "CLINTRCH", "CLINTRCHNPC", "CLINTRCHPC", "DSRCH", "HRESCH", "POARCH", "PRECLINTRCH"}
    | {"PUBHLTH", "TRANSRCH"}
)
"""Codes of HL7's PurposeOfUse that statistics fall under: research of any kind, public health."""
QUANTITIES = ("Age", "Count", "Distance", "Duration", "MoneyQuantity", "SimpleQuantity")
PARTS = {
    "Annotation": Part.TEXT,
    "Attachment": Part.ATTACHMENT,
    "Extension": Part.EXTENSION,
    "Narrative": Part.NARRATIVE,
    "Reference": Part.REFERENCE,
    "Resource": Part.CONTAINED,
    "base64Binary": Part.ATTACHMENT,
    "xhtml": Part.NARRATIVE,
}
MOMENT = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T.*)?)?)?", re.ASCII)
RELATIVE = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?")
RESTFUL = re.compile(rf"(https?://\S+?)/{RELATIVE.pattern}")


@dataclass(frozen=True, slots=True)
class FhirSemantics:
    """FHIR R4's answers to `Semantics`."""

    def elements(self, shape: str) -> Mapping[str, Element]:
        """The elements of a resource type, a data type or a group in one."""
        return _elements(shape)

    def is_ruled(self, shape: str) -> bool:
        """Whether there are invariants that taking away can break."""
        return bool(tables.rules(shape))

    def stands(self, shape: str, names: AbstractSet[str]) -> bool:
        """Whether the invariants hold that taking away can break."""
        return all(rule.holds(names) for rule in tables.rules(shape))

    def type_of(self, tree: JsonTree) -> str | None:
        """The resource type that a tree says it is."""
        said = tree.get("resourceType")
        return said if isinstance(said, str) and said in tables.resource_types() else None

    def names(self, resource: Resource) -> tuple[str, ...]:
        """Its full address; type and id, unless that address names the server it is on."""
        usual = [f"{resource.type}/{resource.id}"] if resource.id else []
        if not resource.address:
            return tuple(usual)
        if resource.address.startswith("urn:"):
            return (resource.address, *usual)
        served = RESTFUL.fullmatch(resource.address)
        return (resource.address,) if served else (resource.address, *usual)

    def person_types(self) -> frozenset[str]:
        """Patients."""
        return frozenset({SUBJECT})

    def subject_path(self, resource_type: str) -> str | None:
        """The element that points at the patient."""
        return tables.meaning(resource_type).subject

    def encounter_path(self, resource_type: str) -> str | None:
        """The element that points at the encounter."""
        if resource_type == ENCOUNTER:
            return ""
        return tables.meaning(resource_type).encounter

    def code_paths(self, resource_type: str) -> tuple[str, ...]:
        """What was observed, done, found or given, after the specification's W5 mapping."""
        return tables.meaning(resource_type).codes

    def day_paths(self, resource_type: str) -> tuple[tuple[str, ...], ...]:
        """When it was so or was done; where a resource does not say, when it was written down."""
        said = tables.meaning(resource_type)
        return said.days, said.noted

    def days(self, value: object) -> tuple[tuple[date, date], ...] | None:
        """Days of a date, dateTime, instant, Period or Timing, as written where it happened.

        An open end is no moment: a period that goes on counts by its beginning.
        """
        if isinstance(value, str):
            day = _day(value)
            return None if day is None else (day,)
        if not isinstance(value, Mapping):
            return None
        if "repeat" in value or "event" in value:
            return _timing_days(self, value)
        ends = [value[name] for name in ("start", "end") if name in value]
        found = [_day(each) if isinstance(each, str) else None for each in ends]
        known = tuple(each for each in found if each is not None)
        return known if known and len(known) == len(ends) else None

    def codes(self, concept: object) -> list[tuple[str, str]]:
        """Codings of a CodeableConcept, or the one of a Coding."""
        return [pair for each in _codings(concept) if (pair := _pair(each)) is not None]

    def only_codes(self, concept: object, allowed: AbstractSet[tuple[str, str]]) -> object | None:
        """The CodeableConcept or Coding without any other coding."""
        if not isinstance(concept, Mapping):
            return None
        kept = [each for each in _codings(concept) if _pair(each) in allowed]
        if not kept:
            return None
        return {**concept, "coding": kept} if "coding" in concept else concept

    def objection(self, resource: Resource) -> str | None:
        """The patient of an active Consent that denies research, public health, or all use."""
        tree = resource.tree
        if resource.type != "Consent" or tree.get("status") != "active":
            return None
        return self.target(tree.get("patient")) if _denies(tree.get("provision")) else None

    def target(self, reference: object) -> str | None:
        """What `Reference.reference` says; an identifier alone points at nothing here."""
        said = reference.get("reference") if isinstance(reference, Mapping) else None
        return said if isinstance(said, str) else None

    def addresses(self, base: Resource, target: str) -> tuple[str, ...]:
        """Type and id of a relative reference, or a full address as it stands.

        A relative reference from a resource with an address of its own server means that server.
        """
        relative = RELATIVE.fullmatch(target)
        if relative is None:
            return (target.partition("/_history/")[0],)
        plain = f"{relative[1]}/{relative[2]}"
        server = RESTFUL.fullmatch(base.address)
        return (f"{server[1]}/{plain}" if server else plain,)


@cache
def _elements(shape: str) -> Mapping[str, Element]:
    found = {name: _element(shape, field) for name, field in tables.fields(shape).items()}
    for name, field in tables.fields(shape).items():
        if not field.shape:
            found[f"_{name}"] = Element(Part.EXTENSION, "Element", f"_{name}")
    if shape in tables.resource_types():
        found["resourceType"] = Element(Part.VALUE, "", "resourceType", required=True)
        found["id"] = Element(Part.VALUE, "", "id", stays=True)
    if shape == "Reference":
        found["reference"] = Element(Part.VALUE, "", "reference", stays=True)
    return found


def _element(shape: str, field: Field) -> Element:
    part = PARTS.get(field.type)
    if part is None and field.type in ("string", "markdown"):
        owner = "Quantity" if shape in QUANTITIES else shape
        part = Part.VALUE if field.name in DATA_STRINGS.get(owner, ()) else Part.TEXT
    if part is None:
        part = Part.GROUP if field.shape else Part.VALUE
    return Element(part, field.shape, field.path, field.required, field.modifier)


def _denies(provision: object) -> bool:
    """Whether a provision, or one within it, denies what statistics are made for.

    Whom, what and when it denies is not weighed: who objects in part is left out whole.
    """
    if not isinstance(provision, Mapping):
        return False
    within = provision.get("provision", ())
    if isinstance(within, Sequence) and any(_denies(each) for each in within):
        return True
    purposes = provision.get("purpose", ())
    codes = {pair[1] for each in purposes if (pair := _pair(each)) is not None}
    return provision.get("type") == "deny" and (not codes or bool(codes & FOR_STATISTICS))


def _codings(concept: object) -> list[object]:
    if not isinstance(concept, Mapping):
        return []
    if "coding" not in concept:
        return [concept]
    coding = concept["coding"]
    return list(coding) if isinstance(coding, Sequence) and not isinstance(coding, str) else []


def _pair(coding: object) -> tuple[str, str] | None:
    if not isinstance(coding, Mapping):
        return None
    system, code = coding.get("system"), coding.get("code")
    return (system, code) if isinstance(system, str) and isinstance(code, str) else None


def _day(written: str) -> tuple[date, date] | None:
    parts = MOMENT.fullmatch(written)
    if parts is None:
        return None
    year, month, day = (int(each) if each else None for each in parts.groups())
    try:
        first = date(year or 0, month or 1, day or 1)
        if day:
            return first, first
        end = month or 12
        return first, date(first.year, end, calendar.monthrange(first.year, end)[1])
    except ValueError:
        return None


def _timing_days(
    semantics: Semantics, timing: Mapping[str, object]
) -> tuple[tuple[date, date], ...] | None:
    events = timing.get("event", ())
    repeat = timing.get("repeat", {})
    if not isinstance(events, Sequence) or not isinstance(repeat, Mapping):
        return None
    said = [*events, *([repeat["boundsPeriod"]] if "boundsPeriod" in repeat else [])]
    found = [semantics.days(each) for each in said]
    known = [day for days in found if days is not None for day in days]
    return tuple(known) if known and None not in found else None


FHIR_SEMANTICS: Semantics = FhirSemantics()
