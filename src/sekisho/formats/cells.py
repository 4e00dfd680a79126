"""What every format must agree on: how a number is written, how a total and a hidden cell are."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

from sekisho.errors import StorageError, fault
from sekisho.model.table import Row, Suppressed, Table
from sekisho.terms import Language

TOTAL = "TOTAL"
"""Code in a group column of CSV and Parquet: this cell sums over the column."""
STATUS = "status"
"""The column that says whether a cell is published or confidential."""
PUBLISHED = "published"
CONFIDENTIAL = "confidential"


def exact(value: Decimal | int, decimals: int) -> Decimal:
    """The value with exactly that many decimals.

    Raises: ValueError when digits would be lost; a released number is never rounded on its way out.
    """
    number = Decimal(value)
    sign, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError("a released number is finite")  # noqa: TRY004 - the type is right, NaN is not
    shift = exponent + decimals
    if shift < 0 and any(digits[shift:]):
        raise ValueError("a released number has more decimals than its table declares")
    kept = digits[:shift] if shift < 0 else digits + (0,) * shift
    if not any(kept):
        return Decimal((0, (0,), -decimals))
    return Decimal((sign, kept, -decimals))


def written(value: Decimal | int, decimals: int) -> str:
    """The number as plain digits: no exponent, no thousands mark, always the same decimals."""
    return writer(decimals)(value)


def writer(decimals: int) -> Callable[[Decimal | int], str]:
    """`written` for many numbers of one table."""
    point, end = -decimals - 1, -decimals

    def write(value: Decimal | int) -> str:
        # Most numbers have their decimals already; a zero may have a sign, which it loses.
        text = str(value)
        if decimals == 0:
            if text.isdecimal():
                return text
        elif text[point:end] == "." and "E" not in text and text[:2] != "-0":
            return text
        return format(exact(value, decimals), "f")

    return write


ESTIMATE_COLUMNS = ("standard_error", "low", "high")
"""Beside the measure of a table whose numbers carry noise; the ends of a 95 % interval."""


def columns(table: Table) -> tuple[str, ...]:
    """The columns of the long form: group columns, the measure with its bounds, `status`.

    Raises: StorageError when two of them would have the same name: readers would lose one.
    """
    estimates = ESTIMATE_COLUMNS if table.is_estimated else ()
    names = (*table.group_columns, table.measure, *estimates, STATUS)
    if len(set(names)) < len(names):
        twice = next(name for at, name in enumerate(names) if name in names[:at])
        raise StorageError(fault("format.column-twice", table=table.id, column=twice))
    return names


def bounds(row: Row) -> tuple[Decimal, Decimal, Decimal] | None:
    """Standard error and interval of a shown number; None where it carries no noise."""
    if row.uncertainty is None or isinstance(row.cell, Suppressed):
        return None
    return row.uncertainty.standard_error, row.uncertainty.low, row.uncertainty.high


class Told(dict[str | None, str]):
    """Group -> how a file writes it, worked out once for each group and then looked up.

    A table of a million cells has a few hundred groups: this is what makes its files fast.
    """

    def __init__(self, tell: Callable[[str | None], str]) -> None:
        super().__init__()
        self._tell = tell

    def __missing__(self, group: str | None) -> str:
        self[group] = told = self._tell(group)
        return told


BATCH = 4096
"""Rows that are worked on together: enough for speed, few enough for the memory."""


def batches(table: Table) -> Iterator[tuple[Row, ...]]:
    """The rows in order, some thousand at a time."""
    for start in range(0, len(table.rows), BATCH):
        yield table.rows[start : start + BATCH]


def groups_told(rows: Sequence[Row], told: Sequence[Told], between: str) -> Iterator[str]:
    """The groups of each row as text; made by loops that allocate nothing but the text."""
    said = groups_columns(rows, told)
    return map(between.join, zip(*said, strict=True)) if said else iter([""] * len(rows))


def numbers_told(rows: Sequence[Row], decimals: int) -> list[str]:
    """The number of each row as `written` writes it; nothing where it is hidden.

    Most numbers have their decimals already. One look at all of them together says so.
    """
    cells = ["" if isinstance(row.cell, Suppressed) else row.cell for row in rows]
    said = list(map(str, cells))
    every = "\n".join([*said, ""])
    places = f"\\.[0-9]{{{decimals}}}" if decimals else ""
    if "-0" not in every and re.fullmatch(f"(?:(?:-?[0-9]+{places})?\n)*", every):
        return said
    write = writer(decimals)
    return ["" if isinstance(cell, str) else write(cell) for cell in cells]


def groups_columns(rows: Sequence[Row], told: Sequence[Told]) -> list[Iterator[str]]:
    """The groups of the rows, column by column, written as the columns' words."""
    columns = zip(*[row.groups for row in rows], strict=True)
    return [map(known.__getitem__, each) for known, each in zip(told, columns, strict=True)]


def code_of(table: Table, column: str) -> Callable[[str | None], str]:
    """How codes name the groups of a column: `TOTAL` where it is a total.

    Raises: StorageError when a group is itself called `TOTAL`: readers could not tell them apart.
    """

    def code(group: str | None) -> str:
        if group == TOTAL:
            raise StorageError(fault("format.group-named-total", table=table.id, column=column))
        return TOTAL if group is None else group

    return code


def labellers(table: Table, language: Language) -> list[Callable[[str | None], str]]:
    """What people read for the groups of each column."""
    labels = labels_of(table, language)

    def labeller(column: str, total: str) -> Callable[[str | None], str]:
        return lambda group: total if group is None else labels.get((column, group), group)

    totals = [each.total.said(language) for each in table.dimensions for _ in each.columns]
    return [labeller(*each) for each in zip(table.group_columns, totals, strict=True)]


def labels_of(table: Table, language: Language) -> dict[tuple[str, str], str]:
    """(column, group) -> what people read, for groups that have a label."""
    return {(column, group): text.said(language) for column, group, text in table.labels}


@contextmanager
def whole_file(target: Path) -> Iterator[BinaryIO]:
    """A file that appears under its name only when it is complete, and not at all on an error.

    Raises: StorageError when it cannot be written.
    """
    aside = target.with_name(f".{target.name}.part")
    try:
        with aside.open("wb") as file:
            yield file
        aside.replace(target)
    except OSError as error:
        reason = error.strerror or "unknown"
        raise StorageError(fault("format.not-written", file=target.name, reason=reason)) from error
    finally:
        aside.unlink(missing_ok=True)
