"""What is accepted quickly, the full check accepts: the quick way opens no way of its own."""

import copy
import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.errors import DeliveryError
from sekisho.formats import fhir, fhir_fast, fhir_quick, fhir_stream
from sekisho.formats import fhir_tables as tables
from sekisho.formats.fhir import FHIR_R4, to_json
from sekisho.formats.fhir_check import Findings, check_resource
from sekisho.formats.fhir_links import settle_inside
from sekisho.model.resource import Resource
from sekisho.ports import Watch
from tests.lib.fhir_records import bundle, record

RECORD = record()
TREES = [each.tree for each in RECORD]
WHOLE = bundle(RECORD[:8])
GOOD = {
    "base64Binary": ["AAAA", "AA==", "AAA A"],
    "boolean": [True, False],
    "canonical": ["http://example.org/p|1"],
    "code": ["a", "a b"],
    "date": ["2020", "2020-02", "2020-02-28", "2020-02-29"],
    "dateTime": ["2020-01-31T10:00:00+09:00", "2020", "1999-12-31"],
    "decimal": [1, 0.5, -2.25],
    "id": ["a-1", "B.2"],
    "instant": ["2020-01-31T10:00:00.123Z"],
    "integer": [0, -7],
    "markdown": ["some *words*"],
    "oid": ["urn:oid:1.2.3"],
    "positiveInt": [1],
    "string": ["words", "関所", " a "],
    "time": ["23:59:59"],
    "unsignedInt": [0],
    "uri": ["http://example.org/x", "urn:oid:1.2"],
    "url": ["http://example.org/x"],
    "uuid": ["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"],
    "xhtml": ["<div xmlns='x'>a</div>"],
}
BAD = [
    *("", " ", "\u3000", "\u0085", "\x1c", "a ", " a", "a  b", "a\nb", "a\u00a0b", "x" * 65),
    *("2021-02-29", "2020-02-30", "0000", "0000-01-01", "2020-13", "2020-1-1", "２０２０"),
    *("2020-01-01T24:00:00Z", "2020-01-01T10:00:00", "2020-01-01T10:00:00+15:00", "20200101"),
    *("A", "AAA=A", "urn:uuid:1", "#", "#nowhere", "Patient/1", "Wizard/1", "Patient/1/_history/2"),
    *("Observation/o", "urn:x:1", "urn:uuid:9", "<div><script/></div>", "<p>a</p>", '"', "\\", "é"),
    *(None, True, 0, 1, -1, 2**31, 1.5, 10**30, [], {}, [None], [[]], [{}], {"": 1}, {"id": "x"}),
    *({"extension": []}, {"url": "x"}, {"reference": "#x"}, {"coding": []}, {"coding": [{}]}),
]


def checked(raw):
    """What the full check says of a resource: its faults, and what only its file could hold."""
    tree = fhir_stream.whole(raw.decode())
    findings = Findings("")
    check_resource(tree, "", findings)
    if isinstance(tree, dict):
        settle_inside(Resource("", "", tree, ""), findings)
    return [each.code for each in findings.all()], set(findings.pointed)


def agrees(raw):
    """Whether a resource was accepted quickly; never without the full check."""
    found = fhir_fast.accepted(raw)
    if found is None:
        return False
    faults, pointed = checked(raw)
    assert faults == []
    assert pointed <= set(found.pointed)
    assert json.loads(raw)["resourceType"] == found.type
    assert fhir_fast.tree_of(raw) == fhir_stream.whole(raw.decode())
    return True


def places(tree, found):
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        found.append((tree, key))
        if isinstance(value, (dict, list)):
            places(value, found)
    return found


def group(rng, shape, deep=0):
    """A group of a shape: what it must have, and some of what it may."""
    made, taken = {}, set()
    for field in tables.fields(shape).values():
        rare = field.shape == "Extension" or deep > 2
        if field.shape == "Resource" or deep > 5 or (field.path in taken and rng.random() < 0.97):
            continue
        if field.required or rng.random() < (0.01 if rare else 0.15):
            one = value(rng, field, deep)
            made[field.name] = [one] if field.many else one
            taken.add(field.path)
    return made


