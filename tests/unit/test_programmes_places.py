"""Values and places of a TOML file, also of one that is broken somewhere."""

import re
from pathlib import Path

import pytest

from sekisho.programmes import shipped
from sekisho.programmes.toml_places import read_toml
from sekisho.terms import Language
from sekisho.text import codes

SOURCE = Path(__file__).resolve().parents[2] / "src" / "sekisho" / "programmes"

TEXT = """\
schema = 1
title = { en = "A", ja = "あ" }

[own]
# a comment
list = [
  "a",
  [1, { deep = true }],
]
dotted.key.here = 1
"quoted key" = 1

[[rows]]
name = "x"

[[rows.inner]]
of = 1
[[rows.inner]]
of = 2

[[rows]]
"日本" = { 日 = 1 }
[rows.last]
end = 1
"""


def lines_of(text, *path):
    return read_toml("x.toml", text).places.get(path)


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("schema",), (1, 1)),
        (("title",), (2, 1)),
        (("title", "ja"), (2, 21)),
        (("own",), (4, 1)),
        (("own", "list"), (6, 1)),
        (("own", "list", 0), (7, 3)),
        (("own", "list", 1, 1, "deep"), (8, 9)),
        (("own", "dotted"), (10, 1)),
        (("own", "dotted", "key", "here"), (10, 1)),
        (("own", "quoted key"), (11, 1)),
        (("rows",), (13, 1)),
        (("rows", 0), (13, 1)),
        (("rows", 0, "name"), (14, 1)),
        (("rows", 0, "inner", 1, "of"), (19, 1)),
        (("rows", 1), (21, 1)),
        (("rows", 1, "last", "end"), (24, 1)),
    ],
)
def test_every_value_has_its_place(path, place):
    assert lines_of(TEXT.replace("日 = 1", '"x" = 1'), *path) == place


def test_columns_count_characters_and_not_bytes():
    assert lines_of('a = { ja = "日本語", en = "x" }\n', "a", "en") == (1, 19)


def test_the_place_of_what_is_nowhere_is_that_of_what_is_around_it():
    read = read_toml("x.toml", TEXT.replace("日 = 1", '"x" = 1'))
    assert str(read.place(("rows", 0, "no", "such"))) == "x.toml:13:1"
    assert str(read.place(("nothing",))) == "x.toml:1:1"


@pytest.mark.parametrize(
    ("text", "kept", "faults"),
    [
        ("a = 1\nb = \nc = 3\n", {"a": 1, "c": 3}, ["2:5 not-a-value"]),
        ("a = 1\nb = x\nc = y\n", {"a": 1}, ["2:5 not-a-value", "3:5 not-a-value"]),
        ('a = "x\nc = 3\n', {"c": 3}, ["1:7 quote-not-closed"]),
        ("a = [1,\nc = 3\n", {"c": 3}, ["1:1 not-closed"]),
        ("a = [\n  1\n  2\n]\nc = 3\n", {"c": 3}, ["3:3 not-toml"]),
        ("a = { x = 1\nc = 3\n", {"c": 3}, ["1:12 not-toml"]),
        ("a 1\nc = 3\n", {"c": 3}, ["1:3 no-equals-sign"]),
        ("a = 1\na = 2\nc = 3\n", {"a": 1, "c": 3}, ["2:1 said-twice"]),
        (
            "[t]\na = 1\n[t]\nb = 2\n[u]\nc = 3\n",
            {"t": {"a": 1}, "u": {"c": 3}},
            ["3:1 said-twice"],
        ),
        ("[t\na = 1\n[u]\nc = 3\n", {"u": {"c": 3}}, ["1:3 not-toml"]),
        ('a = """x\nc = 3\n', {}, ["1:1 not-closed"]),
        ("c = 3\na = [1,\n", {"c": 3}, ["2:1 not-closed"]),
        ("a = [\n  [1],\n  [2 3],\n]\nc = 3\n", {"a": [[1]], "c": 3}, ["3:6 not-toml"]),
        ("a = 1 2\nc = 3\n", {"c": 3}, ["1:7 not-toml"]),
        ("a = 1\r\nb = \r\nc = 3\r\n", {"a": 1, "c": 3}, ["2:5 not-a-value"]),
    ],
)
def test_a_broken_statement_is_reported_and_left_out(text, kept, faults):
    read = read_toml("x.toml", text)
    assert read.values == kept
    said = [
        f"{f.place.line}:{f.place.column} {f.code.removeprefix('programme.')}" for f in read.faults
    ]
    assert said == faults


def test_every_sentence_of_the_area_is_said_somewhere():
    source = "".join(path.read_text("utf-8") for path in SOURCE.glob("*.py"))
    used = set(re.findall(r'"programme\.([a-z0-9-]+)"', source)) - {"toml"}
    said = {
        code.removeprefix("programme.")
        for code in codes(Language.EN)
        if code.startswith("programme.")
    }
    guessed = {f"{code}-known" for code in used}
    assert said - guessed - {f"{code}-known" for code in said} <= used
    assert used <= said


def test_programmes_lie_inside_the_package_where_it_was_installed_from_a_wheel(
    tmp_path, monkeypatch
):
    package = tmp_path / "lib" / "sekisho"
    for name in ("b-programme", "a-programme", "no-programme"):
        (package / "shipped" / name).mkdir(parents=True)
    for name in ("b-programme", "a-programme"):
        (package / "shipped" / name / "programme.toml").write_text("schema = 1\n", encoding="utf-8")
    monkeypatch.setattr(shipped, "files", lambda _package: package)
    assert list(shipped.shipped_programmes()) == ["a-programme", "b-programme"]


def test_an_installation_without_programmes_has_none(tmp_path, monkeypatch):
    monkeypatch.setattr(shipped, "files", lambda _package: tmp_path / "a" / "b" / "sekisho")
    assert shipped.shipped_programmes() == {}
