"""A withdrawal and a fetch at the same moment, again and again, over threads and over processes."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from sekisho.errors import SekishoError
from sekisho.lanes.record.proofs import PickUpProof
from sekisho.model.entry import EntryKind, parse_entry
from sekisho.model.transfer import Transfer
from sekisho.node import Node
from sekisho.tlog.history import concerns
from tests.lib.records import Pair, StillClock, open_node


@dataclass(frozen=True)
class Run:
    """One race: what both sides need, prepared beforehand."""

    transfer: str
    consent: str
    proof: PickUpProof
    secret: str
    wait_fetch: float
    wait_withdraw: float


def prepare(two: Pair, chance: random.Random, longest_s: float) -> Run:
    """A transfer that waits, and a challenge that is answered already."""
    transfer = two.offered()
    return Run(
        transfer.id,
        transfer.consent,
        two.proof(transfer),
        two.secret,
        chance.uniform(0, longest_s),
        chance.uniform(0, longest_s),
    )


def fetch(node: Node, run: Run) -> int:
    """How many bytes came; 0 when nothing was handed out."""
    time.sleep(run.wait_fetch)
    try:
        picked = node.records.fetch(run.transfer, run.proof)
    except SekishoError:
        return 0
    with picked.file as file:
        return len(file.read())


def withdraw(node: Node, run: Run) -> None:
    time.sleep(run.wait_withdraw)
    node.records.by_secret(run.secret).withdraw(run.consent)


def race_threads(two: Pair, run: Run) -> int:
    """Both at once in two threads of one node; the bytes that came."""
    got: list[int] = []
    start = threading.Barrier(2)

    def go(call: Callable[[], None]) -> None:
        start.wait()
        call()

    there = two.there
    sides = (lambda: got.append(fetch(there, run)), lambda: withdraw(two.sender, run))
    threads = [threading.Thread(target=go, args=(side,)) for side in sides]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return got[0]


def _side(folder: str, at, actor: str | None, side: str, pipe, start) -> None:
    """One of two processes: waits for a run, does its side, says what came."""
    clock = StillClock()
    clock.at = at
    node = open_node(Path(folder), clock)
    node = node.as_(actor) if actor else node
    while (run := pipe.recv()) is not None:
        start.wait()
        pipe.send(fetch(node, run) if side == "fetch" else withdraw(node, run))
    node.close()


class TwoProcesses:
    """Two processes on one node: one fetches, one withdraws."""

    def __init__(self, two: Pair) -> None:
        made = get_context("spawn")
        self._start = made.Barrier(2)
        self._pipes, self._running = [], []
        clerk = f"clerk-{two.receiver.id}"
        for actor, side in ((clerk, "fetch"), (None, "withdraw")):
            here, there = made.Pipe()
            arguments = (str(two.sender.folder), two.clock.at, actor, side, there, self._start)
            process = made.Process(target=_side, args=arguments, daemon=True)
            process.start()
            self._pipes.append(here)
            self._running.append(process)

    def race(self, run: Run) -> int:
        """Both at once; the bytes that came."""
        for pipe in self._pipes:
            pipe.send(run)
        assert all(pipe.poll(60) for pipe in self._pipes), "a side never came to its end"
        got = [pipe.recv() for pipe in self._pipes]
        return int(got[0])

    def close(self) -> None:
        for pipe in self._pipes:
            pipe.send(None)
        for process in self._running:
            process.join(30)
            assert process.exitcode == 0


def judge(two: Pair, run: Run, got: int) -> str:
    """What must be true afterwards: one of exactly two outcomes; which one it was."""
    secret = two.subject.secret
    since = two.seen
    order: list[EntryKind] = []
    for _index, body in two.sender._house.store.outbox(since, 10**6):
        entry = parse_entry(body)
        if concerns(entry, secret):
            order.append(entry.kind)
    fetched = [n for n, kind in enumerate(order) if kind is EntryKind.TRANSFER_FETCHED]
    withdrawn = [n for n, kind in enumerate(order) if kind is EntryKind.CONSENT_WITHDRAWN]
    assert len(withdrawn) == 1
    assert len(fetched) == (1 if got else 0), "bytes without a receipt, or a receipt without bytes"
    assert not fetched or fetched[0] < withdrawn[0], "fetched after the withdrawal"
    transfer: Transfer = two.sender.records.transfer(run.transfer)
    assert transfer.state.value == "erased"
    assert not (two.sender.folder / "transfers" / f"{run.transfer}.sealed").exists()
    recalls = [r for r in two.sender._house.store.records.recalls() if r.transfer == run.transfer]
    assert len(recalls) == (1 if got else 0), "who received is told, nobody else"
    return "fetched" if got else "withdrawn"


def races(
    two: Pair, count: int, race: Callable[[Run], int], longest_s: float, part: int = 0
) -> dict[str, int]:
    """So many races; how often each outcome came."""
    chance = random.Random(20261122 + part)
    outcomes = {"fetched": 0, "withdrawn": 0}
    for _ in range(count):
        run = prepare(two, chance, longest_s)
        two.seen = two.sender._house.store.entry_count()
        outcomes[judge(two, run, race(run))] += 1
    return outcomes
