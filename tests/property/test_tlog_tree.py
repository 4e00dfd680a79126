"""What holds for every log, however it grew."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from sekisho.errors import TamperedError
from sekisho.stores.tiles import FolderLog
from sekisho.tlog.append import integrate
from sekisho.tlog.merkle import (
    is_subtree,
    leaf_hash,
    node_hash,
    proves_consistency,
    proves_inclusion,
    root_of,
)
from sekisho.tlog.note import (
    Algorithm,
    Signer,
    new_signer,
    open_checkpoint,
    open_note,
    parse_signer,
    parse_verifier,
    sign_checkpoint,
    sign_note,
)
from sekisho.tlog.paths import Resource, parse_path, resources
from sekisho.tlog.proof import Proof, read_proof, write_proof
from sekisho.tlog.tree import Tree
from sekisho.tlog.verify import verify_log

LOG = Signer("example.org/log", Algorithm.ED25519, bytes(range(32)))
KEYS = [LOG.verifier]

steps = st.lists(st.integers(0, 300), min_size=1, max_size=6)
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=80)
names = st.from_regex(r"[a-z0-9./-]{1,20}", fullmatch=True)


def entries(count: int) -> list[bytes]:
    return [b"%d" % n for n in range(count)]


def plain_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if len(leaves) < 2:
        return leaves[0] if leaves else root_of([])
    middle = 1
    while middle * 2 < len(leaves):
        middle *= 2
    return node_hash(plain_root(leaves[:middle]), plain_root(leaves[middle:]))


@given(steps)
def test_the_root_does_not_depend_on_how_the_log_grew(sizes: list[int]):
    made = entries(sum(sizes))
    leaves = [leaf_hash(entry) for entry in made]
    with tempfile.TemporaryDirectory() as folder:
        storage, before = FolderLog(Path(folder)), 0
        for step in sizes:
            checkpoint = integrate(storage, [LOG], made[before : before + step], before)
            before += step
            assert checkpoint.size == before
            assert checkpoint.root == plain_root(leaves[:before])
        needed = {each.path for each in resources(before)}
        assert needed <= set(storage.paths())
        found = verify_log(storage, KEYS)
        assert (found.faults, found.unsigned, found.entries) == ((), (), before)


@given(st.integers(1, 1200), st.data())
def test_every_entry_and_every_older_size_can_be_proved(size: int, data):
    made = entries(size)
    leaves = [leaf_hash(entry) for entry in made]
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    with tempfile.TemporaryDirectory() as folder:
        root = integrate(FolderLog(Path(folder)), [LOG], made).root
        tree = Tree(FolderLog(Path(folder)), size, cached_tiles=2)
        assert tree.entry(index) == made[index]
        proof, grown = tree.inclusion(index), tree.consistency(old)
    assert proves_inclusion(leaves[index], index, size, proof, root)
    assert proves_consistency(old, size, grown, root_of(leaves[:old]), root)
    other = data.draw(st.integers(0, size - 1).filter(lambda n: size == 1 or n != index))
    if size > 1:
        assert not proves_inclusion(leaves[other], index, size, proof, root)
        assert not proves_inclusion(leaves[index], other, size, proof, root)
    if old < size:
        assert not proves_consistency(old, size, grown, root, root)
        assert not proves_consistency(old, size, grown, root_of(leaves[:old]), leaf_hash(root))


@given(st.integers(0, 64), st.integers(0, 64))
def test_a_subtree_is_a_run_that_some_tree_hashes_as_one(start: int, length: int):
    smallest = 1
    while smallest < length:
        smallest *= 2
    assert is_subtree(start, start + length) == (length > 0 and start % smallest == 0)


@given(st.one_of(st.none(), st.integers(0, 63)), st.integers(0, 10**12), st.integers(1, 256))
def test_a_path_names_one_resource_only(level: int | None, index: int, width: int):
    resource = Resource(level, index, width)
    assert parse_path(resource.path) == resource


@given(st.text(alphabet="tileapnr/x0123456789.", max_size=30))
def test_any_text_that_is_a_path_is_the_path_it_names(text: str):
    resource = parse_path(text)
    assert resource is None or resource.path == text


def test_paths_are_those_of_the_specification():
    assert Resource(0, 1234067).path == "tile/0/x001/x234/067"
    assert Resource(1, 5, 17).path == "tile/1/005.p/17"
    widths = {(each.level, each.width) for each in resources(70_000) if each.width < 256}
    assert widths == {(None, 112), (0, 112), (1, 17), (2, 1)}
    assert sum(each.level == 0 and each.width == 256 for each in resources(70_000)) == 273
    assert [(each.level, each.width) for each in resources(256)] == [(None, 256), (0, 256), (1, 1)]


@given(st.lists(texts, min_size=1, max_size=4), names)
def test_a_signed_note_opens_to_the_text_that_was_signed(lines: list[str], name: str):
    signer = new_signer(name)
    text = "\n".join(lines) + "\n"
    opened = open_note(sign_note(text, [new_signer(name), signer]), [signer.verifier])
    assert opened.text == text
    assert opened.signed_by == (signer.verifier,)
    assert parse_verifier(signer.verifier.vkey) == signer.verifier
    assert parse_signer(signer.skey) == signer


@given(st.binary(max_size=200))
def test_no_bytes_open_as_a_note_by_chance(data: bytes):
    try:
        open_note(data.decode("utf-8", "replace"), KEYS)
    except TamperedError:
        return
    raise AssertionError("a note nobody signed")


@given(
    st.integers(0, 2**60),
    st.integers(0, 200),
    st.sampled_from(["A", "\n", " ", "0", "+", "—", "\0"]),
)
def test_a_checkpoint_with_one_letter_changed_does_not_open(size: int, at: int, letter: str):
    note = sign_checkpoint(size, bytes(32), [LOG]).note
    assert open_checkpoint(note, KEYS).size == size
    at %= len(note)
    changed = note[:at] + letter + note[at + 1 :]
    if changed != note:
        try:
            open_checkpoint(changed, KEYS)
        except TamperedError:
            return
        raise AssertionError("a changed checkpoint opened")


@given(
    st.integers(0, 2**62),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63),
    st.binary(max_size=60),
)
def test_a_proof_file_reads_back_as_it_was(index: int, hashes: list[bytes], extra: bytes):
    proof = Proof(index, tuple(hashes), sign_checkpoint(3, bytes(32), [LOG]).note, extra)
    assert read_proof(write_proof(proof)) == proof
