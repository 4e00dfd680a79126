"""The proof that goes with a release: sparse movements of the hidden cells, kept by the holder.

Each movement, added to the true table once scaled by `rise` and once by minus `fall`, gives a table
that is consistent with everything published. Kept as a compressed file of plain arrays.
"""

import hashlib
import io
import zlib
from dataclasses import dataclass, fields
from zipfile import BadZipFile

import numpy as np

from sekisho.errors import TamperedError, fault
from sekisho.lanes.statistics.disclosure.cells import Bools, CellSet, Floats, Ints

_FORM = 1


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """How far above and below its value each cell must remain possible; 0 where it is safe."""

    upper: Floats
    lower: Floats

    @property
    def unsafe(self) -> Bools:
        """Cells that ask for protection."""
        return (self.upper > 0) | (self.lower > 0)


@dataclass(frozen=True, slots=True, eq=False)
class Certificate:
    """Movements in the numbering of the CellSet: w's cells are `cell[start[w]:start[w + 1]]`.

    Shape: rise, fall (W,); `unmet` is (u, 3): attacker, cell, side (0 above, 1 below), levels that
    nothing can protect against that contributor. `binding` ties it to cells, levels and pattern.
    """

    start: Ints
    cell: Ints
    move: Floats
    rise: Floats
    fall: Floats
    unmet: Ints
    binding: str

    @property
    def size(self) -> int:
        """How many movements there are."""
        return int(self.rise.size)


def binding(cells: CellSet, levels: Levels, hidden: Bools) -> str:
    """A hash of what a certificate speaks of: values, bounds, equations, levels, pattern."""
    rows = cells.equations
    digest = hashlib.sha256()
    for array in (
        cells.values.astype("<i8"),
        cells.lower.astype("<f8"),
        rows.indptr.astype("<i8"),
        rows.indices.astype("<i8"),
        rows.data.astype("<i8"),
        levels.upper.astype("<f8"),
        levels.lower.astype("<f8"),
        hidden.astype("u1"),
    ):
        digest.update(array.size.to_bytes(8, "little"))
        digest.update(array.tobytes())
    return digest.hexdigest()


def to_bytes(certificate: Certificate) -> bytes:
    """The certificate as a compressed file (npz, no pickle)."""
    out = io.BytesIO()
    arrays = {
        each.name: getattr(certificate, each.name)
        for each in fields(certificate)
        if each.name != "binding"
    }
    text = np.frombuffer(certificate.binding.encode(), dtype=np.uint8)
    np.savez_compressed(out, form=np.array([_FORM]), binding=text, **arrays)
    return out.getvalue()


def from_bytes(raw: bytes) -> Certificate:
    """The certificate that a file holds.

    Raises: TamperedError when the file is broken or of another form.
    """
    try:
        with np.load(io.BytesIO(raw), allow_pickle=False) as file:
            if int(file["form"][0]) != _FORM:
                raise TamperedError(fault("disclosure.certificate-form"))
            arrays = {each.name: file[each.name] for each in fields(Certificate)}
    except (ValueError, KeyError, OSError, EOFError, IndexError, BadZipFile, zlib.error) as broken:
        raise TamperedError(fault("disclosure.certificate-broken")) from broken
    arrays["binding"] = arrays["binding"].tobytes().decode()
    return Certificate(**arrays)
