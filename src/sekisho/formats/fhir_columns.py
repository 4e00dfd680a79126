"""What of FHIR R4 may become a column of a dataset: codes, and days that become ages and years.

Names, numbers, addresses, birth dates, references and words are neither.
"""

from sekisho.formats import fhir_tables as tables
from sekisho.formats.fhir_semantics import SUBJECT
from sekisho.formats.fhir_tables import Field

CODED = frozenset({"CodeableConcept", "Coding"})
DAYS = frozenset({"date", "dateTime", "instant", "Period"})
BORN = "birthDate"
_OF_THE_PERSON = frozenset({"contact", "link", "communication", BORN})
"""Elements of a patient that say who it is, or tell of somebody else."""


def fits(take: str, path: str) -> bool:
    """Whether a column that takes codes, ages or years may take them from a path."""
    resource, *steps = path.split(".")
    if resource not in tables.resource_types() or not steps:
        return False
    if resource == SUBJECT and (take != "code" or steps[0] in _OF_THE_PERSON):
        return False
    found = _fields(resource, steps)
    if take == "code":
        return bool(found) and all(each.type in CODED or _is_code(each) for each in found)
    return any(each.type in DAYS for each in found)


def _is_code(field: Field) -> bool:
    """Whether an element holds one word of a list that FHIR itself closes."""
    return not field.shape and field.type == "code" and field.codes is not None


def _fields(shape: str, steps: list[str]) -> list[Field]:
    """Every field that a path names; none when a step leads into what is not to be taken."""
    known = tables.fields(shape).values()
    found = [each for each in known if steps[0] in (each.path, each.name)]
    if len(steps) == 1:
        return found
    if len(found) != 1 or found[0].type not in ("BackboneElement", "Element"):
        return []
    return _fields(found[0].shape, steps[1:])
