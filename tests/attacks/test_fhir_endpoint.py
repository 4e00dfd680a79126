"""A FHIR server gives one patient's record, and leads nowhere else."""

import json

import pytest

from sekisho.errors import DeliveryError, Refused, SekishoError, StorageError, UsageError
from sekisho.formats.fhir import FHIR_R4
from sekisho.formats.fhir_endpoint import Endpoint, fetch
from sekisho.ports import Watch
from tests.lib.fhir_endpoint import Hospital, serving


@pytest.fixture(scope="module")
def server():
    made = Hospital()
    with serving(made):
        yield made


@pytest.fixture
def hospital(server):
    fresh = Hospital(base=server.base)
    vars(server).update(vars(fresh))
    return server


def fetched(hospital, target, patient=None, **limits):
    limits.setdefault("token", hospital.token)
    endpoint = Endpoint(hospital.base, **limits)
    return fetch(endpoint, patient or hospital.subject.id, target, Watch())


def refused(hospital, tmp_path, **how):
    with pytest.raises(SekishoError) as caught:
        fetched(hospital, tmp_path / "record.json", **how)
    assert list(tmp_path.iterdir()) == []
    assert hospital.token not in str(caught.value)
    return caught.value


def test_a_record_is_fetched_page_by_page_and_read_as_any_other(hospital, tmp_path):
    target = tmp_path / "record.json"
    assert fetched(hospital, target) == len(hospital.resources)
    assert len(hospital.asked) == 4
    assert list(FHIR_R4.read(target, Watch())) == hospital.resources
    assert target.stat().st_mode & 0o777 == 0o600


def test_one_page_and_none_are_fetched_too(hospital, tmp_path):
    hospital.page = 1_000
    assert fetched(hospital, tmp_path / "a.json") == len(hospital.resources)
    hospital.body = b'{"resourceType":"Bundle","type":"searchset"}'
    assert fetched(hospital, tmp_path / "b.json") == 0
    assert json.loads((tmp_path / "b.json").read_text())["resourceType"] == "Bundle"


@pytest.mark.parametrize(
    "link",
    [
        "http://127.0.0.1:1/r4/Patient/x/$everything",
        "https://127.0.0.1/r4/Patient/x/$everything",
        "http://elsewhere.example/r4/Patient/x/$everything",
        "http://localhost/r4/Patient/x/$everything",
        "//elsewhere.example/r4/x",
        "/admin",
        "../../../admin",
        "/r4/%2e%2E/admin",
        "/r4/../admin",
        "/r4x/Patient",
        "file:///etc/passwd",
    ],
)
def test_a_next_page_that_lies_elsewhere_is_never_asked_for(link, hospital, tmp_path):
    hospital.next_link = link
    error = refused(hospital, tmp_path)
    assert isinstance(error, Refused)
    assert [f.code for f in error.faults] == ["fhir.endpoint-elsewhere"]
    assert len(hospital.asked) == 1


def test_a_redirection_is_not_followed(hospital, tmp_path):
    hospital.redirect = f"{hospital.base}/Patient/other/$everything"
    assert isinstance(refused(hospital, tmp_path), StorageError)
    assert len(hospital.asked) == 1


def test_pages_that_lead_in_a_circle_or_never_end_are_refused(hospital, tmp_path):
    hospital.next_link = f"{hospital.base}/Patient/{hospital.subject.id}/$everything?_offset=1"
    assert [f.code for f in refused(hospital, tmp_path).faults] == ["fhir.endpoint-pages"]
    hospital.next_link = None
    hospital.page = 1
    error = refused(hospital, tmp_path, most_pages=5)
    assert [f.code for f in error.faults] == ["fhir.endpoint-pages"]


def test_more_than_was_allowed_is_not_taken(hospital, tmp_path):
    error = refused(hospital, tmp_path, most_bytes=10_000)
    assert [f.code for f in error.faults] == ["fhir.endpoint-size"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"resourceType":"Patient"}', b"<html>"])
def test_an_answer_that_is_no_bundle_is_refused(body, hospital, tmp_path):
    hospital.body = body
    assert isinstance(refused(hospital, tmp_path), DeliveryError)


def test_an_entry_without_a_resource_is_refused(hospital, tmp_path):
    hospital.body = b'{"resourceType":"Bundle","type":"searchset","entry":[{"fullUrl":"x"}]}'
    assert [f.code for f in refused(hospital, tmp_path).faults] == ["fhir.bad-entry"]


def test_a_wrong_token_and_another_patient_read_as_the_servers_answer(hospital, tmp_path):
    for how in ({"token": ""}, {"patient": "somebody"}):
        error = refused(hospital, tmp_path, **how)
        assert [f.code for f in error.faults] == ["fhir.endpoint-answer"]


@pytest.mark.parametrize("name", ["", "../Patient/x", "x?_offset=1", "x/y", "x\r\nHost: y", "é"])
def test_an_id_that_is_none_is_not_asked_for(name, tmp_path):
    with pytest.raises(UsageError):
        fetch(Endpoint("http://127.0.0.1:1/r4"), name, tmp_path / "r.json", Watch())


@pytest.mark.parametrize(
    "address",
    [
        "http://fhir.example/r4",
        "http://localhost/r4",
        "http://127.0.0.1.example/r4",
        "http://user@127.0.0.1/r4",
        "https://user:word@fhir.example/r4",
        "ftp://127.0.0.1/",
        "127.0.0.1/r4",
        "https://",
        "https://fhir.example/r4?x=1",
    ],
)
def test_a_server_is_asked_over_https_or_beside_the_node_only(address, tmp_path):
    with pytest.raises(UsageError) as caught:
        fetch(Endpoint(address), "x", tmp_path / "r.json", Watch())
    assert [f.code for f in caught.value.faults] == ["fhir.endpoint-insecure"]


def test_a_server_that_is_not_there_is_told(tmp_path):
    with pytest.raises(StorageError) as caught:
        fetch(Endpoint("http://127.0.0.1:1/r4"), "x", tmp_path / "r.json", Watch())
    assert [f.code for f in caught.value.faults] == ["fhir.endpoint-unreachable"]
    assert "token" not in repr(Endpoint("http://127.0.0.1:1", "token"))