def value(rng, field, deep):
    """A value of an element; nearly always a good one."""
    if field.codes is not None and not field.shape:
        return rng.choice([*sorted(frozenset().union(*field.codes.values())), "wrong"])
    if not field.shape:
        return rng.choice(GOOD[field.type])
    if field.codes is not None:
        pairs = sorted((system, code) for system, codes in field.codes.items() for code in codes)
        system, code = rng.choice([*pairs, ("http://x", "y")])
        return {"coding": [{"system": system, "code": code}]}
    if field.type == "Reference":
        kind = rng.choice(sorted(field.targets or tables.resource_types()))
        said = [f"{kind}/x", f"{kind}/x", "urn:uuid:0", "https://example.org/a/b", "Patient/x"]
        return {"reference": rng.choice(said)}
    return group(rng, field.shape, deep + 1)


@pytest.mark.parametrize("number", range(0, len(TREES), 5))
def test_the_shipped_resources_are_accepted_quickly(number):
    assert agrees(to_json(TREES[number]))


@given(st.randoms(use_true_random=True))
@settings(max_examples=150)
def test_a_resource_of_any_type_is_accepted_quickly_only_without_a_fault(rng):
    kind = rng.choice(sorted(tables.resource_types()))
    tree = {"resourceType": kind, **group(rng, kind)}
    agrees(to_json(tree))
    for _ in range(3):
        holder, key = rng.choice(places(tree, []))
        was, holder[key] = holder[key], rng.choice(BAD)
        agrees(to_json(tree))
        holder[key] = was


def test_most_resources_without_a_fault_are_accepted_quickly():
    rng, fine, quick = Random(1), 0, 0
    for kind in sorted(tables.resource_types()):
        raw = to_json({"resourceType": kind, **group(rng, kind)})
        fine += checked(raw)[0] == []
        quick += agrees(raw)
    assert fine > 30
    assert quick > 0.6 * fine


@given(st.data())
@settings(max_examples=300)
def test_a_shipped_resource_with_anything_anywhere_is_accepted_only_without_a_fault(data):
    tree = copy.deepcopy(data.draw(st.sampled_from(TREES)))
    if data.draw(st.booleans()):
        inner = data.draw(st.sampled_from(TREES))
        tree["contained"] = [copy.deepcopy(inner)]
    holder, key = data.draw(st.sampled_from(places(tree, [])))
    if isinstance(holder, dict) and data.draw(st.booleans()):
        name = data.draw(st.sampled_from([key, f"_{key}", key.upper(), "extension", "value", "id"]))
        holder[name] = data.draw(st.sampled_from(BAD))
    else:
        holder[key] = data.draw(st.sampled_from(BAD))
    agrees(to_json(tree))


TWICE = [
    (b'"status":"final"', b'"status":"final","status":"final"'),
    (b'"status":"final"', b'"status":"maybe","status":"final"'),
    (b'"status":"final"', b'"st\\u0061tus":"maybe","status":"final"'),
    (b'"text":"x"', b'"text":"\\u0022\\u0022\\u0022\\u0022","text":"\\u0022\\u0022\\u0022\\u0022"'),
    (b'"text":"x"', b'"text":"","text":"\\"\\"\\"\\""'),
    (b'"code":{', b'"code":{},"code":{'),
    (b'{"resourceType"', b'{"id":"a","id":"a","resourceType"'),
    (b'{"resourceType"', b'{"resourceType":"Patient","resourceType"'),
    (b'"contained":[', b'"contained":[],"contained":['),
    (b'"active":true', b'"active":false,"active":true'),
]


@pytest.mark.parametrize("number", range(len(TWICE)))
def test_a_name_that_stands_twice_is_never_accepted_quickly(number):
    held = {"resourceType": "Patient", "id": "p", "active": True}
    tree = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    whole = to_json(tree | {"contained": [held], "subject": {"reference": "#p"}})
    assert agrees(whole)
    old, new = TWICE[number]
    assert fhir_fast.accepted(whole.replace(old, new, 1)) is None


BESIDE = [
    '"resource":{"resourceType":"Patient","id":"b"},',
    '"resource":"no resource",',
    '"r\\u0065source":{},',
    '"fullUrl":"urn:oid:1.2","fullUrl":"urn:oid:1.3",',
    '"fullUrl":"\\u0022\\u0022\\u0022\\u0022","fullUrl":"urn:oid:1.3",',
    '"search":{"mode":"match"},"search":{"\\u0022":"\\u0022\\u0022\\u0022\\u0022\\u0022\\u0022\\u0022"},',
]


