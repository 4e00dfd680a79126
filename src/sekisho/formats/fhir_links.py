"""Whether the resources of one file can be told apart, and point at what is there."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sekisho.formats.fhir_check import Findings
from sekisho.formats.fhir_semantics import FHIR_SEMANTICS, RESTFUL
from sekisho.model.resource import Resource

NAME = re.compile(
    r"urn:uuid:[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|urn:oid:[0-2](\.(0|[1-9]\d*))+",
    re.ASCII,
)
"""What a full address may be when it is not one on a server: it leaves with the resource."""


@dataclass(slots=True)
class Links:
    """The addresses of a file's resources, as they are read."""

    names: set[str] = field(default_factory=set)

    def add(self, resource: Resource, path: str, findings: Findings) -> None:
        """Note a resource that was just checked, and what is wrong with its address."""
        wrong = address_fault(resource.type, resource.id, resource.address)
        if wrong:
            findings.add(wrong, path)
        for name in FHIR_SEMANTICS.names(resource):
            if name in self.names:
                findings.add("address-twice", path)
                break
        self.names.update(FHIR_SEMANTICS.names(resource))
        settle_inside(resource, findings)

    def finish(self, findings: Findings) -> None:
        """Note every reference to something that only this file could hold and does not."""
        for target, where in findings.pointed.items():
            if target not in self.names:
                findings.add("broken-reference", where)


def address_fault(kind: str, name: str, address: str) -> str | None:
    """What is wrong with the full address of a resource of this type and id, if anything is."""
    if not address or NAME.fullmatch(address):
        return None
    served = RESTFUL.fullmatch(address)
    if served is None:
        return "bad-address"
    return None if (served[2], served[3]) == (kind, name) else "address-differs"


def settle_inside(resource: Resource, findings: Findings) -> None:
    """Note every reference into a resource that was just checked which leads nowhere in it."""
    if not findings.inside:
        return
    held = {f"#{each.get('id', '')}" for each in _contained(resource)}
    for target, where in findings.inside:
        if target not in held and target != "#":
            findings.add("broken-reference", where)
    findings.inside.clear()


def _contained(resource: Resource) -> list[Mapping[str, object]]:
    held = resource.tree.get("contained")
    return [each for each in held if isinstance(each, Mapping)] if isinstance(held, list) else []
