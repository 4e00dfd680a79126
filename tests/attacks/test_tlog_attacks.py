"""Attacks on a log: every one must be noticed, and none may make a log say something else."""

import random
from pathlib import Path

import pytest

from sekisho.errors import StorageError, TamperedError, UsageError
from sekisho.stores.tiles import FolderLog
from sekisho.tlog.append import current_checkpoint, integrate, public_file
from sekisho.tlog.merkle import leaf_hash, root_of
from sekisho.tlog.note import Algorithm, Signer, checkpoint_text, new_signer, sign_note
from sekisho.tlog.proof import prove, verify_proof
from sekisho.tlog.verify import verify_growth, verify_log

SIGNER = Signer("example.org/log", Algorithm.ED25519, bytes(range(32)))
KEYS = [SIGNER.verifier]


def entries(count: int) -> list[bytes]:
    return [f'{{"entry":{n}}}'.encode() for n in range(count)]


def grown(folder: Path, *sizes: int) -> FolderLog:
    storage = FolderLog(folder)
    made = entries(max(sizes))
    before = 0
    for size in sizes:
        integrate(storage, [SIGNER], made[before:size], before)
        before = size
    return storage


def codes(storage: FolderLog) -> set[str]:
    return {each.code for each in verify_log(storage, KEYS).faults}


def test_one_flipped_byte_in_any_file_is_found(tmp_path: Path):
    storage = grown(tmp_path, 3, 255, 300, 301, 400)
    keep = {path: storage.read(path) for path in storage.paths()}
    assert not any(path.startswith(("tile/0/000.p", "tile/entries/000.p")) for path in keep)
    assert {"tile/0/001.p/44", "tile/entries/001.p/45", "tile/1/000.p/1"} <= set(keep)
    assert codes(storage) == set()
    chosen = random.Random(1)
    for path, data in keep.items():
        for at in {0, len(data) - 1, chosen.randrange(len(data))}:
            flipped = bytes([*data[:at], data[at] ^ 1, *data[at + 1 :]])
            (tmp_path / path).write_bytes(flipped)
            assert codes(storage), (path, at)
        (tmp_path / path).write_bytes(data)
    assert codes(storage) == set()


def test_one_byte_cut_off_or_added_to_any_file_is_found(tmp_path: Path):
    storage = grown(tmp_path, 3, 255, 300, 301)
    for path in list(storage.paths()):
        data = storage.read(path)
        for changed in (data[:-1], data + b"\0", data + data, b""):
            (tmp_path / path).write_bytes(changed)
            assert codes(storage), path
        (tmp_path / path).write_bytes(data)
    assert codes(storage) == set()


def test_any_needed_file_that_is_missing_is_named(tmp_path: Path):
    storage = grown(tmp_path, 300)
    for path in list(storage.paths()):
        data = storage.read(path)
        (tmp_path / path).unlink()
        faults = verify_log(storage, KEYS).faults
        assert any(each.fields.get("path") == path for each in faults), path
        (tmp_path / path).write_bytes(data)


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/000.txt",
        "tile/0/x000/000",
        "tile/00/000",
        "index.html",
        "tile/0/1",
        "tile/64/000",
        ".lock",
    ],
)
def test_a_file_that_belongs_to_no_log_is_reported(tmp_path: Path, path: str):
    storage = grown(tmp_path, 3)
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_bytes(b"x" * 32)
    assert codes(storage) == {"log.file-unknown"}


def test_files_beyond_the_checkpoint_are_told_apart(tmp_path: Path):
    storage = grown(tmp_path, 3)
    old = storage.read("checkpoint")
    grown(tmp_path, 3, 5)
    (tmp_path / "checkpoint").write_bytes(old)
    found = verify_log(storage, KEYS)
    assert found.is_sound
    assert set(found.unsigned) == {"tile/0/000.p/5", "tile/entries/000.p/5"}


def test_an_entry_exchanged_together_with_all_hashes_is_found_by_the_signature(tmp_path: Path):
    grown(tmp_path / "true", 400)
    made = entries(400)
    made[7] = b'{"entry":"another"}'
    storage = FolderLog(tmp_path / "forged")
    integrate(storage, [new_signer("example.org/log")], made)
    assert codes(storage) == {"log.note-unsigned"}
    forged = storage.read("checkpoint").decode().split("\n\n")[0]
    true = (tmp_path / "true/checkpoint").read_text(encoding="utf-8").split("\n\n")[1]
    (tmp_path / "forged/checkpoint").write_text(f"{forged}\n\n{true}", encoding="utf-8")
    assert codes(storage) == {"log.note-forged"}


def test_a_rewritten_history_does_not_grow_out_of_the_old(tmp_path: Path):
    kept = current_checkpoint(grown(tmp_path / "true", 300), KEYS)
    made = entries(500)
    made[299] = b"{}"
    storage = FolderLog(tmp_path / "forged")
    forged = integrate(storage, [SIGNER], made)
    assert codes(storage) == set()
    assert [each.code for each in verify_growth(storage, kept, forged)] == ["log.rewritten"]


def test_a_log_set_back_to_an_old_backup_is_older_than_what_was_kept(tmp_path: Path):
    storage = grown(tmp_path / "log", 300)
    kept = current_checkpoint(storage, KEYS)
    back = grown(tmp_path / "back", 200)
    found = verify_growth(back, kept, current_checkpoint(back, KEYS))
    assert [each.code for each in found] == ["log.rolled-back"]


