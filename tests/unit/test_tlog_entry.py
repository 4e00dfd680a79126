"""What an entry of the log may and may not hold."""

from datetime import UTC, date, datetime, timedelta, timezone
from hashlib import sha256

import pytest

from sekisho.errors import SekishoError, TamperedError, UsageError
from sekisho.model.entry import (
    MAX_ENTRY_BYTES,
    Entry,
    EntryKind,
    commit,
    entry_bytes,
    manifest_digest,
    parse_entry,
)
from sekisho.model.entry_kinds import COMMITMENTS, PUBLIC_FIELDS, RULES
from sekisho.terms import Lane, Outcome

NOON = datetime(2026, 11, 21, 12, 0, 1, 999_999, tzinfo=UTC)
DIGEST = sha256(b"files").hexdigest()
RELEASE = {"release": "r-1", "plan": "table-4", "digest": DIGEST}


def release(**fields: object) -> Entry:
    said = {"programme": "telework", "lane": Lane.STATISTICS, "public": RELEASE, **fields}
    return Entry(EntryKind.RELEASE_MADE, NOON, **said)


def codes(error: SekishoError) -> set[str]:
    return {each.code for each in error.faults}


def test_an_entry_of_the_record_lane_cannot_name_a_party():
    with pytest.raises(UsageError) as caught:
        Entry(
            EntryKind.DECISION_ALLOWED,
            NOON,
            lane=Lane.RECORD,
            outcome=Outcome.ALLOWED,
            public={"dataset": "histories", "participant": "hospital-a"},
        )
    assert codes(caught.value) == {"log.field-not-allowed"}
    assert len(caught.value.faults) == 2


def test_an_entry_of_the_record_lane_gives_the_day_only():
    entry = Entry(EntryKind.CONSENT_GIVEN, NOON, lane=Lane.RECORD)
    assert entry.time == date(2026, 11, 21)
    assert b'"time":"2026-11-21"' in entry_bytes(entry)


def test_a_record_entry_that_gives_the_hour_is_not_read():
    entry = entry_bytes(Entry(EntryKind.CONSENT_GIVEN, NOON, lane=Lane.RECORD))
    with pytest.raises(TamperedError):
        parse_entry(entry.replace(b"2026-11-21", b"2026-11-21T12:00:01Z"))


def test_the_day_of_a_record_entry_is_the_day_in_utc():
    japan = datetime(2026, 11, 22, 8, 59, tzinfo=timezone(timedelta(hours=9)))
    entry = Entry(EntryKind.CONSENT_GIVEN, japan, lane=Lane.RECORD)
    assert entry.time == date(2026, 11, 21)


@pytest.mark.parametrize(
    ("public", "code"),
    [
        ({**RELEASE, "epsilon": "0.5 or so"}, "log.field-form"),
        ({**RELEASE, "epsilon": 0.5}, "log.field-form"),
        ({**RELEASE, "digest": "z" * 64}, "log.field-form"),
        ({**RELEASE, "revision": True}, "log.field-form"),
        ({**RELEASE, "revision": 2**53}, "log.field-form"),
        ({**RELEASE, "plan": "A name with spaces"}, "log.field-form"),
        ({**RELEASE, "note": "anything"}, "log.field-unknown"),
        ({**RELEASE, "participant": "a-firm"}, "log.field-not-allowed"),
        ({"release": "r-1", "plan": "table-4"}, "log.field-missing"),
    ],
)
def test_a_public_field_that_the_kind_does_not_allow_is_refused(public: dict, code: str):
    with pytest.raises(UsageError) as caught:
        release(public=public)
    assert codes(caught.value) == {code}


def test_every_fault_of_an_entry_is_told_at_once():
    with pytest.raises(UsageError) as caught:
        release(lane=Lane.OPEN, subjects=("x",), commitments={"facts": "no"}, pack="p", nonce="n")
    assert codes(caught.value) == {
        "log.wrong-lane",
        "log.no-subjects",
        "log.field-form",
        "log.nonce",
    }


def test_a_refusal_cannot_be_logged_as_allowed():
    with pytest.raises(UsageError) as caught:
        Entry(EntryKind.DECISION_REFUSED, NOON, outcome=Outcome.ALLOWED)
    assert codes(caught.value) == {"log.wrong-outcome"}


def test_an_entry_without_a_time_zone_is_refused():
    with pytest.raises(UsageError) as caught:
        Entry(EntryKind.SETTINGS_CHANGED, NOON.replace(tzinfo=None), public={"setting": "s"})
    assert codes(caught.value) == {"log.time-without-zone"}


def test_an_entry_of_seventy_kilobytes_is_refused():
    with pytest.raises(UsageError) as caught:
        entry_bytes(release(rules=tuple(f"rule-{n:0100}" for n in range(700))))
    assert codes(caught.value) == {"log.entry-too-long"}
    assert len(entry_bytes(release(rules=tuple(f"r-{n:0100}" for n in range(600))))) < (
        MAX_ENTRY_BYTES
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace(b"telework", b"telework\xff"),
        lambda data: data.replace(b"{", b"{ ", 1),
        lambda data: data[:-1] + b',"zone":1}',
        lambda data: data.replace(b'"kind":"release-made"', b'"kind":"release-made","kind":"x"'),
        lambda data: data.replace(b"release-made", b"release-unmade"),
        lambda data: data.replace(b'"schema":1', b'"schema":1.0'),
        lambda data: data.replace(b'"schema":1', b'"schema":2'),
        lambda data: data[:-1],
        lambda _: b"[" * 60_000,
        lambda _: b"null",
        lambda _: b"",
        lambda _: b" " * 70_000,
        lambda data: data.replace(b'"table-4"', b'["table-4"]'),
        lambda data: data.replace(b"2026-11-21T", b"2026-13-21T"),
    ],
)
def test_bytes_that_this_version_would_not_write_are_not_read(change):
    with pytest.raises(TamperedError):
        parse_entry(change(entry_bytes(release())))


def test_an_entry_reads_back_as_it_was():
    entry = release(
        rules=("telework-R7", "APPI-28(1)"),
        pack=DIGEST,
        outcome=Outcome.ALLOWED,
        commitments={"facts": commit(b"s" * 32, b"value")},
    )
    assert parse_entry(entry_bytes(entry)) == entry


def test_two_entries_of_the_same_content_differ_by_their_nonce():
    assert entry_bytes(release()) != entry_bytes(release())


def test_a_commitment_changes_with_salt_and_value():
    made = {commit(salt * 32, value) for salt in (b"a", b"b") for value in (b"", b"x", b"a")}
    assert len(made) == 6


def test_a_short_salt_is_refused():
    with pytest.raises(UsageError):
        commit(b"short", b"value")


def test_the_digest_of_a_manifest_does_not_depend_on_order():
    assert manifest_digest({"a": "1", "b": "2"}) == manifest_digest({"b": "2", "a": "1"})


def test_every_kind_has_a_rule_of_declared_fields_only():
    assert set(RULES) == set(EntryKind)
    for rule in RULES.values():
        assert rule.needs | rule.may <= PUBLIC_FIELDS.keys()
        assert rule.commits <= COMMITMENTS
        assert not rule.needs & rule.may
