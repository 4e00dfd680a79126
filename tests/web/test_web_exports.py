"""Downloads in every form: the archive, the mark for Excel, parts, negotiation, the catalogue."""

import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import rdflib

from sekisho.formats.csv import CSV
from sekisho.formats.json import JSON
from sekisho.formats.papers import Readme, papers
from sekisho.formats.parquet import PARQUET
from sekisho.formats.sdmx import SdmxStructure
from sekisho.formats.sdmx_data import SdmxCsv, SdmxMl
from sekisho.gate.bundle import check_bundle
from sekisho.model.calendar import Correction, ErrorClass, Notice, NoticeKind
from sekisho.model.release import Became
from sekisho.model.text import Text
from sekisho.terms import Language, ReleaseState
from tests.lib.releases import PLAN, release
from tests.lib.served import ServedNode
from tests.web.conftest import client_of
from tests.web.test_web_routes import RELEASE

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")
PLAIN = (CSV, JSON)


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    node = ServedNode(tmp_path_factory.mktemp("full"))
    node.put(release(), formats=(*PLAIN, PARQUET, SdmxMl(), SdmxCsv(), SdmxStructure(), *papers()))
    return node


@pytest.fixture(scope="module")
def client(full):
    return client_of(full)


@pytest.mark.parametrize(
    ("suffix", "media_type"),
    [
        (".xml", "application/vnd.sdmx.data+xml;version=3.0.0"),
        (".structure.xml", "application/vnd.sdmx.structure+xml;version=3.0.0"),
        (".sdmx.csv", "application/vnd.sdmx.data+csv;version=2.1.0"),
        (".csv-metadata.json", "application/csvm+json"),
        (".excel.csv", "text/csv; charset=utf-8"),
        (".zip", "application/zip"),
    ],
)
def test_every_form_has_its_address_and_says_what_it_is(client, suffix, media_type):
    answer = client.get(f"{RELEASE}{suffix}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    saved = "attachment" in answer.headers.get("content-disposition", "")
    assert saved == (not suffix.endswith(".json"))


def test_the_archive_verifies_itself_and_is_the_same_every_time(full, client, tmp_path):
    first, again = (
        client.get(f"{RELEASE}.zip"),
        client.get(f"{RELEASE}/r1/{full.out[0].release.id}.zip"),
    )
    assert first.content == again.content
    file = tmp_path / "r.zip"
    file.write_bytes(first.content)
    proof = check_bundle(file, (full.signer.verifier,))
    assert proof.verified, proof.faults
    with zipfile.ZipFile(io.BytesIO(first.content)) as archive:
        names = archive.namelist()
    assert {"README.md", "README.ja.md", "CITATION.cff", "LICENCE.txt"} <= set(names)
    assert f"{full.out[0].release.id}/{PLAN}.xml" in names
    assert "STATUS.txt" not in names


@pytest.mark.parametrize("address", [f"{RELEASE}.excel.csv", f"{RELEASE}.csv?bom=1"])
def test_the_mark_for_excel_comes_only_when_asked_for(client, address):
    plain, marked = client.get(f"{RELEASE}.csv"), client.get(address)
    assert marked.content == b"\xef\xbb\xbf" + plain.content
    assert marked.headers["etag"] != plain.headers["etag"]
    assert client.get(f"{RELEASE}.csv?bom=0").content == plain.content


@pytest.mark.parametrize("query", [".csv?bom=yes", ".json?bom=1", "?bom=1", ".csv?bom=1&bom=1"])
def test_a_parameter_that_nothing_follows_from_is_refused(client, query):
    assert client.get(f"{RELEASE}{query}").status_code == 400


@pytest.mark.parametrize("suffix", [".csv", ".excel.csv", ".zip", ".xml"])
def test_head_answers_as_get_without_the_body(client, suffix):
    whole, head = client.get(f"{RELEASE}{suffix}"), client.head(f"{RELEASE}{suffix}")
    assert (head.status_code, head.content) == (200, b"")
    for name in ("etag", "content-type", "content-disposition"):
        assert head.headers.get(name) == whole.headers.get(name)
    known = client.get(
        f"{RELEASE}{suffix}", headers={"If-None-Match": f'"x", {head.headers["etag"]}'}
    )
    assert (known.status_code, known.content) == (304, b"")


def test_a_part_of_a_file_can_be_asked_for(client):
    whole = client.get(f"{RELEASE}.csv")
    part = client.get(f"{RELEASE}.csv", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    old = client.get(f"{RELEASE}.csv", headers={"Range": "bytes=10-19", "If-Range": '"older"'})
    assert (old.status_code, old.content) == (200, whole.content)


@pytest.mark.parametrize(
    ("accept", "place"),
    [
        ("text/csv", f"{RELEASE}.csv"),
        ("application/vnd.sdmx.data+xml;version=3.0.0", f"{RELEASE}.xml"),
        ("application/json, */*;q=0.1", f"{RELEASE}.json"),
        ("text/html;q=0.5, application/zip", f"{RELEASE}.zip"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", f"/en{RELEASE}"),
        ("*/*", f"/en{RELEASE}"),
        ("", f"/en{RELEASE}"),
        ("text/csv;q=0", f"/en{RELEASE}"),
        ("text/csv;q=oops", f"/en{RELEASE}"),
    ],
)
def test_a_program_gets_the_form_that_it_accepts(client, accept, place):
    answer = client.get(RELEASE, headers={"Accept": accept})
    assert (answer.status_code, answer.headers["location"]) == (307, place)
    assert answer.headers["vary"] == "Accept, Accept-Language"


def test_a_program_gets_the_form_of_exactly_one_revision(client):
    answer = client.get(f"{RELEASE}/r1", headers={"Accept": "text/csv"})
    assert answer.headers["location"] == f"{RELEASE}/r1/{PLAN}.csv"
    assert client.get(answer.headers["location"]).status_code == 200
    assert client.get(f"{RELEASE}/r1").headers["location"] == f"/en{RELEASE}/r1"


def test_a_changed_file_is_not_packed(own_node, own_client):
    served = own_node.put(release(), formats=PLAIN)
    file = served.files[f"{PLAN}.csv"]
    file.write_bytes(file.read_bytes() + b"x")
    for suffix in (".zip", ".excel.csv", ".csv"):
        assert own_client.get(f"{RELEASE}{suffix}").status_code == 500


WHY = Text("A region was counted twice", "ある地域を二度数えました")


def test_a_corrected_release_says_so_in_its_archive(own_node, own_client, tmp_path):
    own_node.put(release(), formats=PLAIN)
    newer = replace(release(), revision=2, id="newer", correction=Correction(ErrorClass.DATA, WHY))
    own_node.out[0] = replace(
        own_node.out[0],
        became=Became(corrected_by=newer),
        release=replace(own_node.out[0].release, state=ReleaseState.CORRECTED),
    )
    answer = own_client.get(f"{RELEASE}.zip")
    assert answer.headers["sekisho-status"] == "corrected"
    assert "corrected-r1" in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        told = archive.read("STATUS.txt").decode()
    assert WHY.en in told
    assert WHY.ja in told
    (tmp_path / "r.zip").write_bytes(answer.content)
    assert check_bundle(tmp_path / "r.zip", (own_node.signer.verifier,)).verified


def test_figures_that_were_taken_down_are_in_no_form(own_node, own_client):
    own_node.put(release(), formats=PLAIN)
    gone = Notice(
        NoticeKind.WITHDRAWN,
        release().programme,
        PLAN,
        datetime(2026, 12, 1, tzinfo=UTC),
        WHY,
        release().id,
        ErrorClass.DISCLOSURE,
        taken_down=True,
    )
    own_node.out[0] = replace(
        own_node.out[0],
        became=Became(withdrawal=gone),
        release=replace(own_node.out[0].release, state=ReleaseState.WITHDRAWN),
    )
    for suffix in (".zip", ".excel.csv", ".csv", ".json"):
        assert own_client.get(f"{RELEASE}{suffix}").status_code == 404
    text = own_client.get("/catalogue.ttl").text
    assert "distribution-status/WITHDRAWN" in text
    assert "dcat:downloadURL" not in text


def test_the_catalogue_is_served_in_both_forms_under_the_address_asked(client):
    graphs = []
    for form, kind, read in (
        ("ttl", "text/turtle; charset=utf-8", "turtle"),
        ("jsonld", "application/ld+json", "json-ld"),
    ):
        answer = client.get(f"/catalogue.{form}")
        assert answer.headers["content-type"] == kind
        graphs.append(rdflib.Graph().parse(data=answer.text, format=read))
        tag = {"If-None-Match": answer.headers["etag"]}
        assert client.get(f"/catalogue.{form}", headers=tag).status_code == 304
    assert len(graphs[0]) == len(graphs[1])
    wanted = rdflib.URIRef(f"http://127.0.0.1{RELEASE}/r1/{PLAN}.csv")
    assert (None, rdflib.DCAT.downloadURL, wanted) in graphs[0]
    assert client.get(f"{RELEASE}/r1/{PLAN}.csv").status_code == 200


def test_an_address_for_the_catalogue_leads_to_the_form_asked_for(client):
    for accept, form in (("application/ld+json", "jsonld"), ("text/turtle", "ttl"), ("", "ttl")):
        answer = client.get("/catalogue", headers={"Accept": accept})
        assert answer.headers["location"] == f"/catalogue.{form}"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1/x", "127.0.0.1> a <b"])
def test_a_catalogue_speaks_of_no_host_that_is_not_ours(client, host):
    answer = client.get("/catalogue.ttl", headers={"Host": host})
    assert answer.status_code == 400
    assert "dcat:" not in answer.text


HOSTILE = Text('<script src="//evil.example"></script>\n# [x](//evil.example)', "\\<img src=x>")


@pytest.mark.parametrize("language", list(Language))
def test_titles_and_sources_stay_words_in_the_readme(tmp_path, language):
    """Many programs show Markdown with whatever HTML it holds."""
    table = replace(release().table, title=HOSTILE, measure_title=HOSTILE, unit_of_measure=HOSTILE)
    about = {"sources": [HOSTILE.en], "licences": [HOSTILE.ja], "publisher": {"id": HOSTILE.ja}}
    Readme(language).write(table, tmp_path / "README.md", about)
    text = (tmp_path / "README.md").read_text("utf-8").replace("\\\\", "")
    assert "evil" in text or language is Language.JA
    assert text.count("<") == text.count("\\<") > 0
    assert text.count("[") == text.count("\\[")
    assert "\n# [" not in text
