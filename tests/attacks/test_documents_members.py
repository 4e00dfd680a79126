"""Members against each other in comparison, search and download; what files may not smuggle in."""

import importlib.util
import io
import json
import zipfile

import pytest

from sekisho.errors import DeliveryError, NotFound, NotPermitted, SekishoError, UsageError
from sekisho.lanes.open.compare import Gap
from sekisho.people import ANYBODY
from sekisho.terms import Language
from tests.lib.exchange import (
    JAPAN_JSON,
    JAPAN_MD,
    MEMBERS,
    NAME,
    every_kind,
    exchange_node,
    submit,
)

SECRET = "夜間の医療通信"
FORMULA = '=HYPERLINK("https://attacker.example","x")'
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    node = exchange_node(tmp_path_factory.mktemp("exchange"))
    references = {
        "jpn": submit(node, "jpn", JAPAN_MD.read_bytes()),
        "usa": submit(
            node, "usa", {"b": [{"title": SECRET, "intervention": FORMULA, "note": SCRIPT}]}
        ),
    }
    yield node, references
    node.close()


def as_anybody(node):
    return type(node)(node._house, node._settings, ANYBODY)


def test_members_find_compare_and_download_what_others_submitted(house):
    node, references = house
    member = node.as_("can-officer").documents
    assert [each.submission.participant for each in member.search("医療 通信")] == ["usa"]
    assert [each.submission.participant for each in member.search("telework")] == ["jpn"]
    made = member.compare(NAME, "report", Language.EN)
    answered = {e.id for e in made.entrants if e.submission is not None}
    assert answered == {"jpn", "usa"}
    assert len(made.entrants) == 21
    japan = next(each for each in made.entrants if each.id == "jpn")
    counts = [made.count(section, japan) for section in made.form.sections]
    assert counts == [2, 1, Gap.LEFT_EMPTY, 2, Gap.LEFT_EMPTY]
    with zipfile.ZipFile(io.BytesIO(member.every(NAME, "report", "json", Language.EN).data)) as got:
        papers = {name: json.loads(got.read(name)) for name in got.namelist()}
    assert sorted(papers) == sorted(f"{who}-{ref}.json" for who, ref in references.items())


def test_whoever_is_no_member_finds_nothing_and_sees_only_gaps(house):
    node, references = house
    stranger = as_anybody(node).documents
    for query in ("医療", "通信", "telework", "the", "a"):
        assert stranger.search(query) == []
    for kind in ("docx", "xlsx", "pdf", "json"):
        with pytest.raises(NotFound):
            stranger.submission(references["jpn"], kind, Language.EN)
    with pytest.raises(NotPermitted):
        stranger.compare(NAME, "report", Language.EN)
    with pytest.raises(SekishoError):
        stranger.fill(NAME, "report", JAPAN_MD.read_bytes())


def test_the_group_reads_but_cannot_fill_in_for_an_economy(house):
    node, _ = house
    assert node.documents.search("telework")
    with pytest.raises(NotPermitted):
        node.documents.fill(NAME, "report", JAPAN_JSON.read_bytes())


def test_a_withdrawn_report_is_found_and_compared_no_more(tmp_path):
    node = exchange_node(tmp_path)
    reference = submit(node, "usa", {"a": [{"title": "withdrawn telework"}]})
    assert node.as_("jpn-officer").documents.search("withdrawn")
    node.as_("usa-officer").forms.withdraw(reference)
    for each in ("jpn-officer", "usa-officer", "owner"):
        assert node.as_(each).documents.search("withdrawn") == []
    made = node.as_("jpn-officer").documents.compare(NAME, "report", Language.EN)
    assert all(each.submission is None for each in made.entrants)
    node.close()


def test_an_opened_report_is_found_by_everyone_and_no_other(house, tmp_path):
    node = exchange_node(tmp_path)
    opened = submit(node, "usa", {"a": [{"title": "opened telework"}]})
    submit(node, "can", {"a": [{"title": "closed telework"}]})
    node.as_("usa-officer").forms.open_to_public(opened)
    found = as_anybody(node).documents.search("telework")
    assert [each.submission.reference for each in found] == [opened]
    paper = as_anybody(node).documents.submission(opened, "json", Language.EN)
    assert json.loads(paper.data)["participant"] == "usa"
    node.close()


