"""Record flows are read whole, or refused with every fault in its place."""

import hashlib

import pytest

from sekisho.errors import ProgrammeError
from sekisho.model.facts import Category
from sekisho.programmes.check import checked_programme
from sekisho.programmes.read import read_folder, read_programme
from sekisho.terms import Language
from sekisho.wiring import checked_programme as checked_whole
from tests.lib.programme_folder import check_own_rules, packed, write

RULES = """
@id("care-R1")
@cite("Terms, section 1")
@text_en("A history may go to another hospital.")
@text_ja("診療記録を別の病院に渡せます。")
permit (principal, action == Action::"transfer", resource)
when { context.purpose == "dpv:Healthcare" };
"""

PROGRAMME = """\
schema = 1
id = "care"
title = { en = "Care", ja = "医療" }
description = { en = "Histories", ja = "診療記録" }
purpose = "dpv:Healthcare"
legal_basis = { en = "Consent", ja = "同意" }
steward = "first"
recipients = ["second", "third"]
jurisdictions = ["JP"]
"""

FLOW = """\
schema = 1
id = "history"
title = { en = "History", ja = "診療記録" }
description = { en = "One history", ja = "一人の診療記録" }
format = "fhir-r4"
subject = "person"
purpose = "dpv:Healthcare"
senders = ["first"]
recipients = ["second"]
longest_days = 90
pick_up_hours = 48
age_of_consent = 16

[[categories]]
id = "person"
title = { en = "Who you are", ja = "あなたのこと" }
types = ["Patient"]
fields = ["Patient.name", "Patient.birthDate"]
special = "ordinary"
needed = true

[[categories]]
id = "findings"
title = { en = "Findings", ja = "検査" }
types = ["Observation"]
codes = [["http://loinc.org", "8867-4"]]
fields = ["Observation.code", "Observation.value[x]", "Observation.subject"]
special = "health"

[[notices]]
id = "patient"
by = ["self", "proxy"]

[[notices]]
id = "child"
by = ["guardian"]
"""

FILES = {
    "README.md": "# Care\n",
    "programme.toml": PROGRAMME,
    "records/history.toml": FLOW,
    "notices/patient.en.md": "What moves.\n",
    "notices/patient.ja.md": "渡すもの。\n",
    "notices/child.en.md": "What moves of your child.\n",
    "notices/child.ja.md": "お子さんについて渡すもの。\n",
    "rules/access.cedar": RULES,
}


def spoilt(old, new, file="records/history.toml"):
    assert FILES[file].count(old) >= 1, old
    return FILES | {file: FILES[file].replace(old, new, 1)}


def faults(files):
    with pytest.raises(ProgrammeError) as raised:
        checked_programme(packed(files), check_own_rules)
    return [(str(each.place), each.code) for each in raised.value.faults]


def test_a_flow_says_what_may_move_to_whom_and_what_is_shown_before():
    flow = checked_programme(packed(FILES), check_own_rules).record_flow("history")
    assert (flow.senders, flow.recipients, flow.longest_days) == (("first",), ("second",), 90)
    assert (flow.pick_up_once, flow.free_text, flow.onward) == (True, False, False)
    findings = flow.category("findings")
    assert findings.special is Category.HEALTH
    assert findings.codes == (("http://loinc.org", "8867-4"),)
    assert flow.category("person").needed


def test_a_notice_carries_the_hash_of_the_very_file_in_each_language():
    flow = read_programme(packed(FILES)).record_flow("history")
    shown = flow.notice(Language.JA)
    assert shown.file == "notices/patient.ja.md"
    assert shown.digest == hashlib.sha256("渡すもの。\n".encode()).hexdigest()
    assert flow.notice(Language.EN, "guardian").id == "child"
    assert flow.notice(Language.EN, "guardian", "patient") is None


def test_a_programme_of_records_needs_no_dataset():
    assert checked_programme(packed(FILES), check_own_rules).datasets == ()


SPOILT = [
    ('["second"]', '["public"]', "10:15", "record_flow.everybody"),
    ('["second"]', '["any-participant"]', "9:15", "record_flow.everybody"),
    ('["second"]', '["fourth"]', "9:15", "record_flow.unknown-recipient-known"),
    ('["second"]', '["secnd"]', "9:15", "record_flow.unknown-recipient"),
    ('["second"]', '["first"]', "9:1", "record_flow.to-itself"),
    ('"dpv:Healthcare"', '"treatment"', "7:1", "programme.bad-purpose"),
    ('format = "fhir-r4"', 'format = "fhir-r5"', "5:1", "programme.not-a-choice"),
    ('id = "findings"', 'id = "person"', "23:1", "record_flow.id-twice"),
    ('["Observation"]', '["observation"]', "25:10", "record_flow.bad-type"),
    ('"Observation.value[x]"', '"Observation.value[y]"', "27:31", "record_flow.bad-field"),
    ('"Observation.value[x]"', '"Observation"', "27:31", "record_flow.bad-field"),
    ('"Observation.value[x]"', '"Observaton.code"', "27:31", "record_flow.other-type"),
    ('["Observation"]', '["Observation", "Condition"]', "25:25", "record_flow.no-field"),
    ('"8867-4"]]', '"8867-4", "x"]]', "26:10", "record_flow.bad-code"),
    ('by = ["guardian"]', 'by = ["gardian"]', "36:7", "record_flow.nobody"),
    ('by = ["guardian"]', 'by = ["proxy"]', "30:1", "record_flow.no-notice-for"),
    ("longest_days = 90", "longest_days = 0", "10:1", "programme.out-of-range"),
    ("longest_days = 90", "", "1:1", "programme.missing-key"),
    ('special = "health"', 'special = "helth"', "28:1", "programme.not-a-choice"),
]


