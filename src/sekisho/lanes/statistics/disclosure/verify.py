"""Checks a certificate from the cells alone: one sparse product, no solver, no search.

Nothing here is shared with the code that finds patterns but the values both are told.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from sekisho.errors import Fault, fault
from sekisho.lanes.statistics.disclosure.cells import Attackers, Bools, CellSet, Floats, Ints
from sekisho.lanes.statistics.disclosure.certificate import Certificate, Levels, binding

_EXACT = 2e-7
_NEAR = 2e-6
_CLEAR = 1e-5
_BLOCK = 250


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """What is to be checked: these cells, with these levels, in this pattern."""

    cells: CellSet
    levels: Levels
    hidden: Bools


def verify(claim: Claim, certificate: Certificate, attackers: Attackers) -> list[Fault]:
    """What is wrong with a certificate; nothing when it proves every level.

    Proves, for the outsider: each level of each unsafe cell is reached by a table that agrees with
    all equations, all published values and all known bounds. For each contributor: the same, by a
    table that agrees with what it knows, except for the levels listed as unmet.
    """
    faults = _pattern_faults(claim)
    if binding(claim.cells, claim.levels, claim.hidden) != certificate.binding:
        faults.append(fault("disclosure.certificate-other"))
    shaped = _shape_faults(claim, certificate)
    if shaped or faults:
        return faults + shaped
    above, below = claim.levels.upper > 0, _lower(claim) > 0
    width = max(certificate.size, 1) if attackers.size else _BLOCK
    for first in range(0, certificate.size, width):
        part = _part(certificate, first, min(first + width, certificate.size))
        moves = sparse.csr_array(
            (part.move, part.cell, part.start), shape=(part.size, claim.cells.size)
        )
        faults += [each for each in _table_faults(claim, part, moves) if each not in faults]
        tables, clear = _tables(part, moves)
        proofs = _proofs(claim, tables, clear)
        above &= np.diff(proofs[0].indptr) == 0
        below &= np.diff(proofs[1].indptr) == 0
        faults += _attacker_faults(claim, part, attackers, (tables, proofs))
    return faults + _level_faults(above, below)


def _part(certificate: Certificate, first: int, last: int) -> Certificate:
    """Some of the movements: large certificates are checked in pieces to spare memory."""
    begin, end = int(certificate.start[first]), int(certificate.start[last])
    return replace(
        certificate,
        start=certificate.start[first : last + 1] - begin,
        cell=certificate.cell[begin:end],
        move=certificate.move[begin:end],
        rise=certificate.rise[first:last],
        fall=certificate.fall[first:last],
    )


def _pattern_faults(claim: Claim) -> list[Fault]:
    cells, hidden = claim.cells, claim.hidden
    if hidden.shape != (cells.size,) or claim.levels.upper.shape != (cells.size,):
        return [fault("disclosure.column", column="hidden", cells=cells.size)]
    faults = []
    shown = int((claim.levels.unsafe & ~hidden).sum())
    if shown:
        faults.append(fault("disclosure.verify-shown", count=shown))
    forced = int((cells.must_publish & hidden).sum())
    if forced:
        faults.append(fault("disclosure.verify-forced", count=forced))
    reopened = int((cells.hidden & ~hidden).sum())
    if reopened:
        faults.append(fault("disclosure.verify-reopened", count=reopened))
    return faults


def _shape_faults(claim: Claim, certificate: Certificate) -> list[Fault]:
    start, cell = certificate.start, certificate.cell
    sound = (
        start.ndim == 1
        and start.size == certificate.rise.size + 1 == certificate.fall.size + 1
        and start[0] == 0
        and start[-1] == cell.size == certificate.move.size
        and bool((np.diff(start) >= 0).all())
        and bool(((cell >= 0) & (cell < claim.cells.size)).all())
        and bool(np.isfinite(certificate.move).all())
        and bool((np.isfinite(certificate.rise) & (certificate.rise >= 0)).all())
        and bool((np.isfinite(certificate.fall) & (certificate.fall >= 0)).all())
        and certificate.unmet.ndim == 2
        and certificate.unmet.shape[1] == 3
    )
    return [] if sound else [fault("disclosure.certificate-broken")]


def _table_faults(claim: Claim, certificate: Certificate, moves: sparse.csr_array) -> list[Fault]:
    cells, faults = claim.cells, []
    if not claim.hidden[certificate.cell].all():
        faults.append(fault("disclosure.verify-published-moves"))
    left = (cells.equations.astype(np.float64) @ moves.T).tocsr()
    if left.nnz and np.abs(left.data).max() > _EXACT:
        faults.append(fault("disclosure.verify-equation"))
    room = (cells.values - cells.lower)[certificate.cell]
    size = np.diff(certificate.start)
    for scale in (np.repeat(certificate.rise, size), np.repeat(-certificate.fall, size)):
        if (scale * certificate.move < -room - _EXACT * np.abs(scale)).any():
            faults.append(fault("disclosure.verify-bound"))
            break
    return faults


def _tables(
    certificate: Certificate, moves: sparse.csr_array
) -> tuple[sparse.csr_array, sparse.csr_array]:
    up = sparse.diags_array(certificate.rise) @ moves
    down = sparse.diags_array(-certificate.fall) @ moves
    tables = sparse.csr_array(sparse.vstack((up, down), format="csr"))
    clear = moves.copy()
    clear.data = (np.abs(moves.data) >= _CLEAR).astype(np.float64)
    certain = sparse.vstack((clear, clear), format="csr")
    return tables, sparse.csr_array(tables.multiply(certain))


def _proofs(
    claim: Claim, tables: sparse.csr_array, clear: sparse.csr_array
) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Which table proves which level: (n, tables) for the levels above, and for those below."""
    entries = clear.tocoo()
    table, cell = entries.coords
    out = []
    for level, sign in ((claim.levels.upper, 1.0), (_lower(claim), -1.0)):
        good = (level[cell] > 0) & (sign * entries.data >= level[cell] * (1 - _NEAR))
        ones = np.ones(int(good.sum()), dtype=np.int64)
        shape = (claim.cells.size, tables.shape[0])
        out.append(sparse.csr_array((ones, (cell[good], table[good])), shape=shape))
    return out[0], out[1]


