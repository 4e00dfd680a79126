"""Kills a node at work at random moments and looks at what is left. Run as a script.

    python tests/lib/kills.py ROUNDS SEED FOLDER [postgres]

With `postgres`, the nodes' state lies in a real PostgreSQL, and the nodes are founded before. Every round founds a node from a template, forks a worker that loads and releases, kills it with
SIGKILL after a random delay, opens the node again and checks what must be true whatever was killed
when. Prints one JSON line a round; exit code 1 when a round failed.
"""

import json
import os
import random
import shutil
import signal
import sys
import time
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sqlalchemy import make_url, text

import sekisho
from sekisho.model.entry import EntryKind, parse_entry
from sekisho.terms import JobState, ReleaseState
from tests.lib.postgres import new_database
from tests.lib.small import OWNER, PLANS, PROGRAMME, SECRET_P, rows, write_programme, write_sales


def work(folder: Path) -> None:
    """Everything that a caller may be doing when the power goes."""
    where = folder / "node"
    if not (where / "node.toml").exists():
        found(where)
    with sekisho.open(where) as node:
        node.add_programme(folder / PROGRAMME)
        node.load(PROGRAMME, "sales", folder / "sales.csv")
        for plan in PLANS:
            node.release(PROGRAMME, plan)


def found(where: Path, store: str | None = None) -> None:
    """A new node that makes little effort to hide less."""
    sekisho.init(where, OWNER, sensitivity={"p-percent": SECRET_P}, store=store).close()
    _hasten(where / "node.toml")


def _hasten(settings: Path) -> None:
    """One round of effort on one thread; replaced whole, since this too may be killed."""
    said = settings.read_text(encoding="utf-8")
    aside = settings.with_suffix(".aside")
    aside.write_text(said.replace("[node]", "[node]\nrounds = 1\nthreads = 1"), encoding="utf-8")
    aside.chmod(0o600)
    aside.replace(settings)


def look(folder: Path) -> dict[str, object]:
    """What must be true after a kill; raises when it is not."""
    where = folder / "node"
    if not (where / "node.toml").exists():
        work(folder)
    with sekisho.open(where) as node:
        wait_for_the_server(node._house.store)
        findings = node.verify()
        assert findings.passed, [each.code for each in findings.faults]
        house = node._house
        released = {r.id: r for r in house.store.releases()}
        entries = [parse_entry(data) for _i, data in house.store.outbox(0, 10_000)]
        logged = {str(e.public["release"]) for e in entries if e.kind is EntryKind.RELEASE_MADE}
        assert logged == set(released), (
            "a release without its entry, or an entry without its release"
        )
        assert all(r.state is ReleaseState.OPEN for r in released.values()), "a release half made"
        assert {p.name for p in (where / "releases").glob("*")} == set(released), (
            "files half written"
        )
        delivered = sum(e.kind is EntryKind.DATA_DELIVERED for e in entries)
        files = list((where / "deliveries").glob("*/*/*.parquet"))
        assert len(files) == delivered, "a delivery without its entry, or the reverse"
        assert not list((where / "aside").glob("*")), "leftovers"
        assert not list((where / "spill").glob("*")), "spilled rows left behind"
        size = len(entries)
    work(folder)
    with sekisho.open(where) as node:
        assert len(node.releases()) == len(PLANS), "the work could not be finished"
        assert node.verify().passed
        jobs = node._house.store.jobs(JobState.RUNNING)
        return {"entries_left": size, "releases_left": len(released), "still_running": len(jobs)}


def wait_for_the_server(store) -> None:
    """PostgreSQL may still be committing what the killed process sent last."""
    if store._engine.dialect.name != "postgresql":
        return
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'"
    )
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with store._engine.connect() as connection:
            if connection.execute(others).scalar() == 0:
                return
        time.sleep(0.01)
    raise AssertionError("the killed process is still at work")


def forked(call, *arguments) -> int:
    """Run a call in a child; its pid, to be waited for or killed."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            call(*arguments)
            code = 0
        except BaseException:  # the parent sees the code and the traceback
            import traceback

            traceback.print_exc()
        finally:
            os._exit(code)
    return child


def warm() -> None:
    """Import what a worker needs, so that a forked one starts at once.

    Charts are left out: they are one more file, and drawing them would be most of the time.
    """
    import alembic.command
    import duckdb
    import highspy
    import pandas as pd
    import pyarrow.parquet
    import scipy.sparse
    import sqlglot

    from sekisho import node, wiring
    from sekisho.rules.packs import installed

    installed()
    drawn = wiring.formats
    wiring.formats = lambda: tuple(
        each for each in drawn() if not each.suffix.endswith((".svg", ".xlsx"))
    )
    assert all((alembic, duckdb, highspy, pd, pyarrow, scipy, sqlglot, node))


def main(rounds: int, seed: int, folder: Path, backend: str = "sqlite") -> int:
    """Kill, look, repeat."""
    warm()
    draw = random.Random(seed)
    whole = folder / "unkilled"
    prepare(whole, backend)
    begun = time.monotonic()
    assert os.waitpid(forked(work, whole), 0)[1] == 0, "the work fails without any kill"
    longest = time.monotonic() - begun
    failed = 0
    for number in range(rounds):
        place = folder / f"round-{number}"
        prepare(place, backend)
        delay = draw.uniform(0, longest * 1.05)
        child = forked(work, place)
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        code = os.waitpid(forked(report, place, number, delay), 0)[1]
        failed += code != 0
        if code == 0:
            shutil.rmtree(place)
    return 1 if failed else 0


def prepare(place: Path, backend: str) -> None:
    """A folder with a programme and data, no node yet; over PostgreSQL a copy of a founded node."""
    place.mkdir(parents=True)
    write_programme(place)
    write_sales(place / "sales.csv", rows(1, count=60, firms=7))
    if backend == "postgres":
        address, model = founded(place.parent)
        shutil.copytree(model, place / "node")
        settings = place / "node" / "node.toml"
        said = settings.read_text(encoding="utf-8")
        name = make_url(address).database
        own = make_url(new_database(like=name)).database
        settings.write_text(said.replace(f"/{name}?", f"/{own}?"), encoding="utf-8")


@cache
def founded(folder: Path) -> tuple[str, Path]:
    """The address of a founded node's database, and its folder, to be copied."""
    address, model = new_database(), folder / "model" / "node"
    # in a child: a pool that a fork inherits would talk over its parent's connections
    assert os.waitpid(forked(found, model, address), 0)[1] == 0
    return address, model


def report(place: Path, number: int, delay: float) -> None:
    """Look, and say what was found."""
    found = look(place)
    print(json.dumps({"round": number, "delay_s": round(delay, 3), **found}), flush=True)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), *sys.argv[4:]))