@pytest.mark.parametrize("number", range(len(BESIDE)))
def test_a_name_that_stands_twice_in_an_entry_is_refused(number, tmp_path):
    """Two resources in one entry: one would be judged, and another program read the other."""
    entry = f'{{{BESIDE[number]}"resource":{{"resourceType":"Patient","id":"a"}}}}'
    file = tmp_path / "twice.json"
    file.write_text(f'{{"resourceType":"Bundle","type":"collection","entry":[{entry}]}}', "utf-8")
    assert fhir._quickly(file, Watch()) is None
    with pytest.raises(DeliveryError) as refused:
        FHIR_R4.read(file, Watch())
    assert [each.code for each in refused.value.faults] == ["fhir.name-twice-in"]


def _both(path):
    """What a file holds by the quick way, and by the full check."""
    quick = fhir._quickly(path, Watch())
    if quick is None:
        return
    full = fhir._check(path, Watch()).held
    assert [(e.type, e.id, e.address, dict(e.tree)) for e in quick] == [
        (e.type, e.id, e.address, dict(e.tree)) for e in full
    ]


@given(st.integers(0, len(WHOLE) - 1), st.binary(max_size=6), st.integers(0, 40))
@settings(max_examples=150)
def test_a_file_changed_anywhere_is_read_quickly_only_as_the_full_check_reads_it(at, new, cut):
    path = Path(_FOLDER[0]) / "record.json"
    path.write_bytes(WHOLE[:at] + new + WHOLE[at + cut :])
    _both(path)


ENTRY = b'{"resource":{"resourceType":"Patient","id":"%d"}}'
ODD = [
    b'{"resourceType":"Bundle","type":"collection","entry":[%s,%s]}',
    b'{"entry":[%s,%s],"type":"collection","resourceType":"Bundle"}',
    b'{"entry":[%s,%s],"entry":[],"type":"collection","resourceType":"Bundle"}',
    b'{"entry":[],"type":"collection","entry":[%s,%s],"resourceType":"Bundle"}',
    b'{"type":"x","entry":[%s,%s],"type":"collection","resourceType":"Bundle"}',
    b'{"resourceType":"Bundle","type":"collection","entry":[%s,%s,]}',
    b'{"resourceType":"Bundle","type":"collection","entry":[,%s,%s]}',
    b'{"resourceType":"Bundle","type":"collection","entry":[%s %s]}',
    b'{"resourceType":"Bundle","type":"collection","entry":[%s,%s]}]}',
    b'{"resourceType":"Bundle","type":"collection","entry":[%s,%s]',
    b'{"resourceType":"Bundle","type":"collection","entry":[[%s],%s]}',
    b'{"resourceType":"Bundle","type":"collection","x":{"entry":[%s,%s]}}',
    b'{"resourceType":"List","type":"collection","entry":[%s,%s]}',
    b'[{"resourceType":"Bundle","type":"collection","entry":[%s,%s]}]',
    b'\xef\xbb\xbf{"resourceType":"Bundle","type":"collection","entry":[%s,%s]}',
    b' {"resourceType" : "Bundle",\n"type":"collection","entry" : [ %s ,\n %s ] }\n ',
    b'{"resourceType":"Bundle","type":"collection","entry":[%s,%s],"link":[{"relation":"a","url":"x"}]}',
    b'{"resourceType":"Bundle","type":"collection","id":"\\"entry\\":[","entry":[%s,%s]}',
]


@pytest.mark.parametrize("form", ODD)
@pytest.mark.parametrize("block", [1, 40, 1 << 20])
def test_however_a_bundle_is_laid_out_both_ways_read_the_same(form, block, tmp_path, monkeypatch):
    monkeypatch.setattr(fhir_fast, "BLOCK", block)
    path = tmp_path / "record.json"
    path.write_bytes(form % (ENTRY % 1, ENTRY % 2))
    try:
        full = len(fhir._check(path, Watch()).held)
    except Exception:
        assert fhir._quickly(path, Watch()) is None
    else:
        assert full == 2
        _both(path)


def test_a_whole_shipped_record_goes_the_quick_way(tmp_path, monkeypatch):
    monkeypatch.setattr(fhir_quick, "_checked", None)
    path = tmp_path / "record.json"
    path.write_bytes(bundle(RECORD))
    quick = FHIR_R4.read(path, Watch())
    assert [dict(each.tree) for each in quick] == TREES


_FOLDER: list[str] = []


@pytest.fixture(autouse=True, scope="module")
def _folder(tmp_path_factory):
    _FOLDER.append(str(tmp_path_factory.mktemp("fast")))
