"""Whatever is killed when in a transfer: nothing half-written, nothing ready without its entry."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "lib" / "record_kills.py"


def _kill(rounds: int, seed: int, folder: Path) -> list[dict[str, object]]:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(rounds), str(seed), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_node_killed_on_a_transfers_way_is_whole_and_asked_again_makes_the_same(tmp_path):
    found = _kill(10, 1, tmp_path)
    assert len(found) == 10
    assert len({each["entries_left"] for each in found}) > 3, "the kills met no different moments"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_three_hundred_kills_leave_every_transfer_whole(tmp_path, seed):
    assert len(_kill(25, 100 + seed, tmp_path)) == 25
