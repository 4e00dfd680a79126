"""Killed anywhere between charge and release: charged once, drawn once, finished by the next call."""

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import sekisho
from sekisho.model.entry import EntryKind, parse_entry
from tests.lib.killed_private import query, release
from tests.lib.private import PROGRAMME, make_node

ROOT = Path(__file__).resolve().parents[2]
DRAWING = ["sequence", "draw", "save_draw", "from_bytes"]
"""Steps of a paid draw."""


@pytest.fixture
def where(tmp_path):
    make_node(tmp_path).close()
    return tmp_path / "node"


def killed(where: Path, what: str, moment: str) -> None:
    """Run a call in a process of its own that dies when it reaches the moment."""
    command = [sys.executable, "-m", "tests.lib.killed_private", str(where), what, moment]
    done = subprocess.run(
        command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def charged(node) -> int:
    parsed = [parse_entry(data) for _, data in node._house.store.outbox(0, 10_000)]
    return sum(each.kind is EntryKind.BUDGET_CHARGED for each in parsed)


def check(node, moment: str, call) -> None:
    """Charged once before and after; what was drawn and kept is what leaves."""
    assert charged(node) == 1
    (charge,) = node._house.store.charges(PROGRAMME)
    kept = node._house.store.drawn(charge.request)
    assert (kept is None) == (moment in DRAWING[:3])
    first = call(node)
    assert call(node).table == first.table
    assert charged(node) == 1
    assert node._house.store.spent(PROGRAMME, "trips", "once").loss == charge.loss
    if kept is not None:
        assert node._house.store.drawn(charge.request) == kept
    assert node.verify().passed


@pytest.mark.parametrize("moment", DRAWING)
def test_a_killed_question_is_finished_without_a_second_charge(where, moment):
    killed(where, "query", moment)
    with sekisho.open(where) as node:
        check(node, moment, query)


@pytest.mark.parametrize("moment", ["draw", "from_bytes", "write_papers", "entry_of", "finish_all"])
def test_a_killed_release_is_finished_without_a_second_charge_or_draw(where, moment):
    killed(where, "release", moment)
    with sekisho.open(where) as node:
        check(node, moment, release)
        (made,) = node.releases()
        assert made.release.revision == 1


def test_of_two_draws_made_at_once_only_the_first_that_is_kept_ever_leaves(where):
    with sekisho.open(where) as node:
        house = node._house
        inner = []

        class Racing:
            """While this call draws, another one asks the same and is faster."""

            def gaussian(self, values, sigma):
                if not inner:
                    inner.append(None)
                    inner[0] = query(node)
                return house.noise.gaussian(values, sigma)

        slow = sekisho.Node(replace(house, noise=Racing()), node._settings, node._actor)
        assert query(slow).table == inner[0].table
        assert charged(node) == 1
