"""`sekisho record`: what a holder has, before any of it is offered."""

import json

import pytest

from sekisho.cli.main import run
from tests.lib.fhir_endpoint import Hospital, serving
from tests.lib.fhir_records import SAMPLE


def test_a_record_without_a_fault_says_what_it_holds(capsys):
    assert run(["record", "check", str(SAMPLE / "patient-1.json")]) == 0
    said = capsys.readouterr().out
    assert "84" in said
    assert "Immunization" in said
    assert run(["record", "check", "--json", str(SAMPLE / "hospitals.json")]) == 0
    assert json.loads(capsys.readouterr().out)["resources"] == {"Organization": 17}


def test_every_fault_of_a_record_is_named_in_the_language_asked_for(tmp_path, capsys):
    file = tmp_path / "bad.json"
    file.write_text('{"resourceType":"Patient","gender":"SECRET","name":{},"birthDate":"x"}')
    assert run(["--lang", "ja", "record", "check", str(file)]) == 4
    said = capsys.readouterr().err
    assert said.count("bad.json: Patient.") == 3
    assert "SECRET" not in said
    assert "ください" in said


@pytest.mark.parametrize("as_json", [False, True])
def test_a_record_is_fetched_from_a_server_and_checked(as_json, tmp_path, capsys):
    hospital = Hospital()
    token = tmp_path / "token"
    token.write_text(f"{hospital.token}\n")
    target = tmp_path / "record.json"
    asked = ["record", "fetch", "--token-file", str(token)] + ["--json"] * as_json
    with serving(hospital) as base:
        assert run([*asked, base, hospital.subject.id, str(target)]) == 0
        assert len(json.loads(target.read_text())["entry"]) == 84
        assert run(["record", "fetch", base, hospital.subject.id, str(target)]) == 10
    assert hospital.token not in capsys.readouterr().out


def test_a_server_without_protection_is_not_asked(tmp_path):
    asked = ["record", "fetch", "http://fhir.example/r4", "x", str(tmp_path / "record.json")]
    assert run(asked) == 2
