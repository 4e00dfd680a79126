"""Under which addresses the resources of a record are known, in flat memory however many they are.

A few lie in memory as they are. Of many a keyed hash of eight bytes is kept, in a file that has no
name and goes with the process; the key is never written, so the file tells nothing.
"""

import os
import secrets
import struct
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import islice
from typing import BinaryIO, cast

HELD = 20_000
"""So many addresses are held in memory."""
TWICE = -1
"""What an address stands for that two resources claim."""
ABSENT = -2
_SLOT = struct.Struct("<qq")
_SLOTS_READ = 8
_WINDOW = 4096
"""Slots that are read and written at once."""
_SPARE = 512
"""Slots behind a window's last, for what finds its own taken."""


class Addresses:
    """Numbers of resources by their addresses.

    Two addresses may share a hash, of a million with odds of one in thirty million: then both
    count as claimed twice, and nothing that points at them leaves.
    """

    def __init__(self) -> None:
        self._near: dict[str, int] = {}
        self._far: _Table | None = None
        self._key = secrets.token_bytes(16)
        self._twice = False

    def claim(self, address: str, number: int) -> None:
        """Note that a resource is known under an address."""
        if self._near.setdefault(address, number) != number:
            self._near[address], self._twice = TWICE, True
        if len(self._near) > HELD:
            self._spill()

    def number(self, address: str) -> int:
        """Which resource an address stands for; TWICE, or ABSENT."""
        near = self._near.get(address, ABSENT)
        if self._far is None or near == TWICE:
            return near
        far = self._far.get(self._mark(address))
        return far if near in (ABSENT, far) else near if far == ABSENT else TWICE

    def is_unique(self) -> bool:
        """Whether every address is claimed by one resource alone."""
        if self._far is not None:
            self._spill()
            return not (self._twice or self._far.twice)
        return not self._twice

    def _spill(self) -> None:
        if self._far is None:
            self._far = _Table(16 * HELD)
        self._far.put([(self._mark(address), n) for address, n in self._near.items()])
        self._near.clear()

    def _mark(self, address: str) -> int:
        said = address.encode("utf-8", "surrogatepass")
        digest = blake2b(said, digest_size=8, key=self._key).digest()
        return int.from_bytes(digest, "big", signed=True)


class _FullError(Exception):
    """No slot is left near the one that a hash names."""


class _Table:
    """Numbers by marks, in a file without a name: each lies where its mark says, or soon after.

    A number is kept with three added, so that zeros are nothing.
    """

    def __init__(self, slots: int) -> None:
        self._begin(1 << (slots - 1).bit_length())
        self.twice = False

    def _begin(self, slots: int) -> None:
        self._file = cast("BinaryIO", tempfile.TemporaryFile(buffering=0))  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        self._mask, self._filled = slots - 1, 0
        self._file.truncate((slots + _WINDOW + _SPARE) * _SLOT.size)

    def get(self, mark: int) -> int:
        """The number of a mark; ABSENT when it has none."""
        place, step = (mark & self._mask) * _SLOT.size, _SLOTS_READ * _SLOT.size
        while block := os.pread(self._file.fileno(), step, place):
            for known, number in _SLOT.iter_unpack(block):
                if number == 0 or known == mark:
                    return number - 3 if number else ABSENT
            place += step
        return ABSENT

    def put(self, claims: Iterable[tuple[int, int]]) -> None:
        """Give marks their numbers, many at once."""
        kept = [(mark, number + 3) for mark, number in claims]
        while True:
            try:
                self._write(kept)
            except _FullError:
                self._grow()
                continue
            if 2 * self._filled > self._mask:
                self._grow()
            return

    def _write(self, claims: list[tuple[int, int]]) -> None:
        """Write into windows of the file, from its beginning to its end."""
        window, base, mask = bytearray(), -_WINDOW, self._mask
        for mark, number in sorted(claims, key=lambda each: each[0] & mask):
            home = mark & mask
            if home >= base + _WINDOW:
                self._save(window, base)
                base = home
                size = (_WINDOW + _SPARE) * _SLOT.size
                window = bytearray(os.pread(self._file.fileno(), size, base * _SLOT.size))
            self._place(window, (home - base) * _SLOT.size, mark, number)
        self._save(window, base)

    def _save(self, window: bytearray, base: int) -> None:
        if window:
            os.pwrite(self._file.fileno(), window, base * _SLOT.size)

    def _place(self, window: bytearray, at: int, mark: int, number: int) -> None:
        while at < len(window):
            known, its = _SLOT.unpack_from(window, at)
            if its == 0:
                self._filled += 1
                _SLOT.pack_into(window, at, mark, number)
                return
            if known == mark:
                if its != number:
                    self.twice = True
                    _SLOT.pack_into(window, at, mark, TWICE + 3)
                return
            at += _SLOT.size
        raise _FullError

    def _grow(self) -> None:
        with self._file as old:
            self._begin(4 * (self._mask + 1))
            every = _slots(old)
            while some := list(islice(every, HELD)):
                self._write(some)


def _slots(file: BinaryIO) -> Iterator[tuple[int, int]]:
    file.seek(0)
    while block := file.read(_WINDOW * _SLOT.size):
        yield from (each for each in _SLOT.iter_unpack(block) if each[1])
