"""Kills a node that publishes, corrects and withdraws, and looks at what is left. Run as a script.

    python tests/lib/calendar_kills.py ROUNDS SEED FOLDER

Every round copies a node on which a release waits and another is wrong, forks a worker that
publishes, corrects and withdraws, kills it after a random delay, opens the node again, checks what
must be true whatever was killed when, and finishes the work. Prints one JSON line a round.
"""

import json
import os
import random
import shutil
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sekisho.errors import Conflict
from sekisho.gate.repair import repair
from sekisho.model.calendar import ErrorClass
from sekisho.model.entry import EntryKind, parse_entry
from sekisho.terms import ReleaseState
from tests.lib.calendars import FIRST, PLAN, WHY, more, opened_at, planned_node
from tests.lib.kills import forked, warm
from tests.lib.small import PROGRAMME

WRONG = f"{PROGRAMME}.by-goods.r1"
WAITS = f"{PROGRAMME}.{PLAN}.r1"
BEFORE = FIRST - timedelta(days=1)
AFTER = FIRST + timedelta(seconds=1)
PROOFS = {"manifest.json", "entry.json", "proof.tlog-proof", "embargo.tlog-proof"}


def prepare(place: Path) -> None:
    """A node on which one release waits, and one is open over data that grew since."""
    place.mkdir(parents=True)
    with planned_node(place, BEFORE) as node:
        node.release(PROGRAMME, PLAN)
        node.release(PROGRAMME, "by-goods")
        more(place, node)


def work(place: Path) -> None:
    """Everything that may be under way when the power goes."""
    with opened_at(place, AFTER) as node:
        node.calendar.publish_due()
        node.calendar.correct(WRONG, ErrorClass.DATA, WHY)
        try:
            node.calendar.withdraw(WAITS, ErrorClass.DISCLOSURE, WHY)
        except Conflict:
            assert node.released(WAITS).became.taken_down


def look(place: Path) -> dict[str, object]:
    """What must be true after a kill; raises when it is not."""
    with opened_at(place, BEFORE) as node:
        repair(node._house)
        states = checked(node, place)
        size = node._house.store.entry_count()
    work(place)
    with opened_at(place, AFTER) as node:
        repair(node._house)
        assert checked(node, place) == {
            WRONG: ReleaseState.CORRECTED,
            WAITS: ReleaseState.WITHDRAWN,
            f"{PROGRAMME}.by-goods.r2": ReleaseState.OPEN,
        }
    return {"entries_left": size, "states": sorted(each.value for each in states.values())}


def checked(node, place: Path) -> dict[str, ReleaseState]:
    """The states of the releases, once log, store and files agree with them."""
    findings = node.verify()
    assert findings.passed, [each.code for each in findings.faults]
    house = node._house
    found = {each.id: each for each in house.store.releases()}
    waiting = {each.release for each in house.store.calendar.holds()}
    entries = [parse_entry(data) for _i, data in house.store.outbox(0, 10_000)]
    out = [
        str(each.public["release"])
        for each in entries
        if each.kind in (EntryKind.RELEASE_MADE, EntryKind.RELEASE_CORRECTED)
    ]
    assert len(out) == len(set(out)), "let out twice"
    assert set(out) == set(found) - waiting, "out without its entry, or an entry without it"
    folder = place / "node"
    assert {each.name for each in (folder / "releases").glob("*")} == set(out)
    assert {each.name for each in (folder / "embargoed").glob("*")} == waiting
    assert not list((folder / "aside").glob("*")), "leftovers"
    for each in found.values():
        assert each.state is not ReleaseState.MADE or each.id in waiting, "half made"
        if each.state is ReleaseState.WITHDRAWN:
            assert {f.name for f in (folder / "releases" / each.id).iterdir()} <= PROOFS
    withdrawn = [each for each in entries if each.kind is EntryKind.RELEASE_WITHDRAWN]
    gone = [each for each in found.values() if each.state is ReleaseState.WITHDRAWN]
    assert len(withdrawn) == len(gone)
    return {name: each.state for name, each in found.items()}


def report(place: Path, number: int) -> None:
    """Look, and say what was found."""
    print(json.dumps({"round": number, **look(place)}), flush=True)


def main(rounds: int, seed: int, folder: Path) -> int:
    """Kill, look, repeat."""
    warm()
    draw = random.Random(seed)
    template = folder / "template"
    assert os.waitpid(forked(prepare, template), 0)[1] == 0
    whole = folder / "unkilled"
    shutil.copytree(template, whole)
    begun = time.monotonic()
    assert os.waitpid(forked(work, whole), 0)[1] == 0, "the work fails without any kill"
    longest = time.monotonic() - begun
    failed = 0
    for number in range(rounds):
        place = folder / f"round-{number}"
        shutil.copytree(template, place)
        child = forked(work, place)
        time.sleep(draw.uniform(0, longest * 1.05))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        code = os.waitpid(forked(report, place, number), 0)[1]
        failed += code != 0
        if code == 0:
            shutil.rmtree(place)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
