"""Killed while it publishes, corrects or withdraws: the node opens whole, nothing left twice."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "lib" / "calendar_kills.py"


def _kill(rounds: int, seed: int, folder: Path) -> list[dict[str, object]]:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(rounds), str(seed), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_node_killed_while_it_publishes_corrects_and_withdraws_is_whole(tmp_path):
    assert len(_kill(1, 1, tmp_path)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_hundred_kills_leave_no_release_half_published(tmp_path, seed):
    found = _kill(25, 100 + seed, tmp_path)
    assert len(found) == 25
    assert len({str(each["states"]) for each in found}) > 2, "the kills met no different moments"
