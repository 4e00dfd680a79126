"""Folders that somebody made to harm: nothing outside is read, nothing runs away, all is said."""

import io
import os
import time
import zipfile

import pytest

from sekisho.errors import ProgrammeError
from sekisho.programmes import folder as folder_room
from sekisho.programmes.cases import read_json
from sekisho.programmes.check import checked_programme
from sekisho.programmes.patterns import is_plain_pattern
from sekisho.programmes.read import read_programme
from sekisho.programmes.toml_places import read_toml
from tests.lib.programme_folder import BY_REGION, DATASET, FILES, PROGRAMME, packed, spoilt, write


def no_rule_faults(_rules):
    return []


def codes_of(folder):
    with pytest.raises(ProgrammeError) as raised:
        read_programme(folder)
    assert raised.value.sentences()
    return {fault.code.removeprefix("programme.") for fault in raised.value.faults}


def test_a_link_to_a_file_outside_is_not_followed(tmp_path):
    secret = tmp_path / "secret.toml"
    secret.write_text(DATASET, encoding="utf-8")
    folder = write(tmp_path / "p", FILES)
    (folder / "datasets" / "sales.toml").unlink()
    (folder / "datasets" / "sales.toml").symlink_to(secret)
    assert codes_of(folder) == {"link"}


def test_a_link_to_a_folder_outside_is_not_followed(tmp_path):
    outside = write(tmp_path / "outside", {"x.parquet": b"x"})
    folder = write(tmp_path / "p", FILES)
    (folder / "sample" / "more").symlink_to(outside, target_is_directory=True)
    assert codes_of(folder) == {"link"}


def test_a_link_inside_the_folder_is_not_followed_either(tmp_path):
    folder = write(tmp_path / "p", FILES)
    (folder / "sample" / "again.csv").symlink_to(folder / "sample" / "sales.csv")
    assert codes_of(folder) == {"link"}


def test_a_link_that_leads_nowhere_or_to_itself_is_refused(tmp_path):
    folder = write(tmp_path / "p", FILES)
    (folder / "sample" / "loop.csv").symlink_to(folder / "sample" / "loop.csv")
    assert codes_of(folder) == {"link"}


def test_a_file_that_becomes_a_link_after_it_was_looked_at_is_not_followed(tmp_path):
    target = tmp_path / "target.toml"
    target.write_text("schema = 1", encoding="utf-8")
    link = tmp_path / "link.toml"
    link.symlink_to(target)
    taken = folder_room.Folder()
    folder_room._take_file("programme.toml", link, taken)
    assert [f.code for f in taken.faults] == ["programme.link"]
    assert taken.texts == {}


def test_a_pipe_does_not_hang_the_reader(tmp_path):
    folder = write(tmp_path / "p", FILES)
    os.mkfifo(folder / "sample" / "pipe.csv")
    assert codes_of(folder) == {"not-a-file"}


@pytest.mark.parametrize(
    "where", ["../../../../etc/passwd", "/etc/passwd", "sample/../../x.csv", "sample\\x.csv"]
)
def test_a_path_that_leaves_the_folder_names_no_sample(where):
    declared = DATASET.replace('"sample/sales.csv"', f"'{where}'")
    with pytest.raises(ProgrammeError) as raised:
        checked_programme(packed(FILES | {"datasets/sales.toml": declared}), no_rule_faults)
    assert {f.code.removesuffix("-known") for f in raised.value.faults} == {
        "programme.unknown-sample"
    }


@pytest.mark.parametrize("where", ["../sales", "a/b", "..", "sales.toml/..", "a\\b", "C:", ""])
def test_a_path_is_no_id(where):
    assert "bad-id" in codes_of(
        packed(FILES | {"datasets/sales.toml": DATASET.replace('id = "sales"', f"id = '{where}'")})
    )


@pytest.mark.parametrize("name", ["../escape.toml", "datasets/../../escape.toml"])
def test_a_packed_path_that_climbs_out_is_refused(name):
    with pytest.raises(ProgrammeError):
        read_programme(packed(FILES | {name: "schema = 1"}))


@pytest.mark.parametrize(
    "name",
    [
        "sаles",
        "saﬂes",
        "sales\u200b",
        "ｓales",
        "SALES",
        "sales ",
        "-sales",
        "sales-",
        "sa--les",
        "1sales",
    ],
)
def test_an_id_that_only_looks_like_another_is_refused_and_shown_plainly(name):
    declared = DATASET.replace('id = "sales"', f'id = "{name}"')
    with pytest.raises(ProgrammeError) as raised:
        read_programme(packed(FILES | {"datasets/sales.toml": declared}))
    codes = {f.code for f in raised.value.faults}
    assert codes <= {"programme.bad-id", "programme.control-character"}
    said = str(raised.value)
    assert said.isascii()


