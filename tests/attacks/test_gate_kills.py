"""Whatever is killed when: the node opens, nothing is half-written, nothing is lost."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "lib" / "kills.py"


def _kill(rounds: int, seed: int, folder: Path, *more: str) -> list[dict[str, object]]:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(rounds), str(seed), str(folder), *more],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_node_killed_at_any_moment_is_whole_and_goes_on(tmp_path):
    found = _kill(12, 1, tmp_path)
    assert len(found) == 12
    assert len({each["entries_left"] for each in found}) > 2, "the kills met no different moments"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_five_hundred_kills_leave_every_node_whole(tmp_path, seed):
    assert len(_kill(50, 100 + seed, tmp_path)) == 50
