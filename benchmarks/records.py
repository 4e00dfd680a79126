"""The record lane: read, minimise, seal, decide and log, beside a plain copy and bare sealing.

Records of 2 kB and bundles of 1 MB, of the shipped synthetic patients, go the whole way through
a node's gate in one call for many: rules, reading and checking, minimising, sealing, the store, the
log's checkpoint. What is counted is the record as it arrives: JSON that nobody has parsed. Beside
it in the same run, in turns, over the same bytes:

- a plain copy from file to file;
- bare sealing: HPKE once, then AES-256-GCM of the same chunks, into a file, without size class,
  hash or signature;
- JSON alone: the same bytes parsed by msgspec into plain values, and nothing done with them.

Cost grows with the bytes. It must not grow with the records before: the first and the last tenth
are printed, and on a machine with other work processor time tells more than the clock.

`steps` are medians of one record each. `memory` seals and reads growing files, each in a process of
its own, and prints the most memory it took.

    python benchmarks/records.py [--quick] [--json FILE]
"""

import argparse
import io
import json
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from statistics import median

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sekisho.formats.fhir import FHIR_R4, to_json  # noqa: E402
from sekisho.lanes.record import seal_layout as layout  # noqa: E402
from sekisho.lanes.record.minimise import minimise  # noqa: E402
from sekisho.lanes.record.seal import seal  # noqa: E402
from sekisho.lanes.record.selection import Cut, Selection  # noqa: E402
from sekisho.ports import Watch  # noqa: E402

SAMPLE = ROOT / "programmes" / "health-referral" / "sample" / "patient-2.json"
FLOW = ROOT / "programmes" / "health-referral" / "records" / "referral.toml"
CONTEXT = layout.SealContext("hospital-a", "hospital-b", "t", "referral", FHIR_R4.media_type)
RECIPIENT, SENDER = X25519PrivateKey.generate(), Ed25519PrivateKey.generate()
PUBLIC, SIGNING = RECIPIENT.public_key().public_bytes_raw(), SENDER.private_bytes_raw()
MB = 1_000_000


def entries() -> Iterator[dict]:
    """Resources of one patient, `p1`, without end: the shipped ones, each time under other ids."""
    whole = json.loads(SAMPLE.read_text(encoding="utf-8"), parse_float=Decimal)["entry"]
    own = whole[0]["resource"]["id"]
    for turn in range(1 << 30):
        text = to_json(whole if not turn else whole[1:]).decode()
        text = text.replace(f'"id":"{own}"', '"id":"p1"')
        for each in whole[1:]:
            name = each["resource"]["id"]
            text = text.replace(name, str(uuid.uuid5(uuid.NAMESPACE_URL, f"{turn} {name}")))
        for each in json.loads(text, parse_float=Decimal):
            yield {name: each[name] for name in ("fullUrl", "resource")}


def bundle(size: int, target: Path) -> Path:
    """A bundle of about this many bytes."""
    with target.open("wb") as file:
        file.write(b'{"resourceType":"Bundle","type":"collection","entry":[')
        for number, each in enumerate(entries()):
            said = to_json(each)
            if number and file.tell() + len(said) > size:
                break
            file.write(b"," * bool(number) + said)
        file.write(b"]}")
    return target


def small(target: Path) -> Path:
    """A record of about 2 kB: the patient in short, and four immunisations."""
    found = {}
    for each in entries():
        found.setdefault(each["resource"]["resourceType"], []).append(each)
        if len(found.get("Immunization", ())) == 4:
            break
    who = found["Patient"][0]
    keep = ("resourceType", "id", "name", "gender", "birthDate", "telecom")
    who["resource"] = {name: who["resource"][name] for name in keep}
    for each in found["Immunization"]:
        each["resource"].pop("encounter")
    said = {"resourceType": "Bundle", "type": "collection", "entry": [who, *found["Immunization"]]}
    target.write_bytes(to_json(said))
    return target


def selection() -> Selection:
    """What a referral may hold of the patient."""
    flow = tomllib.loads(FLOW.read_text(encoding="utf-8"))
    cuts = [
        Cut(each["id"], tuple(each["types"]), (), tuple(each["fields"]))
        for each in flow["categories"]
    ]
    return Selection(tuple(cuts), "Patient/p1")


