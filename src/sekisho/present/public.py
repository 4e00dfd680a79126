"""A public table in the hand: what a notebook, the command line and the web show."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from sekisho.errors import NotFound, fault
from sekisho.lanes.statistics.indicators.measure import measure
from sekisho.lanes.statistics.indicators.readings import readings_of_rows
from sekisho.lanes.statistics.indicators.written import result_about
from sekisho.model.indicator import Result
from sekisho.model.public import PublicTable
from sekisho.model.text import Text
from sekisho.terms import ColumnType, Language

if TYPE_CHECKING:
    import pandas as pd

_MEASURING = Lock()
NUMBERS = (ColumnType.INTEGER, ColumnType.NUMBER)


@dataclass(frozen=True)
class PublicData:
    """A public table with its rows; shows itself in a notebook, gives pandas."""

    programme: str
    digest: str
    """SHA-256 of the programme folder in which the rows lie."""
    table: PublicTable
    rows: tuple[dict[str, str], ...]
    file: Path
    language: Language

    @property
    def id(self) -> str:
        """`programme/table`."""
        return f"{self.programme}/{self.table.id}"

    @property
    def results(self) -> tuple[Result, ...]:
        """Every indicator that the table declares, worked out.

        Raises: UsageError when one needs the extra `indicators` and it is not installed.
        """
        return tuple(self.result(each.id) for each in self.table.indicators)

    def result(self, indicator: str) -> Result:
        """One indicator, worked out.

        Raises: NotFound when the table declares none of that id.
        """
        if self.table.indicator(indicator) is not None:
            # Whoever asks meanwhile waits for the one working out, which may take a minute.
            with _MEASURING:
                return _measured(_Asked(self.digest, self.id, indicator, self))
        known = ", ".join(f"`{each.id}`" for each in self.table.indicators) or "–"
        asked = {"indicator": indicator[:64], "known": known}
        raise NotFound(fault("public.no-indicator", None, **asked))

    def label(self, result: Result) -> Callable[[str], str]:
        """What people read for a group of an indicator."""
        by = result.indicator.by or ""
        return lambda group: self.table.label(by, group, self.language)

    def to_pandas(self) -> "pd.DataFrame":
        """The rows as a pandas frame, every cell as it was published; needs pandas."""
        import pandas as pd

        return pd.DataFrame(list(self.rows))

    def to_json(self, *, rows: bool = True) -> str:
        """Everything about the table, its indicators, and a line a row."""
        return "".join(_pieces(self, rows=rows))

    def _repr_html_(self) -> str:
        from sekisho.present.public_html import public_html

        return public_html(self)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which indicator of which table; its rows follow from the digest, so they are not compared."""

    digest: str
    id: str
    indicator: str
    data: PublicData = field(compare=False, hash=False)


@lru_cache(maxsize=128)
def _measured(asked: _Asked) -> Result:
    """INVARIANT: a programme's digest covers its rows; the same digest gives the same figures."""
    data = asked.data
    declared = next(each for each in data.table.indicators if each.id == asked.indicator)
    return measure(declared, readings_of_rows(data.rows, declared))


def about_public(data: PublicData) -> dict[str, object]:
    """What stands beside the rows: whose numbers, of when, on what terms, what is wrong."""
    table = data.table
    return {
        "schema": "sekisho.public-table",
        "version": 1,
        "programme": {"id": data.programme, "sha256": data.digest},
        "table": table.id,
        "title": _both(table.title),
        "description": _both(table.description),
        "licence": table.licence,
        "source": table.source,
        "dated": table.dated,
        "primary_key": list(table.primary_key),
        "columns": [
            {
                "name": each.name,
                "type": each.type.value,
                "title": _both(each.title),
                "unit": _both(unit) if (unit := table.unit(each.name)) else None,
            }
            for each in table.columns
        ],
        "labels": [
            {"column": column, "value": value, "label": _both(label)}
            for column, value, label in table.labels
        ],
        "corrections": [
            {"said": _both(e.said), "published": _both(e.published), "source": e.source}
            for e in table.corrections
        ],
        "indicators": [result_about(each, observed=False) for each in data.results],
    }


def _pieces(data: PublicData, *, rows: bool) -> Iterable[str]:
    head = json.dumps(about_public(data), ensure_ascii=False, indent=1, allow_nan=False)
    if not rows:
        yield f"{head}\n"
        return
    yield head.removesuffix("\n}")
    yield ',\n "rows": ['
    for number, row in enumerate(data.rows):
        yield ",\n  " if number else "\n  "
        yield json.dumps(_typed(data.table, row), ensure_ascii=False, separators=(",", ":"))
    yield "\n ]\n}\n"


def _typed(table: PublicTable, row: dict[str, str]) -> dict[str, str | None]:
    """A row; an empty cell is null, and numbers keep their digits as strings."""
    return {column.name: row[column.name] or None for column in table.columns}


def _both(text: Text) -> dict[str, str]:
    return {"en": text.en, "ja": text.ja}
