"""FHIR R4 is read whole or refused with every fault; other releases are told apart."""

import io
import json
import time
from decimal import Decimal

import pytest

from sekisho.errors import CancelledError, DeliveryError, StorageError, TamperedError
from sekisho.formats import fhir, fhir_stream
from sekisho.formats.fhir import FHIR_R4, to_json
from sekisho.formats.fhir_check import is_primitive
from sekisho.ports import Watch
from sekisho.terms import Language
from tests.lib.fhir_records import SAMPLE, bundle, made, read, record, written

ME = {"resourceType": "Patient", "id": "me"}
OBSERVATION = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}


def refused(tmp_path, content, name="record.json"):
    text = content if isinstance(content, bytes) else to_json(content)
    with pytest.raises(DeliveryError) as caught:
        read(tmp_path, text, name)
    return caught.value.faults


def codes(faults):
    return [fault.code.removeprefix("fhir.") for fault in faults]


@pytest.mark.parametrize("name", sorted(p.name for p in SAMPLE.glob("*.json")))
def test_a_shipped_bundle_is_read_and_written_whole(name, tmp_path):
    resources = list(FHIR_R4.read(SAMPLE / name, Watch()))
    assert len(resources) == len(record(name))
    again = read(tmp_path, written(resources))
    assert again == resources
    assert json.loads(written(resources))["type"] == "collection"


def test_decimals_keep_their_digits(tmp_path):
    for said in ("1.50", "0.000", "-2.10", "37.0", "1E+2", "123456789.123456789123456789"):
        value = {"value": Decimal(said)}
        tree = OBSERVATION | {"id": "o", "valueQuantity": value}
        kept = read(tmp_path, bundle([made(tree)]))
        assert f'"value":{Decimal(said)}'.encode() in written(kept)


def test_two_hundred_faults_are_told_at_once(tmp_path):
    trees = [OBSERVATION | {"id": f"o{n}", "status": "maybe"} for n in range(200)]
    faults = refused(tmp_path, bundle([made(tree) for tree in trees]))
    assert codes(faults) == ["not-a-code"] * 200
    assert {fault.fields["path"] for fault in faults} == {
        f"Bundle.entry[{n}].resource.status" for n in range(200)
    }


def test_no_sentence_quotes_a_value_or_a_name_that_is_not_fhirs(tmp_path):
    tree = ME | {"SECRET": "SECRET", "gender": "SECRET", "birthDate": "SECRET", "active": "SECRET"}
    faults = refused(tmp_path, tree | {"managingOrganization": {"reference": "SECRET/1"}})
    assert len(faults) >= 4
    for fault in faults:
        for language in Language:
            assert "SECRET" not in fault.sentence(language)


FAULTY = {
    "unknown-element": {"comment": "x"},
    "unknown-element-near": {"genderr": "male"},
    "not-a-list": {"name": {"family": "A"}},
    "is-a-list": {"gender": ["male"]},
    "bad-value": {"birthDate": "2020-02-30"},
    "not-a-code": {"gender": "M"},
    "empty": {"name": []},
    "not-a-group": {"name": ["A"]},
    "two-choices": {"deceasedBoolean": True, "deceasedDateTime": "2020"},
    "missing": {"communication": [{"preferred": True}]},
    "wrong-target": {"managingOrganization": {"reference": "Patient/me"}},
    "broken-reference": {"managingOrganization": {"reference": "#nowhere"}},
    "rule-any": {"contact": [{"gender": "male"}]},
    "rule-needs": {"telecom": [{"value": "1"}]},
    "unknown-type": {"contained": [{"resourceType": "Wizard"}]},
    "not-a-resource": {"contained": ["x"]},
}


@pytest.mark.parametrize("code", sorted(FAULTY))
def test_each_fault_is_told_by_its_own_name(code, tmp_path):
    assert codes(refused(tmp_path, ME | FAULTY[code])) == [code]


@pytest.mark.parametrize("address", ["somebody's name", "Patient/me", "urn:x:y", "urn:uuid:1"])
def test_an_address_that_is_none_is_refused_for_it_would_leave(address, tmp_path):
    assert codes(refused(tmp_path, bundle([made(ME, address)]))) == ["bad-address"]


def test_references_that_only_the_file_could_answer_must_be_answered(tmp_path):
    tree = OBSERVATION | {"id": "o", "subject": {"reference": "urn:uuid:0-0"}}
    assert codes(refused(tmp_path, bundle([made(tree)]))) == ["broken-reference"]
    tree["subject"] = {"reference": "Patient/elsewhere"}
    assert len(read(tmp_path, bundle([made(tree)]))) == 1


