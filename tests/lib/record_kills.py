"""Kills a node at random moments of a transfer and looks at what is left. Run as a script.

    python tests/lib/record_kills.py ROUNDS SEED FOLDER

Every round copies a node, forks a worker that offers, hands out, withdraws and erases records,
kills it with SIGKILL after a random delay, opens the node again and checks what must be true
whatever was killed when. Then the whole work is done again with the same request ids: it must give
the same transfers. Prints one JSON line a round; exit code 1 when a round failed.
"""

import json
import os
import random
import shutil
import signal
import sys
import time
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sekisho.gate.records.offers import Offering
from sekisho.model.consent import Consent
from sekisho.model.entry import EntryKind, parse_entry
from sekisho.model.transfer import Transfer
from sekisho.node import Node
from sekisho.terms import TransferState
from tests.lib.kills import forked
from tests.lib.records import ADDRESS, OSAKA, Pair, StillClock, open_node, pair

NAMES = ("fetched", "withdrawn", "waiting", "swept")
"""What the work makes of one transfer each; its request's id begins with the word."""


def now() -> StillClock:
    """A clock that begins now: what opens a node mends it by the machine's own clock."""
    clock = StillClock()
    clock.at = datetime.now(UTC)
    return clock


def request(name: str) -> str:
    return f"{name}-00000000"


def prepare(folder: Path) -> None:
    """A pair of nodes with a consent for each transfer, to be copied for each round."""
    folder.mkdir(parents=True)
    two = pair(folder, clock=now())
    consents = {name: two.given().id for name in NAMES}
    about = {"consents": consents, "subject": two.subject.id, "secret": two.secret}
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")
    two.sender.close()
    two.recipient.close()


def opened(folder: Path) -> tuple[Pair, dict[str, str]]:
    """The pair of a round, with its consents."""
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    clock = now()
    sender, recipient = (open_node(folder / name, clock) for name in ("sender", "recipient"))
    subject = sender._house.store.records.subject(about["subject"])
    record = folder / "p1.json"
    return Pair(folder, clock, sender, recipient, subject, record, OSAKA), about["consents"]


def work(folder: Path) -> None:
    """Everything that may be going on with transfers when the power goes."""
    two, consents = opened(folder)
    made = {name: send(two, name, consents[name]) for name in NAMES}
    fetch(two, made["fetched"])
    two.staff.withdraw(consents["withdrawn"])
    two.clock.pass_by(hours=70)
    fetch(two, made["waiting"])
    two.clock.pass_by(hours=3)
    two.sender.records.sweep()
    two.sender.close()
    two.recipient.close()


def send(two: Pair, name: str, consent: str) -> Transfer:
    offering = Offering(consent, OSAKA.id, two.record, ADDRESS, request=request(name))
    records = two.sender.records
    known = [each for each in records.transfers() if each.request == request(name)]
    if known and known[0].state is not TransferState.REQUESTED:
        return records.offer(offering)
    assert not known, "half a transfer"
    return records.offer(offering)


def fetch(two: Pair, transfer: Transfer) -> None:
    """Fetch and acknowledge, going on with what a killed worker began."""
    now = two.sender.records.transfer(transfer.id)
    if now.state in (TransferState.READY, TransferState.FETCHED):
        two.fetched(now, ticket="ab" * 32)
        two.there.records.acknowledge(now.id, now.sealed.digest)


def look(folder: Path) -> dict[str, object]:
    """What must be true after a kill; raises when it is not."""
    two, consents = opened(folder)
    left = whole(two.sender)
    two.sender.close()
    two.recipient.close()
    work(folder)
    two, consents = opened(folder)
    whole(two.sender)
    transfers = two.sender.records.transfers()
    assert sorted(each.request for each in transfers) == sorted(map(request, NAMES))
    assert {each.state for each in transfers} == {TransferState.ERASED}, "unfinished"
    fetched = [each for each in transfers if each.pick_ups]
    assert all(len(each.pick_ups) == 1 for each in fetched), "fetched twice"
    assert {each.request for each in fetched} == {request("fetched"), request("waiting")}
    held: list[Consent] = two.sender.records.consents()
    assert len(held) == len(consents)
    two.sender.close()
    two.recipient.close()
    return left


def whole(node: Node) -> dict[str, object]:
    """Nothing half written, nothing ready without its entry, one sealed file or none."""
    findings = node.verify()
    assert findings.passed, [each.code for each in findings.faults]
    house = node._house
    entries = [parse_entry(body) for _, body in house.store.outbox(0, 10_000)]
    transfers = house.store.records.transfers()
    assert all(each.state is not TransferState.OFFERED for each in transfers), "never finished"
    offered = {each.events[1].index for each in transfers}
    logged = {n for n, e in enumerate(entries) if e.kind is EntryKind.TRANSFER_OFFERED}
    assert offered == logged, "a transfer without its entry, or an entry without its transfer"
    for each in transfers:
        indices = [e.index for e in each.events[1:] if e.kind is not TransferState.READY]
        assert None not in indices, "a change without its entry"
    waiting = {each.id: each for each in transfers if each.has_payload}
    folder = node.folder / "transfers"
    files = {file.name: file for file in folder.iterdir()} if folder.exists() else {}
    assert set(files) == {f"{each}.sealed" for each in waiting}, "sealed files left or missing"
    for transfer in waiting.values():
        data = files[f"{transfer.id}.sealed"].read_bytes()
        assert sha256(data).hexdigest() == transfer.sealed.digest, "half a sealed file"
    assert not list((node.folder / "aside").glob("*")), "leftovers"
    assert not list((node.folder / "spill").glob("*")), "readable rows left behind"
    states = sorted(each.state.value for each in transfers)
    return {"entries_left": len(entries), "states_left": states}


def report(place: Path, number: int, delay: float) -> None:
    """Look, and say what was found."""
    found = look(place)
    print(json.dumps({"round": number, "delay_s": round(delay, 3), **found}), flush=True)


def main(rounds: int, seed: int, folder: Path) -> int:
    """Kill, look, repeat."""
    draw = random.Random(seed)
    model, first = folder / "model", folder / "unkilled"
    prepare(model)
    shutil.copytree(model, first)
    begun = time.monotonic()
    assert os.waitpid(forked(work, first), 0)[1] == 0, "the work fails without any kill"
    longest = time.monotonic() - begun
    failed = 0
    for number in range(rounds):
        place = folder / f"round-{number}"
        shutil.copytree(model, place)
        delay = draw.uniform(0, longest * 1.02)
        child = forked(work, place)
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        code = os.waitpid(forked(report, place, number, delay), 0)[1]
        failed += code != 0
        if code == 0:
            shutil.rmtree(place)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
