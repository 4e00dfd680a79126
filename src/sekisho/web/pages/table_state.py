"""What a reader asked of a table, as it stands in the address: every view has one."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal, InvalidOperation
from typing import Self
from urllib.parse import urlencode

from sekisho.errors import UsageError, fault
from sekisho.model.table import Table
from sekisho.present.drawing import View

LONGEST_TEXT = 100
LONGEST_FOLD = 20_000
"""Some four thousand rows. The address stands in every link: a long one makes a long page."""
_ALL = "all"
LABEL = "label"


@dataclass(frozen=True, slots=True)
class TableState:
    """Which way round, which rows, in which order; the default is the whole table as released."""

    rows: str = ""
    """Id of the dimension that goes down; empty for the table's own."""
    columns: str = ""
    at: int = 0
    """Which section, when there are more than two dimensions."""
    find: str = ""
    by: int = 0
    """The column that `least` and `most` are about."""
    least: str = ""
    most: str = ""
    sort: str = ""
    """`label` or a column's number, a minus before it for descending."""
    fold: str = ""
    """`all`, or the numbers of the rows whose parts are folded away, with stops between them."""
    page: int = 1
    part: int = 1
    """Which page of columns."""
    show: int | None = None
    """What the chart's large panel is about."""

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> Self:
        """The state that an address names.

        Raises: UsageError when a number is none.
        """
        known = {each.name for each in fields(cls)}
        given = {name: value.strip() for name, value in asked.items() if name in known}
        read: dict[str, object] = {}
        if len(given.get("fold", "")) > LONGEST_FOLD:
            raise UsageError(fault("release_page.no-whole-number", parameter="fold"))
        for name, value in given.items():
            if name in {"at", "by", "page", "part", "show"}:
                if value:
                    read[name] = _whole(name, value)
            elif name in {"least", "most"}:
                read[name] = _number(name, value)
            else:
                read[name] = value[:LONGEST_TEXT] if name == "find" else value
        return cls(**read)  # type: ignore[arg-type]  # names and kinds were just looked at

    @property
    def sorted_by(self) -> tuple[str, bool]:
        """`label`, a column's number or nothing; and whether descending."""
        return self.sort.removeprefix("-"), self.sort.startswith("-")

    @property
    def is_filtered(self) -> bool:
        """Whether some rows are asked for only."""
        return bool(self.find or self.least or self.most)

    @property
    def folded(self) -> frozenset[int] | None:
        """The folded rows; None when all are."""
        if self.fold == _ALL:
            return None
        return frozenset(int(each) for each in self.fold.split(".") if _is_short(each))

    def address(self, **changed: object) -> str:
        """The query of this state, changed; only what differs from the whole table is named."""
        wanted = replace(self, **changed)  # type: ignore[arg-type]  # callers name fields
        plain = TableState()
        named = {
            each.name: getattr(wanted, each.name)
            for each in fields(wanted)
            if getattr(wanted, each.name) != getattr(plain, each.name)
        }
        return f"?{urlencode(named)}" if named else ""

    def kept(self, *names: str) -> list[tuple[str, str]]:
        """The fields named, as hidden inputs of a form."""
        plain = TableState()
        return [
            (name, str(getattr(self, name)))
            for name in names
            if getattr(self, name) != getattr(plain, name)
        ]

    def settled(self, table: Table) -> Self:
        """The same, without naming the order that the table has by itself."""
        own = tuple(dimension.id for dimension in table.dimensions)[:2]
        return replace(self, rows="", columns="") if (self.rows, self.columns) == own else self

    def view(self, table: Table) -> View:
        """Which way round the table is looked at.

        Raises: UsageError when it has no such dimension.
        """
        ids = [dimension.id for dimension in table.dimensions]
        first = _place(ids, self.rows, "rows")
        second = _place(ids, self.columns, "columns")
        if first is not None and first == second:
            second = None
        if first is None and second is None:
            return View((), self.at, self.show)
        if first is None:
            first = next((place for place in range(len(ids)) if place != second), 0)
        order = [first, *([second] if second is not None else [])]
        order += [place for place in range(len(ids)) if place not in order]
        return View(tuple(order), self.at, self.show)


NAMES = tuple(each.name for each in fields(TableState))


def _place(ids: list[str], wanted: str, name: str) -> int | None:
    if not wanted:
        return None
    if wanted not in ids:
        raise UsageError(fault("release_page.no-such-dimension", parameter=name))
    return ids.index(wanted)


def _is_short(digits: str) -> bool:
    return digits.isascii() and digits.isdigit() and len(digits) <= 9


def _whole(name: str, value: str) -> int:
    if not _is_short(value):
        raise UsageError(fault("release_page.no-whole-number", parameter=name))
    return int(value)


def _number(name: str, value: str) -> str:
    """The text of a number, thousands marks and full-width digits allowed."""
    plain = unicodedata.normalize("NFKC", value).replace(",", "")
    if not plain:
        return ""
    try:
        number = Decimal(plain)
    except InvalidOperation:
        raise UsageError(fault("release_page.no-number", parameter=name)) from None
    if not number.is_finite() or len(plain) > 30 or abs(number.adjusted()) > 30:
        raise UsageError(fault("release_page.no-number", parameter=name))
    return plain