OTHER_RELEASES = {
    "R5": [
        {"resourceType": "Encounter", "actualPeriod": {"start": "2020"}},
        {"resourceType": "Procedure", "occurrenceDateTime": "2020"},
        {"resourceType": "DeviceUsage"},
    ],
    "R4B / R5": [{"resourceType": "NutritionProduct"}],
    "STU3": [
        {"resourceType": "Observation", "context": {"reference": "Encounter/1"}, "comment": "x"},
        {"resourceType": "Condition", "assertedDate": "2020-01-01"},
    ],
    "DSTU2": [
        {"resourceType": "MedicationOrder"},
        {"resourceType": "Condition", "dateRecorded": "2020-01-01"},
    ],
}


@pytest.mark.parametrize("release", sorted(OTHER_RELEASES))
def test_another_release_is_refused_by_its_name(release, tmp_path):
    for tree in OTHER_RELEASES[release]:
        first = refused(tmp_path, bundle([made(tree)]))[0]
        assert (first.code, first.fields) == ("fhir.other-release", {"release": release})


BROKEN = {
    "not-json": [
        b'{"a":' + b"9" * 5_000 + b"}",
        b"",
        b"{",
        b"[]",
        b"{}x",
        b'{"a":1,}',
        b'{"a":NaN}',
        b"null",
        b'{"a" 1}',
        b"\x00",
    ],
    "not-utf8": [b'{"resourceType":"Patient","id":"\xff"}', "{}".encode("utf-16")],
    "name-twice": [b'{"resourceType":"Patient","resourceType":"Patient"}'],
    "too-deep": [b'{"resourceType":"Patient","contained":' + b"[" * 100_000],
    "not-a-bundle": [b'{"resourceType":"List","entry":[{"item":{}}]}'],
    "bad-entry": [b'{"resourceType":"Bundle","type":"collection","entry":[1]}'],
}


@pytest.mark.parametrize("code", sorted(BROKEN))
def test_what_is_no_record_is_refused_with_a_reason(code, tmp_path):
    for content in BROKEN[code]:
        assert codes(refused(tmp_path, content))[-1] == code


def test_what_lies_too_deep_is_refused(tmp_path):
    inner: dict = {"url": "http://example.org/e", "valueInteger": 1}
    for _ in range(150):
        inner = {"url": "http://example.org/e", "extension": [inner]}
    assert codes(refused(tmp_path, ME | {"extension": [inner]})) == ["too-deep"]


def test_half_a_surrogate_pair_is_no_text(tmp_path):
    content = b'{"resourceType":"Patient","name":[{"family":"\\ud800"}]}'
    assert codes(refused(tmp_path, content)) == ["bad-value"]


def test_ndjson_holds_one_resource_a_line(tmp_path):
    content = b"\n".join(to_json(each.tree) for each in record())
    for each in record():
        content = content.replace(each.address.encode(), f"{each.type}/{each.id}".encode())
    kept = read(tmp_path, content, "record.ndjson")
    assert [(each.type, each.id) for each in kept] == [(each.type, each.id) for each in record()]
    faults = refused(tmp_path, b'{"resourceType":"Patient"}\n{"resourceType":"X"}', "r.ndjson")
    assert [fault.fields["path"] for fault in faults] == ["line 2"]


@pytest.mark.parametrize("block", [1, 2, 7, 64])
def test_where_a_block_ends_does_not_matter(block, monkeypatch, tmp_path):
    monkeypatch.setattr(fhir_stream, "BLOCK", block)
    tree = ME | {"name": [{"family": '関所🙂\\"', "given": ["é", "a\u2028b"]}], "active": True}
    tree["multipleBirthInteger"] = 12
    tree["extension"] = [
        {"url": "x", "valueDecimal": Decimal(said)} for said in ("-1.5E+10", "0.0")
    ]
    content = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": []}).encode()
    content = content.replace(b"[]", b"[" + to_json({"resource": tree}) + b" ]")
    assert [each.tree for each in read(tmp_path, content)] == [tree]
    raw = to_json(tree)
    assert [each.tree for each in read(tmp_path, raw)] == [tree]


