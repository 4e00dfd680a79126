"""Writers killed at any moment: nothing acknowledged is lost, nothing is there twice."""

import random
import resource
import signal
import sys
import time
from pathlib import Path

import pytest

from sekisho.errors import StorageError
from sekisho.gate.sequence import sequence
from sekisho.model.entry import parse_entry
from sekisho.stores.tiles import FolderLog
from sekisho.tlog.append import current_checkpoint, integrate
from sekisho.tlog.tree import Tree
from sekisho.tlog.verify import verify_growth, verify_log
from tests.lib.log_writer import PROCESSES, SIGNER, entry, house, start, told

KEYS = [SIGNER.verifier]


def watch(storage: FolderLog, kept: list, seconds: float) -> None:
    """Read the log as a stranger does until it has grown, and some time longer.

    Each checkpoint served must already be whole.
    """
    before, until = len(kept), time.monotonic() + 30
    while time.monotonic() < until:
        if before < len(kept):
            before, until = 10**9, time.monotonic() + seconds
        checkpoint = current_checkpoint(storage, KEYS)
        if checkpoint is not None and (not kept or kept[-1].size != checkpoint.size):
            assert Tree(storage, checkpoint.size).root() == checkpoint.root
            kept.append(checkpoint)
        time.sleep(0.002)


def kill_and_judge(folder: Path, rounds: int, seed: int) -> None:
    chance = random.Random(seed)
    storage = FolderLog(folder / "log")
    own = house(folder, create=True)
    acknowledged: dict[int, str] = {}
    kept: list = []
    for number in range(rounds):
        writers = [start(folder, 3 * number + each) for each in range(3)]
        watch(storage, kept, chance.uniform(0, 0.2))
        for writer in writers:
            writer.kill()
        for each, writer in enumerate(writers):
            writer.join()
            assert writer.exitcode == -signal.SIGKILL
            for index, nonce, size in told(folder, 3 * number + each):
                assert index not in acknowledged, "one place was acknowledged twice"
                assert index < size
                acknowledged[index] = nonce
    sequence(own)
    found: list[bytes] = []
    judged = verify_log(storage, KEYS, lambda _index, data: found.append(data) or ())
    assert (judged.faults, judged.unsigned) == ((), ())
    assert [data for _, data in own.store.outbox(0, 10**6)] == found
    nonces = [parse_entry(data).nonce for data in found]
    assert len(set(nonces)) == len(nonces)
    assert {index: nonces[index] for index in acknowledged} == acknowledged
    last = current_checkpoint(storage, KEYS)
    for checkpoint in kept:
        assert verify_growth(storage, checkpoint, last) == ()
    assert len(acknowledged) > rounds
    own.store.close()


def test_twenty_five_kills_under_three_writers_lose_nothing(tmp_path: Path):
    kill_and_judge(tmp_path, rounds=25, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_five_hundred_kills_under_three_writers_lose_nothing(tmp_path: Path):
    for series in range(20):
        folder = tmp_path / str(series)
        folder.mkdir()
        kill_and_judge(folder, rounds=25, seed=100 + series)


class PowerCutError(Exception):
    pass


class StoppedAt(FolderLog):
    """A folder whose power fails at its n-th change."""

    def __init__(self, folder: Path, left: int) -> None:
        super().__init__(folder)
        self.left = left

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise PowerCutError

    def write_all(self, files):
        for path, data in files.items():
            self._count()
            super().write_all({path: data})

    def remove(self, paths):
        for path in paths:
            if self.read(path) is not None:
                self._count()
                super().remove([path])


def test_a_stop_between_any_two_steps_is_made_good_by_running_again(tmp_path: Path):
    made = [b"%d" % n for n in range(530)]
    whole = FolderLog(tmp_path / "whole")
    integrate(whole, [SIGNER], made[:250])
    integrate(whole, [SIGNER], made[250:], 250)
    stop, finished = 0, False
    while not finished:
        storage = StoppedAt(tmp_path / str(stop), 10**9)
        integrate(storage, [SIGNER], made[:250])
        before = storage.read("checkpoint")
        storage.left = stop
        try:
            integrate(storage, [SIGNER], made[250:], 250)
            finished = True
        except PowerCutError:
            assert storage.read("checkpoint") in {before, whole.read("checkpoint")}
            assert verify_log(storage, KEYS).faults == ()
        storage.left = 10**9
        # the outbox is asked again, in other groups than before
        integrate(storage, [SIGNER], made[250:300], 250)
        integrate(storage, [SIGNER], made[260:], 260)
        judged = verify_log(storage, KEYS)
        assert judged.faults == ()
        assert judged.unsigned == ()
        assert storage.read("checkpoint") == whole.read("checkpoint")
        stop += 1
    assert stop > 8


def test_two_processes_on_one_node_take_turns(tmp_path: Path):
    house(tmp_path, create=True).store.close()
    writers = [start(tmp_path, each, 40) for each in range(2)]
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    acknowledged = [index for each in range(2) for index, _, _ in told(tmp_path, each)]
    assert sorted(acknowledged) == list(range(80))
    judged = verify_log(FolderLog(tmp_path / "log"), KEYS)
    assert (judged.entries, judged.faults, judged.unsigned) == (80, (), ())


def _sequence_on_a_full_disk(folder: Path) -> None:
    own = house(folder)
    waiting = own.store.outbox(0, 10**6)
    own.store.outbox = lambda start, limit: waiting[start : start + limit]
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))
    try:
        sequence(own)
    except StorageError:
        sys.exit(StorageError.exit_code)


def test_a_full_disk_leaves_the_former_checkpoint_standing(tmp_path: Path):
    own, storage = house(tmp_path, create=True), FolderLog(tmp_path / "log")
    for number in range(30):
        own.store.append_entry(entry(f"{number:032x}"))
    sequence(own)
    before = current_checkpoint(storage, KEYS)
    for number in range(30, 300):
        own.store.append_entry(entry(f"{number:032x}"))
    limited = PROCESSES.Process(target=_sequence_on_a_full_disk, args=(tmp_path,))
    limited.start()
    limited.join()
    assert limited.exitcode == StorageError.exit_code
    assert current_checkpoint(storage, KEYS) == before
    assert verify_log(storage, KEYS).faults == ()
    assert sequence(own) == 300
    judged = verify_log(storage, KEYS)
    assert (judged.entries, judged.faults, judged.unsigned) == (300, (), ())
    own.store.close()