@pytest.mark.parametrize(
    "name", ["sаles.toml", "a b.toml", "sales\n.toml", "\x1b[31m.toml", ".hidden.toml", "-rf.toml"]
)
def test_a_file_name_that_deceives_is_refused_and_not_echoed(tmp_path, name):
    folder = write(tmp_path, FILES | {f"datasets/{name}": DATASET})
    with pytest.raises(ProgrammeError) as raised:
        read_programme(folder)
    assert {f.code for f in raised.value.faults} == {"programme.bad-file-name"}
    assert "\x1b" not in str(raised.value)
    assert str(raised.value).isascii()


def test_a_file_name_that_is_not_utf8_is_refused(tmp_path):
    folder = write(tmp_path, FILES)
    (folder / "sample" / os.fsdecode(b"\xff\xfe.csv")).write_bytes(b"x")
    assert codes_of(folder) == {"bad-file-name"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xef\xbb\xbf" + PROGRAMME.encode(), "byte-order-mark"),
        (PROGRAMME.encode("utf-16"), "byte-order-mark"),
        (PROGRAMME.encode("shift_jis"), "not-utf8"),
        (PROGRAMME.replace("office", "off\0ice").encode(), "control-character"),
        (PROGRAMME.replace("office", "off\u202eice").encode(), "control-character"),
        (PROGRAMME.replace("office", "off\u200bice").encode(), "control-character"),
        (PROGRAMME.replace("office", "off\x1b[2Jice").encode(), "control-character"),
        (PROGRAMME.replace("office", "off\x9b2Jice").encode(), "control-character"),
        (PROGRAMME.replace("office", "off\u2028ice").encode(), "control-character"),
        (PROGRAMME.replace("office", "off\u00adice").encode(), "control-character"),
        (PROGRAMME.replace("office", "off\U000e0061ice").encode(), "control-character"),
    ],
)
def test_text_that_is_not_plain_utf8_is_refused(content, code):
    assert codes_of(packed(FILES | {"programme.toml": content})) == {code}


@pytest.mark.parametrize("name", ["shоp-R1", "shop R1", "shop-R1`", "1", "x" * 101])
def test_a_rule_id_that_could_be_taken_for_another_is_refused(name):
    files = spoilt("rules/release.cedar", "shop-R1", name)
    with pytest.raises(ProgrammeError) as raised:
        checked_programme(packed(files), no_rule_faults)
    assert [f.code for f in raised.value.faults] == ["programme.bad-rule-id"]
    assert str(raised.value).isascii()


def test_the_place_of_a_control_character_is_told():
    with pytest.raises(ProgrammeError) as raised:
        read_programme(packed(FILES | {"rules/release.cedar": "permit\n  \u202e(x);"}))
    assert "rules/release.cedar:2:3" in str(raised.value)
    assert "U+202E" in str(raised.value)


@pytest.mark.parametrize(
    "escape", ["\\u001b", "\\u202e", "\\u200b", "\\U000e0061", "\\u0000", "\\r"]
)
def test_a_control_character_spelt_as_an_escape_is_refused_with_its_place(escape):
    files = FILES | {"programme.toml": PROGRAMME.replace("office", f"off{escape}ice")}
    with pytest.raises(ProgrammeError) as raised:
        read_programme(packed(files))
    (found,) = [f for f in raised.value.faults if f.code == "programme.control-character"]
    assert found.place.file == "programme.toml"
    assert found.place.line > 1
    assert str(raised.value).isascii()


def test_every_text_with_a_hidden_character_is_told_at_once():
    said = read_toml(
        "a.toml",
        'a = "x\\u202e"\n[b]\nc = ["ok", "\\u0007"]\n"\\u200b" = 1\nd = """\none\ntwo"""\n',
    )
    assert [(f.code, f.place.line) for f in sorted(said.faults, key=lambda f: f.place.line)] == [
        ("programme.control-character", 1),
        ("programme.control-character", 2),
        ("programme.control-character", 3),
    ]


def test_a_case_with_a_hidden_character_is_refused():
    (found,) = read_json("cases/a.json", '{"a": {"b": ["\\u202e"]}}').faults
    assert found.code == "programme.control-character"


def test_a_file_that_unfolds_without_end_is_read_no_further_than_its_limit():
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in FILES.items():
            archive.writestr(path, text)
        with archive.open("datasets/huge.toml", "w") as huge:
            for _ in range(300):
                huge.write(b"#" * 1_000_000)
    started = time.process_time()
    assert codes_of(zipfile.Path(zipfile.ZipFile(stored), "")) == {"file-too-large"}
    assert time.process_time() - started < 5


def test_a_sparse_file_of_a_terabyte_is_refused_unread(tmp_path):
    folder = write(tmp_path, FILES)
    with (folder / "sample" / "big.parquet").open("wb") as big:
        big.truncate(1 << 40)
    started = time.process_time()
    assert codes_of(folder) == {"file-too-large"}
    assert time.process_time() - started < 5