def test_a_large_file_is_read_again_each_time_and_must_stay_the_same(monkeypatch, tmp_path):
    monkeypatch.setattr(fhir, "HELD_BYTES", 0)
    file = tmp_path / "record.json"
    content = bundle(record())
    file.write_bytes(content)
    resources = FHIR_R4.read(file, Watch())
    assert [each.tree for each in resources] == [each.tree for each in record()]
    assert len(list(resources)) == len(record())
    file.write_bytes(content.replace(b'"female"', b'"male"  '))
    with pytest.raises(TamperedError):
        list(resources)


def test_reading_can_be_stopped_and_tells_how_far_it_is(tmp_path):
    seen = []
    file = tmp_path / "record.json"
    file.write_bytes(bundle(record()))
    FHIR_R4.read(file, Watch(progress=lambda *said: seen.append(said)))
    assert seen[-1] == ("fhir.phase-read", file.stat().st_size, file.stat().st_size)
    with pytest.raises(CancelledError):
        FHIR_R4.read(file, Watch(cancelled=lambda: True))
    with pytest.raises(StorageError):
        FHIR_R4.read(tmp_path / "none.json", Watch())


def test_limits_are_refused_not_met_halfway(monkeypatch, tmp_path):
    monkeypatch.setattr(fhir, "MOST_RESOURCES", 3)
    assert codes(refused(tmp_path, bundle(record())))[-1] == "too-many"
    monkeypatch.setattr(fhir_stream, "LARGEST_VALUE", 10)
    monkeypatch.setattr(fhir_stream, "BLOCK", 16)
    assert codes(refused(tmp_path, bundle(record())))[-1] == "resource-too-large"


def test_an_empty_record_is_a_bundle_without_entries():
    target = io.BytesIO()
    FHIR_R4.write([], target)
    assert json.loads(target.getvalue()) == {"resourceType": "Bundle", "type": "collection"}


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("boolean", [True], ["true", 1]),
        ("integer", [0, -5], [True, Decimal("1.0"), 2**31, "1"]),
        ("positiveInt", [1], [0]),
        ("unsignedInt", [0], [-1]),
        ("decimal", [1, Decimal("1.0")], ["1.0", True]),
        (
            "date",
            ["2020", "2020-02", "2020-02-29"],
            ["2021-02-29", "2020-13", "20200101", "２０２０"],
        ),
        ("dateTime", ["2020-01-01T00:00:00Z"], ["2020-01-01T00:00", "2020-01-01T24:00:00Z"]),
        ("instant", ["2020-01-01T00:00:00.123+09:00"], ["2020-01-01", "2020-01-01T00:00:00"]),
        ("id", ["a-B.1"], ["a_b", "", "x" * 65, "a/b"]),
        ("code", ["a b"], [" a", "a  b", ""]),
        ("uri", ["urn:x", "http://x"], ["a b", ""]),
        ("string", [" a ", "関所"], ["", "  "]),
        ("oid", ["urn:oid:1.2.3"], ["1.2.3"]),
        ("uuid", ["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"], ["c757873d"]),
        (
            "xhtml",
            [
                "<div xmlns='x'>a</div>",
                "<div><table><tr><td class='x'>1 &lt; 2 &#233;</td></tr></table></div>",
            ],
            [
                "<p>a</p>",
                "a",
                "<div><script>x</script></div>",
                "<div><p onclick='x'>a</p></div>",
                "<div><img src='x'/onerror=x></div>",
                "<div><a href='javascript:x'>a</a></div>",
                "<div><a href='&#106;avascript:x'>a</a></div>",
                "<div><img src='https://x'/></div>",
                "<div><!-- a --></div>",
                "<div><iframe src='x'/></div>",
                "<div>< SCRIPT>x</div>",
            ],
        ),
        ("base64Binary", ["AAAA"], ["A"]),
        ("time", ["23:59:59"], ["24:00:00"]),
    ],
)
def test_a_primitive_has_the_form_that_the_specification_gives_it(kind, good, bad):
    assert [is_primitive(kind, each) for each in good] == [True] * len(good)
    assert [is_primitive(kind, each) for each in bad] == [False] * len(bad)


def test_no_name_and_no_value_makes_the_check_slow(tmp_path):
    long = {"n" * 200_000: 1, "photo": [{"data": "AAAA  " * 20_000 + "?"}]}
    names = {f"unknown{number}": number for number in range(3_000)}
    began = time.monotonic()
    faults = refused(tmp_path, ME | long | names)
    assert time.monotonic() - began < 5
    assert len(faults) >= 3_002