@pytest.mark.parametrize(("old", "new", "place", "code"), SPOILT)
def test_each_fault_of_a_flow_is_said_in_its_place(old, new, place, code):
    found = faults(spoilt(old, new))
    assert code in [each for _, each in found], found
    if code != "record_flow.everybody":
        assert (f"records/history.toml:{place}", code) in found


def test_a_recipient_of_the_flow_must_be_one_of_the_programme():
    files = spoilt('recipients = ["second", "third"]', 'recipients = ["third"]', "programme.toml")
    assert faults(files) == [("records/history.toml:9:15", "record_flow.unknown-recipient-known")]


def test_two_categories_of_one_type_need_codes_both_or_one_consent_opens_the_other():
    other = FLOW.replace(
        "[[notices]]",
        """[[categories]]
id = "mind"
title = { en = "Mind", ja = "心" }
types = ["Observation"]
fields = ["Observation.code"]
special = "health"

[[notices]]""",
        1,
    )
    assert faults(FILES | {"records/history.toml": other}) == [
        ("records/history.toml:33:1", "record_flow.shared-type")
    ]


def test_every_fault_of_notices_is_said_at_once():
    files = {name: text for name, text in FILES.items() if name != "notices/patient.ja.md"}
    files |= {
        "notices/child.en.md": " \n",
        "notices/old.en.md": "x\n",
        "notices/patient.fr.md": "x\n",
        "notices/guide.md": "x\n",
    }
    assert faults(files) == [
        ("notices/child.en.md:1", "record_flow.empty-notice"),
        ("notices/guide.md", "record_flow.notice-name"),
        ("notices/old.en.md", "record_flow.notice-unused"),
        ("notices/patient.fr.md", "record_flow.notice-name"),
        ("records/history.toml:31:1", "record_flow.no-notice"),
    ]


def test_a_changed_notice_is_another_programme():
    before = read_programme(packed(FILES))
    after = read_programme(packed(FILES | {"notices/patient.en.md": "Something else.\n"}))
    assert before.digest != after.digest
    assert (
        before.record_flow("history").notice(Language.EN).digest
        != after.record_flow("history").notice(Language.EN).digest
    )


def test_a_broken_flow_blames_no_notice_that_it_may_have_named():
    reading = read_folder(packed(spoilt('format = "fhir-r4"', "format = ")))
    assert [str(each.place) for each in reading.faults] == ["records/history.toml:5:10"]


def test_a_case_says_what_is_false_and_what_has_ended():
    case = """{
      "schema": 1, "title": {"en": "a", "ja": "あ"}, "on": "2026-11-22",
      "flow": {
        "lane": "record", "purpose": "dpv:Healthcare",
        "sender": {"id": "first", "kind": "hospital", "jurisdiction": "JP"},
        "recipient": {"id": "second", "kind": "hospital", "jurisdiction": "JP"},
        "data": {"identifiability": "personal", "categories": ["health"], "persons": 1},
        "known_false": ["consent.withdrawn"],
        "ended": [{"fact": "consent.given", "until": "2026-10-31"}]
      },
      "expected": {"outcome": "refused", "rules": ["x"]}
    }"""
    facts = read_programme(packed(FILES | {"cases/late.json": case})).cases[0].facts
    assert facts.fact("consent.withdrawn").truth == "false"
    assert str(facts.fact("consent.given").until) == "2026-11-01 00:00:00+00:00"
    spoiled = case.replace("2026-10-31", "the end of October")
    with pytest.raises(ProgrammeError, match="no day"):
        read_programme(packed(FILES | {"cases/late.json": spoiled}))


def test_a_path_that_the_format_does_not_define_is_said_so_when_the_programme_is_checked(tmp_path):
    slip = spoilt('"Observation.value[x]"', '"Observation.vaule[x]"')
    folder = write(tmp_path / "care", slip)
    with pytest.raises(ProgrammeError) as raised:
        checked_whole(folder)
    assert [(str(each.place), each.code) for each in raised.value.faults] == [
        ("records/history.toml:27:31", "record_flow.unknown-path")
    ]
    assert checked_whole(write(tmp_path / "sound", FILES)).record_flow("history")
