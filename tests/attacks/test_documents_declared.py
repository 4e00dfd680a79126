"""Faults of `[layout]` and `[timeline]` are found where they stand, before anybody fills in a form."""

import shutil
from pathlib import Path

import pytest

from sekisho.programmes.check import check_programme
from sekisho.programmes.read import read_folder
from sekisho.rules.check import check_rules
from tests.lib.exchange import FOLDER


def faults_of(folder: Path, file: str, old: str, new: str, count: int = 1) -> set[str]:
    target = folder / "changed"
    shutil.copytree(FOLDER, target)
    text = (target / file).read_text("utf-8")
    assert old in text
    (target / file).write_text(text.replace(old, new, count), encoding="utf-8")
    reading = read_folder(target)
    found = list(reading.faults)
    if not found:
        found = list(check_programme(reading.programme, check_rules))
    assert all(each.place is None or each.place.line for each in found)
    return {each.code for each in found}


FORM, MEASURES = "forms/report.toml", "lookups/measures.toml"


@pytest.mark.parametrize(
    ("file", "old", "new", "code"),
    [
        (FORM, 'note = "note"', 'note = "notes"', "documents.layout-column"),
        (FORM, 'note = "note"', 'note = "zzz"', "documents.layout-column-known"),
        (FORM, 'note = "note"', 'note = "title"', "documents.layout-twice"),
        (FORM, 'status = "status"', 'status = "note"', "documents.layout-kind"),
        (FORM, 'reference = "reference"\n', "", "documents.layout-left-out"),
        (FORM, "[layout]\n", '[layout]\ncolour = "red"\n', "programme.unknown-key-known"),
        (MEASURES, 'who = "economy"', 'who = "economie"', "programme.unknown-column"),
        (MEASURES, 'date = "date"', 'date = "topic"', "documents.timeline-date"),
        (MEASURES, 'names = "economies"', 'names = "nobody"', "programme.unknown-lookup-known"),
        (MEASURES, 'ja = "name_ja"', 'ja = "zzz"', "programme.unknown-column-known"),
        (MEASURES, '"region", "status"]', '"region", "state"]', "programme.unknown-column"),
        (MEASURES, 'address = "address"', 'address = "nowhere"', "programme.unknown-column-known"),
    ],
)
def test_a_fault_is_named(tmp_path, file, old, new, code):
    assert code in faults_of(tmp_path, file, old, new)


def test_a_layout_needs_one_table_a_section(tmp_path):
    extra = (
        '\n[[sections.questions]]\nid = "extra"\nkind = "text"\ntitle = { en = "x", ja = "x" }\n'
    )
    file = FOLDER / FORM
    changed = tmp_path / "changed"
    shutil.copytree(FOLDER, changed)
    (changed / FORM).write_text(file.read_text("utf-8") + extra, encoding="utf-8")
    assert {each.code for each in read_folder(changed).faults} == {"documents.layout-one-table"}