def test_more_files_than_a_programme_needs_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(folder_room, "MOST_FILES", 20)
    folder = write(tmp_path, FILES | {f"cases/c{n}.json": "{}" for n in range(20)})
    assert "folder-too-large" in codes_of(folder)


def test_folders_inside_folders_without_end_are_refused(tmp_path):
    deep = "sample/" + "d/" * 60 + "x.csv"
    assert codes_of(write(tmp_path, FILES | {deep: "x"})) == {"no-folder-here"}


@pytest.mark.parametrize(
    "value",
    [
        "[" * 50_000,
        "[" * 2_000 + "]" * 2_000,
        "{a=" * 2_000 + "1" + "}" * 2_000,
        "9" * 100_000,
        '"""' + "x" * 100,
        "1e999999999",
        "\\" * 1000,
        "0x" + "f" * 9000,
    ],
)
def test_a_value_that_overstrains_the_reader_is_a_fault(value):
    assert codes_of(packed(FILES | {"programme.toml": PROGRAMME + f"more = {value}\n"}))


@pytest.mark.parametrize(
    "text",
    [
        "a." * 60_000 + "b = 1",
        "a . " * 30_000 + "b = 1",
        "[" + "a." * 60_000 + "b]",
        "[[" + "a." * 60_000 + "b]]",
        "x = { " + "a." * 60_000 + "b = 1 }",
        "recipients = [" + ", ".join(f'"r{n}"' for n in range(25_000)) + "]",
        "\n".join("[[x]]" for _ in range(40_000)),
        "\n".join(f"k{n} = {{ a = 1 }}" for n in range(12_000)),
    ],
    ids=["dotted", "spaced", "header", "array", "inline", "list", "tables", "keys"],
)
def test_a_small_file_that_would_take_much_memory_or_time_is_refused_in_little(text):
    started = time.process_time()
    codes = codes_of(packed(FILES | {"programme.toml": text + "\n"}))
    assert codes
    assert time.process_time() - started < 20


def test_ten_thousand_broken_lines_are_refused_in_a_few_words():
    broken = "".join(f"k{n} = \n" for n in range(10_000))
    started = time.process_time()
    with pytest.raises(ProgrammeError) as raised:
        read_programme(packed(FILES | {"programme.toml": broken}))
    assert len(raised.value.faults) < 60
    assert time.process_time() - started < 20


def test_ten_thousand_unknown_keys_are_refused_in_good_time():
    broken = "".join(f"purpos{n} = 1\n" for n in range(10_000))
    started = time.process_time()
    with pytest.raises(ProgrammeError):
        read_programme(packed(FILES | {"programme.toml": PROGRAMME + broken}))
    assert time.process_time() - started < 20


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+", "(a*)*b", "((a+)b)+", "(?:a{1,9}){2,}", "(a)\\1", "(?=a)b", "(?<!a)b", "(?P<n>a)", "(?i)a", "a" * 201, "(", "[", "a**", "\\u0041", "(a|b", "a)", "*"],
)  # fmt: skip
def test_a_pattern_that_could_run_away_or_means_different_things_elsewhere_is_refused(pattern):
    assert not is_plain_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "[A-Z]{2}",
        "[a-z]+(-[a-z]+)?",
        "(jp|us)",
        "\\d{4}-\\d{2}",
        "[^,]*",
        "a?b?",
        "(?:ab)+",
        "\\(x\\)",
        "[]a]+",
    ],
)
def test_a_plain_pattern_is_allowed(pattern):
    assert is_plain_pattern(pattern)


@pytest.mark.parametrize(
    "name", ["p", "n", "k", "P", "p-percent", "p_percent", "percent", "dominance"]
)
def test_a_secret_parameter_is_refused_wherever_it_is_tried(name):
    inside = [
        BY_REGION.replace("links =", f"{name} = 15\nlinks ="),
        BY_REGION.replace('title = { en = "Amount"', f'{name} = 15\ntitle = {{ en = "Amount"'),
        BY_REGION + f"\n[{name}]\nvalue = 15\n",
    ]
    for text in inside:
        with pytest.raises(ProgrammeError) as raised:
            read_programme(packed(FILES | {"releases/by-region.toml": text}))
        assert {f.code for f in raised.value.faults} == {"programme.secret-parameter"}
        assert "node.toml" in str(raised.value)
        assert "15" not in str(raised.value)


def test_a_value_of_a_look_up_is_never_echoed():
    rows = "code,name_en,name_ja\nhush-hush,North,北\n"
    with pytest.raises(ProgrammeError) as raised:
        read_programme(packed(FILES | {"lookups/regions.csv": rows}))
    assert "hush" not in str(raised.value)


def test_braces_in_a_name_are_shown_and_not_filled_in():
    files = spoilt("programme.toml", "schema = 1", 'schema = 1\n"{0.__class__}" = 1')
    with pytest.raises(ProgrammeError) as raised:
        read_programme(packed(files))
    assert "{0.__class__}" in str(raised.value)
