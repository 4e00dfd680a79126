"""What FHIR R4 (4.0.1) defines, from HL7's own definitions: shapes, codes, and what means what.

`fhir_r4.json` is made from the published definitions by `tests/lib/fhir_definitions.py`. Nothing
else reads it.
"""

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, cast


@dataclass(frozen=True, slots=True)
class Field:
    """One element under one name; a choice of types has as many fields as types."""

    name: str
    path: str
    type: str
    shape: str
    """Where its own elements are defined; empty for a primitive."""
    many: bool
    required: bool
    modifier: bool
    targets: frozenset[str]
    """Resource types it may point at; empty: any, or not a reference."""
    codes: Mapping[str, frozenset[str]] | None
    """{system: codes} when the binding is required and can be written out."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the elements of a resource type are for."""

    subject: str | None
    encounter: str | None
    codes: tuple[str, ...]
    days: tuple[str, ...]
    noted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """An invariant in one of two plain forms: one of several is there, or one brings another."""

    kind: str
    paths: tuple[str, ...]

    def holds(self, there: AbstractSet[str]) -> bool:
        """Whether it holds for a group with elements of these paths."""
        if self.kind == "any":
            return any(path in there for path in self.paths)
        return self.paths[0] not in there or self.paths[1] in there


@cache
def _table() -> dict[str, Any]:
    file = resources.files("sekisho.formats") / "fhir_r4.json"
    return cast("dict[str, Any]", json.loads(file.read_text(encoding="utf-8")))


@cache
def resource_types() -> frozenset[str]:
    """Every resource type of R4 that there can be instances of."""
    return frozenset(_table()["resources"])


@cache
def primitives() -> frozenset[str]:
    """Every primitive type."""
    return frozenset(_table()["primitives"])


@cache
def _codes(url: str) -> Mapping[str, frozenset[str]]:
    return {system: frozenset(codes) for system, codes in _table()["codes"][url].items()}


@cache
def fields(shape: str) -> Mapping[str, Field]:
    """The fields of a shape by their names in JSON; none for a shape that is not defined."""
    found = {}
    for path, said in _table()["shapes"].get(shape, {"e": {}})["e"].items():
        for kind in said["t"] or ["BackboneElement"]:
            name = path.removesuffix("[x]")
            if path.endswith("[x]"):
                name += kind[0].upper() + kind[1:]
            found[name] = Field(
                name=name,
                path=path,
                type=kind,
                shape=_shape(shape, path, kind, said),
                many=said.get("x") is not None,
                required=said.get("n", 0) > 0,
                modifier=bool(said.get("m")),
                targets=frozenset(said.get("r", ())),
                codes=_codes(said["b"]) if "b" in said else None,
            )
    return found


def _shape(shape: str, path: str, kind: str, said: Mapping[str, str]) -> str:
    if "c" in said:
        return said["c"]
    if kind in ("BackboneElement", "Element"):
        return f"{shape}.{path}"
    return "" if kind in primitives() else kind


@cache
def required_paths(shape: str) -> tuple[str, ...]:
    """Paths that every group of a shape has."""
    return tuple(dict.fromkeys(f.path for f in fields(shape).values() if f.required))


@cache
def rules(shape: str) -> tuple[Rule, ...]:
    """The invariants of a shape that have a plain form."""
    said = _table()["shapes"].get(shape, {}).get("i", ())
    return tuple(Rule(kind, tuple(_path(shape, name) for name in names)) for kind, names in said)


def _path(shape: str, name: str) -> str:
    return f"{name}[x]" if f"{name}[x]" in _table()["shapes"][shape]["e"] else name


@cache
def meaning(resource_type: str) -> Meaning:
    """What the elements of a resource type are for."""
    said = _table()["resources"][resource_type]
    return Meaning(
        subject=said.get("subject"),
        encounter=said.get("encounter"),
        codes=tuple(said.get("codes", ())),
        days=tuple(said.get("days", ())),
        noted=tuple(said.get("noted", ())),
    )


@cache
def other_releases() -> tuple[str, ...]:
    """The releases that can be told apart from R4."""
    return tuple(_table()["others"])


@cache
def only_in(release: str) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """Types, and (type, element) pairs, that a release defines and R4 does not."""
    said = _table()["others"][release]
    pairs = {(kind, name) for kind, names in said["elements"].items() for name in names}
    return frozenset(said["types"]), frozenset(pairs)
