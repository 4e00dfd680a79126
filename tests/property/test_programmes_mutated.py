"""Whatever a folder holds, it becomes a value or a ProgrammeError, in few words and good time."""

import zipfile

from hypothesis import given
from hypothesis import strategies as st

from sekisho.errors import ProgrammeError
from sekisho.programmes.check import check_programme, checked_programme
from sekisho.programmes.read import read_programme
from sekisho.programmes.toml_places import read_toml
from sekisho.terms import Language
from tests.lib.programme_folder import FILES, check_own_rules, packed

SCRAPS = [
    b"\0", b'"', b"'", b'"""', b"[", b"]", b"[[", b"{", b"}", b"=", b"#", b"\n", b"\r", b"\r\n", b"\t", b"\\", b",", b".", b";",
    b"--", b"/*", b"ROLLUP", b"SELECT *", b"permit", b"@id(", b"1e9999", b"-1", b"nan", b"inf", b"true", b"2020-01-01", b"[]", b"{}",
    b"\xff", b"\xe2\x80\xae", "ö".encode(), "関".encode(), b"levels", b"columns", b"schema", b"sekisho", b"constraints", b"p",
]  # fmt: skip

edits = st.tuples(
    st.sampled_from(sorted(FILES)),
    st.integers(0, 2_000),
    st.integers(0, 40),
    st.one_of(st.sampled_from(SCRAPS), st.binary(max_size=8)),
)


def mutated(changes):
    files = {path: text.encode() for path, text in FILES.items()}
    for path, at, length, scrap in changes:
        data = files[path]
        start = at % (len(data) + 1)
        files[path] = data[:start] + scrap + data[start + length :]
    return packed(files)


def check_all_is_said(error):
    for language in Language:
        assert all(error.sentences(language))


@given(st.lists(edits, min_size=1, max_size=6))
def test_a_mutated_folder_becomes_a_value_or_a_programme_error(changes):
    try:
        programme = read_programme(mutated(changes))
    except ProgrammeError as error:
        check_all_is_said(error)
    else:
        for fault in check_programme(programme, check_own_rules):
            assert fault.sentence(Language.JA)
            assert fault.sentence(Language.EN)


@given(st.lists(edits, min_size=1, max_size=4))
def test_what_is_sound_beside_a_mutated_file_is_checked_without_stumbling(changes):
    try:
        checked_programme(mutated(changes), check_own_rules)
    except ProgrammeError as error:
        check_all_is_said(error)


@given(st.sets(st.sampled_from(sorted(FILES)), min_size=1))
def test_a_folder_with_files_missing_becomes_a_value_or_a_programme_error(gone):
    folder = packed({path: text for path, text in FILES.items() if path not in gone})
    assert isinstance(folder, zipfile.Path)
    try:
        checked_programme(folder, check_own_rules)
    except ProgrammeError as error:
        check_all_is_said(error)


@given(st.text(max_size=200))
def test_any_text_has_values_and_places_or_faults(text):
    read = read_toml("x.toml", text)
    assert read.values or read.faults or not text.strip() or text.lstrip().startswith(("#", "["))
    assert all(fault.place and fault.place.line for fault in read.faults)


@given(st.lists(edits, max_size=0))
def test_without_a_mutation_there_is_no_fault(changes):
    assert checked_programme(mutated(changes), check_own_rules).id