def bare(content: bytes, target: Path) -> None:
    """HPKE for a content key, then the same chunks with AES-256-GCM; nothing else."""
    key = bytes(32)
    wrapped = layout.SUITE.encrypt(key, RECIPIENT.public_key(), info=CONTEXT.bound)
    cipher, view = AESGCM(key), memoryview(content)
    with target.open("wb") as file:
        file.write(wrapped)
        for number, at in enumerate(range(0, len(content), layout.CHUNK)):
            piece = view[at : at + layout.CHUNK]
            file.write(cipher.encrypt(number.to_bytes(12, "big"), piece, None))


def sealed(content: bytes, target: Path) -> None:
    """The whole seal of a content."""
    with target.open("wb") as file:
        seal(io.BytesIO(content), file, CONTEXT, PUBLIC, SIGNING)


def timed(deeds: dict[str, Callable[[], object]], times: int) -> dict[str, float]:
    """Median seconds of each deed; they take turns, so that whatever else runs hits all alike."""
    taken: dict[str, list[float]] = {name: [] for name in deeds}
    for _ in range(times):
        for name, deed in deeds.items():
            began = time.perf_counter()
            deed()
            taken[name].append(time.perf_counter() - began)
    return {name: median(each) for name, each in taken.items()}


def figures(source: Path, times: int, folder: Path) -> dict[str, float]:
    """Median seconds of each step for one record."""
    chosen, target = selection(), folder / "target"
    resources = FHIR_R4.read(source, Watch())
    came = source.read_bytes()
    kept = minimise(resources, chosen, FHIR_R4.semantics)
    left = io.BytesIO()
    FHIR_R4.write(kept.resources, left)
    leaves = left.getvalue()

    def cut() -> None:
        some = minimise(resources, chosen, FHIR_R4.semantics)
        FHIR_R4.write(some.resources, io.BytesIO())

    def whole() -> None:
        out = io.BytesIO()
        some = minimise(FHIR_R4.read(source, Watch()), chosen, FHIR_R4.semantics)
        FHIR_R4.write(some.resources, out)
        sealed(out.getvalue(), target)

    deeds = {
        "plain copy": lambda: shutil.copyfile(source, target),
        "bare sealing, all of it": lambda: bare(came, target),
        "JSON alone": lambda: msgspec.json.decode(source.read_bytes()),
        "seal, all of it": lambda: sealed(came, target),
        "bare sealing, what is left": lambda: bare(leaves, target),
        "seal, what is left": lambda: sealed(leaves, target),
        "minimise and write": cut,
        "read and check": lambda: FHIR_R4.read(source, Watch()),
        "read, check, minimise, seal": whole,
    }
    return {"bytes": len(came), "bytes_left": len(leaves), **timed(deeds, times)}


