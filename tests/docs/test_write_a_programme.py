"""The page on writing a programme holds files that work and faults that are really reported."""

import re
from pathlib import Path

import pytest

from sekisho.errors import ProgrammeError
from sekisho.formats.fhir_columns import fits
from sekisho.programmes.check import checked_programme
from sekisho.programmes.pages import folder_page
from sekisho.programmes.vocabulary import FILES as VOCABULARY
from sekisho.rules.decide import decide
from sekisho.rules.packs import Packs
from sekisho.rules.vocabulary import Vocabulary
from tests.lib.programme_folder import check_own_rules, packed

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "how-to" / "write-a-programme.md").read_text("utf-8")
SHOWN = dict(re.findall(r"^`([\w./-]+)`:\n\n```\w+\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))
SECOND = "next-doctor/"
FILES = {file: text for file, text in SHOWN.items() if not file.startswith(SECOND)}
RECORDS = {
    file.removeprefix(SECOND): text for file, text in SHOWN.items() if file.startswith(SECOND)
}
SPOILT = re.findall(
    r"^In `([\w./-]+)`, write `(.*?)` as `(.*?)`:\n\n```text\n(.*?)\n```$",
    PAGE,
    re.DOTALL | re.MULTILINE,
)


def fitting(_format, take, path):
    return fits(take, path)


def decided(facts, rules, day):
    return decide(facts, rules, Packs({}, Vocabulary({}), "", ""), day)


def test_the_page_shows_a_whole_folder_without_a_fault():
    programme = checked_programme(packed(FILES), check_own_rules, decided)
    assert len(programme.cases) == 1
    assert programme.id == "shop-sales"
    assert len(FILES) == 10
    assert [plan.id for plan in programme.release_plans] == ["sales-by-region"]
    assert ("region", "e") not in {
        (column, value) for column, value, _ in programme.plan("sales-by-region").labels
    }
    assert programme.dataset("sales").sample in FILES


def test_the_page_shows_a_whole_folder_of_records_without_a_fault():
    programme = checked_programme(packed(RECORDS), check_own_rules, fits=fitting)
    flow = programme.record_flow("history")
    assert (flow.recipients, flow.age_of_consent) == (("second-clinic",), 16)
    assert [each.id for each in flow.categories] == ["person", "pulse"]
    assert len(flow.notices) == 4
    assert programme.dataset("illnesses").histories.resource == "Condition"


@pytest.mark.parametrize(("file", "old", "new", "said"), SPOILT, ids=[each[2] for each in SPOILT])
def test_a_fault_is_reported_as_the_page_says(file, old, new, said):
    folder = RECORDS if file.startswith(SECOND) else FILES
    file = file.removeprefix(SECOND)
    assert folder[file].count(old) == 1
    spoilt = packed(folder | {file: folder[file].replace(old, new)})
    with pytest.raises(ProgrammeError) as raised:
        checked_programme(spoilt, check_own_rules, fits=fitting)
    assert raised.value.sentences() == said.split("\n")


def test_the_page_spoils_several_files():
    assert len(SPOILT) >= 4


def test_the_reference_page_is_what_the_vocabulary_says():
    assert (DOCS / "reference" / "programme-folder.md").read_text("utf-8") == folder_page()


def keys_of(keys):
    for key in keys:
        yield key
        yield from keys_of(key.keys)


def test_the_reference_page_names_every_key_with_its_meaning_and_every_choice():
    page = folder_page()
    for file, keys in VOCABULARY.items():
        assert f"## `{file}`" in page
        for key in keys_of(keys):
            assert re.search(
                rf"^\| `{key.name}` \|.*\| {re.escape(key.means)} \|$", page, re.MULTILINE
            ), key.name
            assert all(f"`{choice}`" in page for choice in key.choices)
