"""Records of FHIR R4 for tests: the shipped synthetic patients, read, marked and judged."""

import copy
import io
import json
from decimal import Decimal
from functools import cache
from pathlib import Path

from sekisho.formats.fhir import FHIR_R4, to_json
from sekisho.formats.fhir_check import Findings, check_resource
from sekisho.formats.fhir_links import Links
from sekisho.lanes.record.minimise import minimise
from sekisho.lanes.record.selection import Cut, Selection
from sekisho.model.resource import Resource
from sekisho.ports import Watch

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "programmes" / "health-referral" / "sample"
LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
HEIGHT = (LOINC, "8302-2")


@cache
def _parsed(name):
    return json.loads((SAMPLE / name).read_text(encoding="utf-8"), parse_float=Decimal)


def record(name="patient-1.json"):
    """The resources of a shipped bundle, free to be changed."""
    entries = copy.deepcopy(_parsed(name)["entry"])
    return [
        Resource(e["resource"]["resourceType"], e["resource"]["id"], e["resource"], e["fullUrl"])
        for e in entries
    ]


def patient(resources):
    """The first patient of a record."""
    return next(each for each in resources if each.type == "Patient")


def made(tree, address=""):
    """A resource from its tree."""
    return Resource(tree["resourceType"], tree.get("id", ""), tree, address)


def bundle(resources, kind="collection"):
    """A bundle as text."""
    entries = [
        ({"fullUrl": each.address} if each.address else {}) | {"resource": each.tree}
        for each in resources
    ]
    return to_json({"resourceType": "Bundle", "type": kind, "entry": entries})


def faults(resources):
    """What the check finds in resources as one file."""
    findings, links = Findings("record"), Links()
    for number, each in enumerate(resources):
        check_resource(each.tree, f"entry[{number}]", findings)
        links.add(each, f"entry[{number}]", findings)
    links.finish(findings)
    return [fault.code for fault in findings.all()]


def everything(subject, **more):
    """Every type with every field, and nothing that must be named to leave."""
    types = tuple(sorted({each.type for each in record()}))
    return Selection((Cut("all", types, (), types),), subject, **more)


def smaller(resources, selection):
    """What leaves, as a list, and all that was said of the rest."""
    found = minimise(resources, selection, FHIR_R4.semantics)
    return list(found.resources), {(each.what, each.reason.value) for each in found.left_out}


def written(resources):
    """What leaves, as the bytes of a bundle."""
    target = io.BytesIO()
    FHIR_R4.write(resources, target)
    return target.getvalue()


def read(tmp_path, content, name="record.json"):
    """Resources of a file with this content."""
    file = tmp_path / name
    file.write_bytes(content)
    return list(FHIR_R4.read(file, Watch()))


def references(tree):
    """Every literal reference in a tree."""
    if isinstance(tree, dict):
        if isinstance(tree.get("reference"), str):
            yield tree["reference"]
        for value in tree.values():
            yield from references(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from references(value)


def is_part_of(small, large):
    """Whether one tree can be had from another by taking away."""
    if isinstance(small, dict):
        return isinstance(large, dict) and all(
            name in large and is_part_of(value, large[name]) for name, value in small.items()
        )
    if isinstance(small, list):
        left = iter(large if isinstance(large, list) else ())
        return all(any(is_part_of(each, other) for other in left) for each in small)
    return type(small) is type(large) and small == large
