"""One place of each row of scores, drawn exactly with a chance that grows as exp(score / scale).

A place is proposed uniformly and kept with the chance exp((score - best) / scale), until one is
kept: the exponential mechanism by rejection. Keeping compares a random number, of which only as
many bits are drawn as decide, with that chance, which floats give to within a margin; where they
cannot decide, exact decimals do. No float is part of what is drawn.
"""

import os
from decimal import Context, Decimal

import numpy as np
from numpy.typing import NDArray

from sekisho.query.bound import Integers

Bools = NDArray[np.bool_]
Words = NDArray[np.uint64]

# INVARIANT: doubles give the chance, and the random number, to within far less than this (held by
# test_what_floats_cannot_decide_is_decided_by_exact_decimals).
_MARGIN = 2.0**-40
_PROPOSALS = 64
_BITS = 64
_EXACT = Context(prec=80)


def picked(scores: Integers, scale: float) -> Integers:
    """The place drawn in each row, from the operating system's randomness.

    Shape: scores is (rows, places), places >= 1; returns (rows,).
    Privacy: exactly the exponential mechanism; what that costs is the caller's sum.
    """
    rows, places = scores.shape
    behind = scores.max(axis=1, keepdims=True) - scores
    mask = np.uint64((1 << (places - 1).bit_length()) - 1)
    found: Integers = np.zeros(rows, dtype=np.int64)
    left = np.arange(rows)
    while left.size:
        proposed = (_words((left.size, _PROPOSALS)) & mask).astype(np.int64)
        inside = proposed < places
        gap = behind[left[:, None], np.minimum(proposed, places - 1)]
        kept = inside & _kept(_words(gap.shape), gap, scale)
        done, first = kept.any(axis=1), kept.argmax(axis=1)
        found[left[done]] = proposed[done, first[done]]
        left = left[~done]
    return found


def _words(shape: tuple[int, ...]) -> Words:
    return np.frombuffer(os.urandom(8 * int(np.prod(shape))), dtype=np.uint64).reshape(shape)


def _kept(words: Words, gap: Integers, scale: float) -> Bools:
    """Whether a random number that begins with each word lies below exp(-gap / scale)."""
    begun = words * 2.0**-_BITS
    chance = np.exp(-(gap / scale))
    below: Bools = begun < chance
    for at in np.argwhere(np.abs(begun - chance) <= _MARGIN):
        place = tuple(at)
        below[place] = _decided(int(words[place]), int(gap[place]), scale)
    return below


def _decided(word: int, gap: int, scale: float) -> bool:
    """The same for one word, in exact decimals, with further random bits while they are needed."""
    chance = _EXACT.exp(_EXACT.divide(Decimal(-gap), Decimal(scale)))
    bits = _BITS
    while True:
        step = _EXACT.divide(Decimal(1), Decimal(2**bits))
        low, high = _EXACT.multiply(Decimal(word), step), _EXACT.multiply(Decimal(word + 1), step)
        if high <= chance or low >= chance:
            return high <= chance
        word, bits = (word << 8) + os.urandom(1)[0], bits + 8