def test_another_entry_at_a_signed_place_is_refused(tmp_path: Path):
    storage = grown(tmp_path, 300)
    made = entries(310)
    made[299] = b"{}"
    with pytest.raises(TamperedError) as caught:
        integrate(storage, [SIGNER], made[290:], 290)
    assert caught.value.faults[0].code == "log.entry-differs"
    assert current_checkpoint(storage, KEYS).size == 300


@pytest.mark.parametrize("first", [301, -1])
def test_a_gap_in_the_entries_is_refused(tmp_path: Path, first: int):
    storage = grown(tmp_path, 300)
    with pytest.raises(TamperedError) as caught:
        integrate(storage, [SIGNER], [b"{}"], first)
    assert caught.value.faults[0].code == "log.gap"


@pytest.mark.parametrize("path", ["tile/0/001.p/44", "tile/entries/001.p/44", "tile/1/000.p/1"])
def test_a_log_with_a_damaged_edge_is_not_grown(tmp_path: Path, path: str):
    storage = grown(tmp_path, 300)
    data = storage.read(path)
    for damaged in (data[:-1] + bytes([data[-1] ^ 1]), data[:-5]):
        (tmp_path / path).write_bytes(damaged)
        with pytest.raises(TamperedError):
            integrate(storage, [SIGNER], [b"{}"], 300)
    (tmp_path / path).write_bytes(data)
    assert integrate(storage, [SIGNER], [b"{}"], 300).size == 301


def test_a_log_of_another_key_is_not_grown(tmp_path: Path):
    storage = grown(tmp_path, 3)
    with pytest.raises(TamperedError):
        integrate(storage, [new_signer("example.org/log")], [b"{}"], 3)


def test_an_entry_too_long_for_a_bundle_is_refused_and_nothing_is_written(tmp_path: Path):
    storage = grown(tmp_path, 3)
    before = {path: storage.read(path) for path in storage.paths()}
    with pytest.raises(UsageError):
        integrate(storage, [SIGNER], [b"ok", b"x" * 70_000], 3)
    assert {path: storage.read(path) for path in storage.paths()} == before
    assert integrate(storage, [SIGNER], [b"x" * 65_535], 3).size == 4
    assert codes(storage) == set()


def test_a_proof_of_a_damaged_log_is_not_handed_out(tmp_path: Path):
    storage = grown(tmp_path, 300)
    data = storage.read("tile/0/000")
    (tmp_path / "tile/0/000").write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(TamperedError):
        prove(storage, 5, KEYS)


def test_a_proof_shows_one_entry_at_one_place_only(tmp_path: Path):
    storage = grown(tmp_path, 300)
    made = entries(300)
    proof = prove(storage, 5, KEYS)
    assert verify_proof(proof, made[5], KEYS).index == 5
    with pytest.raises(TamperedError):
        verify_proof(proof, made[6], KEYS)
    with pytest.raises(TamperedError):
        verify_proof(proof.replace("index 5", "index 4"), made[5], KEYS)
    with pytest.raises(TamperedError):
        verify_proof(proof, made[5], [new_signer("example.org/log").verifier])


def test_no_changed_letter_leaves_a_proof_valid(tmp_path: Path):
    storage = grown(tmp_path, 300)
    proof, entry = prove(storage, 5, KEYS), entries(6)[5]
    for at, letter in enumerate(proof):
        changed = proof[:at] + ("A" if letter != "A" else "B") + proof[at + 1 :]
        with pytest.raises(TamperedError):
            verify_proof(changed, entry, KEYS)


def test_a_checkpoint_signed_for_another_log_is_not_taken_for_this_one():
    root = root_of([leaf_hash(b"x")])
    text = checkpoint_text("example.org/other", 1, root)
    note = sign_note(text, [SIGNER])
    proof = f"c2sp.org/tlog-proof@v1\nindex 0\n\n{note}"
    with pytest.raises(TamperedError):
        verify_proof(proof, b"x", KEYS)


@pytest.mark.parametrize(
    "path", ["../outside", "tile/../../x", "/etc/x", "tile//0", "tile/./0", "a\0b", ""]
)
def test_no_path_leads_out_of_the_folder(tmp_path: Path, path: str):
    storage = FolderLog(tmp_path / "log")
    with pytest.raises(UsageError):
        storage.read(path)
    with storage.locked(), pytest.raises(UsageError):
        storage.write(path, b"x")


def test_a_folder_that_cannot_be_written_is_a_storage_error(tmp_path: Path):
    (tmp_path / "log").write_bytes(b"a file where the folder should be")
    with pytest.raises(StorageError):
        integrate(FolderLog(tmp_path / "log"), [SIGNER], [b"{}"])


def test_nothing_beyond_the_checkpoint_is_handed_out(tmp_path: Path):
    storage = grown(tmp_path, 3)
    old = storage.read("checkpoint")
    grown(tmp_path, 3, 300)
    (tmp_path / "checkpoint").write_bytes(old)
    handed = {path for path in storage.paths() if public_file(storage, path) is not None}
    assert handed == {"checkpoint"}
    (tmp_path / "checkpoint").unlink()
    assert public_file(storage, "tile/0/000") is None
    grown(tmp_path, 300)
    assert public_file(storage, "tile/0/000") == storage.read("tile/0/000")
    for path in (".lock", "tile", "../outbox", "tile/0/../../checkpoint", "index.html"):
        assert public_file(storage, path) is None
