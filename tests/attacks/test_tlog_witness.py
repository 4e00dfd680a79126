"""Witnesses refuse rewritten and split histories, and a log survives bad witnesses."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sekisho.errors import StorageError, TamperedError, fault
from sekisho.stores.tiles import FolderLog
from sekisho.tlog.append import current_checkpoint, integrate
from sekisho.tlog.cosign import Witness, gather, publish
from sekisho.tlog.note import Algorithm, Signer, new_signer, open_checkpoint, signature_line
from sekisho.tlog.proof import prove, verify_proof
from sekisho.tlog.testimony import remember
from sekisho.tlog.tree import Tree
from sekisho.tlog.verify import verify_log
from sekisho.tlog.witness import (
    SIZE_TYPE,
    Answer,
    Submission,
    add_checkpoint,
    evidence,
    last_cosigned,
    refuse_rollback,
    write_submission,
)

LOG = Signer("example.org/log", Algorithm.ED25519, bytes(range(32)))
WITNESS = Signer("witness.example/w", Algorithm.COSIGNATURE, bytes(range(1, 33)))
KEYS = [LOG.verifier]
KNOWN = {LOG.name: KEYS}
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def entries(count: int, mark: str = "") -> list[bytes]:
    return [f"{mark}{n}".encode() for n in range(count)]


def grown(folder: Path, size: int, mark: str = "") -> FolderLog:
    storage = FolderLog(folder)
    standing = current_checkpoint(storage, KEYS)
    first = standing.size if standing else 0
    integrate(storage, [LOG], entries(size, mark)[first:], first)
    return storage


def local(memory: FolderLog, now: datetime = NOW) -> Witness:
    return Witness(WITNESS.verifier, lambda body: add_checkpoint(body, KNOWN, WITNESS, memory, now))


def submit(storage: FolderLog, memory: FolderLog, old: int, now: datetime = NOW) -> Answer:
    checkpoint = current_checkpoint(storage, KEYS)
    proof = tuple(Tree(storage, checkpoint.size).consistency(min(old, checkpoint.size)))
    body = write_submission(Submission(old, proof, checkpoint.note))
    return add_checkpoint(body, KNOWN, WITNESS, memory, now)


def test_a_split_history_is_refused_and_both_checkpoints_are_kept(tmp_path: Path):
    memory = FolderLog(tmp_path / "memory")
    true, split = grown(tmp_path / "a", 300), grown(tmp_path / "b", 300, "other ")
    assert submit(true, memory, 0).status == 200
    assert submit(split, memory, 300).status == 409
    [(reason, first, second)] = evidence(memory, LOG.name)
    assert reason == "split"
    one, two = open_checkpoint(first, KEYS), open_checkpoint(second, KEYS)
    assert (one.size, two.size) == (300, 300)
    assert one.root != two.root
    assert last_cosigned(memory, LOG.name, WITNESS.verifier).root == one.root


def test_a_rewritten_history_is_refused_and_both_checkpoints_are_kept(tmp_path: Path):
    memory = FolderLog(tmp_path / "memory")
    assert submit(grown(tmp_path / "a", 300), memory, 0).status == 200
    assert submit(grown(tmp_path / "b", 400, "other "), memory, 300).status == 422
    [(reason, first, second)] = evidence(memory, LOG.name)
    assert reason == "unproved"
    assert open_checkpoint(first, KEYS).size == 300
    assert open_checkpoint(second, KEYS).size == 400


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda body: body.replace(b"old 0", b"old 00"), 400),
        (lambda body: body.replace(b"old 0", b"old 301"), 400),
        (lambda body: body.replace(b"old 0\n", b"old 0\nAAAA\n"), 400),
        (lambda body: body.replace(b"old 0\n", b"old 0\n" + b"A" * 43 + b"=\n"), 422),
        (lambda body: body.replace(b"example.org/log\n300", b"example.org/other\n300"), 404),
        (lambda body: body.replace(b"\n300\n", b"\n299\n"), 403),
        (lambda body: body.replace(b"\n300\n", b"\n0300\n"), 400),
        (lambda body: body + b"\xff", 400),
        (lambda body: body[:-1], 400),
        (lambda _: b"", 400),
        (lambda body: body + b"x" * 200_000, 400),
        (lambda body: body.replace(b"old 0\n", b"old 0\n" + (b"A" * 43 + b"=\n") * 64), 400),
    ],
)
def test_a_wrong_request_gets_the_number_of_its_reason(
    tmp_path: Path, change: Callable[[bytes], bytes], status: int
):
    storage, memory = grown(tmp_path / "log", 300), FolderLog(tmp_path / "memory")
    body = write_submission(Submission(0, (), current_checkpoint(storage, KEYS).note))
    assert add_checkpoint(change(body), KNOWN, WITNESS, memory, NOW).status == status
    assert last_cosigned(memory, LOG.name) is None


def test_a_checkpoint_of_an_unknown_key_is_not_cosigned(tmp_path: Path):
    storage = FolderLog(tmp_path / "log")
    forged = integrate(storage, [new_signer(LOG.name)], entries(3))
    body = write_submission(Submission(0, (), forged.note))
    memory = FolderLog(tmp_path / "memory")
    assert add_checkpoint(body, KNOWN, WITNESS, memory, NOW).status == 403


def test_a_wrong_old_size_is_answered_with_the_size_last_cosigned(tmp_path: Path):
    storage, memory = grown(tmp_path / "log", 300), FolderLog(tmp_path / "memory")
    submit(storage, memory, 0)
    grown(tmp_path / "log", 310)
    answer = submit(storage, memory, 7)
    assert (answer.status, answer.body, answer.media_type) == (409, "300\n", SIZE_TYPE)
    assert submit(storage, memory, 300).status == 200


def test_the_time_of_a_cosignature_never_goes_back_when_the_clock_does(tmp_path: Path):
    storage, memory = grown(tmp_path / "log", 3), FolderLog(tmp_path / "memory")
    submit(storage, memory, 0)
    grown(tmp_path / "log", 5)
    assert submit(storage, memory, 3, NOW - timedelta(days=400)).status == 200
    last = last_cosigned(memory, LOG.name, WITNESS.verifier)
    assert [each.time for each in last.cosigned] == [int(NOW.timestamp())]


def test_a_witness_whose_memory_was_changed_signs_nothing(tmp_path: Path):
    storage, memory = grown(tmp_path / "log", 3), FolderLog(tmp_path / "memory")
    submit(storage, memory, 0)
    [path] = [path for path in memory.paths() if path.endswith("latest")]
    file = tmp_path / "memory" / path
    file.write_bytes(file.read_bytes().replace(b"\n3\n", b"\n2\n"))
    with pytest.raises(TamperedError):
        submit(storage, memory, 2)


def test_a_log_shows_who_has_witnessed_it(tmp_path: Path):
    storage, memory = grown(tmp_path / "log", 300), FolderLog(tmp_path / "memory")
    for size in (300, 301, 301, 700):
        checkpoint = current_checkpoint(grown(tmp_path / "log", size), KEYS)
        found = gather(storage, checkpoint, KEYS, [local(memory)])
        assert (found.faults, found.refused) == ((), ())
        assert [each.name for each in found.checkpoint.cosigned] == [WITNESS.name]
        assert publish(storage, found.checkpoint, KEYS)
    proof = prove(storage, 5, [*KEYS, WITNESS.verifier])
    seen = verify_proof(proof, b"5", [*KEYS, WITNESS.verifier]).checkpoint.cosigned
    assert [(each.name, each.time) for each in seen] == [(WITNESS.name, int(NOW.timestamp()))]
    assert verify_log(storage, [*KEYS, WITNESS.verifier]).faults == ()
    assert not publish(grown(tmp_path / "log", 701), found.checkpoint, KEYS)


def test_an_old_backup_is_noticed_by_the_next_witness_asked(tmp_path: Path):
    memory = FolderLog(tmp_path / "memory")
    storage = grown(tmp_path / "log", 200)
    shutil.copytree(tmp_path / "log", tmp_path / "backup")
    grown(tmp_path / "log", 300)
    gather(storage, current_checkpoint(storage, KEYS), KEYS, [local(memory)])
    restored = FolderLog(tmp_path / "backup")
    found = gather(restored, current_checkpoint(restored, KEYS), KEYS, [local(memory)])
    assert [each.code for each in found.refused] == ["log.rolled-back"]
    grown(tmp_path / "backup", 350, "since ")
    found = gather(restored, current_checkpoint(restored, KEYS), KEYS, [local(memory)])
    assert [each.code for each in found.refused] == ["log.witness-refuses"]
    assert len(evidence(memory, LOG.name)) == 1


def test_an_old_backup_is_noticed_by_the_nodes_own_memory_and_refused(tmp_path: Path):
    memory = FolderLog(tmp_path / "memory")
    storage = grown(tmp_path / "log", 200)
    assert refuse_rollback(storage, memory, KEYS).size == 200
    shutil.copytree(tmp_path / "log", tmp_path / "backup")
    grown(tmp_path / "log", 300)
    remember(memory, current_checkpoint(storage, KEYS))
    assert refuse_rollback(grown(tmp_path / "log", 301), memory, KEYS).size == 301
    restored = FolderLog(tmp_path / "backup")
    with pytest.raises(TamperedError) as caught:
        refuse_rollback(restored, memory, KEYS)
    assert caught.value.faults[0].code == "log.rolled-back"
    grown(tmp_path / "backup", 400, "since ")
    with pytest.raises(TamperedError) as caught:
        refuse_rollback(restored, memory, KEYS)
    assert caught.value.faults[0].code == "log.rewritten"
    with pytest.raises(TamperedError):
        refuse_rollback(FolderLog(tmp_path / "empty"), memory, KEYS)


def down(_body: bytes) -> Answer:
    raise StorageError(fault("log.witness-down"))


def lying(body: bytes) -> Answer:
    other = new_signer(WITNESS.name, Algorithm.COSIGNATURE)
    return Answer(200, signature_line("something else\n", other, 1))


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (down, "log.witness-down"),
        (lying, "log.witness-wrong"),
        (lambda _: Answer(200, ""), "log.witness-wrong"),
        (lambda _: Answer(200, signature_line("x\n", WITNESS, 1)), "log.witness-wrong"),
        (lambda _: Answer(200, "— x\n— witness.example/w AAAA\n"), "log.witness-wrong"),
        (lambda _: Answer(409, "many\n", SIZE_TYPE), "log.witness-wrong"),
        (lambda _: Answer(500), "log.witness-answers"),
        (lambda _: Answer(302), "log.witness-answers"),
    ],
)
def test_a_bad_witness_costs_its_own_signature_only(tmp_path: Path, ask, code: str):
    storage, memory = grown(tmp_path / "log", 300), FolderLog(tmp_path / "memory")
    bad = Witness(new_signer("bad.example/w", Algorithm.COSIGNATURE).verifier, ask)
    found = gather(storage, current_checkpoint(storage, KEYS), KEYS, [bad, local(memory)])
    assert [each.code for each in found.faults] == [code]
    assert found.refused == ()
    assert [each.name for each in found.checkpoint.cosigned] == [WITNESS.name]


def test_a_log_that_grew_meanwhile_is_not_taken_for_one_set_back(tmp_path: Path):
    memory = FolderLog(tmp_path / "memory")
    storage = grown(tmp_path / "log", 200)
    earlier = current_checkpoint(storage, KEYS)
    grown(tmp_path / "log", 300)
    gather(storage, current_checkpoint(storage, KEYS), KEYS, [local(memory)])
    found = gather(storage, earlier, KEYS, [local(memory)])
    assert [each.code for each in found.faults] == ["log.overtaken"]
    assert found.refused == ()
