"""The log against limits measured in the same run.

Durable appends beside SQLite's durable insert of the same bytes in the same batches, a single
writer's latency beside bare fsyncs, proofs beside pymerkle in memory (in its own environment, named
by SEKISHO_PYMERKLE_PYTHON), the verification of a whole log beside hashing alone, and growth: the
proof stays logarithmic, memory flat.
"""

import argparse
import json
import os
import platform
import random
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from sekisho.model.entry import Entry, EntryKind, entry_bytes
from sekisho.stores.tiles import FolderLog
from sekisho.terms import Lane, Outcome
from sekisho.tlog.append import current_checkpoint, integrate
from sekisho.tlog.merkle import leaf_hash, proves_inclusion
from sekisho.tlog.note import Algorithm, Signer
from sekisho.tlog.proof import prove_under
from sekisho.tlog.tree import Tree

LOG = Signer("bench.example/log", Algorithm.ED25519, bytes(range(32)))
KEYS = [LOG.verifier]
PROOFS = 20_000
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)

PYMERKLE = """
import json, sys, time
from pymerkle import InmemoryTree, verify_inclusion
count, proofs = int(sys.argv[1]), int(sys.argv[2])
tree = InmemoryTree(algorithm="sha256")
begun = time.perf_counter()
for number in range(count):
    tree.append_entry(b"%0300d" % number)
appended = time.perf_counter() - begun
begun = time.perf_counter()
for number in range(proofs):
    tree.prove_inclusion(number * 7919 % count + 1, count)
proved = time.perf_counter() - begun
print(json.dumps({"appends_per_s": count / appended, "proofs_per_s": proofs / proved}))
"""


def entries(start: int, count: int) -> list[bytes]:
    """Entries as a node writes them, some 300 bytes each, every one with its own nonce."""
    plain = entry_bytes(
        Entry(
            EntryKind.DECISION_ALLOWED,
            NOON,
            programme="benchmark",
            lane=Lane.STATISTICS,
            outcome=Outcome.ALLOWED,
            rules=("R1", "R2"),
            commitments={"facts": "0" * 64},
            nonce="0" * 32,
        )
    )
    head, tail = plain.split(b"0" * 32 + b'","outcome')
    return [b'%s%032x","outcome%s' % (head, number, tail) for number in range(start, start + count)]


@contextmanager
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="log-", dir=os.environ.get("SEKISHO_BENCH_DIR")))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def sqlite_base(place: Path) -> sqlite3.Connection:
    base = sqlite3.connect(place / "base.sqlite", isolation_level=None)
    base.execute("PRAGMA journal_mode = WAL")
    base.execute("PRAGMA synchronous = FULL")
    base.execute("CREATE TABLE entries (at INTEGER PRIMARY KEY, body BLOB)")
    return base


def appends(total: int, batch: int) -> dict[str, float]:
    """The two take turns batch by batch, so that a busy disk is busy for both."""
    with folder() as place:
        storage, base = FolderLog(place / "log"), sqlite_base(place)
        ours = theirs = 0.0
        for first in range(0, total, batch):
            made = entries(first, batch)
            ours += seconds(lambda: integrate(storage, [LOG], made, first))  # noqa: B023

            def insert() -> None:
                base.execute("BEGIN IMMEDIATE")
                base.executemany("INSERT INTO entries VALUES (?, ?)", enumerate(made, first))  # noqa: B023
                base.execute("COMMIT")

            theirs += seconds(insert)
        base.close()
    return {
        "batch": batch,
        "appends_per_s": total / ours,
        "sqlite_per_s": total / theirs,
        "ratio_to_sqlite": theirs / ours,
    }


