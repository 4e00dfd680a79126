"""The exchange as shipped: its questions, its deadline, its measures and their licence."""

from datetime import UTC, datetime

from sekisho.lanes.open.deadlines import Standing, standing
from sekisho.model.form import ANY_PARTICIPANT, Visible
from sekisho.present.glyphs import characters_of
from sekisho.programmes.lookup_rows import lookup_rows
from tests.lib.exchange import FOLDER, form, japan, programme


def test_the_form_has_five_issues_and_twelve_points():
    points = {
        section.id: [option.id for option in section.questions[0].column("point").options]
        for section in form().sections
    }
    numbered = [each for ids in points.values() for each in ids if each != "other"]
    assert list(points) == ["a", "b", "c", "d", "e"]
    assert len(numbered) == 12
    assert points["c"] == ["i", "ii", "iii", "iv"]
    assert points["e"] == ["other"]


def test_21_economies_answer_once_each_and_members_read():
    who = form().who
    assert len(who.participants) == 21
    assert ANY_PARTICIPANT not in who.participants
    assert who.one_each
    assert form().visible is Visible.MEMBERS
    assert form().may_be_public
    lookup = next(each for each in programme().lookups if each.id == "economies")
    rows, _ = lookup_rows(lookup, (FOLDER / lookup.file).read_text("utf-8"))
    assert {row["participant"] for row in rows} == set(who.participants)
    assert set(programme().recipients) == {"public", *who.participants}


def test_the_deadline_is_the_end_of_23_june_in_tokyo_to_the_second():
    last = datetime(2020, 6, 23, 14, 59, 59, tzinfo=UTC)
    assert standing(form(), last) is Standing.OPEN
    assert standing(form(), datetime(2020, 6, 23, 15, 0, 0, tzinfo=UTC)) is Standing.LATE


def test_every_column_of_the_tables_stands_in_the_document():
    for section in form().sections:
        columns = {each.id for each in section.questions[0].columns}
        assert columns == set(form().layout.columns)


def test_the_sample_is_the_real_report_with_two_issues_left_empty():
    assert set(japan()) == {"a", "b", "d"}
    assert sum(len(rows) for rows in japan().values()) == 5


def test_the_measures_are_kept_apart_with_licence_and_author():
    lookup = next(each for each in programme().lookups if each.timeline is not None)
    rows, faults = lookup_rows(lookup, (FOLDER / lookup.file).read_text("utf-8"))
    assert (len(rows), faults) == (2253, [])
    assert "CC BY-SA 4.0" in lookup.licence
    assert "Desvars-Larrive" in lookup.source
    assert not any("comment" in name for name in rows[0])
    assert max(len(row["address"]) for row in rows) <= 1000
    notice = (FOLDER.parents[1] / "NOTICE").read_text("utf-8")
    assert "programmes/policy-exchange/lookups/measures.csv: CCCSL, CC BY-SA 4.0" in notice
    assert "CC BY-SA 4.0" in (FOLDER / "sample" / "PROVENANCE.md").read_text("utf-8")


def test_every_japanese_character_of_the_programme_is_in_the_shipped_font():
    fonts = FOLDER.parents[1] / "src" / "sekisho" / "present" / "fonts"
    known = characters_of((fonts / "noto-sans-jp-400.ttf").read_bytes())
    files = [*FOLDER.rglob("*.toml"), *FOLDER.rglob("*.cedar"), FOLDER / "lookups/economies.csv"]
    missing = {f.name: set(f.read_text("utf-8")) - known - {"\n"} for f in files}
    assert {name: signs for name, signs in missing.items() if signs} == {}
