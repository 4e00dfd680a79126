"""Logs judged by the code of Go's checksum database, which nobody of this project wrote."""

import random
from pathlib import Path

import pytest

from sekisho.stores.tiles import FolderLog
from sekisho.tlog.append import current_checkpoint, integrate
from sekisho.tlog.coding import to_base64
from sekisho.tlog.note import Algorithm, Signer
from sekisho.tlog.proof import prove_under
from sekisho.tlog.receipt_page import FILE_NAME
from sekisho.tlog.tree import Tree

ROOT = Path(__file__).resolve().parents[2]
LOG = Signer("example.org/log", Algorithm.ED25519, bytes(range(32)))
KEYS = [LOG.verifier]
VKEY = LOG.verifier.vkey


def entries(count: int) -> list[bytes]:
    return [f'{{"kind":"decision-allowed","number":{n}}}'.encode() for n in range(count)]


def grown(folder: Path, sizes: list[int]) -> tuple[FolderLog, Path]:
    """A log that grew through the sizes, and a folder of every checkpoint it served."""
    storage, served, made, before = (
        FolderLog(folder / "log"),
        folder / "served",
        entries(max(sizes)),
        0,
    )
    served.mkdir(parents=True)
    for size in sizes:
        checkpoint = integrate(storage, [LOG], made[before:size], before)
        (served / str(size)).write_text(checkpoint.note, encoding="utf-8")
        before = size
    return storage, served


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> dict[str, Path]:
    """100,000 entries in 101 steps, with 500 inclusion and 100 consistency proofs."""
    folder = tmp_path_factory.mktemp("large")
    chance = random.Random(6)
    sizes = sorted(
        {1, 255, 256, 257, 65_535, 65_536, 65_537, 100_000, *chance.sample(range(2, 99_999), 93)}
    )
    storage, served = grown(folder, sizes)
    checkpoint, tree = (
        current_checkpoint(storage, KEYS),
        Tree(storage, 100_000, current_checkpoint(storage, KEYS).root),
    )
    (folder / "proofs").mkdir()
    edges = [0, 255, 256, 65_535, 65_536, 99_999]
    drawn = [index for index in chance.sample(range(100_000), 600) if index not in edges]
    for index in [*edges, *drawn][:500]:
        proof = folder / "proofs" / f"{index}.tlog-proof"
        proof.write_text(prove_under(checkpoint, tree, index), encoding="utf-8")
        proof.with_suffix(".entry").write_bytes(tree.entry(index))
    pairs = [sorted(chance.sample(sizes, 2)) for _ in range(100)]
    lines = [
        " ".join([f"{old} {new}", *map(to_base64, Tree(storage, new).consistency(old))])
        for old, new in pairs
    ]
    (folder / "consistency").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {
        "log": folder / "log",
        "served": served,
        "proofs": folder / "proofs",
        "consistency": folder / "consistency",
    }


def test_go_accepts_a_log_of_a_hundred_thousand_entries_with_every_proof(large, go_judge):
    code, said = go_judge(
        VKEY, large["log"], large["served"], large["proofs"], large["consistency"]
    )
    first, *rest = said.splitlines()
    assert first.startswith("accepted: 100000 entries, ")
    assert rest == [
        "accepted: 101 checkpoints",
        "accepted: 500 inclusion proofs",
        "accepted: 100 consistency proofs",
    ]
    assert code == 0


@pytest.mark.browser
def test_the_page_in_chromium_accepts_the_proofs_that_go_accepts(large, chromium):
    page = chromium.new_page()
    page.goto((ROOT / "src" / "sekisho" / "tlog" / FILE_NAME).as_uri())
    files = sorted(large["proofs"].glob("*.tlog-proof"))
    cases = [
        [file.read_text("utf-8"), file.with_suffix(".entry").read_text("utf-8")] for file in files
    ]
    found = page.evaluate(
        """async ([cases, keys]) => {
          const found = [];
          for (const [proof, entry] of cases) {
            found.push(Number((await verify(encoder.encode(proof), encoder.encode(entry), keys)).index));
          }
          return found;
        }""",
        [cases, VKEY],
    )
    assert found == [int(file.stem) for file in files]
    assert len(found) == 500
    page.close()


def test_go_refuses_the_large_log_after_one_flipped_bit(large, go_judge):
    chance = random.Random(7)
    files = [
        path for path in sorted(large["log"].rglob("*")) if path.is_file() and path.stat().st_size
    ]
    for file in [large["log"] / "checkpoint", *chance.sample(files, 7)]:
        data = bytearray(file.read_bytes())
        at = chance.randrange(len(data))
        data[at] ^= 1 << chance.randrange(8)
        kept = file.read_bytes()
        file.write_bytes(data)
        code, said = go_judge(VKEY, large["log"])
        file.write_bytes(kept)
        assert (code, said.startswith("refused: ")) == (1, True), (file.name, at)


def test_go_refuses_a_small_log_after_a_flipped_bit_in_any_of_its_files(tmp_path: Path, go_judge):
    grown(tmp_path, [520, 700])
    chance = random.Random(8)
    for file in [
        path
        for path in sorted((tmp_path / "log").rglob("*"))
        if path.is_file() and path.stat().st_size
    ]:
        kept = file.read_bytes()
        for at in {0, len(kept) - 1, chance.randrange(len(kept))}:
            file.write_bytes(
                bytes([*kept[:at], kept[at] ^ (1 << chance.randrange(8)), *kept[at + 1 :]])
            )
            assert go_judge(VKEY, tmp_path / "log")[0] == 1, (file.name, at)
        file.write_bytes(kept)
    assert go_judge(VKEY, tmp_path / "log") == (0, "accepted: 700 entries, 5 tiles\n")


def test_go_accepts_every_size_around_the_widths_of_tiles(tmp_path: Path, go_judge):
    for size in (1, 2, 3, 255, 256, 257, 511, 512, 513):
        _, served = grown(tmp_path / str(size), [size])
        assert go_judge(VKEY, served.parent / "log")[0] == 0


def test_go_accepts_a_checkpoint_that_two_keys_and_a_witness_signed(tmp_path: Path, go_judge):
    newer = Signer("example.org/log", Algorithm.ED25519, bytes(range(2, 34)))
    integrate(FolderLog(tmp_path), [LOG, newer], entries(3))
    assert [go_judge(signer.verifier.vkey, tmp_path)[0] for signer in (LOG, newer)] == [0, 0]


def test_go_refuses_the_log_under_another_key(tmp_path: Path, go_judge):
    integrate(FolderLog(tmp_path), [LOG], entries(3))
    assert (
        go_judge(Signer("example.org/log", Algorithm.ED25519, bytes(32)).verifier.vkey, tmp_path)[0]
        == 1
    )