def way(source: Path, count: int, group: int, folder: Path) -> dict[str, float]:
    """Seconds a record of the whole way for many, with those of the limits in turns.

    The limits take turns with the groups, a tenth of the records each time.
    """
    from tests.lib.records import pair

    two = pair(folder)
    two.record, came = source, source.read_bytes()
    consent = two.given(categories=("person", "illnesses", "findings", "treatments", "visits"))
    offer, target = two.sender.records.offer_all, folder / "target"
    one = two.offering(consent)
    check(offer([replace(one, request="warming-up")]))
    limits = {
        "plain copy": lambda: shutil.copyfile(source, target),
        "bare sealing": lambda: bare(came, target),
        "JSON alone": lambda: msgspec.json.decode(source.read_bytes()),
    }
    spent: dict[str, list[float]] = {"way": [], **{name: [] for name in limits}}
    for start in range(0, count, group):
        some = [replace(one, request=f"request-{n}") for n in range(start, start + group)]
        began = time.perf_counter()
        found = offer(some)
        spent["way"].append((time.perf_counter() - began) / group)
        check(found)
        for name, deed in limits.items():
            spent[name].append(each_of(deed, max(1, group // 10)))
        if (start + group) % (count // 10) == 0:
            done = sum(spent["way"]) / len(spent["way"]) * 1000
            print(f"  {start + group} of {count}: {done:.2f} ms each", file=sys.stderr, flush=True)
    tenth = max(1, len(spent["way"]) // 10)
    first, last = sum(spent["way"][:tenth]) / tenth, sum(spent["way"][-tenth:]) / tenth
    means = {name: sum(taken) / len(taken) for name, taken in spent.items()}
    return {"bytes": len(came), "count": count, **means, "first tenth": first, "last tenth": last}


def check(found: list[object]) -> None:
    """Stop when one of them was not offered."""
    for each in found:
        if isinstance(each, Exception):
            raise each


def each_of(deed: Callable[[], object], times: int) -> float:
    """Seconds of one, from several in a row."""
    began = time.perf_counter()
    for _ in range(times):
        deed()
    return (time.perf_counter() - began) / times


def tell_way(name: str, found: dict[str, float]) -> None:
    """What the whole way takes, and its ratios to the limits."""
    seconds, mb = found["way"], found["bytes"] / MB
    print(f"\n{name}: {found['count']:.0f} of {found['bytes']:.0f} bytes, the whole way")
    print(f"{seconds * 1000:9.2f} ms each {1 / seconds:9.1f} a second {mb / seconds:9.2f} MB/s")
    for limit in ("plain copy", "bare sealing", "JSON alone"):
        taken = found[limit]
        print(f"{taken * 1000:9.3f} ms {limit:15} the way runs at {taken / seconds:.4f} of it")
    first, last = found["first tenth"], found["last tenth"]
    print(f"  first tenth {first * 1000:.2f} ms each, last tenth {last * 1000:.2f} ms")


def report(name: str, found: dict[str, float], count: int) -> None:
    """One table: seconds, records and MB a second, and the two ratios."""
    print(f"\n{name}, steps: {found['bytes']} bytes, {found['bytes_left']} leave; {count} times")
    print(f"{'':30}{'ms':>9}{'per s':>10}{'MB/s':>9}{'x copy':>9}{'x bare':>9}")
    for step, seconds in found.items():
        if step.startswith("bytes"):
            continue
        left = "what is left" in step
        limit = found["bare sealing, what is left" if left else "bare sealing, all of it"]
        amount = found["bytes_left" if left else "bytes"] / MB
        print(
            f"{step:30}{seconds * 1000:9.3f}{1 / seconds:10.0f}{amount / seconds:9.1f}"
            f"{found['plain copy'] / seconds:9.3f}{limit / seconds:9.3f}"
        )


def grows(what: str, folder: Path) -> None:
    """One file of a size, in this process; prints the most memory taken, in MB."""
    source, target = folder / "source", folder / "target"
    if what == "seal":
        with source.open("rb") as file, target.open("wb") as out:
            seal(file, out, CONTEXT, PUBLIC, SIGNING)
    else:
        resources = FHIR_R4.read(source, Watch())
        kept = minimise(resources, selection(), FHIR_R4.semantics)
        with target.open("wb") as out:
            FHIR_R4.write(kept.resources, out)
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    print(int(status.partition("VmHWM:")[2].split()[0]) / 1000)


def memory(sizes: dict[str, tuple[int, ...]], folder: Path) -> list[dict[str, object]]:
    """Seconds and most memory as files grow, each in a process of its own."""
    found = []
    for what, each in sizes.items():
        for size in each:
            source = folder / "source"
            if what == "seal":
                with source.open("wb") as file:
                    file.truncate(size * MB)
            else:
                bundle(size * MB, source)
            command = [sys.executable, __file__, "--grow", what, str(folder)]
            began = time.perf_counter()
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            seconds = time.perf_counter() - began
            found.append({"what": what, "MB": size, "s": seconds, "peak_MB": float(done.stdout)})
            print(f"{what:20}{size:7} MB{seconds:9.1f} s{float(done.stdout):9.0f} MB at most")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--grow", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.grow:
        what, folder = asked.grow
        grows(what, Path(folder))
        return
    found: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        little, large = small(folder / "small.json"), bundle(MB, folder / "large.json")
        for title, source, counts, group, times in (
            ("bundles of 1 MB", large, (1_000, 20), 10, 30),
            ("records of 2 kB", little, (100_000, 2_000), 1_000, 200),
        ):
            steps = figures(source, times, folder)
            report(title, steps, times)
            (folder / title).mkdir()
            whole = way(source, counts[asked.quick], group, folder / title)
            tell_way(title, whole)
            found[title] = {"steps": steps, "way": whole}
            shutil.rmtree(folder / title, ignore_errors=True)
        print("\nmemory")
        sizes = {"seal": (1, 30, 1_000), "read and minimise": (1, 30, 1_000)}
        if asked.quick:
            sizes = {"seal": (1, 1_000), "read and minimise": (1, 30)}
        found["memory"] = memory(sizes, folder)
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
