"""The bounding query in plain Python: the oracle that every engine's integers must equal."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from hashlib import md5
from math import isqrt, prod

import numpy as np

from sekisho.query.bound import (
    Amount,
    AmountKind,
    Bound,
    BoundLevel,
    BoundSums,
    BoundVector,
    Integers,
    Value,
)
from sekisho.query.grids import Grid

Code = int | tuple[str, ...]
SourceRow = Sequence[Value | None]
_UnitRows = dict[Code, list[SourceRow]]


def evaluate_bound(bound: Bound, rows: Iterable[SourceRow]) -> BoundSums:
    """The sums of the bounding query over the rows of `projection(bound)`.

    Shape: a row is unit, group values, then arguments, as `projection` orders them.
    """
    units = _by_unit(bound, rows)
    found = sorted({code for codes in units.values() for code in codes if isinstance(code, tuple)})
    blocks: dict[tuple[int, int], Integers] = {}
    histograms: dict[int, Integers] = {}
    for number, vector in enumerate(bound.vectors):
        for at, level in enumerate(vector.levels):
            size = prod(bound.sizes(level)) if bound.lists_groups else len(found)
            shape = (len(vector.amounts), size)
            shape = shape if vector.grid is None else (size, vector.grid.bins)
            blocks[number, at] = np.zeros(shape, dtype=np.int64)
        histogram: Counter[int] = Counter()
        for codes in units.values():
            size_of_unit = contribute(bound, number, codes, blocks, found)
            if size_of_unit > 0 and vector.edges:
                histogram[sum(size_of_unit >= edge for edge in vector.edges[1:])] += 1
        if vector.edges:
            counted = [histogram[n] for n in range(len(vector.edges))]
            histograms[number] = np.array(counted, dtype=np.int64)
    return BoundSums(blocks, histograms, tuple(found))


def _by_unit(bound: Bound, rows: Iterable[SourceRow]) -> dict[Value, _UnitRows]:
    units: dict[Value, _UnitRows] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        code = _code(bound, row[1 : 1 + len(bound.groups)])
        if row[0] is not None and code is not None:
            units[row[0]][code].append(row[1 + len(bound.groups) :])
    return {unit: _capped(bound, unit, codes) for unit, codes in units.items()}


def _capped(bound: Bound, unit: Value, codes: _UnitRows) -> _UnitRows:
    if bound.cap is None:
        return codes

    def place(code: Code) -> tuple[str, Code]:
        text = "|".join(code) if isinstance(code, tuple) else str(code)
        digest = md5(f"{bound.seed}|{unit}|{text}".encode(), usedforsecurity=False)
        return digest.hexdigest(), code

    return {code: codes[code] for code in sorted(codes, key=place)[: bound.cap]}


def _code(bound: Bound, values: Sequence[Value | None]) -> Code | None:
    """The position of a row's group, or its texts; None when it lies outside the list."""
    if not bound.lists_groups:
        texts = tuple(str(v) for v in values if v is not None)
        return texts if len(texts) == len(values) else None
    code = 0
    for group, value in zip(bound.groups, values, strict=True):
        listed = group.values or ()
        if value is None or value not in listed:
            return None
        code = code * len(listed) + listed.index(value)
    return code


def contribute(
    bound: Bound,
    number: int,
    codes: _UnitRows,
    blocks: dict[tuple[int, int], Integers],
    found: Sequence[Code],
) -> int:
    """Add one unit's weighted integers to the blocks of a vector; returns the unit's size."""
    vector = bound.vectors[number]
    levels = [_integers(bound, vector, level, codes) for level in vector.levels]
    size = sum(
        level.precision
        * sum(x * x if vector.squared else abs(x) for xs in each.values() for x in xs)
        for level, each in zip(vector.levels, levels, strict=True)
    )
    if size == 0:
        return 0
    quotient = vector.allowance // size
    reduced = isqrt(quotient) if vector.squared else quotient
    weight = vector.scale if size <= vector.full else reduced
    if vector.grid is not None:
        _spread(bound, number, vector.grid, (codes, weight), blocks)
        return size
    for at, each in enumerate(levels):
        for code, xs in each.items():
            column = code if isinstance(code, int) else found.index(code)
            blocks[number, at][:, column] += np.array([weight * x for x in xs], dtype=np.int64)
    return size


def _spread(
    bound: Bound,
    number: int,
    grid: Grid,
    weighed: tuple[_UnitRows, int],
    blocks: dict[tuple[int, int], Integers],
) -> None:
    """Add a unit's weight once for each of its rows, to the row's bin in its group."""
    vector, (codes, weight) = bound.vectors[number], weighed
    for code, rows in codes.items():
        bins = [grid.bin_of(each) for each in _steps(bound, vector.amounts[0], rows)]
        for at, level in enumerate(vector.levels):
            for one in bins:
                blocks[number, at][_code_above(bound, level, code), one] += weight


def _integers(
    bound: Bound, vector: BoundVector, level: BoundLevel, codes: _UnitRows
) -> dict[Code, list[int]]:
    """A unit's integers in each group of a level."""
    finest = {
        code: [_gathered(bound, amount, rows) for amount in vector.amounts]
        for code, rows in codes.items()
    }
    if level.groups == tuple(range(len(bound.groups))):
        return finest
    together: dict[Code, list[int]] = {}
    for code, xs in finest.items():
        above = _code_above(bound, level, code)
        held = together.get(above, [0] * len(xs))
        together[above] = [a + x for a, x in zip(held, xs, strict=True)]
    return {
        code: [
            1 if a.kind is AmountKind.PRESENT else max(-a.limit, min(a.limit, x))
            for a, x in zip(vector.amounts, xs, strict=True)
        ]
        for code, xs in together.items()
    }


def _code_above(bound: Bound, level: BoundLevel, code: Code) -> int:
    sizes = [len(group.values or ()) for group in bound.groups]
    above = 0
    for n in level.groups:
        digit = int(str(code)) // prod(sizes[n + 1 :]) % sizes[n]
        above = above * sizes[n] + digit
    return above


def _gathered(bound: Bound, amount: Amount, rows: Sequence[SourceRow]) -> int:
    if amount.kind is AmountKind.PRESENT:
        return 1
    if amount.argument is None:
        raw = len(rows)
    else:
        at = bound.arguments.index(amount.argument)
        held = [row[at] for row in rows if row[at] is not None]
        raw = _folded(amount, held)
    most = amount.limit // amount.factor
    return max(-most, min(most, raw)) * amount.factor


def _folded(amount: Amount, held: Sequence[Value | None]) -> int:
    if amount.kind is AmountKind.ROWS:
        return len(held)
    if amount.kind is AmountKind.VALUES:
        return len(set(held))
    return sum(max(amount.lower, min(amount.upper, each)) for each in _whole(amount, held))


def _whole(amount: Amount, held: Sequence[Value | None]) -> list[int]:
    step = 10 ** (amount.argument.type.decimals if amount.argument else 0)
    return [int(Decimal(str(value)) * step) for value in held]


def _steps(bound: Bound, amount: Amount, rows: Sequence[SourceRow]) -> list[int]:
    """The values of an amount's argument that are there, in steps of its decimals."""
    at = bound.arguments.index(amount.argument) if amount.argument else 0
    return _whole(amount, [row[at] for row in rows if row[at] is not None])
