"""XLSX of a released table: the data as people read it, and a sheet of notes that goes with it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path

from sekisho.formats.cells import bounds, exact, labels_of, whole_file
from sekisho.formats.csv import labels_said, titles_said
from sekisho.formats.xlsx import write_xlsx
from sekisho.model.table import SUPPRESSED, Row, Suppressed, Table
from sekisho.model.workbook import MOST_ROWS, Book, BookSheet, Value
from sekisho.terms import Language
from sekisho.text import sentence


@dataclass(frozen=True, slots=True)
class ReleaseBook:
    """A workbook in one language: notes, and the data on as many sheets as it needs."""

    language: Language
    most_rows: int = MOST_ROWS
    """Rows of a sheet; a longer table goes on on the next one, and the notes say so."""

    @property
    def name(self) -> str:
        """What a release plan and an address call it."""
        return "xlsx" if self.language is Language.EN else f"xlsx-{self.language.value}"

    @property
    def suffix(self) -> str:
        """What the file name ends with."""
        return ".xlsx" if self.language is Language.EN else f".{self.language.value}.xlsx"

    @property
    def media_type(self) -> str:
        """As registered with IANA."""
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    def write(self, table: Table, target: Path, about: Mapping[str, object]) -> None:
        """Write the whole table.

        Raises: StorageError when the file cannot be written or a text is too long for a cell.
        """
        data = list(self._data(table))
        book = Book(
            table.title.said(self.language),
            date.fromisoformat(str(about.get("made", "2000-01-01"))[:10]),
            (*data, self._notes(table, about, len(data))),
        )
        with whole_file(target) as file:
            file.write(write_xlsx(book))

    def _say(self, name: str, **fields: object) -> str:
        return sentence(f"format.{name}", fields, self.language)

    def _data(self, table: Table) -> Iterator[BookSheet]:
        head = tuple(titles_said(table, self.language))
        labels = labels_of(table, self.language)
        rows = iter(table)
        number = 0
        while part := list(islice(rows, self.most_rows - 1)):
            number += 1
            name = self._say("sheet-data")
            lines = tuple(self._line(table, row, labels) for row in part)
            yield BookSheet(
                name if number == 1 else f"{name} {number}",
                (head, *lines),
                widths=tuple(max(12, min(32, len(title) + 2)) for title in head),
            )

    def _line(
        self, table: Table, row: Row, labels: Mapping[tuple[str, str], str]
    ) -> tuple[Value, ...]:
        hidden = isinstance(row.cell, Suppressed)
        cell = None if isinstance(row.cell, Suppressed) else exact(row.cell, table.decimals)
        value: Value = SUPPRESSED.mark(self.language) if hidden else cell
        ends: Sequence[Decimal | None] = ()
        if table.is_estimated:
            ends = bounds(row) or (None, None, None)
        status = SUPPRESSED.mark(self.language) if hidden else self._say("published")
        return (*labels_said(table, row, labels, self.language), value, *ends, status)

    def _notes(self, table: Table, about: Mapping[str, object], sheets: int) -> BookSheet:
        """Method, marks, decision, source and citation: what the data must not travel without."""
        said = _Told(about, self.language)
        marks = (
            self._say("note-noise")
            if table.is_estimated
            else self._say("note-hidden", mark=SUPPRESSED.mark(self.language), count=table.hidden)
        )
        rows: list[tuple[Value, ...]] = [
            (table.title.said(self.language), None),
            (self._say("note-measure"), table.measure_title.said(self.language)),
            (self._say("note-unit"), table.unit_of_measure.said(self.language)),
            (self._say("note-method"), self._say(f"note-method-{said.text('method')}")),
            (self._say("note-marks"), marks),
        ]
        rows += [(self._say("note-rule"), each) for each in said.rules()]
        rows += [(self._say("note-source"), each) for each in said.texts("sources")]
        rows += [(self._say("note-licence"), each) for each in said.texts("licences")]
        rows.append((self._say("note-release"), said.text("release")))
        rows.append((self._say("note-made"), said.text("made")[:10]))
        rows.append((self._say("note-cite"), said.citation(table, self._say)))
        rows.append((self._say("note-verify"), self._say("note-verify-how")))
        if sheets > 1:
            rows.append((self._say("note-sheets"), self._say("note-sheets-how", count=sheets)))
        return BookSheet(self._say("sheet-notes"), tuple(rows), widths=(24, 90))


@dataclass(frozen=True, slots=True)
class _Told:
    """What `release.json` says, as far as it is there."""

    about: Mapping[str, object]
    language: Language

    def text(self, key: str) -> str:
        value = self.about.get(key, "")
        return value if isinstance(value, str) else ""

    def texts(self, key: str) -> list[str]:
        value = self.about.get(key, [])
        return [str(each) for each in value] if isinstance(value, list) else []

    def rules(self) -> list[str]:
        decision = self.about.get("decision")
        rules = decision.get("rules", []) if isinstance(decision, dict) else []
        tongue = self.language.value
        return [f"{each['citation'][tongue]}: {each['text'][tongue]}" for each in rules]

    def citation(self, table: Table, say: Callable[..., str]) -> str:
        programme = self.about.get("programme")
        title = programme["title"][self.language.value] if isinstance(programme, dict) else ""
        return say(
            "note-citation",
            programme=title,
            title=table.title.said(self.language),
            release=self.text("release"),
            made=self.text("made")[:10],
        )
