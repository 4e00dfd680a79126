"""The Merkle tree of RFC 6962: hashes, roots, and what a proof proves.

Every function is pure. A subtree [start, end) is a run of leaves that the tree hashes as one: start
is a multiple of the smallest power of two that is not less than its length.
"""

from collections.abc import Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()
HASH_BYTES = 32


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry as a leaf."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees side by side."""
    return sha256(b"\x01" + left + right).digest()


def pair_up(hashes: Sequence[bytes]) -> list[bytes]:
    """The layer above: each two neighbours as one; an odd last hash rises as it is."""
    joined = b"".join(hashes)
    above = [
        sha256(b"\x01" + joined[at : at + 64]).digest() for at in range(0, len(joined) - 63, 64)
    ]
    if len(hashes) % 2:
        above.append(hashes[-1])
    return above


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over subtrees of equal size, the last of which may be smaller.

    Shape: n hashes, n >= 0; no hash gives the root of the empty tree.
    Source: RFC 6962, section 2.1.
    """
    if not hashes:
        return EMPTY_ROOT
    layer = list(hashes)
    while len(layer) > 1:
        layer = pair_up(layer)
    return layer[0]


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """The runs of leaves whose hashes prove a leaf, from the leaf's neighbour up to the root's.

    Raises: ValueError unless 0 <= index < size.
    Source: RFC 6962, section 2.1.1.
    """
    if not 0 <= index < size:
        raise ValueError("no such leaf")
    found: list[tuple[int, int]] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + (1 << ((high - low - 1).bit_length() - 1))
        if index < middle:
            found.append((middle, high))
            high = middle
        else:
            found.append((low, middle))
            low = middle
    return found[::-1]


def consistency_ranges(old: int, size: int) -> list[tuple[int, int]]:
    """The runs of leaves whose hashes prove that a tree grew out of an older one.

    Raises: ValueError unless 0 < old <= size.
    Source: RFC 6962, section 2.1.2.
    """
    if not 0 < old <= size:
        raise ValueError("no such older tree")
    found: list[tuple[int, int]] = []
    low, high, whole = 0, size, True
    while old < high:
        middle = low + (1 << ((high - low - 1).bit_length() - 1))
        if old <= middle:
            found.append((middle, high))
            high = middle
        else:
            found.append((low, middle))
            low, whole = middle, False
    if not whole:
        found.append((low, high))
    return found[::-1]


def is_subtree(start: int, end: int) -> bool:
    """Whether [start, end) is a run of leaves that the tree hashes as one, and not empty."""
    return 0 <= start < end and start % (1 << (end - start - 1).bit_length()) == 0


def proves_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Whether the proof shows that the leaf stands at the index in the tree with this root."""
    return proves_subtree_inclusion(leaf, index, (0, size), proof, root)


def proves_subtree_inclusion(
    leaf: bytes, index: int, subtree: tuple[int, int], proof: Sequence[bytes], root: bytes
) -> bool:
    """Whether the proof shows that the leaf stands at the index in the subtree with this root.

    Source: RFC 9162, section 2.1.3.2, applied to the subtree alone.
    """
    start, end = subtree
    if not is_subtree(start, end) or not start <= index < end or not _are_hashes((leaf, *proof)):
        return False
    at, last, found = index - start, end - start - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(step, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, step)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def proves_consistency(
    old: int, size: int, proof: Sequence[bytes], old_root: bytes, root: bytes
) -> bool:
    """Whether the proof shows that the tree of this size grew out of the older tree.

    An empty older tree is in every tree and needs no proof: asked for one, the answer is no.
    """
    return old > 0 and proves_subtree_consistency((0, old), size, proof, old_root, root)


def proves_subtree_consistency(
    subtree: tuple[int, int], size: int, proof: Sequence[bytes], subtree_root: bytes, root: bytes
) -> bool:
    """Whether the proof shows that the subtree is a part of the tree.

    Source: RFC 9162, section 2.1.4.2; subtrees as in draft-ietf-plants-merkle-tree-certs.
    """
    start, end = subtree
    if start == end and 0 <= end <= size:
        return subtree_root == EMPTY_ROOT and not proof
    if not is_subtree(start, end) or end > size or not _are_hashes(proof):
        return False
    first, last, total = start, end - 1, size - 1
    while first != last and (last & 1 or last == total):
        first, last, total = first >> 1, last >> 1, total >> 1
    rest = list(proof)
    if first == last:
        old_found = found = subtree_root
    elif rest:
        old_found = found = rest.pop(0)
    else:
        return False
    return _climbs((first, last, total), (old_found, found), rest) == (subtree_root, root)


def _climbs(
    place: tuple[int, int, int], start: tuple[bytes, bytes], proof: Sequence[bytes]
) -> tuple[bytes, bytes] | None:
    first, last, total = place
    old_found, found = start
    for step in proof:
        if total == 0:
            return None
        if last & 1 or last == total:
            if first < last:
                old_found = node_hash(step, old_found)
            found = node_hash(step, found)
            while not last & 1 and last:
                first, last, total = first >> 1, last >> 1, total >> 1
        else:
            found = node_hash(found, step)
        first, last, total = first >> 1, last >> 1, total >> 1
    return (old_found, found) if total == 0 else None


def _are_hashes(values: Sequence[bytes]) -> bool:
    return set(map(len, values)) <= {HASH_BYTES}
