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
        served = RESTFUL.fullmatch(resource.address)
        if resource.address and not served and not NAME.fullmatch(resource.address):
            findings.add("bad-address", path)
        if served and (served[2], served[3]) != (resource.type, resource.id):
            findings.add("address-differs", path)
        for name in FHIR_SEMANTICS.names(resource):
            if name in self.names:
                findings.add("address-twice", path)
                break
        self.names.update(FHIR_SEMANTICS.names(resource))
        held = {f"#{each.get('id', '')}" for each in _contained(resource)}
        for target, where in findings.inside:
            if target not in held and target != "#":
                findings.add("broken-reference", where)
        findings.inside.clear()

    def finish(self, findings: Findings) -> None:
        """Note every reference to something that only this file could hold and does not."""
        for target, where in findings.pointed.items():
            if target not in self.names:
                findings.add("broken-reference", where)


def _contained(resource: Resource) -> list[Mapping[str, object]]:
    held = resource.tree.get("contained")
    return [each for each in held if isinstance(each, Mapping)] if isinstance(held, list) else []