@pytest.mark.parametrize("kind", ["csv", "docx", "xlsx", "pdf"])
@pytest.mark.parametrize("language", list(Language))
def test_comparisons_carry_hostile_text_as_text(house, kind, language):
    node, _ = house
    paper = node.as_("jpn-officer").documents.comparison(NAME, "report", kind, language)
    assert paper.name == f"policy-exchange-report-comparison.{kind}"
    if kind == "csv":
        lines = paper.data.decode("utf-8-sig").splitlines()
        assert any(f"'{FORMULA}".replace('"', '""') in line for line in lines)
        assert not any(f",{FORMULA}" in line for line in lines)
    elif kind in {"docx", "xlsx"}:
        with zipfile.ZipFile(io.BytesIO(paper.data)) as package:
            whole = b"".join(package.read(name) for name in package.namelist())
        assert b"<script" not in whole
        assert b"<f>" not in whole
        assert b'TargetMode="External"' not in whole
    else:
        assert paper.data.startswith(b"%PDF")
        assert b"/JavaScript" not in paper.data
        assert b"/URI (https://attacker" not in paper.data


def test_a_file_cannot_be_had_by_naming_its_hash_in_an_imported_answer():
    from sekisho.lanes.open.template import Imported
    from sekisho.model.form import Question, QuestionKind, Section
    from sekisho.model.text import Text
    from sekisho.node.documents import without_files

    asked = every_kind()
    proof = Question("proof", QuestionKind.FILE, Text("Proof", "証拠"))
    from dataclasses import replace

    asked = replace(asked, sections=(*asked.sections, Section("z", Text("z", "z"), None, (proof,))))
    stolen = {"name": "x.pdf", "media_type": "application/pdf", "sha256": "0" * 64, "bytes": 1}
    found = without_files(asked, Imported({"proof": stolen, "one_what": "kept"}))
    assert found.given == {"one_what": "kept"}
    assert [each.code for each in found.notes] == ["documents.no-files"]


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b'{"answers": 5}', b"PK\x03\x04", b"%PDF-1.7", b"\x00", b"{" * 50_000],
)
def test_any_other_file_is_refused_in_words_and_nothing_is_saved(house, data):
    node, _ = house
    officer = node.as_("can-officer")
    with pytest.raises(DeliveryError) as raised:
        officer.documents.fill(NAME, "report", data)
    assert raised.value.faults[0].code.startswith("documents.")
    assert officer.forms.draft(NAME, "report").revision == 0


def test_messages_repeat_nothing_of_what_was_brought(house):
    node, _ = house
    secret = "A SECRET SENTENCE"
    brought = json.dumps({"issues": [{"code": "a", "interventions": [{"x": secret}]}]}).encode()
    with pytest.raises(DeliveryError) as raised:
        node.as_("can-officer").documents.fill(NAME, "report", brought)
    for language in Language:
        assert secret not in " ".join(raised.value.sentences(language))


def test_the_timeline_names_its_licence_and_every_measure_has_its_day(house):
    node, _ = house
    documents = node.as_("jpn-officer").documents
    assert documents.timelines(NAME) == ["measures"]
    history = documents.timeline(NAME)
    assert len(history.events) == 2253
    assert "CC BY-SA 4.0" in history.lookup.licence
    assert "doi:10.1038/s41597-020-00609-9" in history.lookup.source
    assert len(history.who) == 12
    assert {e.who for e in documents.events(NAME, "border", who="JPN")} == {"JPN"}
    assert documents.events(NAME, "日本 border") == documents.events(NAME, "japan border")
    assert set(MEMBERS) == {"jpn", "usa", "can"}
    with pytest.raises(NotFound):
        documents.timeline(NAME, "../../store")


@pytest.mark.parametrize(
    ("missing", "kind"), [("docx", "docx"), ("xlsxwriter", "xlsx"), ("typst", "pdf")]
)
def test_a_format_whose_library_is_missing_is_refused_in_words(house, monkeypatch, missing, kind):
    node, references = house
    known = importlib.util.find_spec
    monkeypatch.setattr(
        "sekisho.node.documents.find_spec", lambda name: None if name == missing else known(name)
    )
    with pytest.raises(UsageError) as raised:
        node.as_("can-officer").documents.submission(references["jpn"], kind, Language.EN)
    assert "sekisho[documents]" in str(raised.value)
