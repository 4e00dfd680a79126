"""XLSX of a released table: the data as people read it, and a sheet of notes that goes with it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from sekisho.formats.cells import Told, bounds, exact, labellers, whole_file
from sekisho.formats.csv import titles_said
from sekisho.formats.xlsx import LongSheet, stream_xlsx
from sekisho.model.table import SUPPRESSED, Row, Suppressed, Table
from sekisho.model.workbook import MOST_ROWS, Value, pieces_of
from sekisho.present.holders import holders_told
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
        """Write the whole table, row by row.

        Raises: StorageError when the file cannot be written, a text is too long for a cell or the
        table has more columns than a sheet.
        """
        data = list(self._data(table))
        sheets = (*data, self._notes(table, about, len(data)))
        on = date.fromisoformat(str(about.get("made", "2000-01-01"))[:10])
        with whole_file(target) as file:
            stream_xlsx(table.title.said(self.language), on, sheets, file)

    def _say(self, name: str, **fields: object) -> str:
        return sentence(f"format.{name}", fields, self.language)

    def _data(self, table: Table) -> Iterator[LongSheet]:
        """The rows on as many sheets as they need."""
        head = tuple(titles_said(table, self.language))
        told = [Told(each) for each in labellers(table, self.language)]
        texts = frozenset(
            known[group] for n, known in enumerate(told) for group in {r.groups[n] for r in table}
        )
        texts |= {SUPPRESSED.mark(self.language), self._say("published")}
        rows = self.most_rows - 1
        for number, start in enumerate(range(0, max(len(table.rows), 1), rows), 1):
            part = table.rows[start : start + rows]
            name = self._say("sheet-data")
            yield LongSheet(
                name if number == 1 else f"{name} {number}",
                head,
                self._lines(table, part, told),
                len(part),
                texts,
                widths=tuple(max(12, min(32, len(title) + 2)) for title in head),
                decimals=table.decimals,
            )

    def _lines(
        self, table: Table, rows: Sequence[Row], told: Sequence[Told]
    ) -> Iterator[tuple[Value, ...]]:
        mark, published = SUPPRESSED.mark(self.language), self._say("published")
        estimated, decimals = table.is_estimated, table.decimals
        for row in rows:
            groups = [known[group] for known, group in zip(told, row.groups, strict=True)]
            ends: Sequence[Decimal | None] = ()
            if estimated:
                ends = bounds(row) or (None, None, None)
            if isinstance(row.cell, Suppressed):
                yield (*groups, mark, *ends, mark)
            else:
                yield (*groups, exact(row.cell, decimals), *ends, published)

    def _notes(self, table: Table, about: Mapping[str, object], sheets: int) -> LongSheet:
        """Method, marks, decision, source and citation: what the data must not travel without."""
        said = _Notes(about, self.language)
        marks = (
            self._say("note-noise")
            if table.is_estimated
            else self._say("note-hidden", mark=SUPPRESSED.mark(self.language), count=table.hidden)
        )
        rows: list[tuple[str, str | None]] = [
            (table.title.said(self.language), None),
            (self._say("note-measure"), table.measure_title.said(self.language)),
            (self._say("note-unit"), table.unit_of_measure.said(self.language)),
            (self._say("note-method"), self._say(f"note-method-{said.text('method')}")),
            (self._say("note-marks"), marks),
        ]
        rows += [(self._say("note-holders"), each) for each in holders_told(about, self.language)]
        rows += self._origin(table, said)
        if sheets > 1:
            rows.append((self._say("note-sheets"), self._say("note-sheets-how", count=sheets)))
        return _notes_sheet(self._say("sheet-notes"), rows)

    def _origin(self, table: Table, said: "_Notes") -> list[tuple[str, str | None]]:
        """Where the table comes from, under which rules, and how to cite and verify it."""
        rows: list[tuple[str, str | None]] = []
        if "epsilon" in said.part("privacy"):
            cost = said.part("privacy")
            told = self._say("note-cost-how", epsilon=cost["epsilon"], delta=cost.get("delta", "0"))
            rows.append((self._say("note-cost"), told))
        if said.text("purpose"):
            rows.append((self._say("note-purpose"), said.text("purpose")))
        rows += [(self._say("note-rule"), each) for each in said.rules()]
        rows += [(self._say("note-source"), each) for each in said.texts("sources")]
        rows += [(self._say("note-licence"), each) for each in said.texts("licences")]
        if said.publisher:
            rows.append((self._say("note-publisher"), said.publisher))
        rows.append((self._say("note-release"), said.text("release")))
        rows.append((self._say("note-made"), said.text("made")[:10]))
        if said.part("correction"):
            rows.append((self._say("note-corrects"), said.correction))
        rows.append((self._say("note-cite"), said.citation(table, self._say)))
        if said.text("origin"):
            rows.append((self._say("note-log"), said.text("origin")))
        rows.append((self._say("note-verify"), self._say("note-verify-how")))
        return rows


def _notes_sheet(name: str, rows: Sequence[tuple[str, str | None]]) -> LongSheet:
    """Two columns; a note longer than a cell can be goes on in the next row."""
    (title, _), *notes = rows
    lines = [
        (what if number == 0 else "", piece)
        for what, note in notes
        for number, piece in enumerate(pieces_of(note or ""))
    ]
    texts = frozenset(text for line in lines for text in line)
    return LongSheet(name, (title,), lines, len(lines), texts, widths=(24, 90))


@dataclass(frozen=True, slots=True)
class _Notes:
    """What `release.json` says, as far as it is there."""

    about: Mapping[str, object]
    language: Language

    def text(self, key: str) -> str:
        value = self.about.get(key, "")
        return value if isinstance(value, str) else ""

    def texts(self, key: str) -> list[str]:
        value = self.about.get(key, [])
        return [str(each) for each in value] if isinstance(value, list) else []

    def part(self, key: str) -> Mapping[str, object]:
        value = self.about.get(key)
        return value if isinstance(value, dict) else {}

    @property
    def publisher(self) -> str:
        """Who publishes, by name where it is told."""
        part = self.part("publisher")
        named = part.get("name")
        said = named.get(self.language.value) if isinstance(named, dict) else None
        return str(said or part.get("id", ""))

    @property
    def correction(self) -> str:
        """Which release this one corrects, and why."""
        part = self.part("correction")
        reason = part.get("reason")
        said = reason.get(self.language.value, "") if isinstance(reason, dict) else ""
        return f"{part.get('corrects', '')}: {said}"

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
