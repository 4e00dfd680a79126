"""Writers killed at any moment: nothing acknowledged is lost, nothing is there twice."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.lib.log_writer import SIGNER, Outbox

from sekisho.errors import StorageError
from sekisho.stores.tiles import FolderLog
from sekisho.tlog.append import current_checkpoint, integrate
from sekisho.tlog.sequence import sequence
from sekisho.tlog.tree import Tree
from sekisho.tlog.verify import verify_growth, verify_log

ROOT = Path(__file__).resolve().parents[2]
KEYS = [SIGNER.verifier]


def start(folder: Path, name: str, count: int = 10**9) -> subprocess.Popen:
    command = [sys.executable, "-m", "tests.lib.log_writer", str(folder), name, str(count)]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, cwd=folder, env=environment)


def acknowledged(process: subprocess.Popen) -> list[tuple[int, bytes, int]]:
    said = process.communicate()[0].decode().split("\n")[:-1]
    lines = [line.split(" ") for line in said]
    return [
        (int(at), f'{{"writer":"{name}","number":{number}}}'.encode(), int(size))
        for at, name, number, size in lines
    ]


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
    told: dict[int, bytes] = {}
    kept: list = []
    for number in range(rounds):
        writers = [start(folder, f"w{number}-{each}") for each in range(3)]
        watch(storage, kept, chance.uniform(0, 0.25))
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
        for writer in writers:
            for at, entry, size in acknowledged(writer):
                assert at not in told, "one place was acknowledged twice"
                assert at < size
                told[at] = entry
    outbox = Outbox(folder / "outbox.sqlite")
    last = sequence(storage, [SIGNER], outbox.read)
    found: dict[int, bytes] = {}
    judged = verify_log(storage, KEYS, lambda at, entry: found.update({at: entry}) or ())
    assert judged.faults == ()
    assert judged.unsigned == ()
    assert {at: found.get(at) for at in told} == told
    assert len(set(found.values())) == len(found)
    assert [entry for _, entry in outbox.read(0, 10**9)] == [found[at] for at in sorted(found)]
    for checkpoint in kept:
        assert verify_growth(storage, checkpoint, last) == ()
    assert len(told) > rounds


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


def test_two_processes_on_one_log_take_turns(tmp_path: Path):
    writers = [start(tmp_path, name, 40) for name in ("a", "b")]
    told = [each for writer in writers for each in acknowledged(writer)]
    assert [writer.returncode for writer in writers] == [0, 0]
    assert sorted(at for at, _, _ in told) == list(range(80))
    judged = verify_log(FolderLog(tmp_path / "log"), KEYS)
    assert judged.entries == 80
    assert judged.faults == ()


def test_a_full_disk_leaves_the_former_checkpoint_standing(tmp_path: Path):
    outbox = Outbox(tmp_path / "outbox.sqlite")
    storage = FolderLog(tmp_path / "log")
    for number in range(300):
        outbox.add(b"%d" % number)
    before = sequence(storage, [SIGNER], outbox.read)
    for number in range(300, 700):
        outbox.add(b"%0200d" % number)
    limited = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from sekisho.errors import StorageError\n"
        "from tests.lib.log_writer import SIGNER, FolderLog, Outbox, sequence\n"
        "outbox = Outbox(Path('outbox.sqlite')); waiting = outbox.read(0, 9999)\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))\n"
        "try: sequence(FolderLog(Path('log')), [SIGNER], lambda at, _: waiting[at:])\n"
        "except StorageError as error: sys.exit(error.exit_code)\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"}
    ended = subprocess.run(
        [sys.executable, "-c", limited], cwd=tmp_path, env=environment, check=False
    )
    assert ended.returncode == StorageError.exit_code
    assert current_checkpoint(storage, KEYS) == before
    assert verify_log(storage, KEYS).faults == ()
    assert sequence(storage, [SIGNER], outbox.read).size == 700
    judged = verify_log(storage, KEYS)
    assert judged.faults == ()
    assert judged.unsigned == ()
