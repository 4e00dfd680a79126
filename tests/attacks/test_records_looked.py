"""A second look into the log reads what came after; what was set back or rewritten is not shown."""

import shutil

import pytest

from sekisho.errors import TamperedError
from sekisho.gate.records import looked
from sekisho.lanes.record.seen import Seen, closed_up, name_of, opened_up
from sekisho.tlog import since
from tests.lib.records import pair


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    two = pair(tmp_path_factory.mktemp("looked"))
    two.offered()
    return two


def kept(two):
    return two.sender.folder / "seen" / name_of(two.subject.secret)


def shown(two):
    return [(each.index, each.kind) for each in two.patient.mine().entries]


def test_a_second_look_finds_what_the_whole_log_would_show(two, monkeypatch):
    first = shown(two)
    assert kept(two).stat().st_mode & 0o777 == 0o600
    assert kept(two).parent.stat().st_mode & 0o777 == 0o700
    two.offered()
    monkeypatch.setattr(looked, "verify_log", None)
    second = shown(two)
    assert second[: len(first)] == first
    assert len(second) > len(first)
    monkeypatch.undo()
    kept(two).unlink()
    assert shown(two) == second


def test_a_second_look_reads_no_entry_that_it_has_verified(two, monkeypatch):
    shown(two)
    read, proved = [], since.proved_entries
    monkeypatch.setattr(
        since, "proved_entries", lambda *said: read.append(said[2:]) or proved(*said)
    )
    shown(two)
    assert read == []


def test_a_log_that_was_set_back_is_not_shown(two):
    shown(two)
    whole, before = two.folder / "log-now", two.sender.folder / "log"
    shutil.copytree(before, whole)
    try:
        data = kept(two).read_bytes()
        seen = opened_up(two.subject.secret, two.sender.origin, data)
        ahead = Seen(seen.size + 1, seen.root, seen.indices)
        kept(two).write_bytes(closed_up(two.subject.secret, two.sender.origin, ahead))
        with pytest.raises(TamperedError) as caught:
            shown(two)
        assert caught.value.faults[0].code == "log.rolled-back"
    finally:
        kept(two).unlink()


def test_a_log_that_does_not_grow_out_of_what_was_seen_is_not_shown(two):
    shown(two)
    seen = opened_up(two.subject.secret, two.sender.origin, kept(two).read_bytes())
    try:
        for size in (seen.size, seen.size - 1):
            other = Seen(size, bytes(32), seen.indices)
            kept(two).write_bytes(closed_up(two.subject.secret, two.sender.origin, other))
            with pytest.raises(TamperedError) as caught:
                shown(two)
            assert caught.value.faults[0].code == "log.rewritten"
    finally:
        kept(two).unlink()


def test_an_own_entry_that_was_changed_since_is_not_shown(two):
    index = shown(two)[0][0]
    ((_, body),) = two.sender._house.store.outbox(index, 1)
    tiles = (two.sender.folder / "log" / "tile" / "entries").rglob("*")
    file = max((each for each in tiles if each.is_file()), key=lambda each: int(each.name))
    data = file.read_bytes()
    at = data.index(body) + len(body) // 2
    try:
        file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(TamperedError):
            shown(two)
    finally:
        file.write_bytes(data)
    assert shown(two)


@pytest.mark.parametrize("place", [0, 12, 40, -1])
def test_what_was_kept_opens_with_nothing_else_and_changed_it_is_not_believed(two, place):
    shown(two)
    data = bytearray(kept(two).read_bytes())
    data[place] ^= 1
    try:
        kept(two).write_bytes(bytes(data))
        with pytest.raises(TamperedError):
            shown(two)
    finally:
        kept(two).unlink()
    secret, origin = two.subject.secret, two.sender.origin
    said = closed_up(secret, origin, Seen(3, bytes(32), (1, 2)))
    assert opened_up(secret, origin, said) == Seen(3, bytes(32), (1, 2))
    for other in ((bytes(32), origin), (secret, "elsewhere")):
        with pytest.raises(TamperedError):
            opened_up(*other, said)
    assert two.subject.id.encode() not in said


def test_with_the_link_what_was_kept_is_destroyed(tmp_path):
    own = pair(tmp_path)
    consent = own.given()
    own.patient.mine()
    assert kept(own).exists()
    own.patient.withdraw(consent.id)
    own.patient.destroy_link()
    assert list((own.sender.folder / "seen").iterdir()) == []
