"""The same input gives the same pattern and the same certificate, whoever runs it and how."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUN = """
import hashlib, sys
sys.path.insert(0, {root!r})
from sekisho.lanes.statistics.disclosure.cells import lone_contributors
from sekisho.lanes.statistics.disclosure.certificate import to_bytes
from sekisho.lanes.statistics.disclosure.protect import Effort, protect
from sekisho.lanes.statistics.disclosure.sensitivity import minimum_frequency
from tests.lib.tables import joined, survey, tree
data = survey((tree("a", (3, 3)), tree("b", (2, 3), second=True), tree("c", (3,))), 150, 8)
cells = joined(data, [(0, 1), (1, 2), (0, 2)])[0]
found = minimum_frequency(cells.values, cells.frequency, threshold=3)
people = lone_contributors(cells) if {people} else None
effort = Effort(shrink=2, improve={improve}, exact=0, threads={threads})
done = protect(cells, found.levels, attackers=people, effort=effort)
print(hashlib.sha256(done.hidden.tobytes() + to_bytes(done.certificate)).hexdigest())
"""


def _digests(count, *, people, improve):
    """Digests of that many runs, four processes at once, on one to four threads."""
    out = []
    while len(out) < count:
        running = [
            subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    RUN.format(root=str(ROOT), people=people, improve=improve, threads=1 + i % 4),
                ],
                stdout=subprocess.PIPE,
                text=True,
            )
            for i in range(min(4, count - len(out)))
        ]
        out += [each.communicate()[0].strip() for each in running]
    return out


def test_processes_side_by_side_on_other_threads_agree_to_the_byte():
    digests = _digests(3, people=False, improve=0)
    assert len(digests[0]) == 64
    assert len(set(digests)) == 1


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("people", [False, True])
def test_a_hundred_runs_under_load_agree_to_the_byte(people):
    assert len(set(_digests(100, people=people, improve=1))) == 1