def latency(count: int) -> dict[str, float]:
    """One entry a call, from the call to the checkpoint on disk; beside one fsync of 4 KiB.

    How many fsyncs a call makes and how long it waits in them is counted, not derived.
    """
    taken, bare, waited, made = [], [], [], []
    with folder() as place, counted_fsyncs() as fsyncs:
        storage = FolderLog(place / "log")
        integrate(storage, [LOG], entries(0, 1000))
        for number in range(1000, 1000 + count):
            one = entries(number, 1)
            fsyncs.clear()
            taken.append(seconds(lambda: integrate(storage, [LOG], one, number)))  # noqa: B023
            made.append(len(fsyncs))
            waited.append(sum(fsyncs))
            with (place / "bare").open("wb") as opened:
                opened.write(bytes(4096))
                opened.flush()
                bare.append(seconds(lambda: os.fsync(opened.fileno())))
    centiles = statistics.quantiles(taken, n=100)
    return {
        "p50_ms": 1000 * centiles[49],
        "p99_ms": 1000 * centiles[98],
        "fsyncs_a_call": statistics.median(made),
        "in_fsyncs_p50_ms": 1000 * statistics.median(waited),
        "bare_fsync_p50_ms": 1000 * statistics.median(bare),
    }


@contextmanager
def counted_fsyncs() -> Iterator[list[float]]:
    """Seconds that each fsync takes, while it lasts."""
    real, spent = os.fsync, []

    def counted(descriptor: int) -> None:
        spent.append(seconds(lambda: real(descriptor)))

    os.fsync = counted
    try:
        yield spent
    finally:
        os.fsync = real


def build(place: Path, size: int) -> float:
    """A log of a size, in batches of 65,536; entries are made outside the clock."""
    storage, taken = FolderLog(place / "log"), 0.0
    for first in range(0, size, 65_536):
        made = entries(first, min(65_536, size - first))
        taken += seconds(lambda: integrate(storage, [LOG], made, first))  # noqa: B023
    return taken