def _lower(claim: Claim) -> Floats:
    return np.minimum(claim.levels.lower, claim.cells.values - claim.cells.lower)


def _level_faults(above: Bools, below: Bools) -> list[Fault]:
    faults = []
    for name, bare in (("disclosure.verify-above", above), ("disclosure.verify-below", below)):
        if bare.any():
            faults.append(fault(name, count=int(bare.sum())))
    return faults


def _attacker_faults(
    claim: Claim,
    certificate: Certificate,
    attackers: Attackers,
    known: tuple[sparse.csr_array, tuple[sparse.csr_array, sparse.csr_array]],
) -> list[Fault]:
    if not attackers.size:
        return []
    tables, proofs = known
    false = _false_tables(claim, attackers, tables)
    excused = {(int(a), int(c), int(s)) for a, c, s in certificate.unmet}
    same = _same(claim)
    bare = 0
    for side, proof in enumerate(proofs):
        count = np.diff(proof.indptr)
        hits = sparse.coo_array(proof @ false)
        cell, attacker = hits.coords
        ruined = hits.data == count[cell]
        for c, a in zip(cell[ruined].tolist(), attacker[ruined].tolist(), strict=True):
            if (a, c, side) not in excused:
                room = _room(claim, attackers, same, (a, c, side))
                bare += not _holds_within(claim, (tables, false), (a, c, side), room)
    return [fault("disclosure.verify-contributor", count=bare)] if bare else []


def _false_tables(claim: Claim, attackers: Attackers, tables: sparse.csr_array) -> sparse.csr_array:
    """(tables, attackers): 1 where the attacker knows that the table is not the true one."""
    value = claim.cells.values[attackers.cell]
    owner = np.repeat(np.arange(attackers.size), np.diff(attackers.start))
    seen = sparse.coo_array(sparse.csc_array(tables)[:, attackers.cell])
    table, entry = seen.coords
    scale = _EXACT * abs(tables).max(axis=1).toarray().ravel()[table]
    low, high = (attackers.least - value)[entry], (attackers.most - value)[entry]
    false = (seen.data < low - scale) | (seen.data > high + scale)
    ones = np.ones(int(false.sum()), dtype=np.int64)
    shape = (tables.shape[0], attackers.size)
    out = sparse.csr_array((ones, (table[false], owner[entry[false]])), shape=shape)
    out.data[:] = 1
    return out


def _same(claim: Claim) -> Ints:
    """Cells that move together whatever is hidden share a number; -1 where nothing can move."""
    cells = claim.cells
    fixed = cells.must_publish | ~(cells.may_hide | cells.hidden | claim.levels.unsafe)
    label = np.where(fixed, -1, np.arange(cells.size))
    while True:
        moving = np.flatnonzero(label >= 0)
        onto = sparse.csr_array(
            (np.ones(moving.size, dtype=np.int64), (moving, label[moving])),
            shape=(cells.size, cells.size),
        )
        rows = sparse.csr_array(cells.equations @ onto)
        rows.eliminate_zeros()
        head = np.arange(cells.size + 1)
        width = np.diff(rows.indptr)
        for row in np.flatnonzero((width == 1) | (width == 2)).tolist():
            names = rows.indices[rows.indptr[row] : rows.indptr[row + 1]].tolist()
            signs = rows.data[rows.indptr[row] : rows.indptr[row + 1]].tolist()
            if len(names) == 1:
                names, signs = [*names, cells.size], [1, -1]
            if signs[0] == -signs[1]:
                ends = [_end(head, name) for name in names]
                head[min(ends)] = max(ends)
        final = np.array([_end(head, name) for name in range(cells.size + 1)])
        merged = np.where(label >= 0, final[label], -1)
        merged[merged == cells.size] = -1
        if np.array_equal(merged, label):
            return label
        label = merged


def _end(head: Ints, name: int) -> int:
    while head[name] != name:
        head[name] = head[head[name]]
        name = int(head[name])
    return name


def _room(claim: Claim, attackers: Attackers, same: Ints, level: tuple[int, int, int]) -> float:
    """The room that an attacker knows a cell to have on one side, through equal cells as well."""
    attacker, cell, side = level
    own = slice(int(attackers.start[attacker]), int(attackers.start[attacker + 1]))
    at = attackers.cell[own]
    here = same[at] == same[cell]
    value = claim.cells.values[at][here]
    if side == 0:
        return float((attackers.most[own][here] - value).min(initial=np.inf))
    return float((value - attackers.least[own][here]).min(initial=np.inf))


def _holds_within(
    claim: Claim,
    known: tuple[sparse.csr_array, sparse.csr_array],
    level: tuple[int, int, int],
    room: float,
) -> bool:
    """Whether some table that an attacker cannot rule out uses all the room it leaves the cell."""
    tables, false = known
    attacker, cell, side = level
    if room <= 0:
        return True
    possible = np.flatnonzero(false[:, [attacker]].toarray().ravel() == 0)
    reach = tables[:, [cell]].toarray().ravel()[possible] * (1 if side == 0 else -1)
    asked = float((claim.levels.upper, _lower(claim))[side][cell])
    return bool(reach.max(initial=0.0) >= min(asked, room) * (1 - _NEAR))
