"""The catalogue: rdflib reads one graph from both files, SHACL shapes of DCAT-AP judge it."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyshacl
import pytest
import rdflib
from rdflib.compare import isomorphic

from sekisho.errors import UsageError
from sekisho.formats.csv import CSV, CsvFormat
from sekisho.formats.dcat import Catalogue, Catalogued, graph_of
from sekisho.formats.json import JSON
from sekisho.formats.parquet import PARQUET
from sekisho.formats.sdmx_data import SdmxMl
from sekisho.formats.triples import Graph, Iri, Literal, Thing, as_json_ld, as_turtle
from sekisho.model.calendar import Correction, ErrorClass, Notice, NoticeKind
from sekisho.model.release import Became
from sekisho.model.text import Text
from sekisho.node.catalogue import catalogue_of, catalogue_text
from sekisho.terms import Language, ReleaseState
from tests.lib.releases import PLAN, release
from tests.lib.served import OFFICE, ServedNode, programme

FORMATS = (CSV, CsvFormat(bom=True, language=Language.JA), JSON, PARQUET, SdmxMl())
OWN = Path(__file__).parents[1] / "lib" / "catalogue_shapes.ttl"
OFFICIAL = "SEKISHO_DCAT_AP_SHAPES"
BASE = "https://data.example"
# rdflib's own parser of JSON-LD makes a graph of a kind that rdflib warns of.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")
DCAT = rdflib.Namespace("http://www.w3.org/ns/dcat#")
DCT = rdflib.Namespace("http://purl.org/dc/terms/")
SPDX = rdflib.Namespace("http://spdx.org/rdf/terms#")
ADMS = rdflib.Namespace("http://www.w3.org/ns/adms#")


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    node = ServedNode(tmp_path_factory.mktemp("catalogue"))
    node.put(release(), formats=FORMATS)
    return node


@pytest.fixture(scope="module")
def catalogue(node):
    return parsed("".join(catalogue_text(node, BASE, "ttl")))


def parsed(text, form="turtle"):
    return rdflib.Graph().parse(data=text, format=form)


def judged(graph, shapes):
    passed, _, told = pyshacl.validate(graph, shacl_graph=rdflib.Graph().parse(shapes))
    return passed, told


def test_both_files_say_the_same(node, catalogue):
    other = parsed("".join(catalogue_text(node, BASE, "jsonld")), "json-ld")
    assert len(catalogue) > 150
    assert isomorphic(catalogue, other)


def test_the_catalogue_keeps_to_dcat_ap(catalogue):
    passed, told = judged(catalogue, OWN)
    assert passed, told


def test_the_catalogue_keeps_to_the_shapes_that_semic_publishes(catalogue):
    place = os.environ.get(OFFICIAL)
    if not place:
        pytest.skip(f"{OFFICIAL} names no file of SEMIC's SHACL shapes (CC BY 4.0, not shipped)")
    passed, told = judged(catalogue, Path(place))
    assert passed, told


@pytest.mark.parametrize(
    "lost",
    [
        (None, DCT.publisher, None),
        (None, DCAT.accessURL, None),
        (None, rdflib.SKOS.prefLabel, None),
        (None, rdflib.RDF.type, DCT.MediaType),
    ],
)
def test_the_judge_misses_what_is_mandatory(catalogue, lost):
    less = rdflib.Graph()
    for triple in catalogue:
        less.add(triple)
    less.remove(lost)
    assert len(less) < len(catalogue)
    assert not judged(less, OWN)[0]


def test_each_file_is_a_distribution_with_its_checksum(node, catalogue):
    released = node.out[0].release
    digests = {
        str(catalogue.value(each, DCAT.downloadURL)).rsplit("/", 1)[-1]: str(
            catalogue.value(catalogue.value(each, SPDX.checksum), SPDX.checksumValue)
        )
        for each in catalogue.subjects(rdflib.RDF.type, DCAT.Distribution)
    }
    archive = f"{released.id}.zip"
    assert digests.pop(archive) == "None"
    listed = {f"{PLAN}{each}" for each in (".csv", ".ja.csv", ".json", ".parquet", ".xml")}
    assert digests == {name: released.files[name] for name in listed}


def test_titles_stand_in_both_languages_and_the_years_are_told(catalogue):
    (dataset,) = catalogue.subjects(rdflib.RDF.type, DCAT.Dataset)
    assert {each.language for each in catalogue.objects(dataset, DCT.title)} == {"en", "ja"}
    period = catalogue.value(dataset, DCT.temporal)
    assert str(catalogue.value(period, DCAT.startDate)) == "2006"


def test_what_is_not_for_everyone_is_not_in_the_catalogue(tmp_path):
    node = ServedNode(tmp_path, shelf=[programme(recipients=("ministry",))])
    node.put(release(), formats=())
    assert catalogue_of(node, BASE).entries == ()
    passed, told = judged(parsed("".join(catalogue_text(node, BASE, "ttl"))), OWN)
    assert passed, told


def entry(state=ReleaseState.OPEN, became=None, **changed):
    made = replace(release(), state=state, **changed)
    return Catalogued(programme(), OFFICE, made, became or Became(), {})


def test_a_correction_and_a_withdrawal_are_told_with_their_reason():
    why = Text("A region was counted twice", "ある地域を二度数えました")
    later = entry(
        revision=2,
        id="later",
        corrects=release().id,
        correction=Correction(ErrorClass.DATA, why),
    )
    gone = Notice(
        kind=NoticeKind.WITHDRAWN,
        programme=release().programme,
        plan=PLAN,
        at=datetime(2026, 12, 1, tzinfo=UTC),
        reason=why,
        error=ErrorClass.DATA,
        release="gone",
        taken_down=True,
    )
    entries = (
        entry(ReleaseState.CORRECTED, Became(corrected_by=later.release)),
        later,
        entry(ReleaseState.WITHDRAWN, Became(withdrawal=gone), revision=3, id="gone"),
    )
    graph = parsed("".join(as_turtle(graph_of(Catalogue(BASE, "log.example", OFFICE, entries)))))
    assert judged(graph, OWN)[0]
    place = f"{BASE}/releases/{release().programme}/{PLAN}/r"
    first, second, third = (rdflib.URIRef(f"{place}{number}") for number in (1, 2, 3))
    assert (first, DCT.isReplacedBy, second) in graph
    assert (second, DCT.replaces, first) in graph
    assert str(graph.value(third, ADMS.status)).endswith("/WITHDRAWN")
    assert why.ja in {str(each) for each in graph.objects(third, ADMS.versionNotes)}


@pytest.mark.parametrize("base", ["", "data.example", "javascript:x", "https://a b", "https://a>"])
def test_an_address_that_is_none_is_refused(node, base):
    with pytest.raises(UsageError, match="https://"):
        catalogue_of(node, base)


def test_no_word_of_a_title_can_leave_its_quotation_marks():
    text = 'a"b\\c\n@prefix x: <y> . \t\r"^^<z>'
    thing = Thing(Iri('http://x.example/a<b>"c'), (), (("dct:title", Literal(text, "en")),))
    graph = Graph({"dct": str(DCT)}, (thing,))
    for form, written in (("turtle", as_turtle(graph)), ("json-ld", as_json_ld(graph))):
        assert [str(each) for each in parsed("".join(written), form).objects()] == [text]