def proofs(place: Path, size: int, count: int) -> dict[str, float]:
    """Whole proof files of random entries, each checked before it is handed out.

    A tile is read and hashed once, whoever asks first: a proof from a tile that nobody has read
    costs 255 hashes more. So three figures: one proof a tile, none of them read before; random
    entries, whose first proof of each tile reads it; and the same entries again, every tile read.
    A tree keeps 4,096 tiles, about 1e6 entries; in a larger one the last figure reads tiles again.
    """
    storage = FolderLog(place / "log")
    checkpoint = current_checkpoint(storage, KEYS)
    tree = Tree(storage, size, checkpoint.root)
    chosen = random.Random(1).choices(range(size), k=count)
    for index in chosen[:100]:
        found = tree.inclusion(index)
        leaf = leaf_hash(tree.entry(index))
        assert proves_inclusion(leaf, index, size, found, checkpoint.root)
    fresh = Tree(storage, size, checkpoint.root)
    cold = seconds(lambda: [prove_under(checkpoint, fresh, index) for index in chosen])
    warm = seconds(lambda: [prove_under(checkpoint, fresh, index) for index in chosen])
    tiles = random.Random(2).sample(range(size // 256), k=min(size // 256, 2000))
    unread = Tree(storage, size, checkpoint.root)
    first = seconds(lambda: [prove_under(checkpoint, unread, 256 * tile) for tile in tiles])
    longest = max(len(tree.inclusion(index)) for index in chosen[:1000])
    return {
        "size": size,
        "proofs": count,
        "tiles": size // 256,
        "proofs_per_s": count / cold,
        "proofs_per_s_one_a_tile": len(tiles) / first,
        "proofs_per_s_tiles_read": count / warm,
        "longest_proof_hashes": longest,
    }


def verification(place: Path, size: int) -> dict[str, float]:
    """The whole log from its files, in a process of its own, beside hashing as many bytes alone."""
    code = (
        "import json, sys, time; from pathlib import Path\n"
        "from sekisho.stores.tiles import FolderLog\n"
        "from sekisho.tlog.note import parse_verifier\n"
        "from sekisho.tlog.verify import verify_log\n"
        "peak = lambda: int(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])\n"
        "before = peak(); begun = time.perf_counter()\n"
        "found = verify_log(FolderLog(Path(sys.argv[1])), [parse_verifier(sys.argv[2])])\n"
        "taken = time.perf_counter() - begun; assert found.is_sound and not found.unsigned\n"
        "after = peak()\n"
        "print(json.dumps({'s': taken, 'grew_mb': (after - before) / 1024, 'mb': after / 1024}))\n"
    )
    asked = [sys.executable, "-c", code, str(place / "log"), LOG.verifier.vkey]
    said = json.loads(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)
    made = entries(0, 50_000)
    alone = seconds(lambda: [sha256(b"\x00" + entry).digest() for entry in made]) * size / 50_000
    return {
        "size": size,
        "seconds": said["s"],
        "entries_per_s": size / said["s"],
        "ratio_to_hashing_alone": said["s"] / alone,
        "memory_grew_mb": said["grew_mb"],
        "memory_mb": said["mb"],
    }


def pymerkle(size: int, count: int) -> dict[str, float] | str:
    python = os.environ.get("SEKISHO_PYMERKLE_PYTHON")
    if not python:
        return "skipped: pymerkle (SEKISHO_PYMERKLE_PYTHON names no Python that has it)"
    asked = [python, "-c", PYMERKLE, str(size), str(count)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    if done.returncode:
        return f"skipped: pymerkle ({done.stderr.strip().splitlines()[-1]})"
    return json.loads(done.stdout)


def growth(sizes: list[int]) -> list[dict[str, float]]:
    rows = []
    for size in sizes:
        with folder() as place:
            taken = build(place, size)
            found = proofs(place, size, PROOFS)
            judged = verification(place, size)
            rows.append(
                {
                    "size": size,
                    "append_per_s": size / taken,
                    "proofs_per_s": found["proofs_per_s"],
                    "proofs_per_s_one_a_tile": found["proofs_per_s_one_a_tile"],
                    "proofs_per_s_tiles_read": found["proofs_per_s_tiles_read"],
                    "longest_proof_hashes": found["longest_proof_hashes"],
                    "verify_s": judged["seconds"],
                    "verify_memory_grew_mb": judged["memory_grew_mb"],
                    "writer_peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                }
            )
            print(row(rows[-1]))
    return rows


def row(figures: dict[str, float]) -> str:
    return "   ".join(
        f"{name} {value:,.0f}" if value >= 100 else f"{name} {value:.2f}"
        for name, value in figures.items()
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the sizes")
    parser.add_argument("--full", action="store_true", help="growth up to 10,000,000 entries")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    size = 100_000 if asked.quick else 1_000_000
    report: dict[str, object] = {
        "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}",
        "appends": [appends(total, batch) for total, batch in _batches(size)],
        "latency": latency(100 if asked.quick else 500),
    }
    for each in report["appends"]:
        print("appends      ", row(each))
    print("latency      ", row(report["latency"]))
    with folder() as place:
        build(place, size)
        report["proofs"] = proofs(place, size, PROOFS)
        print("proofs       ", row(report["proofs"]))
        report["verification"] = verification(place, size)
        print("verification ", row(report["verification"]))
    report["pymerkle"] = beside = pymerkle(size, 2000)
    print("pymerkle     ", beside if isinstance(beside, str) else row(beside))
    report["growth"] = growth(
        [
            10_000,
            100_000,
            *([] if asked.quick else [1_000_000]),
            *([10_000_000] if asked.full else []),
        ]
    )
    if asked.json:
        asked.json.write_text(json.dumps(report, indent=1), encoding="utf-8")


def _batches(size: int) -> list[tuple[int, int]]:
    return [(size // 100, 100), (size // 10, 1000), (size // 2, 10_000)]


if __name__ == "__main__":
    main()
